//! What devices stated about their keys, as files: for programs, and in words.

use std::fmt::Display;

use crate::ceremony::{Ceremony, Mode};
use crate::certificate::Certificate;
use crate::document::Document;
use crate::record::AttestationSummary;
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
        let path = format!("keys/{}{READABLE}", plan.id);
        let page = in_words(ceremony, plan, given.verdict());
        files.push((path, page.to_text().into_bytes()));
    }
    files
}

/// What a device states, or why that is not believed.
fn in_words(
    ceremony: &Ceremony,
    plan: &KeyPlan,
    verdict: Result<&AttestationSummary, impl Display>,
) -> Document {
    let (key, holder) = (&plan.id, ceremony.name(&plan.holder));
    let title = format!("What the device states about {key} of {holder}");
    let mut page = Document::new(&title);
    if ceremony.mode() == Mode::Rehearsal {
        page.alarm("REHEARSAL: nothing that is named here may be trusted");
    }
    page.title(title);
    match verdict {
        Ok(said) => {
            let yes_or_no = |yes| if yes { "yes" } else { "no" };
            page.fact("device", format!("YubiKey {}", said.serial));
            page.fact("firmware", said.firmware);
            page.fact("shape", said.form_factor);
            page.fact("FIPS series", yes_or_no(said.fips));
            page.fact("CSPN series", yes_or_no(said.cspn));
            page.fact("slot", &said.slot);
            page.fact("PIN", said.pin_policy);
            page.fact("touch", said.touch_policy);
            page.fact("key", format!("SHA-256\n{}", said.fingerprint));
            let whose = if said.pinned_root {
                "a root of the maker's that is built in"
            } else {
                "which is NOT a root of the maker's"
            };
            page.fact("trusted by", format!("{},\n{whose}", said.root));
            for finding in &said.findings {
                page.fact("found", finding);
            }
        }
        Err(refusal) => page.paragraph(format!("Nothing of it is believed: {refusal}")),
    }
    page.paragraph(format!(
        "To judge it again: conclave token attestation verify keys; with other tools, see VERIFY.txt and {}.",
        pem_path(plan)
    ));
    page
}

/// Where the certificates of an attestation lie in a ceremony directory.
pub(super) fn pem_path(plan: &KeyPlan) -> String {
    format!("keys/{}.attestation.pem", plan.id)
}
