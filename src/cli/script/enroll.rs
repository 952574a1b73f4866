//! `conclave script new` with keys that were made elsewhere: those of a ceremony that was broken off, and those of
//! another site.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::source::read_file;
use crate::audit::{CeremonyRecord, custody, read_record};
use crate::ceremony::{Ceremony, Ending, Mode};
use crate::certificate::Certificate;
use crate::certificate::attestation::{TrustedRoots, is_statement};
use crate::cli::conduct::record_failure;
use crate::cli::{Failure, Status};
use crate::record::{CustodyList, visible};
use crate::script::EnrolledKey;
use crate::storage::list;
use crate::transfer::{Attested, Enrollment};

/// Keys that exist
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Keys that were made elsewhere")]
pub(super) struct Enroll {
    /// The directory of a ceremony that was broken off: its proven keys take the places of keys that would be made,
    /// and prove themselves anew
    #[arg(long, value_name = "DIR", num_args = 1..)]
    adopt: Vec<PathBuf>,
    /// The enrollment file of one more key, and the site where its token is; without a site, its token is brought. Or
    /// a directory with what another tool took out of a YubiKey: the attestation of the key, and the certificate of
    /// slot f9, one in each file
    #[arg(long = "enroll", value_name = "FILE|DIR[=SITE]")]
    made_elsewhere: Vec<String>,
    /// A root beside the maker's own at which attestations may end
    #[arg(long, value_name = "FILE", num_args = 1..)]
    attestation_root: Vec<PathBuf>,
}

impl Enroll {
    /// The keys, with the files that the script carries for them.
    pub(super) fn files(&self) -> Result<Vec<EnrolledKey>, Failure> {
        let mut files = Vec::new();
        for directory in &self.adopt {
            files.extend(adopted(directory)?);
        }
        let mut trusted = TrustedRoots::yubico();
        for (path, (_, bytes)) in self.attestation_root.iter().zip(self.roots()?) {
            trusted = trusted.with(&bytes).map_err(|error| {
                let what = format!("{}: {error}", visible(&path.to_string_lossy()));
                Failure::new(Status::Usage, what).hint("give a certificate in PEM or DER form")
            })?;
        }
        for text in &self.made_elsewhere {
            files.push(enrolled(text, &trusted)?);
        }
        let mut names: BTreeMap<String, u32> = BTreeMap::new();
        for key in &mut files {
            let stem = file_stem(&key.enrollment.claims().name);
            let times = names.entry(stem.clone()).or_default();
            *times += 1;
            let number = match times {
                1 => String::new(),
                times => format!("{times}-"),
            };
            let is_attestation = key.files.len() > 1;
            for (name, _) in &mut key.files {
                *name = if is_attestation {
                    format!("attestations/{number}{stem}/{name}")
                } else {
                    format!("enrollments/{number}{}", Enrollment::file_name(&stem))
                };
            }
        }
        Ok(files)
    }

    /// The roots beside the maker's, with the files that the script carries for them.
    pub(super) fn roots(&self) -> Result<Vec<(String, Vec<u8>)>, Failure> {
        let paths = self.attestation_root.iter().zip(1..);
        let roots = paths.map(|(path, number)| {
            let bytes = read_file(path).map_err(|error| {
                let what = format!("{}: {error}", visible(&path.to_string_lossy()));
                Failure::new(Status::Io, what).hint("give the file of a root certificate")
            })?;
            Ok((format!("attestations/root-{number}.pem"), bytes))
        });
        roots.collect()
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
                    "adopt from the last ceremony, and take the keys of the others with --enroll FILE",
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
fn adopted(directory: &Path) -> Result<Vec<EnrolledKey>, Failure> {
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
    let files: Vec<EnrolledKey> = ceremony
        .enrollments()
        .into_iter()
        .map(|(_, enrollment)| of(enrollment, None))
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
fn enrolled(text: &str, trusted: &TrustedRoots) -> Result<EnrolledKey, Failure> {
    let (path, site) = match text.rsplit_once('=') {
        Some((path, site)) => (path, Some(site.to_owned())),
        None => (text, None),
    };
    if Path::new(path).is_dir() {
        return attested(Path::new(path), site, trusted);
    }
    let bytes = read_file(Path::new(path)).map_err(|error| {
        Failure::new(Status::Io, format!("{}: {error}", visible(path)))
            .hint("give the enrollment file, and after it = and the name of the site")
    })?;
    let enrollment = Enrollment::read(&bytes).map_err(|refusal| {
        Failure::new(Status::Refused, format!("{}: {refusal}", visible(path)))
            .hint("have the file sent again, as the ceremony that made the key left it")
    })?;
    Ok(of(enrollment, site))
}

/// What another tool took out of a YubiKey: a folder with a certificate in each file. One that is named by a serial
/// number holds the statement of that device.
fn attested(
    folder: &Path,
    site: Option<String>,
    trusted: &TrustedRoots,
) -> Result<EnrolledKey, Failure> {
    let name = visible(&folder.to_string_lossy());
    let unreadable = |error: &dyn std::fmt::Display| {
        Failure::new(Status::Io, format!("{name}: {error}"))
            .hint("give a directory that you may read")
    };
    let refused = |what: &str| {
        let hint = "the directory holds two files: the attestation of the key, and the certificate of slot f9";
        Failure::new(Status::Refused, format!("{name}: {what}")).hint(hint)
    };
    let entries = list(folder).map_err(|error| unreadable(&error.problem))?;
    let (mut files, mut statements, mut issuers) = (Vec::new(), Vec::new(), Vec::new());
    for entry in entries {
        let file = file_stem_and_end(&entry.name.to_string_lossy());
        let bytes = read_file(&entry.path).map_err(|error| unreadable(&error))?;
        let found =
            Certificate::read_all(&bytes).map_err(|error| refused(&format!("{file}: {error}")))?;
        let [certificate] = <[Certificate; 1]>::try_from(found).map_err(|found| {
            refused(&format!(
                "{file} holds {} certificates, not one",
                found.len()
            ))
        })?;
        let pile = if is_statement(&certificate) {
            &mut statements
        } else {
            &mut issuers
        };
        pile.push(certificate);
        files.push((file, bytes));
    }
    let [statement] = <[Certificate; 1]>::try_from(statements).map_err(|found| {
        refused(&format!(
            "it holds {} attestations of keys, not one",
            found.len()
        ))
    })?;
    let holder = site.as_deref().unwrap_or("its key holder").to_owned();
    let serial = folder.file_name().map(|name| name.to_string_lossy());
    let attested = Attested {
        repository: String::new(),
        name: "yubikey".to_owned(),
        holder,
    };
    let enrollment = Enrollment::by_device(attested, &statement, &issuers, trusted)
        .map_err(|refusal| refused(&refusal.to_string()))?;
    let made_in = &enrollment.claims().token.serial;
    if let Some(serial) = serial
        && serial.bytes().all(|byte| byte.is_ascii_digit())
        && serial != made_in.as_str()
    {
        return Err(refused(&format!(
            "the key was made in YubiKey {made_in}, and the directory names another"
        )));
    }
    Ok(EnrolledKey {
        files,
        enrollment,
        site,
    })
}

fn of(enrollment: Enrollment, site: Option<String>) -> EnrolledKey {
    EnrolledKey {
        files: vec![(String::new(), enrollment.to_file_bytes())],
        enrollment,
        site,
    }
}

/// A file of another tool, named by plain characters.
fn file_stem_and_end(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, end)) => format!("{}.{}", file_stem(stem), file_stem(end)),
        None => file_stem(name),
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
