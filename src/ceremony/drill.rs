//! The result of a drill, and the message that a restored key signs.

use jiff::Timestamp;

use crate::words::Digest;

/// The result of a drill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DrillResult {
    /// All shares are right, and the drill reached its level.
    Passed,
    /// The key can be restored, but shares are lost.
    PassedWithLosses {
        /// How many quorums are left.
        quorums_left: u64,
        /// When a new set has to be issued at the latest.
        reissue_by: Timestamp,
    },
    /// The key was not restored, or too few shares are left.
    Failed {
        /// Why.
        reason: String,
    },
}

impl DrillResult {
    /// A short form, without reasons.
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::PassedWithLosses { .. } => "passed with losses",
            Self::Failed { .. } => "failed",
        }
    }
}

impl std::fmt::Display for DrillResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Passed => f.write_str(self.title()),
            Self::PassedWithLosses {
                quorums_left,
                reissue_by,
            } => write!(
                f,
                "{}: {quorums_left} quorums of shares are left; make a new set by {reissue_by}",
                self.title()
            ),
            Self::Failed { reason } => write!(f, "{}: {reason}", self.title()),
        }
    }
}

/// The message that a restored key signs. It is not JSON, so that it cannot be a root, and it names this ceremony.
pub fn restore_canary(script: Digest, set: Digest, challenge: &[u8; 32]) -> Vec<u8> {
    format!(
        "conclave restore canary v1\nscript {script}\nset {set}\nchallenge {}\n",
        hex::encode(challenge)
    )
    .into_bytes()
}
