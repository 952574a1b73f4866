//! The closing note: the results of a ceremony on one page, for each participant.

use crate::ceremony::{Ceremony, Ending, Mode};
use crate::document::Document;
use crate::script::Person;

use super::Transcript;

/// The closing note: result, sign-off, root and keys, and the transcript digest in hex and in words, to be written on
/// paper. It is made from the transcript only.
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
    course(&mut page, ceremony, transcript);
    page.subheading("People");
    for person in script.people() {
        let (name, verdict) = (
            name_and_former(ceremony, person),
            sign_off(ceremony, person),
        );
        page.fact(&person.id, format!("{name}: {verdict}"));
    }
    if !ceremony.amendments().is_empty() {
        page.subheading("Amendments, each by two people");
        for amendment in ceremony.amendments() {
            let (from, to) = amendment.change();
            page.fact(amendment.subject(), format!("\"{from}\" became \"{to}\""));
        }
    }
    if !ceremony.waived().is_empty() {
        page.subheading("Checks that two people waived");
        for check in ceremony.waived() {
            page.fact(check.id(), check.meaning());
        }
    }
    page.subheading("Keys");
    keys(&mut page, ceremony);
    if let Some(root) = ceremony.frozen() {
        let version = root.version();
        page.subheading(format!("Root {version}: digest of what was signed"));
        page.digest(&root.digest());
    }
    for file in ceremony.exported() {
        page.fact("exported", format!("{}\n{}", file.sha256, file.name));
    }
    let lines = transcript.entries().len();
    page.subheading(format!("Transcript digest: line {lines}"));
    page.digest(&transcript.head());
    page
}

fn course(page: &mut Document, ceremony: &Ceremony, transcript: &Transcript) {
    page.fact("repository", ceremony.script().repository());
    page.fact("script", ceremony.script().sha256());
    let times = transcript.attested_times();
    if let (Some(first), Some(last)) = (times.first(), times.last()) {
        page.fact("opened", first);
        page.fact("last event", last);
    }
    let ending = match ceremony.ending() {
        None => "not ended".to_owned(),
        Some(Ending::Closed(status)) => format!("closed; overall verdict: {status}"),
        Some(Ending::Aborted { reason }) => format!("aborted: {reason}"),
    };
    page.fact("ending", ending);
    if let Some(result) = ceremony.drill_result() {
        page.fact("drill", result);
    }
}

/// With which word a person left.
pub fn sign_off(ceremony: &Ceremony, person: &Person) -> String {
    match ceremony.sign_offs().get(&person.id) {
        None => "did not sign off".to_owned(),
        Some((verdict, remark)) if remark.is_empty() => verdict.to_string(),
        Some((verdict, remark)) => format!("{verdict}: {remark}"),
    }
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

fn keys(page: &mut Document, ceremony: &Ceremony) {
    for (plan, state) in ceremony.key_states() {
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
            Some(_) if state.is_proven() => "\n(generated before this ceremony; proven again)",
            Some(_) => "\n(generated before this ceremony; not enrolled)",
            None => "",
        };
        page.fact(&plan.id, made + earlier);
    }
    for (distant, key) in ceremony.remote_keys() {
        let fingerprint = key.public().map(|public| public.fingerprint().to_string());
        let fingerprint = fingerprint.unwrap_or_default();
        let title = distant.title();
        let compared = if ceremony.is_enrolled(&distant.id) {
            "two people compared it"
        } else {
            "not enrolled"
        };
        let told = format!("of {title}, fingerprint\n{fingerprint}\n({compared})");
        page.fact(&distant.id, told);
    }
}
