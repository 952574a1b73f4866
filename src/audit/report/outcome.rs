//! What came out: how it ended, the keys, the root.

use crate::ceremony::{Ceremony, Ending, EventKind, FormerFate, KeyState, Mode, ProgressEvent};
use crate::document::Document;
use crate::metadata::{Key, ListedKey, RoleKind};
use crate::record::KeyAttributes;
use crate::script::{KeyId, KeyPlan};
use crate::transcript::Transcript;
use crate::words::Digest;

pub(super) fn summary(page: &mut Document, ceremony: &Ceremony, transcript: &Transcript) {
    page.heading("Summary");
    let mut facts = Vec::new();
    let entries = transcript.entries();
    let times = transcript.attested_times();
    if let (Some(first), Some(last)) = (times.first(), times.last()) {
        facts.push(("Began", first.to_string()));
        facts.push(("Last event", last.to_string()));
    }
    facts.push((
        "Ending",
        match ceremony.ending() {
            None => "it has not ended yet".to_owned(),
            Some(Ending::Closed(status)) => {
                format!("all steps were done; the worst verdict: {status}")
            }
            Some(Ending::Aborted { reason }) => format!("broken off: {reason}"),
        },
    ));
    if let Some(root) = ceremony.frozen() {
        let count = ceremony.signatures();
        facts.push((
            "Root",
            format!(
                "version {}, {} signatures of {} that are needed, expires {}",
                root.version(),
                count.have,
                count.need,
                root.document().expires().as_str()
            ),
        ));
    }
    if let Some(result) = ceremony.drill_result() {
        facts.push(("Drill", result.to_string()));
    }
    for entry in entries {
        let (what, version, program, machine) = match &entry.line.kind {
            EventKind::Progress(ProgressEvent::Opened(opening)) => (
                "Program and machine",
                &opening.conclave,
                opening.program,
                &opening.machine,
            ),
            EventKind::Progress(ProgressEvent::Resumed {
                conclave,
                program,
                machine,
                ..
            }) => ("Program and machine, resumed", conclave, *program, machine),
            _ => continue,
        };
        facts.push((
            what,
            format!(
                "conclave {version}, {}; on {machine}",
                program_file(program)
            ),
        ));
    }
    page.facts(facts);
}

fn program_file(digest: Option<Digest>) -> String {
    digest.map_or_else(
        || "whose file could not be read".to_owned(),
        |digest| format!("SHA-256 of its file {digest}"),
    )
}

pub(super) fn keys(page: &mut Document, ceremony: &Ceremony) {
    page.heading("Keys");
    for (plan, state) in ceremony.key_states() {
        let name = ceremony.name(&plan.holder);
        page.subheading(format!("{} of {name}", plan.id));
        key(page, ceremony, plan, state);
        if let Some(backup) = ceremony.backup_of(&plan.id) {
            super::backup::backup(page, ceremony, backup);
        }
        enrolled(page, ceremony, &plan.id);
        former(page, ceremony, &plan.id, state);
    }
    if let Some(key) = ceremony.reissued_key() {
        super::backup::reissue(page, ceremony, &key);
    }
    for (distant, key) in ceremony.remote_keys() {
        page.subheading(format!("{} of {}", distant.id, distant.title()));
        enrolled(page, ceremony, &distant.id);
        page.facts([
            ("Type", key.describe()),
            (
                "Fingerprint compared",
                if ceremony.is_enrolled(&distant.id) {
                    "by two people, with what the key holder read out".to_owned()
                } else {
                    "by nobody: it stands in no root".to_owned()
                },
            ),
            ("Key ID", key.id().to_string()),
        ]);
        if let Some(public) = key.public() {
            page.digest(&public.fingerprint());
        }
    }
}

/// By which file a key came in that was made elsewhere.
fn enrolled(page: &mut Document, ceremony: &Ceremony, id: &KeyId) {
    let Some(enrolled) = ceremony.enrolled_by(id) else {
        return;
    };
    let mut facts = vec![("Made before, elsewhere", enrolled.origin())];
    for bound in enrolled.files() {
        let text = format!("{}, SHA-256 {}", bound.file, bound.sha256);
        facts.push(("Came in by", text));
    }
    for finding in enrolled
        .enrollment
        .attestation()
        .iter()
        .flat_map(|said| &said.findings)
    {
        facts.push(("Found", finding.to_string()));
    }
    if ceremony.mode() == Mode::Rehearsal {
        facts.push((
            "Stood in",
            "a simulated key was used in place of this key".to_owned(),
        ));
    }
    page.facts(facts);
}

fn key(page: &mut Document, ceremony: &Ceremony, plan: &KeyPlan, state: &KeyState) {
    let mut facts = vec![("Type", plan.key_type.to_string())];
    if let Some(token) = state.token() {
        facts.push((
            "Token",
            format!(
                "{}, {}, serial number {}, label {}, profile {}",
                token.manufacturer, token.model, token.serial, token.label, token.profile
            ),
        ));
    }
    if let Some(bag) = &plan.token.bag {
        facts.push(("Bag", bag.clone()));
    }
    let Some(generated) = state.generated() else {
        facts.push(("Key", "was not generated".to_owned()));
        page.facts(facts);
        return;
    };
    let did = |done: bool| if done { "verified" } else { "not made" };
    facts.push((
        "Provenance",
        match generated.attributes {
            Some(told) => format!("{} ({})", generated.origin(), attributes(told)),
            None => generated.origin().to_owned(),
        },
    ));
    if let Some(given) = &generated.attestation {
        facts.push((
            "Attestation",
            match given.verdict() {
                Ok(said) => format!(
                    "{said}; {}{}",
                    if said.pinned_root {
                        "trusted by the maker's root "
                    } else {
                        "trusted by an additional root, "
                    },
                    said.root
                ),
                Err(refusal) => format!("not believed: {refusal}"),
            },
        ));
        let findings = given.verdict().ok().into_iter();
        for finding in findings.flat_map(|said| &said.findings) {
            facts.push(("Found", finding.to_string()));
        }
    } else if generated.stood_in {
        facts.push((
            "Attestation",
            "stood-in: the simulated token is of another make, and attests nothing".to_owned(),
        ));
    }
    facts.push((
        "Proof of possession",
        format!(
            "at {}: {}; put in again: {}",
            match plan.enrolled {
                Some(_) => "adoption",
                None => "generation",
            },
            did(state.is_proven()),
            did(state.is_reinserted())
        ),
    ));
    facts.push((
        "Signature of the root",
        did(ceremony.has_signed(&plan.id)).to_owned(),
    ));
    facts.push(("Key ID", generated.key.id().to_string()));
    page.facts(facts);
    page.paragraph("Fingerprint, SHA-256 of the public key:");
    page.digest(&generated.public_key.fingerprint());
}

/// What was given up on the way: keys that were made before, and tokens in whose place a spare came.
fn former(page: &mut Document, ceremony: &Ceremony, key: &KeyId, state: &KeyState) {
    let mut facts = Vec::new();
    if let Some(spare) = state.spare() {
        facts.push((
            "Spare",
            format!("{spare} stands in for the token of the script"),
        ));
    }
    for token in state.set_aside() {
        facts.push(("Set aside", format!("the token {token}")));
    }
    for (secret, bag) in state.envelopes() {
        facts.push(("Sealed", format!("the {} in bag {bag}", secret.title())));
    }
    if let Some(reason) = state.skipped() {
        let what = if ceremony.has_signed(key) {
            "it was not proven again"
        } else if ceremony.frozen().is_some() {
            "it did not sign, and was not proven again"
        } else {
            "nothing more was asked of it"
        };
        facts.push(("Gone without", format!("{what}: {reason}")));
    }
    for former in state.former() {
        let fingerprint = former.public_key.fingerprint();
        let fate = match &former.fate {
            FormerFate::Pending => "given up, and still to be destroyed".to_owned(),
            FormerFate::Destroyed => "destroyed, and its absence seen".to_owned(),
            FormerFate::Orphan { reason } => {
                format!("ORPHAN, not destroyed: {reason}")
            }
        };
        facts.push((
            "Former key",
            format!("{fate}; on {}, fingerprint {fingerprint}", former.token),
        ));
    }
    page.facts(facts);
}

/// What the token says of the private key.
fn attributes(attributes: KeyAttributes) -> String {
    [
        ("sensitive", attributes.sensitive),
        ("extractable", attributes.extractable),
        ("always sensitive", attributes.always_sensitive),
        ("never extractable", attributes.never_extractable),
        ("made here", attributes.local),
    ]
    .map(|(name, value)| match value {
        Some(true) => format!("{name}: yes"),
        Some(false) => format!("{name}: no"),
        None => format!("{name}: not told"),
    })
    .join(", ")
}

pub(super) fn root(page: &mut Document, ceremony: &Ceremony) {
    page.heading("The root");
    let Some(root) = ceremony.frozen() else {
        page.paragraph("No root was composed.");
        return;
    };
    let document = root.document();
    page.facts([
        ("Version", root.version().to_string()),
        ("Expires", document.expires().as_str().to_owned()),
        (
            "Verified",
            ceremony.verified().map_or_else(
                || "it was not verified".to_owned(),
                |digest| format!("as clients do it; SHA-256 of the file {digest}"),
            ),
        ),
    ]);
    page.paragraph("Digest of what was reviewed and signed:");
    page.digest(&root.digest());
    let mut rows = Vec::new();
    for kind in RoleKind::ALL {
        let role = document.role(kind);
        for (index, id) in role.key_ids().iter().enumerate() {
            let of_role = |text| if index == 0 { text } else { String::new() };
            rows.push(vec![
                of_role(kind.to_string()),
                of_role(format!("{} of {}", role.threshold(), role.key_ids().len())),
                name_of(ceremony, id.as_str()),
                id.to_string(),
                document
                    .keys()
                    .get(id)
                    .map(ListedKey::key)
                    .map_or_else(String::new, Key::describe),
            ]);
        }
    }
    page.table(
        &[
            ("Role", 11),
            ("Signatures needed", 11),
            ("Key", 14),
            ("Key ID", 22),
            ("What it is", 0),
        ],
        rows,
    );
    let exported: Vec<_> = ceremony
        .exported()
        .iter()
        .map(|file| {
            vec![
                file.name.clone(),
                format!("{} bytes", file.size),
                file.sha256.to_string(),
            ]
        })
        .collect();
    if exported.is_empty() {
        page.paragraph("Nothing was exported.");
    } else {
        page.paragraph("Exported, read back from the medium and compared:");
        page.table(&[("File", 0), ("Length", 12), ("SHA-256", 40)], exported);
    }
}

/// How the script calls a key.
fn name_of(ceremony: &Ceremony, id: &str) -> String {
    ceremony
        .key_states()
        .find(|(_, state)| {
            state
                .generated()
                .is_some_and(|generated| generated.key.id().as_str() == id)
        })
        .map(|(plan, _)| plan.id.to_string())
        .or_else(|| {
            let roles = ceremony.script().root().roles.iter();
            roles
                .flat_map(|(_, role)| &role.keys)
                .find(|carried| carried.key.id().as_str() == id)
                .map(|carried| carried.file.clone())
        })
        .unwrap_or_default()
}
