//! The closing note: what people take away from a ceremony, on a page.

use std::fmt::Write as _;

use crate::ceremony::{Ceremony, Ending, Mode};
use crate::record::visible;
use crate::script::Person;

use super::Transcript;

/// The closing note as text: how the ceremony ended, who signed off, what was made, and the head of the record
/// in hex and in words, to be copied in ink. It follows from the transcript alone.
#[must_use]
pub fn closing_note(ceremony: &Ceremony, transcript: &Transcript) -> String {
    let mut note = String::new();
    // Writing to a string cannot fail.
    let _ = write_note(&mut note, ceremony, transcript);
    note
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

fn write_note(note: &mut String, ceremony: &Ceremony, transcript: &Transcript) -> std::fmt::Result {
    let script = ceremony.script();
    writeln!(note, "CLOSING NOTE")?;
    if ceremony.mode() == Mode::Rehearsal {
        writeln!(
            note,
            "REHEARSAL: nothing that is named here may be trusted."
        )?;
    }
    if let Some(assurance) = script.assurance_banner() {
        writeln!(note, "{assurance}: one person acted alone.")?;
    }
    writeln!(note)?;
    writeln!(note, "{}", script.title())?;
    writeln!(note, "repository  {}", script.repository())?;
    writeln!(note, "script      {}", script.sha256())?;
    let times = transcript.attested_times();
    if let (Some(first), Some(last)) = (times.first(), times.last()) {
        writeln!(note, "opened      {first}")?;
        writeln!(note, "last event  {last}")?;
    }
    let ending = match ceremony.ending() {
        None => "not ended".to_owned(),
        Some(Ending::Closed(status)) => format!("closed; the worst verdict: {status}"),
        Some(Ending::Aborted { reason }) => format!("broken off: {reason}"),
    };
    writeln!(note, "ending      {ending}")?;
    if let Some(result) = ceremony.drill_result() {
        writeln!(note, "drill       {result}")?;
    }
    writeln!(note)?;
    writeln!(note, "People")?;
    for person in script.people() {
        let verdict = match ceremony.sign_offs().get(&person.id) {
            None => "did not sign off".to_owned(),
            Some((verdict, remark)) if remark.is_empty() => verdict.to_string(),
            Some((verdict, remark)) => format!("{verdict}: {remark}"),
        };
        writeln!(
            note,
            "  {:<12} {}: {verdict}",
            person.id,
            name_and_former(ceremony, person)
        )?;
    }
    if !ceremony.amendments().is_empty() {
        writeln!(note)?;
        writeln!(note, "Amendments, each by two people")?;
        for amendment in ceremony.amendments() {
            let (from, to) = amendment.change();
            let subject = amendment.subject();
            writeln!(note, "  {subject}: \"{from}\" became \"{to}\"")?;
        }
    }
    if !ceremony.waived().is_empty() {
        writeln!(note)?;
        writeln!(note, "Checks that two people waived")?;
        for check in ceremony.waived() {
            writeln!(note, "  {:<17} {}", check.id(), check.meaning())?;
        }
    }
    writeln!(note)?;
    write_keys(note, ceremony)?;
    if let Some(root) = ceremony.frozen() {
        writeln!(note)?;
        writeln!(note, "Root {}: digest of what was signed", root.version())?;
        write_digest(note, &root.digest())?;
    }
    for file in ceremony.exported() {
        writeln!(note, "  exported  {}  {}", file.sha256, file.name)?;
    }
    writeln!(note)?;
    writeln!(
        note,
        "Head of the record: line {}",
        transcript.entries().len()
    )?;
    write_digest(note, &transcript.head())
}

fn write_keys(note: &mut String, ceremony: &Ceremony) -> std::fmt::Result {
    writeln!(note, "Keys")?;
    for (plan, state) in ceremony.key_states() {
        let made = match state.generated() {
            None => "was not generated".to_owned(),
            Some(generated) => format!(
                "{}  {}  fingerprint {}",
                plan.key_type,
                generated.origin(),
                generated.public_key.fingerprint()
            ),
        };
        let earlier = match &plan.enrolled {
            Some(_) if state.is_proven() => "  (made before; it answered anew)",
            Some(_) => "  (made before; not enrolled)",
            None => "",
        };
        writeln!(note, "  {:<12} {made}{earlier}", plan.id)?;
    }
    for (distant, key) in ceremony.remote_keys() {
        let fingerprint = key.public().map(|public| public.fingerprint().to_string());
        let fingerprint = fingerprint.unwrap_or_default();
        let compared = if ceremony.is_enrolled(&distant.id) {
            "two people compared it"
        } else {
            "not enrolled"
        };
        writeln!(
            note,
            "  {:<12} of {}  fingerprint {fingerprint}  ({compared})",
            distant.id,
            visible(&distant.title())
        )?;
    }
    Ok(())
}

fn write_digest(note: &mut String, digest: &crate::words::Digest) -> std::fmt::Result {
    for line in digest.grouped_hex() {
        writeln!(note, "  {line}")?;
    }
    for words in digest.words().chunks(8) {
        writeln!(note, "  {}", words.join(" "))?;
    }
    Ok(())
}
