//! The chain of root versions, from the trust anchor to the newest (specification, section 5.3).
//!
//! Every version N+1 requires a threshold of N's root keys and a threshold of its own. Whether a signature verifies does
//! not depend on the verdict on earlier versions. So all cores read the files of a batch and verify their signatures.
//! Then the results are evaluated in order, so that the first invalid version is reported. Batches are bounded, so memory
//! does not grow with the chain.

mod findings;
mod report;
mod tally;

use std::convert::Infallible;

use jiff::Timestamp;
use rayon::prelude::*;

use self::findings::Findings;
use self::tally::{Tally, tally};
use super::check::{Check, Remark};
use super::document::RootDocument;
use super::limits::MAX_VERSIONS;
use super::root_file::RootFile;

pub use report::{ChainReport, TrustedRoot};
pub use tally::Count;

/// The maximum number of files in a batch.
const BATCH_FILES: usize = 256;
/// The number of consecutive files for one thread. They share the keys that were read from the first.
const RUN_FILES: usize = 16;
/// The size at which a batch is complete. Parsed files need many times their size.
const BATCH_BYTES: usize = 1 << 20;

/// The name of a root file, for the report, and its content.
type NamedFile = (String, Vec<u8>);

/// Verifies a chain of root files, in order. The first is the trust anchor, which must be signed by a threshold of its
/// own keys. Only the expiry of the last version counts, compared with `at`.
pub fn verify_chain(files: impl Iterator<Item = NamedFile> + Send, at: Timestamp) -> ChainReport {
    match try_verify_chain(files.map(Ok::<_, Infallible>), at) {
        Ok(report) => report,
        Err(never) => match never {},
    }
}

/// [`verify_chain`] for files that are fetched on demand.
///
/// # Errors
/// If a file cannot be fetched and all versions before it are valid.
pub fn try_verify_chain<E: Send>(
    files: impl Iterator<Item = Result<NamedFile, E>> + Send,
    at: Timestamp,
) -> Result<ChainReport, E> {
    let mut files = files.fuse();
    let mut chain = Chain::default();
    let (mut batch, mut failure) = next_batch(&mut files);
    while !batch.is_empty() {
        // The next files are fetched while this batch is verified.
        let (judged, next) = if batch.len() <= RUN_FILES {
            (judge_run(&batch, chain.newest()), next_batch(&mut files))
        } else {
            let fetch = || next_batch(&mut files);
            rayon::join(|| judge(&batch, chain.newest()), fetch)
        };
        for (name, file) in judged {
            match chain.check(&name, file) {
                Ok(document) => {
                    chain.length += 1;
                    chain.last = Some((name, document));
                }
                Err(reasons) => {
                    let reasons = reasons.into_iter().map(|reason| reason.of_file(&name));
                    chain.reasons = reasons.collect();
                    return Ok(chain.report(at));
                }
            }
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        (batch, failure) = next;
    }
    failure.map_or_else(|| Ok(chain.report(at)), Err)
}

/// The next files, up to the first that cannot be fetched.
fn next_batch<E>(
    files: &mut impl Iterator<Item = Result<NamedFile, E>>,
) -> (Vec<NamedFile>, Option<E>) {
    let mut batch = Vec::new();
    let mut bytes = 0;
    while batch.len() < BATCH_FILES && bytes < BATCH_BYTES {
        match files.next() {
            Some(Ok(file)) => {
                bytes += file.1.len();
                batch.push(file);
            }
            Some(Err(failure)) => return (batch, Some(failure)),
            None => break,
        }
    }
    (batch, None)
}

/// A file of the chain and its signatures.
type Judged = (String, Result<(RootFile, Tally), Remark>);

/// Reads files and verifies their signatures on all cores. `before` is the previous version.
fn judge(batch: &[NamedFile], before: Option<&RootDocument>) -> Vec<Judged> {
    let runs = batch.par_chunks(RUN_FILES).enumerate();
    let judged = runs.flat_map_iter(|(index, run)| match (index * RUN_FILES).checked_sub(1) {
        None => judge_run(run, before),
        // Read again, so that no run waits for another. If it is invalid, the chain ends there.
        Some(before) => RootFile::read(&batch[before].1)
            .map(|before| judge_run(run, Some(before.document())))
            .unwrap_or_default(),
    });
    judged.collect()
}

/// [`judge`] in sequence, up to the first invalid file.
fn judge_run(run: &[NamedFile], before: Option<&RootDocument>) -> Vec<Judged> {
    let mut judged: Vec<Judged> = Vec::with_capacity(run.len());
    for (name, bytes) in run {
        let before = match judged.last() {
            None => before,
            Some((_, Ok((file, _)))) => Some(file.document()),
            Some((_, Err(_))) => break,
        };
        let file = RootFile::read_after(bytes, before).map(|file| {
            let tally = tally(&file, before);
            (file, tally)
        });
        judged.push((name.clone(), file));
    }
    judged
}

/// The part of the chain that was evaluated so far.
#[derive(Default)]
struct Chain {
    /// The last valid version.
    last: Option<(String, RootDocument)>,
    length: u64,
    reasons: Vec<Remark>,
    findings: Findings,
}

impl Chain {
    fn newest(&self) -> Option<&RootDocument> {
        self.last.as_ref().map(|(_, document)| document)
    }

    /// Checks that a file is the next version of the chain, and notes its findings.
    fn check(
        &mut self,
        name: &str,
        file: Result<(RootFile, Tally), Remark>,
    ) -> Result<RootDocument, Vec<Remark>> {
        let refuse = |check, text| Err(vec![Remark::new(check, text)]);
        if self.length >= MAX_VERSIONS {
            let text = format!("the chain has more than {MAX_VERSIONS} versions");
            return refuse(Check::ChainLimit, text);
        }
        let (file, tally) = file.map_err(|refusal| vec![refusal])?;
        self.findings.extend(name, file.remarks().iter().cloned());
        let document = file.into_document();
        let (version, format) = (document.version(), document.format());
        if let Some(previous) = self.newest() {
            let next = previous.version() + 1;
            if version != next {
                let text = format!("the file contains version {version} instead of {next}");
                return refuse(Check::ChainVersion, text);
            }
            let before = previous.format();
            if format != before {
                let text = format!("the format is {format}, but the previous version is {before}");
                return refuse(Check::ChainFormat, text);
            }
        }
        if let Some(named) = version_in(name).filter(|named| *named != version) {
            let text = format!("the file contains version {version} instead of {named}");
            return refuse(Check::FileName, text);
        }
        let refusals = tally.refusals();
        self.findings.extend(name, tally.remarks);
        if !refusals.is_empty() {
            return Err(refusals);
        }
        if self
            .newest()
            .is_some_and(|previous| document.expires().instant() < previous.expires().instant())
        {
            let text = "this version expires before the previous version";
            let remark = Remark::new(Check::RootExpiresEarlier, text);
            self.findings.extend(name, [remark]);
        }
        Ok(document)
    }

    fn report(self, at: Timestamp) -> ChainReport {
        let expired = self
            .newest()
            .is_some_and(|newest| newest.expires().is_past(at));
        let mut reasons = self.reasons;
        if reasons.is_empty() {
            let nothing = Remark::new(Check::ChainEmpty, "there is no root file");
            reasons.extend(match &self.last {
                None => Some(nothing),
                Some((name, document)) => stale(document, at).map(|reason| reason.of_file(name)),
            });
        }
        ChainReport {
            last: self.last.map(|(_, document)| TrustedRoot::new(document)),
            expired,
            reasons,
            findings: self.findings.into_remarks(),
        }
    }
}

/// The reason why clients refuse the newest version although all signatures are valid.
fn stale(document: &RootDocument, at: Timestamp) -> Option<Remark> {
    let expires = document.expires();
    if expires.is_past(at) {
        let text = format!("the root expired at {}", expires.as_str().escape_debug());
        return Some(Remark::new(Check::RootExpired, text));
    }
    let text = document.expired_certificates(at)?;
    Some(Remark::new(Check::RootCertificates, text))
}

/// The N of a file name `N.root.json`.
fn version_in(name: &str) -> Option<u64> {
    let file_name = name
        .rsplit_once('/')
        .map_or(name, |(_, file_name)| file_name);
    file_name.strip_suffix(".root.json")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::draft::RootDraft;
    use crate::metadata::signed::SignedRoot;
    use crate::metadata::testing::{Signer, signed_genesis, trusted};

    fn at() -> Timestamp {
        "2030-01-01T00:00:00Z".parse().unwrap()
    }

    /// Versions 1 to `length`, signed.
    fn chain(length: u64) -> Vec<NamedFile> {
        let (a, b, online) = (Signer::ed25519(), Signer::ed25519(), Signer::p256());
        let mut files = vec![signed_genesis(&[&a, &b], &online, |_| {})];
        let mut newest = trusted(files.clone());
        for _ in 1..length {
            let frozen = RootDraft::after(&newest).unwrap().freeze().unwrap();
            let mut signed = SignedRoot::after(frozen.clone(), newest).unwrap();
            for signer in [&a, &b] {
                let signature = signer.sign(frozen.signed_bytes());
                signed.attach(signer.key().id(), &signature).unwrap();
            }
            files.push(signed.to_file_bytes());
            newest = TrustedRoot::new(frozen.document().clone());
        }
        (1..)
            .map(|version: u64| format!("{version}.root.json"))
            .zip(files)
            .collect()
    }

    #[test]
    fn batches_form_one_chain() {
        let length = 2 * BATCH_FILES as u64 + 1;
        let files = chain(length);
        let report = verify_chain(files.iter().cloned(), at());
        assert!(report.is_accepted());
        assert_eq!(report.version(), Some(length));
        for missing in [BATCH_FILES - 1, BATCH_FILES, BATCH_FILES + 1] {
            let mut files = files.clone();
            files.remove(missing);
            let report = verify_chain(files.into_iter(), at());
            assert_eq!(report.version(), Some(missing as u64));
            assert_eq!(report.reasons()[0].check, Check::ChainVersion);
        }
    }

    #[test]
    fn at_most_one_more_batch_is_fetched_after_an_invalid_file() {
        let mut fetched = 0;
        let garbage = (0..1_000_000).map(|number| (format!("{number}"), b"{".to_vec()));
        let report = verify_chain(garbage.inspect(|_| fetched += 1), at());
        assert_eq!(report.reasons()[0].check, Check::JsonSyntax);
        assert_eq!(fetched, 2 * BATCH_FILES);
    }

    #[test]
    fn a_fetch_error_is_reported_after_earlier_invalid_files() {
        let unfetched = [Err("first"), Err("second")];
        let sound = chain(3).into_iter().map(Ok);
        let end = try_verify_chain(sound.chain(unfetched.clone()), at());
        assert_eq!(end.unwrap_err(), "first");
        let faulty = [Ok(("1.root.json".to_owned(), b"{".to_vec()))];
        let end = try_verify_chain(faulty.into_iter().chain(unfetched), at());
        assert!(!end.unwrap().is_accepted());
    }
}
