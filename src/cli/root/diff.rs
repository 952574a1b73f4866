//! `conclave root diff`: the changes from one root version to another, and their consequences.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::chain_files::read_root;
use super::{Failure, Status};
use crate::cli::output::print_as;
use crate::metadata::RootDiff;

/// Compare the content of two root versions.
///
/// The files are not verified; use `conclave root verify` for that.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The older root file, or a directory whose newest N.root.json is used
    old: PathBuf,
    /// The newer root file or directory
    new: PathBuf,
    /// Print the comparison as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let old = read_root(&arguments.old, arguments.json)?;
    let new = read_root(&arguments.new, arguments.json)?;
    let diff = RootDiff::between(old.document(), new.document());
    print_as(arguments.json, || diff.to_json(), || for_people(&diff))?;
    Ok(Status::Done)
}

fn for_people(diff: &RootDiff) -> String {
    let mut text = String::new();
    // The most important changes come first.
    let changes = diff.changes.iter();
    let (alarming, others): (Vec<_>, Vec<_>) = changes.partition(|change| change.is_alarming());
    for change in alarming {
        let _ = writeln!(text, "[ALARM] {change}");
    }
    for change in others {
        let _ = writeln!(text, "{change}");
    }
    for consequence in &diff.consequences {
        let _ = writeln!(text, "=> {consequence}");
    }
    text.trim_end().to_owned()
}
