//! How a drill ended, and the message that a restored key signs.

use jiff::Timestamp;

use crate::words::Digest;

/// How a drill ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DrillResult {
    /// Every share that was asked for is right, and they did what the level wants.
    Passed,
    /// The key can be restored, but shares are lost.
    PassedWithLosses {
        /// How many quorums are left.
        quorums_left: u64,
        /// When a new set has to be issued at the latest.
        reissue_by: Timestamp,
    },
    /// The key could not be restored, or cannot be any more.
    Failed {
        /// Why.
        reason: String,
    },
}

impl DrillResult {
    /// In a word or three, as people say it.
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

/// What a restored key signs: it begins with words, so that it can be no root, and names this ceremony.
pub fn restore_canary(script: Digest, set: Digest, challenge: &[u8; 32]) -> Vec<u8> {
    format!(
        "conclave restore canary v1\nscript {script}\nset {set}\nchallenge {}\n",
        hex::encode(challenge)
    )
    .into_bytes()
}
