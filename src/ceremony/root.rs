//! From the script and the keys to a root, and from the signed root to its verification.

use crate::metadata::{self, Count, DraftError, FrozenRoot, RoleKind, RootDraft};
use crate::words::Digest;

use super::state::{Ceremony, KeyState};

/// What a verification of the signed root says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verification {
    pub version: u64,
    pub file_sha256: Digest,
    pub count: Count,
}

/// Why there is no verified root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum VerificationError {
    #[error("nothing was signed yet")]
    Unsigned,
    #[error("the signed root is refused: {0}")]
    Refused(String),
}

impl Ceremony {
    /// The root that the script and the keys generated so far make.
    pub(super) fn compose_root(&self) -> Result<FrozenRoot, DraftError> {
        let policy = self.script.root();
        let mut draft = RootDraft::genesis(policy.expires, policy.consistent_snapshot);
        let keys = self
            .script
            .keys()
            .iter()
            .filter_map(|plan| self.keys.get(&plan.id).and_then(KeyState::generated))
            .map(|generated| generated.key.clone());
        draft.set_role(RoleKind::Root, policy.threshold, keys);
        for (kind, role) in policy.roles.iter() {
            let keys = role.keys.iter().map(|carried| carried.key.clone());
            draft.set_role(kind.into(), role.threshold, keys);
        }
        draft.freeze()
    }

    /// Verifies the signed root as a client does that trusts it as its anchor, at the time for which the
    /// script was written: the same in every replay.
    pub(super) fn verify_root(&self) -> Result<Verification, VerificationError> {
        let signed = self.signed.as_ref().ok_or(VerificationError::Unsigned)?;
        let bytes = signed.to_file_bytes();
        let name = format!("{}.root.json", signed.frozen().version());
        let report = metadata::verify_chain(
            [(name, bytes.clone())].into_iter(),
            self.script.not_before(),
        );
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
            count: signed.progress().own,
        })
    }
}
