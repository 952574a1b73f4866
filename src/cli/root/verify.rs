//! `conclave root verify`: a chain of root versions, starting with the trust anchor.

use std::fmt::Write as _;
use std::path::PathBuf;

use jiff::Timestamp;

use super::chain_files::ChainFiles;
use super::{Failure, Status};
use crate::cli::output::print_as;
use crate::metadata::{ChainReport, try_verify_chain};

/// Verify a chain of root versions, starting with its trust anchor.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// A directory with 1.root.json, 2.root.json …, or the files in order; the first is the trust anchor
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Check the expiry at this time instead of now, for example 2026-12-01T09:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let files = ChainFiles::find(&arguments.paths)?;
    let at = arguments.at.unwrap_or_else(Timestamp::now);
    let report = try_verify_chain(files.read(), at)?;
    print_as(arguments.json, || report.to_json(), || for_people(&report))?;
    Ok(Status::of_verdict(report.is_accepted()))
}

fn for_people(report: &ChainReport) -> String {
    let mut text = match (report.is_accepted(), report.trusted(), report.version()) {
        (true, Some(root), _) => format!(
            "accepted: version {}, expires {}",
            root.version(),
            root.expires()
        ),
        (_, Some(root), _) => format!(
            "rejected: version {} is valid, but has expired",
            root.version()
        ),
        (_, None, Some(version)) => {
            format!("rejected: version {version} is the last valid version")
        }
        (_, None, None) => "rejected: the trust anchor is not valid".to_owned(),
    };
    for reason in report.reasons() {
        let _ = write!(text, "\n  [FAIL] {reason}");
    }
    for finding in report.findings() {
        let _ = write!(text, "\n  [note] {finding}");
    }
    text
}
