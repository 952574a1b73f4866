//! The machine, its clock and its keyboard.

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

use jiff::Timestamp;

use crate::ceremony::approval::Approval;
use crate::record::Finding;

/// The machine, its clock and its keyboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(
    tag = "event",
    content = "data",
    rename_all = "kebab-case",
    deny_unknown_fields
)]
#[strum(serialize_all = "kebab-case")]
pub enum HostEvent {
    /// Two people compared the machine's clock with their own.
    ClockAttested {
        machine: Timestamp,
        attested: Timestamp,
        /// Attested minus machine: added to the machine's clock for every date from here on, in seconds.
        offset: i64,
        approvals: Vec<Approval>,
    },
    /// The machine was inspected.
    HostInspected {
        /// Empty if there is nothing to report.
        findings: Vec<Finding>,
    },
    /// Two people acknowledged the findings.
    FindingsAcknowledged { approvals: Vec<Approval> },
    /// A person typed the test line: the keyboard layout is right.
    KeyboardTested { typed: String },
}
