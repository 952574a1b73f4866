//! `conclave share status`: when each share and each key was last proven, and what to do.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;

use super::{Failure, Status, print};
use crate::audit::{read_record, share_sets};
use crate::backup::{SetStatus, set_statuses};
use crate::cli::conduct::record_failure;

/// Tell how the backups stand: days since each share and each key was last proven, quorums left, what is lost, old sets
/// that are unaccounted for, and what to do.
///
/// Exit status: 0 done, 1 a record is not to be trusted, 2 wrong usage, 4 a file could not be read.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The directories of the ceremonies that made sets and drilled them.
    #[arg(required = true, value_name = "DIR")]
    directories: Vec<PathBuf>,
    /// Judge at this time instead of now: 2026-12-01T09:00:00Z.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Report as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let mut records = Vec::new();
    for directory in &arguments.directories {
        let record = read_record(directory).map_err(|error| record_failure(&error))?;
        // What is told was held to the rules of a ceremony.
        record
            .replay()
            .map_err(|error| record_failure(&error.into()))?;
        records.push(record);
    }
    // In the order in which things happened, whatever the order of the arguments.
    records.sort_by_key(|record| record.transcript.opened_at());
    let told = records
        .iter()
        .map(|record| (&*record.script, &record.transcript));
    let sets = share_sets(told);
    let statuses = set_statuses(sets, arguments.at.unwrap_or_else(Timestamp::now));
    if arguments.json {
        let sets: Vec<_> = statuses.iter().map(SetStatus::to_json).collect();
        print(&json!({"sets": sets}).to_string())?;
    } else if statuses.is_empty() {
        print("no key was backed up in these ceremonies")?;
    } else {
        let told: Vec<_> = statuses.iter().map(SetStatus::to_string).collect();
        print(&told.join("\n\n"))?;
    }
    Ok(Status::Done)
}
