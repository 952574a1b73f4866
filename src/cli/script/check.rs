//! `conclave script check`

use std::fmt::Write as _;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::json::ceremony;
use super::{Source, print_warnings, time};
use crate::cli::conduct::digest_lines;
use crate::cli::output::print;
use crate::cli::{Failure, Status};
use crate::script::{PersonRole, Script, ScriptErrors};
use crate::words::Digest;

/// Check a script: show all of its errors and warnings, or its digest.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// A script file, or the name of a ready script
    script: PathBuf,
    /// Check the script at this time instead of now, for example 2026-12-01T09:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
    /// Print the result as JSON
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
        print(format_args!("{:#}", report(&source, &parsed)))?;
        return Ok(status);
    }
    let script = parsed?;
    print(summary(&script))?;
    print_warnings(&script);
    Ok(Status::Done)
}

fn summary(script: &Script) -> String {
    let count = |role| script.with_role(role).count();
    let mut text = format!(
        "{}: valid\n\nSHA-256, in hexadecimal and in words:\n{}\n\n",
        script.name(),
        digest_lines(&script.sha256())
    );
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<12}{value}");
    };
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
            "not changed"
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
    text.trim_end().to_owned()
}

/// The digest is that of the text as it is, valid or not.
fn report(source: &Source, parsed: &Result<Script, ScriptErrors>) -> Value {
    let digest = Digest::of(source.text().as_bytes());
    let mut report = json!({
        "script": source.name(),
        "verdict": if parsed.is_ok() { "valid" } else { "invalid" },
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
