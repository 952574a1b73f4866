//! What devices stated about their keys, as files: for programs, and in words.

use crate::ceremony::{Ceremony, Mode};
use crate::certificate::Certificate;
use crate::script::KeyPlan;

const READABLE: &str = ".attestation.txt";

/// Whether a file of a ceremony directory is an attestation in words.
pub(super) fn is_worded(path: &str) -> bool {
    path.starts_with("keys/") && path.ends_with(READABLE)
}

/// The attestation of each key that has one: the certificates in PEM, and what they say.
pub(super) fn attestations(ceremony: &Ceremony) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for (plan, state) in ceremony.key_states() {
        let given = state.generated().and_then(|key| key.attestation.as_ref());
        let Some(given) = given else {
            continue;
        };
        let pem: String = given
            .certificates()
            .iter()
            .map(Certificate::to_pem)
            .collect();
        files.push((pem_path(plan), pem.into_bytes()));
        let mut lines = Vec::new();
        if ceremony.mode() == Mode::Rehearsal {
            lines.push("REHEARSAL: nothing that is named here may be trusted".to_owned());
            lines.push(String::new());
        }
        lines.push(format!(
            "What the device states about {} of {}",
            plan.id,
            ceremony.name(&plan.holder)
        ));
        lines.push(String::new());
        match given.verdict() {
            Ok(said) => {
                let mut fact = |name: &str, value: String| {
                    lines.push(format!("{name:<13}{value}"));
                };
                fact("device", format!("YubiKey {}", said.serial));
                fact("firmware", said.firmware.to_string());
                fact("shape", said.form_factor.to_string());
                fact("FIPS series", yes_or_no(said.fips));
                fact("CSPN series", yes_or_no(said.cspn));
                fact("slot", said.slot.clone());
                fact("PIN", said.pin_policy.to_string());
                fact("touch", said.touch_policy.to_string());
                fact("key", format!("SHA-256 {}", said.fingerprint));
                fact(
                    "trusted by",
                    format!(
                        "{}{}",
                        said.root,
                        if said.pinned_root {
                            ", a root of the maker's that is built in"
                        } else {
                            ", which is NOT a root of the maker's"
                        }
                    ),
                );
                for finding in &said.findings {
                    fact("found", finding.to_string());
                }
            }
            Err(refusal) => lines.push(format!("Nothing of it is believed: {refusal}")),
        }
        lines.push(String::new());
        lines.push(format!(
            "To judge it again: conclave token attestation verify keys; with other tools, see VERIFY.txt and {}.",
            pem_path(plan)
        ));
        lines.push(String::new());
        let path = format!("keys/{}{READABLE}", plan.id);
        files.push((path, lines.join("\n").into_bytes()));
    }
    files
}

/// Where the certificates of an attestation lie in a ceremony directory.
pub(super) fn pem_path(plan: &KeyPlan) -> String {
    format!("keys/{}.attestation.pem", plan.id)
}

fn yes_or_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}
