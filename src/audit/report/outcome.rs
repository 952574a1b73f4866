//! The outcome: the ending, the keys and the root.

use crate::ceremony::{
    Ceremony, Ending, EventKind, FormerDisposition, KeyState, Mode, ProgressEvent,
};
use crate::document::Document;
use crate::metadata::{Key, ListedKey, RoleKind};
use crate::record::KeyAttributes;
use crate::script::{KeyId, KeyPlan};
use crate::transcript::Transcript;
use crate::words::Digest;

pub(super) fn summary(page: &mut Document, ceremony: &Ceremony, transcript: &Transcript) {
    page.heading("Summary");
    let times = transcript.attested_times();
    if let (Some(first), Some(last)) = (times.first(), times.last()) {
        page.fact("Began", first);
        page.fact("Last event", last);
    }
    page.fact(
        "Ending",
        match ceremony.ending() {
            None => "not ended yet".to_owned(),
            Some(Ending::Closed(worst)) => format!("all steps done; overall verdict: {worst}"),
            Some(Ending::Aborted { reason }) => format!("aborted: {reason}"),
        },
    );
    if let Some(root) = ceremony.frozen() {
        let count = ceremony.signatures();
        page.fact(
            "Root",
            format!(
                "version {}, {} signatures ({} required), expires {}",
                root.version(),
                count.have,
                count.need,
                root.document().expires().as_str()
            ),
        );
    }
    if let Some(result) = ceremony.drill_result() {
        page.fact("Drill", result);
    }
    for entry in transcript.entries() {
        let (what, version, program, machine) =
            if let EventKind::Progress(ProgressEvent::Opened(opening)) = &entry.line.kind {
                let (conclave, machine) = (&opening.conclave, &opening.machine);
                ("Program and machine", conclave, opening.program, machine)
            } else if let EventKind::Progress(ProgressEvent::Resumed {
                conclave,
                program,
                machine,
                ..
            }) = &entry.line.kind
            {
                ("Program and machine, resumed", conclave, *program, machine)
            } else {
                continue;
            };
        let program = program_file(program);
        page.fact(what, format!("conclave {version}, {program}; on {machine}"));
    }
}

fn program_file(digest: Option<Digest>) -> String {
    digest.map_or_else(
        || "its file could not be read".to_owned(),
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
        page.fact("Type", key.describe());
        let compared = if ceremony.is_enrolled(&distant.id) {
            "by two people, with the fingerprint that the key holder read aloud"
        } else {
            "no; the key is in no root"
        };
        page.fact("Fingerprint compared", compared);
        page.fact("Key ID", key.id());
        if let Some(public) = key.public() {
            page.digest(&public.fingerprint());
        }
    }
}

/// The origin of an enrolled key.
fn enrolled(page: &mut Document, ceremony: &Ceremony, id: &KeyId) {
    let Some(enrolled) = ceremony.enrolled_by(id) else {
        return;
    };
    page.fact("Origin", enrolled.origin());
    for bound in enrolled.files() {
        let text = format!("{}, SHA-256 {}", bound.file, bound.sha256);
        page.fact("Enrollment file", text);
    }
    for finding in enrolled
        .enrollment
        .attestation()
        .iter()
        .flat_map(|summary| &summary.findings)
    {
        page.fact("Finding", finding);
    }
    if ceremony.mode() == Mode::Rehearsal {
        page.fact("Simulated", "a simulated key was used in place of this key");
    }
}

fn key(page: &mut Document, ceremony: &Ceremony, plan: &KeyPlan, state: &KeyState) {
    page.fact("Type", plan.key_type);
    if let Some(token) = state.token() {
        page.fact(
            "Token",
            format!(
                "{}, {}, serial number {}, label {}, profile {}",
                token.manufacturer, token.model, token.serial, token.label, token.profile
            ),
        );
    }
    if let Some(bag) = &plan.token.bag {
        page.fact("Bag", bag);
    }
    let Some(generated) = state.generated() else {
        page.fact("Key", "not generated");
        return;
    };
    let did = |done: bool| if done { "verified" } else { "none" };
    page.fact(
        "Provenance",
        match generated.attributes {
            Some(reported) => format!("{} ({})", generated.origin(), attributes(reported)),
            None => generated.origin().to_owned(),
        },
    );
    if let Some(given) = &generated.attestation {
        page.fact(
            "Attestation",
            match given.verdict() {
                Ok(summary) => format!(
                    "{summary}; trusted by {} {}",
                    if summary.pinned_root {
                        "the manufacturer's root certificate"
                    } else {
                        "an additional root certificate,"
                    },
                    summary.root
                ),
                Err(refusal) => format!("not valid: {refusal}"),
            },
        );
        let findings = given.verdict().ok().into_iter();
        for finding in findings.flat_map(|summary| &summary.findings) {
            page.fact("Finding", finding);
        }
    } else if generated.attestation_simulated {
        page.fact(
            "Attestation",
            "simulated: the simulated token cannot attest its keys",
        );
    }
    page.fact(
        "Proof of possession",
        format!(
            "at {}: {}; after reinsertion: {}",
            match plan.enrolled {
                Some(_) => "adoption",
                None => "generation",
            },
            did(state.is_proven()),
            did(state.is_reinserted())
        ),
    );
    page.fact("Signature of the root", did(ceremony.has_signed(&plan.id)));
    page.fact("Key ID", generated.key.id());
    page.paragraph("Fingerprint, SHA-256 of the public key:");
    page.digest(&generated.public_key.fingerprint());
}

/// Keys and tokens that were replaced during the ceremony.
fn former(page: &mut Document, ceremony: &Ceremony, key: &KeyId, state: &KeyState) {
    if let Some(spare) = state.spare() {
        page.fact("Spare", format!("{spare} replaces the token in the script"));
    }
    for token in state.set_aside() {
        page.fact("Set aside", format!("the token {token}"));
    }
    for (secret, bag) in state.envelopes() {
        page.fact("Sealed", format!("the {} in bag {bag}", secret.title()));
    }
    if let Some(reason) = state.skipped() {
        let what = if ceremony.has_signed(key) {
            "its possession was not proven again"
        } else if ceremony.frozen().is_some() {
            "it did not sign, and its possession was not proven again"
        } else {
            "its remaining steps were skipped"
        };
        page.fact("Skipped", format!("{what}: {reason}"));
    }
    let destruction = state.destruction();
    if destruction.is_done() {
        if destruction.attested().next().is_none() {
            let proof = match destruction.erased() {
                [] => "its token no longer holds it".to_owned(),
                files => format!(
                    "{} was erased, and no file of the key is left",
                    files.join(" and ")
                ),
            };
            page.fact("Destroyed", format!("proven: {proof}"));
        } else if !destruction.erased().is_empty() {
            page.fact("Erased", destruction.erased().join(" and "));
        }
        for (file, people) in destruction.attested() {
            page.fact(
                "Destroyed",
                format!(
                    "NOT PROVEN: {} attested after an interruption that {file} was erased",
                    ceremony.names(people)
                ),
            );
        }
    }
    for former in state.former() {
        let fingerprint = former.public_key.fingerprint();
        let disposition = match &former.disposition {
            FormerDisposition::Pending => "replaced, and still to be destroyed".to_owned(),
            FormerDisposition::Destroyed => "destroyed, and its absence verified".to_owned(),
            FormerDisposition::Orphan { reason } => {
                format!("ORPHAN, not destroyed: {reason}")
            }
        };
        page.fact(
            "Former key",
            format!(
                "{disposition}; on {}, fingerprint {fingerprint}",
                former.token
            ),
        );
    }
}

/// The attributes of the private key, as reported by the token.
fn attributes(attributes: KeyAttributes) -> String {
    [
        ("sensitive", attributes.sensitive),
        ("extractable", attributes.extractable),
        ("always sensitive", attributes.always_sensitive),
        ("never extractable", attributes.never_extractable),
        ("local", attributes.local),
    ]
    .map(|(name, value)| match value {
        Some(true) => format!("{name}: yes"),
        Some(false) => format!("{name}: no"),
        None => format!("{name}: not reported"),
    })
    .join(", ")
}

pub(super) fn root(page: &mut Document, ceremony: &Ceremony) {
    page.heading("Root");
    let Some(root) = ceremony.frozen() else {
        page.paragraph("No root was composed.");
        return;
    };
    let document = root.document();
    page.fact("Version", root.version());
    page.fact("Expires", document.expires().as_str());
    page.fact(
        "Verified",
        ceremony.verified().map_or_else(
            || "no".to_owned(),
            |digest| format!("yes, as clients do; SHA-256 of the file {digest}"),
        ),
    );
    page.paragraph("Digest of the root that was reviewed and signed:");
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
            ("Threshold", 11),
            ("Key", 14),
            ("Key ID", 22),
            ("Type", 0),
        ],
        rows,
    );
    if ceremony.exported().is_empty() {
        page.paragraph("No file was exported.");
        return;
    }
    page.paragraph("Exported files, read back from the medium and compared:");
    let exported = ceremony.exported().iter();
    let rows = exported.map(|file| {
        let size = format!("{} bytes", file.size);
        vec![file.name.clone(), size, file.sha256.to_string()]
    });
    page.table(&[("File", 0), ("Length", 12), ("SHA-256", 40)], rows);
}

/// The name of a key in the script.
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
                .find(|pinned| pinned.key.id().as_str() == id)
                .map(|pinned| pinned.file.clone())
        })
        .unwrap_or_default()
}
