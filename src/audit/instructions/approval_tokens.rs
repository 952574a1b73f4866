//! The part of `VERIFY.txt` about approval tokens.

use std::fmt::{self, Write as _};

use super::verifier_of;
use crate::ceremony::{Ceremony, Mode};
use crate::metadata::Scheme;

const EXTRACT: &str = include_str!("approvals.sh");

/// The schemes of the keys on approval tokens.
pub(super) fn schemes(ceremony: &Ceremony) -> Vec<Scheme> {
    let people = ceremony.script().people().iter();
    let own = people.filter_map(|person| person.approval.as_ref());
    own.filter_map(|own| own.key.key.scheme()).collect()
}

/// Verifies every signature of every approval token, if the script has any.
pub(super) fn write_approval_tokens(text: &mut String, ceremony: &Ceremony) -> fmt::Result {
    let script = ceremony.script();
    let mut with_token = script
        .people()
        .iter()
        .filter_map(|person| Some((&person.id, person.approval.as_ref()?)))
        .peekable();
    if with_token.peek().is_none() {
        return Ok(());
    }
    text.write_str(EXTRACT)?;
    for (person, own) in with_token {
        let public_key = match ceremony.mode() {
            Mode::Production => own.key.file.clone(),
            Mode::Rehearsal => format!("\"$work/{person}.own-simulated.pem\""),
        };
        writeln!(
            text,
            "for message in \"$work/{person}\".*.own-message; do\n    \
                 [ -e \"$message\" ] || continue\n    \
                 line=${{message#\"$work/{person}.\"}}; line=${{line%.own-message}}\n    \
                 verifies \"signature of the approval token of {person} for entry $line\" {} {public_key} \\\n        \
                 \"${{message%-message}}-signature\" \"$message\"\n\
             done",
            verifier_of(own.key.key.scheme())
        )?;
    }
    Ok(())
}
