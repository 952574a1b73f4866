//! `report.html`: one page that tells a stranger the whole ceremony. No scripts, nothing fetched.

mod backup;
mod course;
mod html;
mod outcome;

use crate::ceremony::{Ceremony, Mode};
use crate::record::HtmlText;
use crate::script::PersonRole;
use crate::transcript::Transcript;

use html::Page;

/// The whole page. The same record gives the same bytes.
#[must_use]
pub fn report_html(ceremony: &Ceremony, transcript: &Transcript) -> String {
    let mut page = Page::default();
    head(&mut page, ceremony);
    outcome::summary(&mut page, ceremony, transcript);
    script(&mut page, ceremony);
    people(&mut page, ceremony);
    outcome::keys(&mut page, ceremony);
    outcome::root(&mut page, ceremony);
    course::departures(&mut page, ceremony, transcript);
    course::course(&mut page, ceremony, transcript);
    record(&mut page, transcript);
    page.raw("</body>\n</html>");
    page.into_string()
}

fn head(page: &mut Page, ceremony: &Ceremony) {
    let script = ceremony.script();
    page.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">");
    page.raw(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
    );
    page.element("title", format!("{} – {}", script.title(), ceremony.mode()));
    page.raw("<style>");
    page.raw(include_str!("style.css"));
    page.raw("</style>\n</head>");
    page.raw(&format!("<body class=\"{}\">", HtmlText(ceremony.mode())));
    page.element(
        "div class=\"banner\"",
        match ceremony.mode() {
            Mode::Rehearsal => format!(
                "{} – nothing that is named here may be trusted",
                ceremony.banner()
            ),
            Mode::Production => ceremony.banner(),
        },
    );
    page.element("h1", script.title());
    page.element(
        "p class=\"subtitle\"",
        format!("{} ceremony of {}", script.kind(), script.repository()),
    );
}

fn script(page: &mut Page, ceremony: &Ceremony) {
    let script = ceremony.script();
    page.element("h2", "The script");
    page.element(
        "p",
        format!(
            "Everything that happened was laid down beforehand in script.toml: {} steps, not to begin before {}. \
             This is its SHA-256, as it was read aloud:",
            script.steps().len(),
            script.not_before()
        ),
    );
    page.digest(&script.sha256());
    let carried: Vec<_> = script
        .carried_files()
        .map(|file| vec![file.name.clone(), file.sha256.to_string()])
        .collect();
    if !carried.is_empty() {
        page.element(
            "p",
            "The script carries these files, bound by their digests:",
        );
        page.table(&["File", "SHA-256"], &carried);
    }
}

fn people(page: &mut Page, ceremony: &Ceremony) {
    page.element("h2", "People");
    page.raw("<table>");
    let headings = ["Name", "Role", "Known by", "At the end", "Signature in ink"];
    page.row(headings.map(|heading| ("th", heading)).into_iter());
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
            format!("{known}; approved by an own token")
        } else {
            known
        };
        let verdict = match ceremony.sign_offs().get(&person.id) {
            None => "did not sign off".to_owned(),
            Some((verdict, remark)) if remark.is_empty() => verdict.to_string(),
            Some((verdict, remark)) => format!("{verdict}: {remark}"),
        };
        let cells = [
            (
                "td",
                format!("{} ({})", names.join(", in the script "), person.id),
            ),
            ("td", roles.join(", ")),
            ("td", known),
            ("td", verdict),
            ("td class=\"ink\"", String::new()),
        ];
        page.row(cells.into_iter());
    }
    page.raw("</table>");
}

const fn role_title(role: PersonRole) -> &'static str {
    match role {
        PersonRole::Administrator => "ceremony administrator",
        PersonRole::Witness => "witness",
        PersonRole::KeyHolder => "key holder",
        PersonRole::Custodian => "custodian",
    }
}

fn record(page: &mut Page, transcript: &Transcript) {
    page.element("h2", "Head of the record");
    page.element(
        "p",
        format!(
            "The record, transcript.jsonl, has {} lines. Each holds the SHA-256 of the one before it, so this SHA-256 of \
             the last one stands for all of them. Compare it with what the people wrote down in ink; VERIFY.txt says how \
             to check everything else without Conclave.",
            transcript.entries().len()
        ),
    );
    page.digest(&transcript.head());
}
