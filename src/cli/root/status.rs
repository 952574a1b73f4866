//! `conclave root status`: expiry, available signers, and what to do next.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;

use super::chain_files::ChainFiles;
use super::history::History;
use super::{Failure, Status};
use crate::cli::output::{print, print_as};
use crate::metadata::{RootStatus, try_verify_chain};

/// Show the status of a root: when it expires, who can sign, and what to do next.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// A directory with 1.root.json, 2.root.json …, or the files in order; the first is the trust anchor
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Directories of earlier ceremonies, which name the key holders and the signed and abandoned payloads
    #[arg(long, value_name = "DIR", num_args = 1..)]
    history: Vec<PathBuf>,
    /// Show the status at this time instead of now, for example 2026-12-01T09:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Print the status as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let files = ChainFiles::find(&arguments.paths)?;
    let at = arguments.at.unwrap_or_else(Timestamp::now);
    let report = try_verify_chain(files.read(), at)?;
    let Some(root) = report.trusted() else {
        if arguments.json {
            print(format_args!("{:#}", json!({"reasons": report.reasons()})))?;
        }
        let reasons: Vec<_> = report.reasons().iter().map(ToString::to_string).collect();
        return Err(
            Failure::refused(reasons.join("; ")).hint("for details: conclave root verify PATH…")
        );
    };
    let history = History::read(&arguments.history)?;
    let status = RootStatus::of(root, &history.holders, at);
    // Abandoned payloads of every repository are shown, because the chain does not contain the name of its repository.
    let live: Vec<String> = history
        .register
        .entries()
        .filter(|entry| entry.is_live(root.version()))
        .map(|entry| format!("{}: {}", entry.repository.escape_debug(), entry.describe()))
        .collect();
    print_as(
        arguments.json,
        || {
            let mut value = status.to_json();
            value["live"] = json!(live);
            value
        },
        || {
            let live = live.iter().map(|payload| format!("\nLIVE: {payload}"));
            format!("{status}{}", live.collect::<String>())
        },
    )?;
    Ok(Status::Done)
}
