//! `conclave script list`

use serde_json::{Value, json};

use crate::cli::output::print_as;
use crate::cli::{Failure, Status};
use crate::script::embedded;

/// List the ready scripts that are built into this program.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Print the list as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let value = || -> Value {
        let scripts = embedded().iter().map(|script| {
            json!({
                "name": script.name,
                "kind": script.kind.as_str(),
                "summary": script.summary,
            })
        });
        scripts.collect()
    };
    let text = || {
        let lines = embedded()
            .iter()
            .map(|script| format!("{:<18}{}", script.name, script.summary));
        lines.collect::<Vec<_>>().join("\n")
    };
    print_as(arguments.json, value, text)?;
    Ok(Status::Done)
}
