//! How the ceremony proceeds as a whole: opened, resumed, failed, decided, closed.

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

use crate::ceremony::amendment::Amendment;
use crate::ceremony::approval::Approval;
use crate::ceremony::check::Check;
use crate::ceremony::failure::Failure;
use crate::script::KeyId;
use crate::words::Digest;

use super::{ExceptionReport, Opening, Verdict};

/// How the ceremony proceeds as a whole: opened, resumed, failed, decided, closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(
    tag = "event",
    content = "data",
    rename_all = "kebab-case",
    deny_unknown_fields
)]
#[strum(serialize_all = "kebab-case")]
pub enum ProgressEvent {
    /// The ceremony began: always the first.
    Opened(Box<Opening>),
    /// A process took the ceremony up again after a pause, a crash or a power cut.
    Resumed {
        conclave: String,
        /// SHA-256 of the running program's file, where it can be read.
        program: Option<Digest>,
        machine: String,
        digest: Digest,
        /// Bytes of a line that was cut short by the interruption, and so never counted.
        torn_bytes: u64,
    },
    /// Two people amended the script.
    Amended {
        amendment: Amendment,
        approvals: Vec<Approval>,
    },
    /// The digest of the script was read aloud and compared with the printed one.
    ScriptRead { sha256: Digest },
    /// A person put initials under a note of the script.
    Initialed { initials: String },
    /// A person signed off.
    SignedOff { verdict: Verdict, remark: String },
    /// The block of a key was postponed.
    Postponed { key: KeyId },
    /// The block of a key was brought forward, out of the order of the script.
    BroughtForward { key: KeyId },
    /// Something was tried and did not work. Nothing was lost by it.
    Failed { failure: Failure },
    /// It was decided to try again.
    Retried,
    /// An exception report was filled in.
    ExceptionRecorded {
        report: ExceptionReport,
        /// The check that it waives, if any.
        waives: Option<Check>,
        approvals: Vec<Approval>,
    },
    /// The ceremony was aborted.
    Aborted { reason: String },
    /// The ceremony is over: always the last.
    Closed { status: Verdict },
}
