//! The chain of root versions, from the trust anchor to the newest (specification, section 5.3).
//!
//! Every version N+1 needs a threshold of N's root keys and a threshold of its own. Which signatures verify does not
//! depend on the verdict on the version before it, so the files of a batch are read and their signatures verified on
//! all cores; then they are taken in order, so that the first faulty version is the one reported. A batch is
//! bounded, and so is the memory, however long the chain is.

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

/// How many files a batch has at most.
const BATCH_FILES: usize = 256;
/// How many consecutive files one thread takes: those after the first share what was read of its keys.
const RUN_FILES: usize = 16;
/// After how many bytes a batch takes no further file: parsed, they need many times as much.
const BATCH_BYTES: usize = 1 << 20;

/// A root file, its name for the report.
type NamedFile = (String, Vec<u8>);

/// Verifies a chain of root files, in order: the first is the trust anchor, which
/// must be signed by a threshold of its own keys. Names are for the report alone.
/// Only the last version's expiry counts; `at` is the time that it is judged at.
pub fn verify_chain(files: impl Iterator<Item = NamedFile> + Send, at: Timestamp) -> ChainReport {
    match try_verify_chain(files.map(Ok::<_, Infallible>), at) {
        Ok(report) => report,
        Err(never) => match never {},
    }
}

/// [`verify_chain`] over files that are fetched as it goes.
///
/// # Errors
/// When a file could not be fetched, and no version before it was refused.
pub fn try_verify_chain<E: Send>(
    files: impl Iterator<Item = Result<NamedFile, E>> + Send,
    at: Timestamp,
) -> Result<ChainReport, E> {
    let mut files = files.fuse();
    let mut chain = Chain::default();
    let (mut batch, mut failure) = next_batch(&mut files);
    while !batch.is_empty() {
        // The next files are fetched while these are judged.
        let (judged, next) = if batch.len() <= RUN_FILES {
            (judge_run(&batch, chain.newest()), next_batch(&mut files))
        } else {
            let fetch = || next_batch(&mut files);
            rayon::join(|| judge(&batch, chain.newest()), fetch)
        };
        for (name, file) in judged {
            if chain.add(name, file).is_err() {
                return Ok(chain.report(at));
            }
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        (batch, failure) = next;
    }
    failure.map_or_else(|| Ok(chain.report(at)), Err)
}

/// Takes the next files, up to the first that cannot be fetched.
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

/// A file of the chain, read, and the signatures over it.
type Judged = (String, Result<(RootFile, Tally), Remark>);

/// Reads files and verifies their signatures, on all cores. `before` is the version before them.
fn judge(batch: &[NamedFile], before: Option<&RootDocument>) -> Vec<Judged> {
    let runs = batch.par_chunks(RUN_FILES).enumerate();
    let judged = runs.flat_map_iter(|(index, run)| match (index * RUN_FILES).checked_sub(1) {
        None => judge_run(run, before),
        // Read a second time, so that no run waits for another. If it cannot be read, the chain ends there.
        Some(before) => RootFile::read(&batch[before].1)
            .map(|before| judge_run(run, Some(before.document())))
            .unwrap_or_default(),
    });
    judged.collect()
}

/// [`judge`], one after the other, up to the first that cannot be read.
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

/// What is known of the chain so far.
#[derive(Default)]
struct Chain {
    /// The last version that was verified.
    last: Option<(String, RootDocument)>,
    length: u64,
    reasons: Vec<Remark>,
    findings: Findings,
}

/// The chain ends here.
struct Refused;

impl Chain {
    fn newest(&self) -> Option<&RootDocument> {
        self.last.as_ref().map(|(_, document)| document)
    }

    fn add(
        &mut self,
        name: String,
        file: Result<(RootFile, Tally), Remark>,
    ) -> Result<(), Refused> {
        match self.check(&name, file) {
            Ok(document) => {
                self.length += 1;
                self.last = Some((name, document));
                Ok(())
            }
            Err(refusals) => {
                let refusals = refusals.into_iter().map(|refusal| refusal.of_file(&name));
                self.reasons.extend(refusals);
                Err(Refused)
            }
        }
    }

    /// Whether a file is the next version of the chain; its oddities are noted.
    fn check(
        &mut self,
        name: &str,
        file: Result<(RootFile, Tally), Remark>,
    ) -> Result<RootDocument, Vec<Remark>> {
        let refuse = |check, text| Err(vec![Remark::new(check, text)]);
        if self.length >= MAX_VERSIONS {
            let text = format!("a chain of more than {MAX_VERSIONS} versions is not walked");
            return refuse(Check::ChainLimit, text);
        }
        let (file, tally) = file.map_err(|refusal| vec![refusal])?;
        self.findings.extend(name, file.remarks().iter().cloned());
        let document = file.into_document();
        let (version, format) = (document.version(), document.format());
        if let Some(previous) = self.newest() {
            let next = previous.version() + 1;
            if version != next {
                let text = format!("it is version {version}, and version {next} must follow");
                return refuse(Check::ChainVersion, text);
            }
            let before = previous.format();
            if format != before {
                let text = format!(
                    "it is in the format {format}, and the version before it is in {before}"
                );
                return refuse(Check::ChainFormat, text);
            }
        }
        if let Some(named) = version_in(name).filter(|named| *named != version) {
            let text = format!("it holds version {version}, not {named}");
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
            let text = "it expires before the version before it";
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
            let nothing = Remark::new(Check::ChainEmpty, "there is no root file to judge");
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

/// Why clients do not accept the newest version at a time, though every version verifies.
fn stale(document: &RootDocument, at: Timestamp) -> Option<Remark> {
    let expires = document.expires();
    if expires.is_past(at) {
        let text = format!("it expired at {}", expires.as_str().escape_debug());
        return Some(Remark::new(Check::RootExpired, text));
    }
    let text = document.outlived_certificates(at)?;
    Some(Remark::new(Check::RootCertificate, text))
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
    fn batches_are_one_chain() {
        let length = 2 * BATCH_FILES as u64 + 1;
        let files = chain(length);
        let report = verify_chain(files.iter().cloned(), at());
        assert_eq!(
            (report.reasons(), report.version()),
            (&[][..], Some(length))
        );
        for missing in [BATCH_FILES - 1, BATCH_FILES, BATCH_FILES + 1] {
            let mut files = files.clone();
            files.remove(missing);
            let report = verify_chain(files.into_iter(), at());
            assert_eq!(report.version(), Some(missing as u64));
            assert_eq!(report.reasons()[0].check, Check::ChainVersion);
        }
    }

    #[test]
    fn no_more_than_the_next_batch_is_fetched_after_a_refusal() {
        let mut fetched = 0;
        let garbage = (0..1_000_000).map(|number| (format!("{number}"), b"{".to_vec()));
        let report = verify_chain(garbage.inspect(|_| fetched += 1), at());
        assert_eq!(report.reasons()[0].check, Check::JsonSyntax);
        assert_eq!(fetched, 2 * BATCH_FILES);
    }

    #[test]
    fn a_file_that_cannot_be_fetched_counts_after_those_before_it() {
        let unfetched = [Err("first"), Err("second")];
        let sound = chain(3).into_iter().map(Ok);
        let end = try_verify_chain(sound.chain(unfetched.clone()), at());
        assert_eq!(end.unwrap_err(), "first");
        let faulty = [Ok(("1.root.json".to_owned(), b"{".to_vec()))];
        let end = try_verify_chain(faulty.into_iter().chain(unfetched), at());
        assert!(!end.unwrap().is_accepted());
    }
}
