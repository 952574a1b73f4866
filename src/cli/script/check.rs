//! `conclave script check`

use std::fmt::Write as _;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::json::ceremony;
use super::{Source, say, tell_errors, tell_warnings, time};
use crate::cli::{Failure, Status};
use crate::script::{PersonRole, Script, ScriptErrors};
use crate::words::Digest;

/// Prove a script before anyone enters the room: tells every fault, or its digest
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A script file, or the name of a ready script
    script: PathBuf,
    /// Judge it at this time, not now
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
    /// Report as JSON on stdout
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let source = Source::open(&arguments.script)?;
    let parsed = source.parse(arguments.at.unwrap_or_else(Timestamp::now));
    if arguments.json {
        let status = match &parsed {
            Ok(_) => Status::Done,
            Err(_) => Status::Usage,
        };
        say(&format!("{:#}\n", report(&source, &parsed)))?;
        return Ok(status);
    }
    match parsed {
        Ok(script) => {
            say(&summary(&script))?;
            tell_warnings(&script);
            Ok(Status::Done)
        }
        Err(errors) => Ok(tell_errors(&errors)),
    }
}

fn summary(script: &Script) -> String {
    let digest = script.sha256();
    let [first, second] = digest.grouped_hex();
    let words = digest.words();
    let rows: Vec<String> = words.chunks(4).map(|row| row.join(" ")).collect();
    let count = |role| script.with_role(role).count();
    let mut text = format!("{}: sound\n\n", script.name());
    let mut line = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:<12}{value}");
    };
    line("SHA-256", &first);
    line("", &second);
    for (index, row) in rows.iter().enumerate() {
        line(if index == 0 { "words" } else { "" }, row);
    }
    line("title", script.title());
    line(
        "kind",
        &format!("{} of {}", script.kind(), script.repository()),
    );
    let root = format!(
        "version {}, threshold {} of {} keys, expires {}",
        script.root_version(),
        script.root().threshold,
        script.root_keys(),
        script.root().expires
    );
    line(
        "root",
        if script.makes_root() {
            &root
        } else {
            "none is made"
        },
    );
    line(
        "people",
        &format!(
            "{} administrator, {} witnesses, {}",
            count(PersonRole::Administrator),
            count(PersonRole::Witness),
            match count(PersonRole::KeyHolder) {
                1 => "1 key holder".to_owned(),
                holders => format!("{holders} key holders"),
            }
        ),
    );
    line(
        "steps",
        &format!(
            "{}, about {} minutes",
            script.steps().len(),
            script.total_minutes()
        ),
    );
    text
}

/// The digest is that of the text as it is, sound or not.
fn report(source: &Source, parsed: &Result<Script, ScriptErrors>) -> Value {
    let digest = Digest::of(source.text().as_bytes());
    let mut report = json!({
        "script": source.name(),
        "verdict": if parsed.is_ok() { "sound" } else { "faulty" },
        "sha256": digest,
        "words": digest.words().join(" "),
        "errors": [],
        "warnings": [],
    });
    match parsed {
        Err(errors) => {
            report["errors"] = errors
                .iter()
                .map(|error| {
                    json!({
                        "check": error.check,
                        "line": error.line,
                        "column": error.column,
                        "message": error.message,
                        "hint": error.hint,
                    })
                })
                .collect();
        }
        Ok(script) => {
            report["warnings"] = script
                .warnings()
                .iter()
                .map(|warning| {
                    json!({
                        "check": warning.check,
                        "line": warning.line,
                        "message": warning.message,
                        "hint": warning.hint,
                    })
                })
                .collect();
            report["ceremony"] = ceremony(script);
        }
    }
    report
}
