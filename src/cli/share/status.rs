//! `conclave share status`: when each share and each key was last tested, and what to do next.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;

use super::{Failure, Status};
use crate::audit::share_sets;
use crate::backup::{SetStatus, set_statuses};
use crate::cli::conduct::read_ceremony;
use crate::cli::output::print_as;

/// Show the status of backups, and what to do next.
///
/// For each share set: days since each share and the key were last tested, remaining quorums, lost shares, and old sets
/// that are unaccounted for.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The directories of the ceremonies that made or tested share sets
    #[arg(required = true, value_name = "DIR")]
    directories: Vec<PathBuf>,
    /// Show the status at this time instead of now, for example 2026-12-01T09:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Print the status as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let mut records = Vec::new();
    for directory in &arguments.directories {
        records.push(read_ceremony(directory)?.1);
    }
    // In chronological order, whatever the order of the arguments.
    records.sort_by_key(|record| record.transcript.opened_at());
    let ceremonies = records
        .iter()
        .map(|record| (&*record.script, &record.transcript));
    let sets = share_sets(ceremonies);
    let statuses = set_statuses(sets, arguments.at.unwrap_or_else(Timestamp::now));
    print_as(
        arguments.json,
        || {
            let sets: Vec<_> = statuses.iter().map(SetStatus::to_json).collect();
            json!({"sets": sets})
        },
        || match statuses.as_slice() {
            [] => "no key was backed up in these ceremonies".to_owned(),
            statuses => {
                let sets: Vec<_> = statuses.iter().map(SetStatus::to_string).collect();
                sets.join("\n\n")
            }
        },
    )?;
    Ok(Status::Done)
}
