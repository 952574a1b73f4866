//! `conclave root diff`: what changes from one root version to another, and what follows.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::chain_files::read_root;
use super::{Failure, Status};
use crate::cli::output::print;
use crate::metadata::RootDiff;

/// Compare two root versions by what they say.
///
/// Neither is verified: `conclave root verify` does that.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The older root file, or a directory of which the newest N.root.json is taken.
    old: PathBuf,
    /// The newer one.
    new: PathBuf,
    /// Print the comparison as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let old = read_root(&arguments.old, arguments.json)?;
    let new = read_root(&arguments.new, arguments.json)?;
    let diff = RootDiff::between(old.document(), new.document());
    if arguments.json {
        print(&diff.to_json().to_string())?;
    } else {
        print(&for_people(&diff))?;
    }
    Ok(Status::Done)
}

fn for_people(diff: &RootDiff) -> String {
    let mut text = String::new();
    // What must stand out stands first.
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
