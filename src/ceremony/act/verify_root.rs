//! The signed root is verified as a client verifies it.

use super::asking::confirm;
use crate::ceremony::at::At;
use crate::ceremony::replay::{Applied, broken, hold};
use crate::ceremony::{
    Ceremony, Check, Counted, EventKind, Next, ReplayError, RootEvent, StepError,
};
use crate::metadata::{self, Progress};
use crate::script::{Act, Step};
use crate::words::Digest;

/// Verifies the signed root like a client that trusts the anchor of the script, or in a genesis this root, at the
/// script's `not_before`: the same in every replay.
fn verify_root(c: &Ceremony) -> Result<Verification, VerificationError> {
    let signed = c.root().signed().ok_or(VerificationError::Unsigned)?;
    let bytes = signed.to_file_bytes();
    let name = format!("{}.root.json", signed.frozen().version());
    let mut files: Vec<(String, Vec<u8>)> = c
        .root()
        .base()
        .into_iter()
        .flat_map(|base_root| base_root.chain().iter().cloned())
        .collect();
    files.push((name, bytes.clone()));
    let report = metadata::verify_chain(files.into_iter(), c.script.not_before());
    if !report.is_accepted() {
        return Err(VerificationError::Refused(
            report
                .reasons()
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; "),
        ));
    }
    Ok(Verification {
        version: signed.frozen().version(),
        file_sha256: Digest::of(&bytes),
        progress: signed.progress(),
    })
}

pub(crate) fn next(c: &Ceremony, step: &Step) -> Next {
    // A change needs signatures under both roots.
    let counters = c
        .base_root()
        .map(|_| format!("Signatures: {}.", c.counters()));
    let mut lines: Vec<_> = counters.into_iter().collect();
    lines.push("The bytes of the signed root are verified as a client verifies them.".to_owned());
    Next::Ask(confirm(c, step, lines, "Verify the signed root"))
}

pub(crate) fn verifying(c: &Ceremony) -> Result<EventKind, StepError> {
    let verification =
        verify_root(c).map_err(|error| ReplayError::Contradiction(error.to_string()))?;
    Ok(EventKind::Root(RootEvent::RootVerified {
        version: verification.version,
        file_sha256: verification.file_sha256,
        signatures: verification.progress.own.have,
        threshold: verification.progress.own.need,
        previous: verification.progress.previous.map(Into::into),
    }))
}

/// The result of a verification, as an event records it.
pub(crate) struct Verified {
    pub(crate) version: u64,
    pub(crate) file_sha256: Digest,
    pub(crate) signatures: u64,
    pub(crate) threshold: u64,
    pub(crate) previous: Option<Counted>,
}

pub(crate) fn verified(c: &mut Ceremony, at: &At<'_>, recorded: &Verified) -> Applied {
    at.require_act(c, |act| *act == Act::VerifyRoot)?;
    let report =
        verify_root(c).map_err(|error| broken(Check::RootVerification, error.to_string()))?;
    let own = report.progress.own;
    hold(
        Check::RootVerification,
        (report.version, own.have, own.need)
            == (recorded.version, recorded.signatures, recorded.threshold)
            && report.progress.previous.map(Into::into) == recorded.previous
            && report.file_sha256 == recorded.file_sha256,
        "the event does not match the verification",
    )?;
    c.root_mut().verify(recorded.file_sha256);
    Ok(())
}

struct Verification {
    version: u64,
    file_sha256: Digest,
    progress: Progress,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum VerificationError {
    #[error("there is no signature yet")]
    Unsigned,
    #[error("the signed root is refused: {0}")]
    Refused(String),
}

pub(crate) fn root_verified_sentence(
    version: u64,
    signatures: u64,
    threshold: u64,
    previous: Option<&Counted>,
) -> String {
    let before = previous.map_or_else(String::new, |counted| {
        format!(
            "; under root {}: {} ({} required)",
            version.saturating_sub(1),
            counted.signatures,
            counted.threshold
        )
    });
    format!("Root {version} was verified. Signatures: {signatures} ({threshold} required){before}.")
}
