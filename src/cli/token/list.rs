//! `conclave token list`

use serde_json::json;

use crate::profile::Profile;
use crate::token::Seen;

use super::{Failure, ReaderArguments, Status, as_json, state_words};
use crate::cli::output::print_as;
use crate::record::visible;

/// List the connected tokens.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    reader: ReaderArguments,
    /// Print the list as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let mut reader = arguments.reader.reader()?;
    let seen = reader.tokens()?;
    print_as(
        arguments.json,
        || {
            let tokens = seen.iter().map(|token| as_json(&token.id, &token.state));
            json!({ "tokens": tokens.collect::<Vec<_>>() })
        },
        || table(reader.profile(), &seen),
    )?;
    Ok(Status::Done)
}

fn table(profile: &Profile, seen: &[Seen]) -> String {
    let mut lines = vec![visible(&profile.title)];
    if !profile.hardware {
        lines[0].push_str(" (software: its keys are in files that can be copied)");
    }
    if !profile.is_tried() {
        lines[0].push_str(" (profile not tried)");
    }
    if seen.is_empty() {
        lines.push("  no token is connected".to_owned());
        return lines.join("\n");
    }
    let or_dash = |text: &str| match text {
        "" => "-".to_owned(),
        text => visible(text),
    };
    let mut rows = vec![["label", "serial", "model", "state"].map(str::to_owned)];
    rows.extend(seen.iter().map(|token| {
        [
            or_dash(&token.id.label),
            or_dash(&token.id.serial),
            or_dash(&token.id.model),
            state_words(&token.state),
        ]
    }));
    let width = |column: usize| {
        let widest = rows.iter().map(|row| row[column].chars().count()).max();
        widest.unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    lines.extend(rows.iter().map(|[label, serial, model, state]| {
        let [l, s, m] = widths;
        format!("  {label:l$}  {serial:s$}  {model:m$}  {state}")
    }));
    lines.join("\n")
}
