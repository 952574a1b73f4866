//! `conclave transcript`: the transcript of a ceremony: show, verify, report.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::conduct::digest_lines;
use super::output::{display, print_as};
use super::{Failure, Status};
use crate::audit::{self, AuditReport, CeremonyRecord, RecordError, read_record, verify_directory};
use crate::ceremony::Ending;
use crate::record::visible;
use crate::storage::{Mode, write_new};
use crate::transcript::Entry;
use crate::words::Digest;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Show the transcript, entry by entry.
    Show {
        /// A ceremony directory
        dir: PathBuf,
        /// Print the transcript as JSON
        #[arg(long)]
        json: bool,
    },
    /// Verify a ceremony directory: script, transcript, signatures, documents and export.
    Verify {
        /// A ceremony directory
        dir: PathBuf,
        /// The transcript digest written on paper: 32 words, or 64 hexadecimal digits
        #[arg(long, value_name = "WORDS|HEX", value_parser = parse_digest)]
        digest: Option<Digest>,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Write the report of a ceremony as an HTML page.
    Report {
        /// A ceremony directory
        dir: PathBuf,
        /// The new file to write [default: report.html in the ceremony directory]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

pub(super) fn run(command: &Command) -> Result<Status, Failure> {
    match command {
        Command::Show { dir, json } => show(dir, *json),
        Command::Verify { dir, digest, json } => verify(dir, digest.as_ref(), *json),
        Command::Report { dir, out } => report(dir, out.as_deref()),
    }
}

/// A digest in words, or in hex with or without spaces.
fn parse_digest(text: &str) -> Result<Digest, String> {
    let packed: String = text.split_whitespace().collect();
    let is_hex = packed.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digest = if is_hex {
        Digest::from_hex(&packed.to_ascii_lowercase())
    } else {
        Digest::from_words(text)
    };
    digest.map_err(|error| error.to_string())
}

fn show(dir: &Path, json: bool) -> Result<Status, Failure> {
    let directory = read(dir)?;
    print_as(
        json,
        || {
            sentences(&directory)
                .map(|(entry, sentence)| entry_json(entry, &sentence))
                .collect()
        },
        || for_people(&directory),
    )?;
    // The transcript was only read so far, and may still contradict itself.
    directory
        .replay()
        .map_err(|error| refused(dir, &error))
        .map(|_| Status::Done)
}

/// Each entry with its sentence.
fn sentences(directory: &CeremonyRecord) -> impl Iterator<Item = (&Entry, String)> {
    let sentences = directory.transcript.narrated(&directory.script);
    let entries = directory.transcript.entries().iter();
    entries.zip(sentences.into_iter().map(|sentence| visible(&sentence)))
}

fn entry_json(entry: &Entry, sentence: &str) -> Value {
    let line = &entry.line;
    json!({
        "entry": line.seq,
        "time": line.time,
        "step": line.step,
        "people": line.people,
        "event": line.kind.name(),
        "sentence": sentence,
        "digest": entry.digest,
    })
}

fn for_people(directory: &CeremonyRecord) -> String {
    let entries = directory.transcript.entries();
    let mut text = String::new();
    let mut step = None;
    for (entry, sentence) in sentences(directory) {
        let line = &entry.line;
        if line.step != step {
            step.clone_from(&line.step);
            let title = step.as_ref().and_then(|id| directory.script.step(id));
            if let (Some(id), Some(step)) = (&step, title) {
                let title = visible(&step.act.title(&directory.script));
                let _ = writeln!(text, "\n{title} [{id}]");
            }
        }
        let _ = writeln!(text, "{:>5}  {}  {sentence}", line.seq, line.time);
    }
    if directory.torn_bytes > 0 {
        let _ = writeln!(
            text,
            "\nAfter the last entry, {} bytes of an incomplete entry follow.",
            directory.torn_bytes
        );
    }
    if let Some(first) = entries.first() {
        let assurance = directory.script.assurance_banner();
        let assurance = assurance.map_or_else(String::new, |text| format!(" · {text}"));
        let _ = write!(text, "\n{}{assurance}, ", first.line.mode.banner());
    }
    let digest = digest_lines(&directory.transcript.head());
    let _ = write!(
        text,
        "transcript digest of {} entries:\n{digest}",
        entries.len()
    );
    text
}

fn verify(dir: &Path, digest: Option<&Digest>, json: bool) -> Result<Status, Failure> {
    let mut report = verify_directory(dir)?;
    if let Some(digest) = digest {
        report.expect_digest(digest);
    }
    print_as(json, || report.to_json(), || verdict(&report))?;
    Ok(Status::of_verdict(report.is_accepted()))
}

fn verdict(report: &AuditReport) -> String {
    let mut text = if report.is_accepted() {
        "accepted".to_owned()
    } else {
        "rejected".to_owned()
    };
    if let Some(mode) = report.mode() {
        let ending = match report.ending() {
            None => "not ended".to_owned(),
            Some(Ending::Closed(worst)) => format!("closed, overall verdict: {worst}"),
            Some(Ending::Aborted { .. }) => "aborted".to_owned(),
        };
        let _ = write!(
            text,
            ": {}, {} entries, {ending}",
            mode.banner(),
            report.entries()
        );
    }
    for reason in report.reasons() {
        let _ = write!(text, "\n  [FAIL] {reason}");
    }
    for finding in report.findings() {
        let _ = write!(text, "\n  [note] {finding}");
    }
    if let Some(digest) = report.digest() {
        text.push_str("\ntranscript digest; compare it with the digest on paper:\n");
        text.push_str(&digest_lines(digest));
    }
    text
}

fn report(dir: &Path, out: Option<&Path>) -> Result<Status, Failure> {
    let directory = read(dir)?;
    let ceremony = directory.replay().map_err(|error| refused(dir, &error))?;
    let page = audit::report(&ceremony, &directory.transcript).to_html();
    let path = out.map_or_else(|| dir.join("report.html"), Path::to_path_buf);
    write_new(&path, page.as_bytes(), Mode::Public)?;
    eprintln!("written: {}", display(&path));
    Ok(Status::Done)
}

fn read(dir: &Path) -> Result<CeremonyRecord, Failure> {
    read_record(dir).map_err(|error| match error {
        RecordError::Io(_) => error.into(),
        RecordError::Transcript(_) | RecordError::Script(_) => refused(dir, &error),
    })
}

/// The ceremony directory was read, and its content is not valid.
fn refused(dir: &Path, error: &impl ToString) -> Failure {
    let lines: Vec<_> = error.to_string().lines().map(visible).collect();
    Failure::refused(lines.join("\n")).hint(format!(
        "to list all reasons: conclave transcript verify {}",
        display(dir)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_as_people_have_it() {
        let digest = Digest::of(b"transcript");
        let [first, second] = digest.grouped_hex();
        for text in [
            digest.to_string(),
            digest.to_string().to_uppercase(),
            format!("{first}\n{second}"),
            digest.words().join(" "),
        ] {
            assert_eq!(parse_digest(&text), Ok(digest), "{text}");
        }
        for text in ["", "abc", "snowcap", &digest.to_string()[1..]] {
            assert!(parse_digest(text).is_err(), "{text:?}");
        }
    }
}
