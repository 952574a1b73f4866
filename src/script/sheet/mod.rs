//! The run sheet: the script on paper, with room for initials, times and what is written by hand.

mod facts;
mod html;
mod slips;
mod text;

pub use slips::{SlipFacts, Slips};

use super::act::capitalized;
use super::{Act, Script, Step};

/// A script, to be printed.
#[derive(Debug, Clone, Copy)]
pub struct RunSheet<'s> {
    script: &'s Script,
}

impl<'s> RunSheet<'s> {
    /// The run sheet of a script.
    #[must_use]
    pub const fn of(script: &'s Script) -> Self {
        Self { script }
    }

    /// Plain text, at most 80 columns wide as long as no single word is wider.
    #[must_use]
    pub fn to_text(&self) -> String {
        text::write(self.script)
    }

    /// A page of HTML for A4 paper: no scripts, nothing loaded, foreign text escaped.
    #[must_use]
    pub fn to_html(&self) -> String {
        html::write(self.script)
    }
}

/// The steps of one key under its heading, or one step of its own.
struct Group<'s> {
    heading: Option<String>,
    rows: Vec<Row<'s>>,
}

/// One step.
struct Row<'s> {
    /// Counted from 1.
    number: usize,
    step: &'s Step,
    who: Who<'s>,
}

/// Who initials a step.
enum Who<'s> {
    Everyone,
    Some(Vec<&'s str>),
}

fn groups(script: &Script) -> Vec<Group<'_>> {
    let blocks = script.blocks().into_iter();
    blocks
        .map(|block| Group {
            heading: block
                .key
                .filter(|_| block.steps.len() > 1)
                .map(|key| heading(script, &key)),
            rows: block.steps.filter_map(|index| row(script, index)).collect(),
        })
        .collect()
}

fn heading(script: &Script, key: &super::KeyId) -> String {
    let title = capitalized(&script.holder_title(key));
    match script.holder(key) {
        Some(holder) if !holder.name.eq_ignore_ascii_case(&title) => {
            format!("{title}: {} ({key})", holder.name)
        }
        _ => format!("{title} ({key})"),
    }
}

fn row(script: &Script, index: usize) -> Option<Row<'_>> {
    let step = script.steps().get(index)?;
    let people = step.act.who(script);
    let who = if people.len() == script.people().len() && people.len() > 1 {
        Who::Everyone
    } else {
        Who::Some(people.into_iter().map(|p| p.name.as_str()).collect())
    };
    Some(Row {
        number: index + 1,
        step,
        who,
    })
}

/// A note's title is its text, cut short: on paper the text itself is enough.
fn title(act: &Act, script: &Script) -> String {
    if let Act::Note { .. } = act {
        return act.label().to_owned();
    }
    act.title(script)
}

/// What people may say at the end.
const VERDICTS: [&str; 3] = ["agree", "with reservation", "refuse"];

/// What is written down about a departure from the script.
const DEVIATION: [&str; 6] = ["Time", "Step", "Expected", "Happened", "Decided", "By whom"];

/// How many departures there is room for.
const DEVIATIONS: usize = 3;
