//! Attestations of keys as files: certificates for software, and text for people.

use std::fmt::Display;

use crate::ceremony::{Ceremony, Mode};
use crate::certificate::Certificate;
use crate::document::Document;
use crate::record::AttestationSummary;
use crate::script::KeyPlan;

const READABLE: &str = ".attestation.txt";

/// Whether a file of a ceremony directory is an attestation as text.
pub(super) fn is_text(path: &str) -> bool {
    path.starts_with("keys/") && path.ends_with(READABLE)
}

/// The attestation of each key that has one: the certificates in PEM format, and their content as text.
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
        let page = page(ceremony, plan, given.verdict());
        files.push((path, page.to_text().into_bytes()));
    }
    files
}

fn page(
    ceremony: &Ceremony,
    plan: &KeyPlan,
    verdict: Result<&AttestationSummary, impl Display>,
) -> Document {
    let (key, holder) = (&plan.id, ceremony.name(&plan.holder));
    let title = format!("Attestation of {key} of {holder}");
    let mut page = Document::new(&title);
    if ceremony.mode() == Mode::Rehearsal {
        page.alarm("REHEARSAL: do not trust anything on this page");
    }
    page.title(title);
    match verdict {
        Ok(summary) => {
            let yes_or_no = |yes| if yes { "yes" } else { "no" };
            page.fact("device", format!("YubiKey {}", summary.serial));
            page.fact("firmware", summary.firmware);
            page.fact("form factor", summary.form_factor);
            page.fact("FIPS series", yes_or_no(summary.fips));
            page.fact("CSPN series", yes_or_no(summary.cspn));
            page.fact("slot", &summary.slot);
            page.fact("PIN policy", summary.pin_policy);
            page.fact("touch policy", summary.touch_policy);
            page.fact("key", format!("SHA-256\n{}", summary.fingerprint));
            let whose = if summary.pinned_root {
                "a built-in root certificate of Yubico"
            } else {
                "NOT a root certificate of Yubico"
            };
            page.fact("trusted by", format!("{},\n{whose}", summary.root));
            for finding in &summary.findings {
                page.fact("finding", finding);
            }
        }
        Err(refusal) => page.paragraph(format!("The attestation is not valid: {refusal}")),
    }
    page.paragraph(format!(
        "To verify the attestation again: conclave token attestation verify keys. To use other tools, see VERIFY.txt and {}.",
        pem_path(plan)
    ));
    page
}

/// The path of an attestation in a ceremony directory.
pub(super) fn pem_path(plan: &KeyPlan) -> String {
    format!("keys/{}.attestation.pem", plan.id)
}
