//! `conclave script show`

use std::fmt::Write as _;
use std::path::PathBuf;

use jiff::Timestamp;

use super::json::ceremony;
use super::{Source, time};
use crate::cli::output::{print, print_as};
use crate::cli::{Failure, Status};
use crate::script::Script;

/// Show the content of a script step by step, or its text.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// A script file, or the name of a ready script
    script: PathBuf,
    /// Print the text of the script, byte for byte
    #[arg(long, conflicts_with = "json")]
    text: bool,
    /// Print the content as JSON
    #[arg(long)]
    json: bool,
    /// Check the script at this time instead of now, for example 2026-12-01T09:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let source = Source::open(&arguments.script)?;
    // Invalid text is not shown: it may contain control characters.
    let script = source.parse(arguments.at.unwrap_or_else(Timestamp::now))?;
    if arguments.text {
        let text = source.text();
        print(text.strip_suffix('\n').unwrap_or(text))?;
    } else {
        print_as(arguments.json, || ceremony(&script), || for_people(&script))?;
    }
    Ok(Status::Done)
}

fn for_people(script: &Script) -> String {
    let root = script.root();
    let mut text = format!("{}\n\n", script.title());
    let mut line = |line: String| {
        text.push_str(line.trim_end());
        text.push('\n');
    };
    line(format!("{} of {}", script.kind(), script.repository()));
    line(format!("not before {}", script.not_before()));
    if script.makes_root() {
        line(format!(
            "root {}: threshold {} of {} keys, expires {}",
            script.root_version(),
            root.threshold,
            script.root_keys(),
            root.expires
        ));
    }
    for (kind, role) in root.roles.iter() {
        line(format!(
            "{kind}: threshold {} of {} keys",
            role.threshold,
            role.keys.len()
        ));
        for key in &role.keys {
            line(format!("    {}  {}", key.sha256, key.file));
        }
    }
    line("\nPeople".to_owned());
    for person in script.people() {
        let roles: Vec<&str> = person.roles.iter().map(|role| role.as_str()).collect();
        line(format!(
            "    {:<16}{:<24}{}",
            person.id.as_str(),
            person.name,
            roles.join(", ")
        ));
    }
    line("\nKeys".to_owned());
    for key in script.keys() {
        line(format!(
            "    {:<16}{:<24}{} on {}",
            key.id.as_str(),
            key.holder.as_str(),
            key.key_type,
            key.token.profile
        ));
    }
    line("\nSteps".to_owned());
    for (index, step) in script.steps().iter().enumerate() {
        let mut what = format!("{:>4}  {}", index + 1, step.act.title(script));
        if let Some(minutes) = step.minutes {
            let _ = write!(what, " ({minutes} min)");
        }
        line(what);
    }
    text.trim_end().to_owned()
}
