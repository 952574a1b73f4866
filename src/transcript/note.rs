//! The closing note: what people take away from a ceremony, on a page.

use crate::ceremony::{Ceremony, Ending, Mode};
use crate::document::Document;
use crate::script::Person;

use super::Transcript;

/// The closing note: how the ceremony ended, who signed off, what was made, and the head of the record in hex and in
/// words, to be copied in ink. It follows from the transcript alone.
#[must_use]
pub fn closing_note(ceremony: &Ceremony, transcript: &Transcript) -> Document {
    let script = ceremony.script();
    let title = "Closing note";
    let mut page = Document::new(title);
    page.title_with(title, script.title());
    if ceremony.mode() == Mode::Rehearsal {
        page.alarm("REHEARSAL: nothing that is named here may be trusted.");
    }
    if let Some(assurance) = script.assurance_banner() {
        page.alarm(format!("{assurance}: one person acted alone."));
    }
    page.facts(course(ceremony, transcript));
    page.subheading("People");
    page.facts(script.people().iter().map(|person| {
        let verdict = match ceremony.sign_offs().get(&person.id) {
            None => "did not sign off".to_owned(),
            Some((verdict, remark)) if remark.is_empty() => verdict.to_string(),
            Some((verdict, remark)) => format!("{verdict}: {remark}"),
        };
        let name = name_and_former(ceremony, person);
        (&person.id, format!("{name}: {verdict}"))
    }));
    if !ceremony.amendments().is_empty() {
        page.subheading("Amendments, each by two people");
        page.facts(ceremony.amendments().iter().map(|amendment| {
            let (from, to) = amendment.change();
            (amendment.subject(), format!("\"{from}\" became \"{to}\""))
        }));
    }
    if !ceremony.waived().is_empty() {
        page.subheading("Checks that two people waived");
        let waived = ceremony.waived().iter();
        page.facts(waived.map(|check| (check.id(), check.meaning())));
    }
    page.subheading("Keys");
    page.facts(keys(ceremony));
    if let Some(root) = ceremony.frozen() {
        let version = root.version();
        page.subheading(format!("Root {version}: digest of what was signed"));
        page.digest(&root.digest());
    }
    let exported = ceremony.exported().iter();
    page.facts(exported.map(|file| ("exported", format!("{}\n{}", file.sha256, file.name))));
    let lines = transcript.entries().len();
    page.subheading(format!("Head of the record: line {lines}"));
    page.digest(&transcript.head());
    page
}

fn course(ceremony: &Ceremony, transcript: &Transcript) -> Vec<(&'static str, String)> {
    let script = ceremony.script();
    let mut facts = vec![
        ("repository", script.repository().to_owned()),
        ("script", script.sha256().to_string()),
    ];
    let times = transcript.attested_times();
    if let (Some(first), Some(last)) = (times.first(), times.last()) {
        facts.push(("opened", first.to_string()));
        facts.push(("last event", last.to_string()));
    }
    let ending = match ceremony.ending() {
        None => "not ended".to_owned(),
        Some(Ending::Closed(status)) => format!("closed; the worst verdict: {status}"),
        Some(Ending::Aborted { reason }) => format!("broken off: {reason}"),
    };
    facts.push(("ending", ending));
    if let Some(result) = ceremony.drill_result() {
        facts.push(("drill", result.to_string()));
    }
    facts
}

/// The name of a person, with that of the script where it is another one.
fn name_and_former(ceremony: &Ceremony, person: &Person) -> String {
    let name = ceremony.name(&person.id);
    if name == person.name {
        name.to_owned()
    } else {
        format!("{name} (in the script: {})", person.name)
    }
}

fn keys(ceremony: &Ceremony) -> Vec<(String, String)> {
    let here = ceremony.key_states().map(|(plan, state)| {
        let made = match state.generated() {
            None => "was not generated".to_owned(),
            Some(generated) => format!(
                "{}, {}, fingerprint\n{}",
                plan.key_type,
                generated.origin(),
                generated.public_key.fingerprint()
            ),
        };
        let earlier = match &plan.enrolled {
            Some(_) if state.is_proven() => "\n(made before; it answered anew)",
            Some(_) => "\n(made before; not enrolled)",
            None => "",
        };
        (plan.id.to_string(), made + earlier)
    });
    let elsewhere = ceremony.remote_keys().map(|(distant, key)| {
        let fingerprint = key.public().map(|public| public.fingerprint().to_string());
        let compared = if ceremony.is_enrolled(&distant.id) {
            "two people compared it"
        } else {
            "not enrolled"
        };
        let told = format!(
            "of {}, fingerprint\n{}\n({compared})",
            distant.title(),
            fingerprint.unwrap_or_default()
        );
        (distant.id.to_string(), told)
    });
    here.chain(elsewhere).collect()
}
