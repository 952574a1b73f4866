//! `conclave script new` with existing keys: those of an aborted ceremony, and enrolled keys from other sites.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::source::{read_file, read_given};
use crate::audit::custody;
use crate::ceremony::{Ending, Mode};
use crate::certificate::Certificate;
use crate::certificate::attestation::{TrustedRoots, is_statement};
use crate::cli::Failure;
use crate::cli::conduct::read_ceremony;
use crate::cli::output::display;
use crate::record::{CustodyList, visible};
use crate::script::EnrolledKey;
use crate::storage::list;
use crate::transfer::{Attested, Enrollment};

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Existing keys")]
pub(super) struct Enroll {
    /// Directories of aborted ceremonies, whose proven keys are used instead of new keys and proven again
    #[arg(long, value_name = "DIR", num_args = 1..)]
    adopt: Vec<PathBuf>,
    /// Enrollment files, each with the site of its token; without a site, the token is brought to the ceremony
    ///
    /// Instead of an enrollment file, a directory with two files exported from a YubiKey by another tool: the
    /// attestation of the key, and the certificate of slot f9.
    #[arg(long = "enroll", value_name = "FILE|DIR[=SITE]", num_args = 1..)]
    enrolled: Vec<String>,
    /// Additional trusted root certificates for attestations
    #[arg(long, value_name = "FILE", num_args = 1..)]
    attestation_root: Vec<PathBuf>,
}

impl Enroll {
    /// The keys, with the files that the script pins for them.
    pub(super) fn files(&self) -> Result<Vec<EnrolledKey>, Failure> {
        let mut files = Vec::new();
        for directory in &self.adopt {
            files.extend(adopted(directory)?);
        }
        let mut trusted = TrustedRoots::yubico();
        for (path, (_, bytes)) in self.attestation_root.iter().zip(self.roots()?) {
            trusted = trusted.with(&bytes).map_err(|error| {
                Failure::usage(format!("{}: {error}", display(path)))
                    .hint("give a certificate in PEM or DER format with --attestation-root FILE")
            })?;
        }
        for text in &self.enrolled {
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

    /// The additional root certificates, as pinned input files.
    pub(super) fn roots(&self) -> Result<Vec<(String, Vec<u8>)>, Failure> {
        let paths = self.attestation_root.iter().zip(1..);
        let roots = paths.map(|(path, number)| {
            Ok((format!("attestations/root-{number}.pem"), read_given(path)?))
        });
        roots.collect()
    }

    /// The custody log that the new ceremony continues: the longest log of the aborted ceremonies. An error if it does
    /// not continue all the others, and the one that was given.
    pub(super) fn custody(&self, given: Option<CustodyList>) -> Result<CustodyList, Failure> {
        let mut longest = given.unwrap_or_default();
        for directory in &self.adopt {
            let (ceremony, record) = read_ceremony(directory)?;
            let list = custody(&ceremony, &record.transcript);
            let (shorter, longer) = if list.lines().len() < longest.lines().len() {
                (list, longest)
            } else {
                (longest, list)
            };
            if !longer.lines().starts_with(shorter.lines()) {
                return Err(Failure::refused(format!(
                    "{}: its custody log does not continue the log of the other ceremonies",
                    display(directory)
                ))
                .hint("use --adopt for the last ceremony only, and --enroll FILE for the keys of the others"));
            }
            longest = longer;
        }
        Ok(longest)
    }
}

/// The proven keys of an ended ceremony.
fn adopted(directory: &Path) -> Result<Vec<EnrolledKey>, Failure> {
    let (ceremony, _) = read_ceremony(directory)?;
    let name = display(directory);
    let refused =
        |error: &str, hint: &str| Err(Failure::refused(format!("{name}: {error}")).hint(hint));
    if ceremony.mode() == Mode::Rehearsal {
        return refused(
            "keys of a rehearsal must not be used in production",
            "give the directory of a production ceremony",
        );
    }
    if ceremony.ending().is_none() {
        let hint = format!("end or abort the ceremony first: conclave resume {name}");
        return refused("the ceremony has not ended", &hint);
    }
    if ceremony.verified().is_some() && matches!(ceremony.ending(), Some(Ending::Closed(_))) {
        return refused(
            "the ceremony was completed, and its keys are in the root that it made",
            "change that root: conclave script new rotation --previous FILE…",
        );
    }
    let files: Vec<EnrolledKey> = ceremony
        .enrollments()
        .into_iter()
        .map(|(_, enrollment)| key_of(enrollment, None))
        .collect();
    if files.is_empty() {
        return refused(
            "the ceremony has no proven key",
            "omit --adopt for this directory",
        );
    }
    Ok(files)
}

/// An enrollment file or directory, and the site after the last `=`.
fn enrolled(text: &str, trusted: &TrustedRoots) -> Result<EnrolledKey, Failure> {
    let (path, site) = match text.rsplit_once('=') {
        Some((path, site)) => (path, Some(site.to_owned())),
        None => (text, None),
    };
    if Path::new(path).is_dir() {
        return attested(Path::new(path), site, trusted);
    }
    let bytes = read_file(Path::new(path)).map_err(|error| {
        Failure::io(format!("cannot read {}: {error}", visible(path))).hint(
            "give the enrollment file and the name of the site, for example: --enroll FILE=SITE",
        )
    })?;
    let enrollment = Enrollment::read(&bytes).map_err(|refusal| {
        Failure::refused(format!("{}: {refusal}", visible(path)))
            .hint("ask the other site to send the original file again")
    })?;
    Ok(key_of(enrollment, site))
}

/// A directory exported from a YubiKey by another tool, with one certificate in each file. A directory that is named by
/// a serial number must contain the attestation of that device.
fn attested(
    folder: &Path,
    site: Option<String>,
    trusted: &TrustedRoots,
) -> Result<EnrolledKey, Failure> {
    let refused = |error: &str| {
        Failure::refused(format!("{}: {error}", display(folder)))
            .hint("the directory must contain two files: the attestation of the key, and the certificate of slot f9")
    };
    let (mut files, mut statements, mut issuers) = (Vec::new(), Vec::new(), Vec::new());
    for entry in list(folder)? {
        let file = file_stem_and_end(&entry.name.to_string_lossy());
        let bytes = read_given(&entry.path)?;
        let found =
            Certificate::read_all(&bytes).map_err(|error| refused(&format!("{file}: {error}")))?;
        let [certificate] = <[Certificate; 1]>::try_from(found).map_err(|found| {
            refused(&format!(
                "{file} contains {} certificates instead of one",
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
            "{} attestations of keys instead of one",
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
            "the key was generated in YubiKey {made_in}, but the directory is named after another serial number"
        )));
    }
    Ok(EnrolledKey {
        files,
        enrollment,
        site,
    })
}

fn key_of(enrollment: Enrollment, site: Option<String>) -> EnrolledKey {
    EnrolledKey {
        files: vec![(String::new(), enrollment.to_file_bytes())],
        enrollment,
        site,
    }
}

/// The name of a file from another tool, in plain characters.
fn file_stem_and_end(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, end)) => format!("{}.{}", file_stem(stem), file_stem(end)),
        None => file_stem(name),
    }
}

/// Another site chooses the names of its keys: only plain characters become part of a path.
fn file_stem(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let stem: String = name.chars().filter(|c| plain(*c)).take(40).collect();
    if stem.is_empty() {
        "key".to_owned()
    } else {
        stem
    }
}
