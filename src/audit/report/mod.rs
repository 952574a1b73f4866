//! The report: a document that describes the whole ceremony to a reader who was not present.

mod backup;
mod course;
mod outcome;

use crate::ceremony::{Ceremony, Mode};
use crate::document::{Block, Cell, Document, Table};
use crate::script::PersonRole;
use crate::transcript::{Transcript, sign_off};

/// The same transcript yields the same bytes.
pub fn report(ceremony: &Ceremony, transcript: &Transcript) -> Document {
    let script = ceremony.script();
    let mut page = Document::new(format!("{} – {}", script.title(), ceremony.mode()));
    match ceremony.mode() {
        Mode::Rehearsal => page.alarm(format!(
            "{} – do not trust anything on this page",
            ceremony.banner()
        )),
        Mode::Production => page.banner(ceremony.banner()),
    }
    page.title_with(
        script.title(),
        format!("{} ceremony of {}", script.kind(), script.repository()),
    );
    outcome::summary(&mut page, ceremony, transcript);
    self::script(&mut page, ceremony);
    people(&mut page, ceremony);
    outcome::keys(&mut page, ceremony);
    outcome::root(&mut page, ceremony);
    course::departures(&mut page, ceremony, transcript);
    course::course(&mut page, ceremony, transcript);
    record(&mut page, transcript);
    page
}

fn script(page: &mut Document, ceremony: &Ceremony) {
    let script = ceremony.script();
    page.heading("The script");
    page.paragraph(format!(
        "The ceremony followed script.toml, which was written beforehand: {} steps, starting no earlier than {}. \
         Its SHA-256, which was read aloud:",
        script.steps().len(),
        script.not_before()
    ));
    page.digest(&script.sha256());
    let pinned: Vec<_> = script
        .pinned_files()
        .map(|file| vec![file.name.clone(), file.sha256.to_string()])
        .collect();
    if !pinned.is_empty() {
        page.paragraph("Input files that the script pins by their digests:");
        page.table(&[("File", 0), ("SHA-256", 40)], pinned);
    }
}

fn people(page: &mut Document, ceremony: &Ceremony) {
    page.heading("Participants");
    let mut table = Table::new(&[
        ("Name", 16),
        ("Role", 12),
        ("Identified by", 18),
        ("Verdict", 8),
        ("Signature", 18),
    ]);
    for person in ceremony.script().people() {
        let roles: Vec<_> = person.roles.iter().copied().map(role_title).collect();
        let mut names = vec![ceremony.name(&person.id)];
        if names[0] != person.name {
            names.push(&person.name);
        }
        let known = match ceremony.attendance().get(&person.id) {
            None => "not present at the end".to_owned(),
            Some(here) => match &here.checked_by {
                Some(by) => format!("{}, checked by {}", here.document, ceremony.name(by)),
                None => format!("{}, not checked", here.document),
            },
        };
        let known = if ceremony.approves_by_token(&person.id) {
            format!("{known}; approved with an approval token")
        } else {
            known
        };
        table.row([
            format!("{} ({})", names.join(", in the script "), person.id).into(),
            roles.join(", ").into(),
            known.into(),
            sign_off(ceremony, person).into(),
            Cell::Blank(1),
        ]);
    }
    page.push(Block::Table(table));
}

const fn role_title(role: PersonRole) -> &'static str {
    match role {
        PersonRole::Administrator => "ceremony administrator",
        PersonRole::Witness => "witness",
        PersonRole::KeyHolder => "key holder",
        PersonRole::Custodian => "custodian",
    }
}

fn record(page: &mut Document, transcript: &Transcript) {
    page.heading("Transcript digest");
    page.paragraph(format!(
        "The transcript, transcript.jsonl, has {} entries. Each entry contains the SHA-256 of the previous entry, so the \
         SHA-256 of the last entry covers all of them. Compare it with the digest that the participants wrote on paper. \
         VERIFY.txt explains how to verify everything else without Conclave.",
        transcript.entries().len()
    ));
    page.digest(&transcript.head());
}
