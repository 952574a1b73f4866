//! The audit of a ceremony directory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::ceremony::{Ceremony, Ending, EventKind, HostEvent, ProgressEvent, Verdict};
use crate::metadata::verify_chain;
use crate::script::Script;
use crate::storage::is_empty;
use crate::transcript::{Entry, Transcript, TranscriptError};
use crate::words::Digest;

use super::check::Check;
use super::directory::{Belongs, RecordError, foreign, is_inside, read_file, read_script};
use super::documents::{documents, is_text};
use super::names::{SCRIPT, SUMS, TRANSCRIPT};
use super::returned::{collected, fault_of, returned_files};
use super::verdict::AuditReport;
use crate::record::visible;

/// How many unexpected files are listed one by one.
const MAX_FOREIGN: usize = 64;
/// How many versions after ours are read in the export directory.
const MAX_SUCCESSORS: u64 = 256;

/// Audits a ceremony directory: the script, every entry of the transcript, every signature in it, every document, and
/// the exported files. The report contains what is wrong with them; an error means that a file could not be read.
pub fn verify_directory(directory: &Path) -> Result<AuditReport, RecordError> {
    // A missing directory is an error, an empty one is not.
    is_empty(directory)?;
    let mut audit = Audit {
        directory,
        report: AuditReport::default(),
    };
    let transcript = audit.transcript()?;
    let script = audit.script(transcript.as_ref().and_then(Transcript::opened_at))?;
    let ceremony = match (&transcript, &script) {
        (Some(transcript), Some(script)) => audit.replay(transcript, script),
        _ => None,
    };
    match (&ceremony, &transcript) {
        (Some(ceremony), Some(transcript)) => audit.ceremony(ceremony, transcript)?,
        _ => {
            audit.sums()?;
        }
    }
    Ok(audit.report)
}

struct Audit<'a> {
    directory: &'a Path,
    report: AuditReport,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error("the file is missing")]
    Missing,
    #[error("{0}")]
    Other(String),
}

impl Audit<'_> {
    /// Reads a file; the inner error is a problem with the file, the outer one means that it could not be read.
    fn read(&self, path: &str) -> Result<Result<Vec<u8>, Unfit>, RecordError> {
        let path = self.directory.join(path);
        match read_file(&path) {
            Ok(bytes) => Ok(Ok(bytes)),
            Err(error) if error.is_missing() => Ok(Err(Unfit::Missing)),
            Err(error) if error.is_about_content() => {
                Ok(Err(Unfit::Other(error.problem.to_string())))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn add_all(&mut self, check: Check, details: Vec<String>) {
        for detail in details {
            self.report.add(check, detail);
        }
    }

    fn transcript(&mut self) -> Result<Option<Transcript>, RecordError> {
        let bytes = match self.read(TRANSCRIPT)? {
            Ok(bytes) => bytes,
            Err(unfit) => {
                self.report
                    .add(Check::TranscriptMissing, format!("{TRANSCRIPT}: {unfit}"));
                return Ok(None);
            }
        };
        let (transcript, torn_bytes) = match Transcript::parse(&bytes) {
            Ok(parsed) => parsed,
            Err(error) => {
                self.refuse_transcript(&error);
                return Ok(None);
            }
        };
        if torn_bytes > 0 {
            self.report.add(
                Check::TranscriptTorn,
                format!("{torn_bytes} bytes follow the last complete entry"),
            );
        }
        let Some(first) = transcript.entries().first() else {
            self.refuse_transcript(&TranscriptError::Empty);
            return Ok(None);
        };
        self.report.mode = Some(first.line.mode);
        self.report.script = Some(first.line.script);
        self.report.entries = transcript.entries().len() as u64;
        self.report.digest = Some(transcript.head());
        self.times(transcript.entries());
        Ok(Some(transcript))
    }

    fn refuse_transcript(&mut self, error: &TranscriptError) {
        let check = match error {
            TranscriptError::Empty => Check::TranscriptMissing,
            TranscriptError::Line { .. } => Check::TranscriptLine,
            TranscriptError::Chain { .. } => Check::TranscriptChain,
            TranscriptError::Script { .. } => Check::TranscriptScript,
            TranscriptError::Replay { .. } => Check::TranscriptReplay,
        };
        self.report.add(check, visible(&error.to_string()));
    }

    /// Times never decrease, except where the clock was set or another machine resumed the ceremony.
    fn times(&mut self, entries: &[Entry]) {
        let sets_clock = |entry: &Entry| {
            matches!(
                entry.line.kind,
                EventKind::Host(HostEvent::ClockAttested { .. })
                    | EventKind::Progress(ProgressEvent::Resumed { .. })
            )
        };
        for pair in entries.windows(2) {
            let [before, after] = pair else { continue };
            if after.line.time < before.line.time && !sets_clock(before) && !sets_clock(after) {
                self.report.add(
                    Check::TranscriptTime,
                    format!(
                        "the time of entry {} is {}, but the time of the previous entry is {}",
                        after.line.seq, after.line.time, before.line.time
                    ),
                );
            }
        }
    }

    /// Checked at the time of the first event: a root that has expired since was valid then.
    fn script(&mut self, at: Option<Timestamp>) -> Result<Option<Arc<Script>>, RecordError> {
        let bytes = match self.read(SCRIPT)? {
            Ok(bytes) => bytes,
            Err(unfit) => {
                self.report
                    .add(Check::ScriptError, format!("{SCRIPT}: {unfit}"));
                return Ok(None);
            }
        };
        match read_script(self.directory, &bytes, at.unwrap_or(Timestamp::MIN)) {
            Ok(script) => Ok(Some(Arc::new(script))),
            Err(errors) => {
                let errors = errors.iter().map(ToString::to_string).collect();
                self.add_all(Check::ScriptError, errors);
                Ok(None)
            }
        }
    }

    fn replay(&mut self, transcript: &Transcript, script: &Arc<Script>) -> Option<Ceremony> {
        match transcript.replay(script) {
            Ok(ceremony) => {
                self.report.ending = ceremony.ending().cloned();
                Some(ceremony)
            }
            Err(error) => {
                self.refuse_transcript(&error);
                None
            }
        }
    }

    /// Everything that is derived from the replayed transcript.
    fn ceremony(
        &mut self,
        ceremony: &Ceremony,
        transcript: &Transcript,
    ) -> Result<(), RecordError> {
        self.course(ceremony);
        self.returned(ceremony, transcript);
        let returned = returned_files(transcript);
        let documents = documents(ceremony, transcript);
        self.compare(ceremony, &documents, program_version(transcript))?;
        let files: BTreeSet<&str> = [SCRIPT, TRANSCRIPT]
            .into_iter()
            .chain(
                ceremony
                    .script()
                    .pinned_files()
                    .map(|file| file.name.as_str()),
            )
            .chain(documents.iter().map(|(path, _)| path.as_str()))
            .chain(returned.iter().map(|(path, _)| path.as_str()))
            .filter(|path| *path != SUMS)
            .collect();
        if ceremony.ending().is_some() || self.directory.join(SUMS).exists() {
            self.sums_of(&files)?;
        }
        self.root(ceremony, &documents)?;
        self.export(ceremony)?;
        self.foreign(ceremony, &files)
    }

    /// The ceremony directories that other sites returned with their signatures.
    fn returned(&mut self, ceremony: &Ceremony, transcript: &Transcript) {
        for (key, record) in collected(transcript) {
            let Some(record) = record else {
                let detail = format!("the signature of {key} has no ceremony directory");
                self.report.add(Check::SigningTranscriptAbsent, detail);
                continue;
            };
            if let Some(fault) = fault_of(self.directory, ceremony, key, record) {
                let detail = format!("ceremony directory of the signature of {key}: {fault}");
                self.report.add(Check::SigningTranscript, visible(&detail));
            }
        }
    }

    /// What a reader should know about the course of the ceremony.
    fn course(&mut self, ceremony: &Ceremony) {
        for (step, sheet) in ceremony.exceptions() {
            let place = step
                .as_ref()
                .map_or_else(String::new, |step| format!("at {step}: "));
            let detail = format!("{place}{}; decided: {}", sheet.happened, sheet.decided);
            self.report.add(Check::CeremonyException, visible(&detail));
        }
        for amendment in ceremony.amendments() {
            let (from, to) = amendment.change();
            let detail = format!("{}: changed from {from:?} to {to:?}", amendment.subject());
            self.report.add(Check::CeremonyAmendment, visible(&detail));
        }
        if ceremony.script().is_solo() {
            self.report.add(
                Check::CeremonySolo,
                "one person acted alone: SOLO, UNWITNESSED".to_owned(),
            );
        }
        for person in ceremony.script().people() {
            let signed_off = ceremony.sign_offs().contains_key(&person.id);
            if matches!(ceremony.ending(), Some(Ending::Closed(_))) && !signed_off {
                let detail = format!("{} did not sign off", person.id);
                self.report.add(Check::CeremonySignOff, detail);
            }
        }
        for (person, (verdict, remark)) in ceremony.sign_offs() {
            if *verdict != Verdict::Agree {
                let detail = format!("{person} {verdict}: {remark}");
                self.report.add(Check::CeremonySignOff, visible(&detail));
            }
        }
        for (plan, state) in ceremony.key_states() {
            for (file, people) in state.destruction().attested() {
                let detail = format!(
                    "{}: after an interruption, {} attested that {file} was erased; this is not proven",
                    plan.id,
                    ceremony.names(people)
                );
                self.report
                    .add(Check::CeremonyDestruction, visible(&detail));
            }
        }
        if let Some(Ending::Aborted { reason }) = ceremony.ending() {
            self.report.add(Check::CeremonyAborted, visible(reason));
        }
    }

    /// Compares every document with the transcript. If the ceremony has not ended, documents may still be missing.
    fn compare(
        &mut self,
        ceremony: &Ceremony,
        documents: &[(String, Vec<u8>)],
        version: &str,
    ) -> Result<(), RecordError> {
        let mut due = 0;
        // The list of digests is verified separately.
        for (path, bytes) in documents.iter().filter(|(path, _)| path != SUMS) {
            let (check, detail) = match self.read(path)? {
                Ok(found) if found == *bytes => continue,
                Ok(_) if version != env!("CARGO_PKG_VERSION") && is_text(path) => {
                    let detail = format!("{path} was written by version {}", visible(version));
                    (Check::DirectoryVersion, detail)
                }
                Ok(_) => {
                    let detail = format!("{path} differs from the transcript");
                    (Check::DirectoryDocument, detail)
                }
                Err(Unfit::Missing) if ceremony.ending().is_none() => {
                    due += 1;
                    continue;
                }
                Err(unfit) => (Check::DirectoryDocument, format!("{path}: {unfit}")),
            };
            self.report.add(check, detail);
        }
        if ceremony.ending().is_none() {
            let detail = format!("{due} documents are written at the end of the ceremony");
            self.report.add(Check::DirectoryUnfinished, detail);
        }
        Ok(())
    }

    /// Checks the listed files and returns their paths; `None` if there is no valid list.
    fn sums(&mut self) -> Result<Option<Vec<String>>, RecordError> {
        let bytes = match self.read(SUMS)? {
            Ok(bytes) => bytes,
            Err(unfit) => {
                self.report
                    .add(Check::DirectorySums, format!("{SUMS}: {unfit}"));
                return Ok(None);
            }
        };
        let Some(sums) = parse_sums(&bytes) else {
            self.report.add(
                Check::DirectorySums,
                format!("{SUMS} is not a list of digests and paths, sorted by path"),
            );
            return Ok(None);
        };
        for (path, digest) in &sums {
            let problem = match self.read(path)? {
                Ok(found) if Digest::of(&found) == *digest => continue,
                Ok(_) => "the file has another digest".to_owned(),
                Err(unfit) => unfit.to_string(),
            };
            let detail = format!("{}: {problem}", visible(path));
            self.report.add(Check::DirectorySums, detail);
        }
        Ok(Some(sums.into_keys().collect()))
    }

    /// Also checks that exactly the files of the directory are listed.
    fn sums_of(&mut self, files: &BTreeSet<&str>) -> Result<(), RecordError> {
        let Some(listed) = self.sums()? else {
            return Ok(());
        };
        let listed: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
        for path in files.difference(&listed) {
            self.report
                .add(Check::DirectorySums, format!("{path} is not listed"));
        }
        for path in listed.difference(files) {
            let detail = format!(
                "{} is listed, but is not a file of the ceremony",
                visible(path)
            );
            self.report.add(Check::DirectorySums, detail);
        }
        Ok(())
    }

    /// Verifies the root files like a client that trusts the first, at the time of the script.
    fn root(
        &mut self,
        ceremony: &Ceremony,
        documents: &[(String, Vec<u8>)],
    ) -> Result<(), RecordError> {
        self.root_in("root", ceremony, documents)?;
        for (folder, view) in ceremony.further_in_folders() {
            self.root_in(&format!("root/{folder}"), &view, documents)?;
        }
        Ok(())
    }

    fn root_in(
        &mut self,
        folder: &str,
        ceremony: &Ceremony,
        documents: &[(String, Vec<u8>)],
    ) -> Result<(), RecordError> {
        let mut files = Vec::new();
        for (path, _) in documents {
            let name = path.strip_prefix(folder);
            if let Some(name) = name.and_then(|rest| rest.strip_prefix('/'))
                && !name.contains('/')
                && let Ok(bytes) = self.read(path)?
            {
                files.push((name.to_owned(), bytes));
            }
        }
        if files.is_empty() {
            return Ok(());
        }
        let before = ceremony.base_root().map(|before| before.chain().to_vec());
        let files = before
            .into_iter()
            .flatten()
            .chain(files)
            .collect::<Vec<_>>();
        let report = verify_chain(files.into_iter(), ceremony.script().not_before());
        let reasons = report.reasons().iter().map(ToString::to_string).collect();
        self.add_all(Check::RootChain, reasons);
        Ok(())
    }

    fn export(&mut self, ceremony: &Ceremony) -> Result<(), RecordError> {
        let Some(opening) = ceremony.opening() else {
            return Ok(());
        };
        for file in ceremony.exported() {
            let path = format!("{}/{}", opening.export, file.name);
            match self.read(&path)? {
                Ok(found) if Digest::of(&found) == file.sha256 => {}
                Ok(found) if file.name == "root.json" && self.succeeds(ceremony, &found)? => {}
                Ok(_) => self.report.add(
                    Check::ExportFile,
                    format!("{} differs from the exported file", visible(&path)),
                ),
                Err(unfit) => self
                    .report
                    .add(Check::ExportAbsent, format!("{}: {unfit}", visible(&path))),
            }
        }
        Ok(())
    }

    /// Whether a later ceremony replaced our root: the versions in the export directory form a chain from ours to it.
    fn succeeds(&self, ceremony: &Ceremony, found: &[u8]) -> Result<bool, RecordError> {
        let (Some(opening), Some(signed)) = (ceremony.opening(), ceremony.signed()) else {
            return Ok(false);
        };
        let ours = signed.frozen().version();
        let mut chain = vec![(format!("{ours}.root.json"), signed.to_file_bytes())];
        for version in ours + 1..=ours + MAX_SUCCESSORS {
            let name = format!("{version}.root.json");
            let Ok(bytes) = self.read(&format!("{}/{name}", opening.export))? else {
                return Ok(false);
            };
            let is_last = bytes == found;
            chain.push((name, bytes));
            if is_last {
                let report = verify_chain(chain.into_iter(), ceremony.script().not_before());
                return Ok(report.trusted().is_some());
            }
        }
        Ok(false)
    }

    fn foreign(&mut self, ceremony: &Ceremony, files: &BTreeSet<&str>) -> Result<(), RecordError> {
        let opening = ceremony.opening();
        let beside: Vec<&str> = opening
            .into_iter()
            .flat_map(|opening| {
                [
                    Some(opening.export.as_str()),
                    opening.simulated_tokens.as_deref(),
                ]
            })
            .flatten()
            .filter(|path| is_inside(path))
            .collect();
        let belongs = |path: &str| {
            let above = |file: &&str| {
                file.strip_prefix(path)
                    .is_some_and(|rest| rest.starts_with('/'))
            };
            if beside.contains(&path) {
                Belongs::Whole
            } else if path == SUMS || files.contains(path) {
                Belongs::File
            } else if files.iter().chain(&beside).any(above) {
                Belongs::Folder
            } else {
                Belongs::Not
            }
        };
        let foreign = foreign(self.directory, &belongs)?;
        for path in foreign.iter().take(MAX_FOREIGN) {
            self.report.add(Check::DirectoryForeign, visible(path));
        }
        if let Some(more) = foreign.len().checked_sub(MAX_FOREIGN + 1) {
            let detail = format!("and {} more unexpected files", more + 1);
            self.report.add(Check::DirectoryForeign, detail);
        }
        Ok(())
    }
}

/// The version of the program that wrote the last entries, and so the documents.
fn program_version(transcript: &Transcript) -> &str {
    transcript
        .entries()
        .iter()
        .rev()
        .find_map(|entry| {
            if let EventKind::Progress(ProgressEvent::Opened(opening)) = &entry.line.kind {
                return Some(opening.conclave.as_str());
            }
            let EventKind::Progress(ProgressEvent::Resumed { conclave, .. }) = &entry.line.kind
            else {
                return None;
            };
            Some(conclave.as_str())
        })
        .unwrap_or_default()
}

/// Reads a list of digests: `DIGEST  PATH`, each path once, below the directory, and in order.
fn parse_sums(bytes: &[u8]) -> Option<BTreeMap<String, Digest>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut sums = BTreeMap::new();
    for line in text.split_inclusive('\n') {
        let (digest, path) = line.strip_suffix('\n')?.split_once("  ")?;
        let after = sums
            .last_key_value()
            .is_none_or(|(last, _): (&String, _)| last.as_str() < path);
        if !is_inside(path) || path.contains(char::is_control) || !after {
            return None;
        }
        sums.insert(path.to_owned(), Digest::from_hex(digest).ok()?);
    }
    Some(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_have_one_form() {
        let digest = Digest::of(b"");
        let good = format!("{digest}  a\n{digest}  b/c\n");
        assert_eq!(parse_sums(good.as_bytes()).unwrap().len(), 2);
        for bad in [
            format!("{digest}  a"),
            format!("{digest} *a\n"),
            format!("{digest}  a\r\n{digest}  a\r\n"),
            format!("{digest}  b\n{digest}  a\n"),
            format!("{digest}  a\n{digest}  a\n"),
            format!("{digest}  ../a\n"),
            format!("{digest}  /a\n"),
            format!("{}  a\n", &digest.to_string()[1..]),
            format!("\n{digest}  a\n"),
        ] {
            assert_eq!(parse_sums(bad.as_bytes()), None, "{bad:?}");
        }
    }
}
