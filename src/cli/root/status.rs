//! `conclave root status`: what expires when, who can sign, and what to do next.

use std::collections::HashMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;

use super::chain_files::ChainFiles;
use super::history::History;
use super::{Failure, Status};
use crate::cli::output::print;
use crate::metadata::{RootStatus, try_verify_chain};

/// Tell how a root stands: what expires when, who can sign, how many lost keys it survives, and what
/// to do next and by when.
///
/// Exit status: 0 done, 1 the chain does not verify, 2 wrong usage, 4 a file could not be read.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A directory with 1.root.json, 2.root.json …, or the files in order; the first is the trust anchor.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The directory of an earlier ceremony: tells whose keys they are, and what was signed and given up.
    #[arg(long, value_name = "DIR")]
    history: Vec<PathBuf>,
    /// Judge at this time instead of now: 2026-12-01T09:00:00Z.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Print the status as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let files = ChainFiles::find(&arguments.paths)?;
    let at = arguments.at.unwrap_or_else(Timestamp::now);
    let report = try_verify_chain(files.read(), at)?;
    let Some(root) = report.trusted() else {
        if arguments.json {
            print(&json!({"reasons": report.reasons()}).to_string())?;
        }
        let reasons: Vec<_> = report.reasons().iter().map(ToString::to_string).collect();
        return Err(Failure::new(Status::Refused, reasons.join("; "))
            .hint("conclave root verify tells more"));
    };
    let history = History::read(&arguments.history)?;
    let names: &HashMap<_, _> = history.holders();
    let status = RootStatus::of(root, names, at);
    let register = history.register();
    // A payload that was given up is told of whatever the repository is called: the chain does not say its name.
    let live: Vec<String> = register
        .entries()
        .filter(|entry| entry.is_live(root.version()))
        .map(|entry| format!("{}: {}", entry.repository.escape_debug(), entry.describe()))
        .collect();
    if arguments.json {
        let mut value = status.to_json();
        value["live"] = json!(live);
        print(&value.to_string())?;
    } else {
        let mut text = status.to_string();
        for payload in live {
            text.push_str("\nLIVE: ");
            text.push_str(&payload);
        }
        print(&text)?;
    }
    Ok(Status::Done)
}
