//! `conclave transcript`: the record of a ceremony, shown, audited, told on a page.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};

use super::output::{display, print};
use super::{Failure, Status};
use crate::audit::{self, AuditReport, CeremonyRecord, RecordError, read_record, verify_directory};
use crate::ceremony::Ending;
use crate::record::visible;
use crate::storage::{Mode, WriteError, write_new};
use crate::transcript::Entry;
use crate::words::Digest;

/// Show, audit and report the record of a ceremony.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tell what happened, line by line.
    Show {
        /// A ceremony directory.
        dir: PathBuf,
        /// Print it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Audit a ceremony directory: script, record, signatures, documents and export.
    ///
    /// Exit status: 0 accepted, 1 rejected, 2 wrong usage, 4 it could not be read.
    Verify {
        /// A ceremony directory.
        dir: PathBuf,
        /// The head of the record that somebody has in ink: 32 words, or 64 hex characters.
        #[arg(long, value_name = "WORDS|HEX", value_parser = parse_head)]
        head: Option<Digest>,
        /// Print the report as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write the page that tells the whole ceremony.
    Report {
        /// A ceremony directory.
        dir: PathBuf,
        /// The file to write; it may not exist yet. By default report.html in the directory.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    match &arguments.command {
        Command::Show { dir, json } => show(dir, *json),
        Command::Verify { dir, head, json } => verify(dir, head.as_ref(), *json),
        Command::Report { dir, out } => report(dir, out.as_deref()),
    }
}

/// A digest in words, or in hex with or without spaces.
fn parse_head(text: &str) -> Result<Digest, String> {
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
    if json {
        let lines: Vec<Value> = told(&directory)
            .map(|(entry, sentence)| line_json(entry, &sentence))
            .collect();
        print(&Value::Array(lines).to_string())?;
    } else {
        print(&for_people(&directory))?;
    }
    // What is shown was read, and may still be untrue.
    directory
        .replay()
        .map_err(|error| refused(dir, &error))
        .map(|_| Status::Done)
}

/// Each line with what it says in a sentence.
fn told(directory: &CeremonyRecord) -> impl Iterator<Item = (&Entry, String)> {
    let sentences = directory.transcript.narrated(&directory.script);
    let entries = directory.transcript.entries().iter();
    entries.zip(sentences.into_iter().map(|sentence| visible(&sentence)))
}

fn line_json(entry: &Entry, sentence: &str) -> Value {
    let line = &entry.line;
    json!({
        "line": line.seq,
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
    for (entry, sentence) in told(directory) {
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
            "\n{} bytes of a line that was cut short follow.",
            directory.torn_bytes
        );
    }
    if let Some(first) = entries.first() {
        let assurance = directory.script.assurance_banner();
        let assurance = assurance.map_or_else(String::new, |text| format!(" · {text}"));
        let _ = write!(text, "\n{}{assurance}, ", first.line.mode.banner());
    }
    let _ = write!(text, "head of the record: line {}", entries.len());
    write_digest(&mut text, &directory.transcript.head());
    text
}

fn write_digest(text: &mut String, digest: &Digest) {
    for line in digest.grouped_hex() {
        let _ = write!(text, "\n  {line}");
    }
    for words in digest.words().chunks(8) {
        let _ = write!(text, "\n  {}", words.join(" "));
    }
}

fn verify(dir: &Path, head: Option<&Digest>, json: bool) -> Result<Status, Failure> {
    let mut report = verify_directory(dir).map_err(|error| unreadable(&error))?;
    if let Some(head) = head {
        report.expect_head(head);
    }
    if json {
        print(&report.to_json().to_string())?;
    } else {
        print(&verdict(&report))?;
    }
    Ok(if report.is_accepted() {
        Status::Done
    } else {
        Status::Refused
    })
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
            Some(Ending::Closed(status)) => format!("closed; the worst verdict: {status}"),
            Some(Ending::Aborted { .. }) => "broken off".to_owned(),
        };
        let _ = write!(
            text,
            ": {}, {} lines, {ending}",
            mode.banner(),
            report.lines()
        );
    }
    for reason in report.reasons() {
        let _ = write!(text, "\n  [FAIL] {reason}");
    }
    for finding in report.findings() {
        let _ = write!(text, "\n  [note] {finding}");
    }
    if let Some(head) = report.head() {
        text.push_str("\nhead of the record, to be compared with the ink:");
        write_digest(&mut text, head);
    }
    text
}

fn report(dir: &Path, out: Option<&Path>) -> Result<Status, Failure> {
    let directory = read(dir)?;
    let ceremony = directory.replay().map_err(|error| refused(dir, &error))?;
    let page = audit::report(&ceremony, &directory.transcript).to_html();
    let path = out.map_or_else(|| dir.join("report.html"), Path::to_path_buf);
    match write_new(&path, page.as_bytes(), Mode::Public) {
        Ok(()) => {
            eprintln!("written: {}", display(&path));
            Ok(Status::Done)
        }
        Err(WriteError::Exists { .. }) => Err(Failure::new(
            Status::Io,
            format!("{} exists already", display(&path)),
        )
        .hint("name a file that does not exist yet with --out")),
        Err(error) => {
            let what = format!("{}: {}", display(&path), io::Error::from(error));
            Err(Failure::new(Status::Io, what)
                .hint("check the path, and that the medium is mounted and has room"))
        }
    }
}

fn read(dir: &Path) -> Result<CeremonyRecord, Failure> {
    read_record(dir).map_err(|error| match error {
        RecordError::Io(_) => unreadable(&error),
        _ => refused(dir, &error),
    })
}

fn unreadable(error: &RecordError) -> Failure {
    Failure::new(Status::Io, error.to_string())
        .hint("name a ceremony directory, and check that the medium is mounted")
}

/// The record is there, and is not what it should be.
fn refused(dir: &Path, error: &impl ToString) -> Failure {
    let what: Vec<_> = error.to_string().lines().map(visible).collect();
    Failure::new(Status::Refused, what.join("\n")).hint(format!(
        "all reasons are told by: conclave transcript verify {}",
        display(dir)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_people_have_it() {
        let digest = Digest::of(b"head");
        let [first, second] = digest.grouped_hex();
        for text in [
            digest.to_string(),
            digest.to_string().to_uppercase(),
            format!("{first}\n{second}"),
            digest.words().join(" "),
        ] {
            assert_eq!(parse_head(&text), Ok(digest), "{text}");
        }
        for text in ["", "abc", "snowcap", &digest.to_string()[1..]] {
            assert!(parse_head(text).is_err(), "{text:?}");
        }
    }
}
