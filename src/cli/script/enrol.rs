//! `conclave script new` with keys that were made elsewhere: those of a ceremony that was broken off, and those of
//! another site.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::source::read_file;
use crate::audit::{CeremonyRecord, custody, read_record};
use crate::ceremony::{Ceremony, Ending, Mode};
use crate::cli::conduct::record_failure;
use crate::cli::{Failure, Status};
use crate::record::{CustodyList, visible};
use crate::script::EnrolledFile;
use crate::transfer::Enrolment;

/// Keys that exist
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Keys that were made elsewhere")]
pub(super) struct Enrol {
    /// The directory of a ceremony that was broken off: its proven keys take the places of keys that would be made,
    /// and prove themselves anew; may be given more than once
    #[arg(long, value_name = "DIR")]
    adopt: Vec<PathBuf>,
    /// The enrolment file of one more key, and the site where its token is; without a site, its token is brought
    #[arg(long, value_name = "FILE[=SITE]")]
    enrol: Vec<String>,
}

impl Enrol {
    /// The keys, with the files that the script carries for them.
    pub(super) fn files(&self) -> Result<Vec<EnrolledFile>, Failure> {
        let mut files = Vec::new();
        for directory in &self.adopt {
            files.extend(adopted(directory)?);
        }
        for text in &self.enrol {
            files.push(enrolled(text)?);
        }
        let mut names: BTreeMap<String, u32> = BTreeMap::new();
        for file in &mut files {
            let name = Enrolment::file_name(&file_stem(&file.enrolment.claims().name));
            let times = names.entry(name.clone()).or_default();
            *times += 1;
            file.file = match times {
                1 => format!("enrolments/{name}"),
                times => format!("enrolments/{times}-{name}"),
            };
        }
        Ok(files)
    }

    /// The custody list with which the new ceremony goes on: the longest that the broken-off ones left, which goes on
    /// from the one that was given.
    ///
    /// # Errors
    /// When no list goes on from all the others.
    pub(super) fn custody(&self, given: Option<CustodyList>) -> Result<CustodyList, Failure> {
        let mut longest = given.unwrap_or_default();
        for directory in &self.adopt {
            let (ceremony, record) = replayed(directory)?;
            let list = custody(&ceremony, &record.transcript);
            let (shorter, longer) = if list.lines().len() < longest.lines().len() {
                (list, longest)
            } else {
                (longest, list)
            };
            if !longer.lines().starts_with(shorter.lines()) {
                let name = visible(&directory.to_string_lossy());
                let what =
                    format!("{name}: its custody list does not go on from that of the others");
                return Err(Failure::new(Status::Refused, what).hint(
                    "adopt from the last ceremony, and take the keys of the others with --enrol FILE",
                ));
            }
            longest = longer;
        }
        Ok(longest)
    }
}

fn replayed(directory: &Path) -> Result<(Ceremony, CeremonyRecord), Failure> {
    let record = read_record(directory).map_err(|error| record_failure(&error))?;
    let ceremony = record
        .replay()
        .map_err(|error| record_failure(&error.into()))?;
    Ok((ceremony, record))
}

/// The keys that a ceremony left, as its record tells.
fn adopted(directory: &Path) -> Result<Vec<EnrolledFile>, Failure> {
    let (ceremony, _) = replayed(directory)?;
    let refused = |what: &str, hint: &str| {
        let name = visible(&directory.to_string_lossy());
        Failure::new(Status::Refused, format!("{name}: {what}")).hint(hint)
    };
    if ceremony.mode() == Mode::Rehearsal {
        return Err(refused(
            "it is a rehearsal, and its keys stand in no root that counts",
            "give the directory of a ceremony that was held for real",
        ));
    }
    if ceremony.ending().is_none() {
        return Err(refused(
            "the ceremony goes on",
            "go on with it: conclave resume; or break it off there first",
        ));
    }
    if ceremony.verified().is_some() && matches!(ceremony.ending(), Some(Ending::Closed(_))) {
        return Err(refused(
            "the ceremony was not broken off: its keys stand in the root that it made",
            "a key stays in a root by change = \"keep\"",
        ));
    }
    let files: Vec<EnrolledFile> = ceremony
        .enrolments()
        .into_iter()
        .map(|(_, enrolment)| of(enrolment, None))
        .collect();
    if files.is_empty() {
        return Err(refused(
            "no key was proven in it",
            "take it out: there is nothing to adopt",
        ));
    }
    Ok(files)
}

/// A file, and the site after the last `=`.
fn enrolled(text: &str) -> Result<EnrolledFile, Failure> {
    let (path, site) = match text.rsplit_once('=') {
        Some((path, site)) => (path, Some(site.to_owned())),
        None => (text, None),
    };
    let bytes = read_file(Path::new(path)).map_err(|error| {
        Failure::new(Status::Io, format!("{}: {error}", visible(path)))
            .hint("give the enrolment file, and after it = and the name of the site")
    })?;
    let enrolment = Enrolment::read(&bytes).map_err(|refusal| {
        Failure::new(Status::Refused, format!("{}: {refusal}", visible(path)))
            .hint("have the file sent again, as the ceremony that made the key left it")
    })?;
    Ok(of(enrolment, site))
}

fn of(enrolment: Enrolment, site: Option<String>) -> EnrolledFile {
    EnrolledFile {
        file: String::new(),
        bytes: enrolment.to_file_bytes(),
        enrolment,
        site,
    }
}

/// Another site may call a key as it likes: only plain characters become part of a path.
fn file_stem(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let stem: String = name.chars().filter(|c| plain(*c)).take(40).collect();
    if stem.is_empty() {
        "key".to_owned()
    } else {
        stem
    }
}
