//! The script digest is read aloud and compared with the printed one.

use super::asking::prompt;
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, hold};
use crate::ceremony::{Ask, Ceremony, Check, Prompt};
use crate::script::{Act, PersonRole, Step};
use crate::words::Digest;

pub(crate) fn ask_read(c: &Ceremony, step: &Step) -> Prompt {
    let mut who = c.people_of(step);
    who.extend(c.with_role(PersonRole::Witness, 1));
    let action = "The digests match".to_owned();
    prompt(
        step,
        who,
        lines_of(&c.script.sha256()),
        Ask::Enter { action },
    )
}

/// A digest in hex and in words, as it is read aloud.
pub(crate) fn lines_of(digest: &Digest) -> Vec<String> {
    let mut lines = digest.grouped_hex().to_vec();
    lines.extend(digest.words().chunks(8).map(|words| words.join(" ")));
    lines
}

pub(crate) fn read(c: &mut Ceremony, at: &At<'_>, sha256: Digest) -> Applied {
    at.require_act(c, |act| *act == Act::ReadScript)?;
    hold(
        Check::ScriptDigest,
        sha256 == c.script.sha256(),
        "the digest is not that of the script",
    )?;
    c.progress_mut().read_script();
    Ok(())
}

pub(crate) fn script_read_sentence(names: &Names<'_>) -> String {
    format!(
        "{} read the script digest aloud and compared it with the printed one.",
        names.people
    )
}
