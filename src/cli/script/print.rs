//! `conclave script print`

use std::path::PathBuf;

use jiff::Timestamp;

use super::create::create;
use super::{Source, say, tell_errors, tell_warnings, time};
use crate::cli::{Failure, Status};
use crate::script::{self, KeyId, Medium};

/// Print the run sheet: people, hardware, and each step with room for initials and times; or cards and labels
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A script file, or the name of a ready script
    script: PathBuf,
    /// The cards that key holders take along, instead of the run sheet
    #[arg(long, conflicts_with = "labels")]
    cards: bool,
    /// The labels of the bags, instead of the run sheet
    #[arg(long)]
    labels: bool,
    /// Append the glossary to the run sheet
    #[arg(long, conflicts_with_all = ["cards", "labels"])]
    glossary: bool,
    /// As HTML for A4 paper, not as text
    #[arg(long)]
    html: bool,
    /// Write to this new file, not to stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Judge the script at this time, not now
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let source = Source::open(&arguments.script)?;
    let script = match source.parse(arguments.at.unwrap_or_else(Timestamp::now)) {
        Ok(script) => script,
        Err(errors) => return Ok(tell_errors(&errors)),
    };
    let planned = |key: &KeyId| script::planned(&script, key);
    // Slips have what the script knows; the rest is written by hand.
    let page = if arguments.cards {
        script::cards(&script, None, planned)
    } else if arguments.labels {
        let of_medium = |medium: &Medium| script::planned_medium(&script, medium);
        script::bag_labels(&script, None, planned, of_medium)
    } else {
        let mut sheet = script::run_sheet(&script);
        if arguments.glossary {
            script::append_glossary(&mut sheet);
        }
        sheet
    };
    let sheet = if arguments.html {
        page.to_html()
    } else {
        page.to_text()
    };
    match &arguments.out {
        Some(path) => create(path, sheet.as_bytes())?,
        None => say(&sheet)?,
    }
    tell_warnings(&script);
    Ok(Status::Done)
}
