//! `conclave script list`

use serde_json::{Value, json};

use super::say;
use crate::cli::{Failure, Status};
use crate::script::embedded;

/// List the ready scripts that come with this program
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Report as JSON on stdout
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    if arguments.json {
        let scripts: Vec<Value> = embedded()
            .iter()
            .map(|script| {
                json!({
                    "name": script.name,
                    "kind": script.kind.as_str(),
                    "summary": script.summary,
                })
            })
            .collect();
        say(&format!("{:#}\n", Value::from(scripts)))?;
    } else {
        for script in embedded() {
            say(&format!("{:<18}{}\n", script.name, script.summary))?;
        }
    }
    Ok(Status::Done)
}
