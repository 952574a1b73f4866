//! `conclave script print`

use std::path::PathBuf;

use jiff::Timestamp;

use super::{Source, print_warnings, time};
use crate::cli::output::print;
use crate::cli::{Failure, Status};
use crate::script::{self, KeyId, Medium};
use crate::storage::{Mode, write_new};

/// Print the run sheet of a ceremony, or the cards and labels.
///
/// The run sheet lists people and hardware, and each step with space for times and initials.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option")]
pub(in crate::cli) struct Arguments {
    /// A script file, or the name of a ready script
    script: PathBuf,
    /// Print the cards for the key holders instead of the run sheet
    #[arg(long, conflicts_with = "labels")]
    cards: bool,
    /// Print the labels for the tamper-evident bags instead of the run sheet
    #[arg(long)]
    labels: bool,
    /// Append the glossary to the run sheet
    #[arg(long, conflicts_with_all = ["cards", "labels"])]
    glossary: bool,
    /// Print HTML for A4 paper instead of text
    #[arg(long)]
    html: bool,
    /// Write to this new file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Check the script at this time instead of now, for example 2026-12-01T09:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let source = Source::open(&arguments.script)?;
    let script = source.parse(arguments.at.unwrap_or_else(Timestamp::now))?;
    let planned = |key: &KeyId| script::planned(&script, key);
    // Cards and labels contain what the script knows; the rest is written by hand.
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
        Some(path) => write_new(path, sheet.as_bytes(), Mode::Public)?,
        None => print(sheet.trim_end())?,
    }
    print_warnings(&script);
    Ok(Status::Done)
}
