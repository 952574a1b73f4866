//! The part of `VERIFY.txt` about people who approve by a token of their own.

use std::fmt::{self, Write as _};

use super::verifier_of;
use crate::ceremony::{Ceremony, Mode};
use crate::metadata::Scheme;

const EXTRACT: &str = r#"
# 7. People approved by tokens of their own. At attendance a token signs four lines: a phrase, the SHA-256 of the
#    script, the person's name in the script, and a random challenge. An approval is a signature over five: a phrase,
#    the SHA-256 of the script, that of everything that happened before, the person's name, and the SHA-256 of what
#    is approved.

python3 - "$work" <<'END'
import hashlib, json, pathlib, sys
work = pathlib.Path(sys.argv[1])
script = hashlib.sha256(open("script.toml", "rb").read()).hexdigest()
def canonical(value):
    if isinstance(value, dict):
        return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return json.dumps(value)
def digest(value):
    return hashlib.sha256(canonical(value).encode()).hexdigest()
def keep(person, seq, lines, signature):
    name = work / f"{person}.{seq}.own"
    name.with_suffix(".own-message").write_text("".join(line + "\n" for line in lines))
    name.with_suffix(".own-signature").write_bytes(bytes.fromhex(signature))
before = hashlib.sha256(b"").hexdigest()
for text in open("transcript.jsonl", "rb"):
    line = json.loads(text)
    step, event, data = line["step"], line["event"], line.get("data")
    if event == "opened":
        for person, public_key in data.get("simulated_approvals", {}).items():
            (work / f"{person}.own-simulated.pem").write_text(public_key)
    if event == "approval-token-proven":
        person = line["people"][0]
        keep(person, line["seq"], ["conclave approval token v1", script, person, data["challenge"]], data["signature"])
    approvals = data.get("approvals", []) if isinstance(data, dict) else []
    for approval in approvals:
        if "signature" in approval:
            person, rest = approval["person"], {name: data[name] for name in data if name != "approvals"}
            what = digest({"step": step, "event": event, "data": rest})
            keep(person, line["seq"], ["conclave approval v1", script, before, person, what], approval["signature"])
        assert ("signature" in approval) == (approval["strength"] == "token"), "an approval without its signature"
    before = digest({"before": before, "step": step, "people": line["people"], "event": event, "data": data})
END
"#;

/// The schemes of the keys by which people approve.
pub(super) fn schemes(ceremony: &Ceremony) -> Vec<Scheme> {
    let people = ceremony.script().people().iter();
    let own = people.filter_map(|person| person.approval.as_ref());
    own.filter_map(|own| own.key.key.scheme()).collect()
}

/// Has every signature of every approval token verified; nothing where the script has none.
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
                 verifies \"the approval token of {person} signed for line $line\" {} {public_key} \\\n        \
                 \"${{message%-message}}-signature\" \"$message\"\n\
             done",
            verifier_of(own.key.key.scheme())
        )?;
    }
    Ok(())
}
