//! What is written by hand in a step.

use crate::script::{Act, KeyPlan, Script, TokenSecret};

/// The labels of the lines that a step leaves open, and how many lines each has.
pub(super) fn blanks(act: &Act, script: &Script) -> Vec<(String, usize)> {
    let one = |label: &str| (label.to_owned(), 1);
    match act {
        Act::Attendance => vec![("Others in the room".to_owned(), 2)],
        Act::AttestClock => vec![
            one("Time on the screen (UTC)"),
            one("Time by other clocks (UTC)"),
        ],
        Act::InspectHost => vec![one("Machine and serial number"), one("Result")],
        Act::OpenToken { key } => {
            let bag = script.key(key).and_then(|plan| plan.token.bag.as_ref());
            let mut blanks = Vec::new();
            if bag.is_some() {
                blanks.push(one("Number read from the bag"));
            }
            blanks.push(one("Serial number of the token"));
            blanks
        }
        Act::SetPin { key } => {
            let plan = script.key(key);
            let envelopes = plan.into_iter().flat_map(KeyPlan::envelopes);
            let envelopes = envelopes.filter(|(secret, _)| *secret != TokenSecret::ManagementKey);
            let numbers = envelopes.map(|(secret, _)| {
                one(&format!(
                    "Number read from the bag of the {}",
                    secret.title()
                ))
            });
            numbers.collect()
        }
        Act::GenerateKey { key } | Act::ImportKey { key } => {
            let mut blanks = vec![one("First fingerprint words")];
            if script
                .key(key)
                .is_some_and(|plan| plan.management_writer().is_some())
            {
                blanks.push(one("Number read from the bag of the management key"));
            }
            blanks
        }
        Act::BackUpKey { .. } => vec![
            one("Fingerprint of the set"),
            one("Serial numbers of the two media"),
        ],
        Act::DestroyShares => vec![("Destroyed: whose, how, seen by".to_owned(), 4)],
        Act::OpenShare { .. } => vec![one("Set on the sheet of the share")],
        Act::RestoreKey { .. } => vec![one("Medium of the wrapped key")],
        Act::EnrollKey { key } if script.distant_key(key).is_some() => {
            vec![one("Called (name, number)"), one("First fingerprint words")]
        }
        Act::ReviewRoot => vec![("Digest words of what is signed".to_owned(), 4)],
        Act::CollectSignatures => vec![one("Signatures that came, and when")],
        Act::VerifyRoot => vec![one("Verdict")],
        Act::Export => vec![one("Medium and serial number")],
        Act::Seal { .. } | Act::SealMedium { .. } => {
            vec![one("Number of the new bag"), one("Received (signature)")]
        }
        Act::Break { .. } => vec![
            ("Key and number of each bag".to_owned(), 3),
            ("Head of the record".to_owned(), 4),
            one("Taken up again (date, time)"),
        ],
        Act::SignOff => vec![("Head of the record".to_owned(), 4)],
        Act::JudgeRequest => vec![("Digest words on the card".to_owned(), 4)],
        Act::ReadScript
        | Act::Note { .. }
        | Act::ProveBackup { .. }
        | Act::ProveRestore { .. }
        | Act::Destroy { .. }
        | Act::InitializeToken { .. }
        | Act::EnrollKey { .. }
        | Act::CertifyKey { .. }
        | Act::ComposeRoot
        | Act::SignRoot
        | Act::ProveToken { .. } => Vec::new(),
    }
}
