//! The report: a document that tells a stranger the whole ceremony.

mod backup;
mod course;
mod outcome;

use crate::ceremony::{Ceremony, Mode};
use crate::document::{Block, Cell, Document, Table};
use crate::script::PersonRole;
use crate::transcript::{Transcript, sign_off};

/// The whole report. The same record gives the same bytes.
pub fn report(ceremony: &Ceremony, transcript: &Transcript) -> Document {
    let script = ceremony.script();
    let mut page = Document::new(format!("{} – {}", script.title(), ceremony.mode()));
    match ceremony.mode() {
        Mode::Rehearsal => page.alarm(format!(
            "{} – nothing that is named here may be trusted",
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
        "Everything that happened was laid down beforehand in script.toml: {} steps, not to begin before {}. \
         This is its SHA-256, as it was read aloud:",
        script.steps().len(),
        script.not_before()
    ));
    page.digest(&script.sha256());
    let carried: Vec<_> = script
        .pinned_files()
        .map(|file| vec![file.name.clone(), file.sha256.to_string()])
        .collect();
    if !carried.is_empty() {
        page.paragraph("The script carries these files, bound by their digests:");
        page.table(&[("File", 0), ("SHA-256", 40)], carried);
    }
}

fn people(page: &mut Document, ceremony: &Ceremony) {
    page.heading("People");
    let mut table = Table::new(&[
        ("Name", 16),
        ("Role", 12),
        ("Known by", 18),
        ("At the end", 8),
        ("Signature in ink", 18),
    ]);
    for person in ceremony.script().people() {
        let roles: Vec<_> = person.roles.iter().copied().map(role_title).collect();
        let mut names = vec![ceremony.name(&person.id)];
        if names[0] != person.name {
            names.push(&person.name);
        }
        let known = match ceremony.attendance().get(&person.id) {
            None => "not here at the end".to_owned(),
            Some(here) => match &here.checked_by {
                Some(by) => format!("{}, checked by {}", here.document, ceremony.name(by)),
                None => format!("{}, checked by nobody", here.document),
            },
        };
        let known = if ceremony.approves_by_token(&person.id) {
            format!("{known}; approved by an approval token")
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
    page.heading("Head of the record");
    page.paragraph(format!(
        "The record, transcript.jsonl, has {} lines. Each holds the SHA-256 of the one before it, so this SHA-256 of \
         the last one stands for all of them. Compare it with what the people wrote down in ink; VERIFY.txt says how \
         to check everything else without Conclave.",
        transcript.entries().len()
    ));
    page.digest(&transcript.head());
}
