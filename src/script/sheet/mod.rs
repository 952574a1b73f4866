//! The run sheet: the script on paper, with space for initials, times and notes by hand.

mod facts;
mod glossary;
mod slips;

pub use glossary::append_glossary;
pub use slips::{SlipFacts, bag_labels, cards, planned, planned_medium};

use super::{Act, KeyId, Person, Script, Step};
use crate::document::{Block, Cell, Document, Mark, Table, capitalized};

const VERDICTS: [&str; 3] = ["agree", "with reservation", "refuse"];

/// What is written down about an exception, and in how many lines.
const EXCEPTION: [(&str, usize); 6] = [
    ("Time", 1),
    ("Step", 1),
    ("Expected", 2),
    ("What happened", 2),
    ("Decision", 2),
    ("Decided by", 1),
];

const EXCEPTIONS: usize = 3;

/// The run sheet of a script.
pub fn run_sheet(script: &Script) -> Document {
    let mut page = Document::new(format!("Run sheet: {}", script.title()));
    page.running_head(
        format!("{} · {}", script.repository(), script.title()),
        format!("script {} …", script.sha256().first_words(4)),
    );
    page.title_with(script.title(), "Run sheet of a root key ceremony");
    for banner in facts::banners(script) {
        page.alarm(banner);
    }
    facts::ceremony(&mut page, script);
    page.paragraph("SHA-256 of the script, read aloud and compared in the ceremony:");
    page.digest(&script.sha256());
    approval(&mut page);
    people(&mut page, script);
    root(&mut page, script);
    hardware(&mut page, script);
    steps(&mut page, script);
    storage(&mut page, script);
    exceptions(&mut page);
    sign_off(&mut page, script);
    page
}

fn approval(page: &mut Document) {
    page.heading("Approval");
    page.paragraph("This script was read, rehearsed and approved by:");
    let mut table = Table::new(&[("Name", 28), ("Date", 14), ("Signature", 34)]);
    for _ in 0..2 {
        table.row([1; 3].map(Cell::Blank));
    }
    page.push(Block::Table(table));
}

fn people(page: &mut Document, script: &Script) {
    page.heading("People");
    let columns = [
        ("Name", 26),
        ("Roles", 20),
        ("Initials", 8),
        ("Signature", 20),
    ];
    let mut table = Table::new(&columns);
    for person in script.people() {
        let (name, roles) = (facts::name(person), facts::roles(person));
        table.row([name.into(), roles.into(), Cell::Blank(1), Cell::Blank(1)]);
    }
    page.push(Block::Table(table));
}

fn root(page: &mut Document, script: &Script) {
    page.heading("Root");
    facts::root(page, script);
    page.paragraph("Pinned input files, with their SHA-256:");
    let files = script.pinned_files();
    page.facts(files.map(|file| (file.name.clone(), Cell::hex(&file.sha256))));
}

fn hardware(page: &mut Document, script: &Script) {
    page.heading("Hardware and token secrets");
    page.facts(facts::MACHINE.map(|label| (label, Cell::Blank(1))));
    page.paragraph(
        "Tokens and their secrets. Nobody types or sees a secret that another person sets.",
    );
    let columns = [("Key", 19), ("Holder", 15), ("Token", 18), ("Secrets", 22)];
    let mut table = Table::new(&columns);
    for plan in script.keys() {
        table.row([
            format!("{}\n{}", plan.id, plan.key_type).into(),
            holder(script, &plan.id).into(),
            facts::token(&plan.token).into(),
            facts::activation(script, plan).join("\n").into(),
        ]);
    }
    for spare in script.spares() {
        let (what, token) = (facts::spare(spare), facts::token(&spare.token));
        table.row([spare.id.as_str(), &what, &token, ""].map(Cell::from));
    }
    for medium in script.media() {
        let told = facts::medium(medium);
        table.row([medium.id.as_str(), medium.holds.title(), &told, ""].map(Cell::from));
    }
    page.push(Block::Table(table));
}

fn holder<'s>(script: &'s Script, key: &KeyId) -> &'s str {
    script.holder(key).map_or("", |person| &person.name)
}

fn steps(page: &mut Document, script: &Script) {
    page.push(Block::PageBreak);
    page.heading("Steps");
    let mut table = Table::new(&[
        ("No", 3),
        ("Step and instructions", 42),
        ("Who, initials", 22),
        ("Time", 5),
    ]);
    for block in script.blocks() {
        if let Some(key) = block.key.filter(|_| block.steps.len() > 1) {
            table.group(key_heading(script, &key));
        }
        for (number, step) in block.steps.filter_map(|index| {
            let step = script.steps().get(index)?;
            Some((index + 1, step))
        }) {
            table.row([
                Cell::Number(number as u64),
                Cell::Blocks(activity(script, step)),
                Cell::Initials(who(script, step).into_iter().map(Into::into).collect()),
                Cell::Blank(1),
            ]);
        }
    }
    page.push(Block::Table(table));
}

/// `Key holder 1: Ada Lindgren (key-1)`, above the steps of a key.
fn key_heading(script: &Script, key: &KeyId) -> String {
    let title = capitalized(&script.holder_title(key));
    match script.holder(key) {
        Some(holder) if !holder.name.eq_ignore_ascii_case(&title) => {
            format!("{title}: {} ({key})", holder.name)
        }
        _ => format!("{title} ({key})"),
    }
}

fn activity(script: &Script, step: &Step) -> Vec<Block> {
    let act = &step.act;
    // The title of a note is its shortened text: on paper the text itself is enough.
    let title = if let Act::Note { .. } = act {
        act.label().to_owned()
    } else {
        act.title(script)
    };
    let title = match step.minutes {
        Some(minutes) => format!("{title} ({minutes} min)"),
        None => title,
    };
    let item = |mark| move |line: String| Block::Item(mark, line.into());
    let mut blocks = vec![Block::Subheading(title.into())];
    blocks.extend(act.instructions(script).into_iter().map(item(Mark::Dash)));
    blocks.extend(act.proves(script).into_iter().map(item(Mark::CheckBox)));
    let blanks = act.blanks(script).into_iter();
    blocks.extend(blanks.map(|(label, lines)| Block::WriteOn {
        label: label.into(),
        lines,
    }));
    blocks
}

/// Who initials a step.
fn who<'s>(script: &'s Script, step: &Step) -> Vec<&'s str> {
    let people = step.act.who(script);
    if people.len() == script.people().len() && people.len() > 1 {
        return vec!["everyone"];
    }
    people
        .into_iter()
        .map(|person| person.name.as_str())
        .collect()
}

fn storage(page: &mut Document, script: &Script) {
    page.heading("Storage");
    page.paragraph(
        "The bag and the place of each token and medium after the ceremony, and who received it.",
    );
    let mut table = Table::new(&[
        ("Key", 10),
        ("Holder", 18),
        ("Bag", 12),
        ("Place", 16),
        ("Received by", 16),
    ]);
    let keys = script.keys().iter();
    let keys = keys.map(|plan| (plan.id.as_str(), holder(script, &plan.id)));
    let media = script.media().iter();
    let media = media.map(|medium| (medium.id.as_str(), medium.holds.title()));
    for (what, whose) in keys.chain(media) {
        let blank = Cell::Blank(1);
        table.row([
            what.into(),
            whose.into(),
            blank.clone(),
            blank.clone(),
            blank,
        ]);
    }
    page.push(Block::Table(table));
}

fn exceptions(page: &mut Document) {
    page.heading("Exceptions");
    page.paragraph("Everything that was done or corrected differently from this run sheet. If there was nothing, cross this out.");
    for number in 1..=EXCEPTIONS {
        page.subheading(format!("Exception {number}"));
        page.facts(EXCEPTION.map(|(label, lines)| (label, Cell::Blank(lines))));
    }
}

fn sign_off(page: &mut Document, script: &Script) {
    page.heading("Sign-off");
    let columns = [
        ("Name", 22),
        ("Verdict", 20),
        ("Signature", 26),
        ("Time", 6),
    ];
    let mut table = Table::new(&columns);
    for Person { name, .. } in script.people() {
        let blank = Cell::Blank(1);
        table.row([
            name.into(),
            Cell::CheckBoxes(&VERDICTS),
            blank.clone(),
            blank,
        ]);
    }
    page.push(Block::Table(table));
}
