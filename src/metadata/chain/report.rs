//! What the verification of a chain has found.

use serde_json::{Value, json};

use super::TrustedRoot;
use crate::metadata::check::{Check, Remark};

/// The verdict on a chain of root files.
#[derive(Debug, Clone)]
pub struct ChainReport {
    last: Option<TrustedRoot>,
    expired: bool,
    reasons: Vec<Remark>,
    findings: Vec<Remark>,
}

impl ChainReport {
    pub(super) const fn new(
        last: Option<TrustedRoot>,
        expired: bool,
        reasons: Vec<Remark>,
        findings: Vec<Remark>,
    ) -> Self {
        Self {
            last,
            expired,
            reasons,
            findings,
        }
    }

    /// Whether every hop verifies and the last version has not expired.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.reasons.is_empty()
    }

    /// The last version that was verified; `None` if the trust anchor itself fails.
    #[must_use]
    pub fn version(&self) -> Option<u64> {
        self.last.as_ref().map(TrustedRoot::version)
    }

    /// Whether the last version that was verified has expired.
    #[must_use]
    pub const fn expired(&self) -> bool {
        self.expired
    }

    /// Why the chain is refused; empty if it is accepted.
    #[must_use]
    pub fn reasons(&self) -> &[Remark] {
        &self.reasons
    }

    /// Oddities that decide nothing.
    #[must_use]
    pub fn findings(&self) -> &[Remark] {
        &self.findings
    }

    /// The newest root, if every hop verifies: expired or not, for an expired root can still be rotated.
    #[must_use]
    pub fn trusted(&self) -> Option<&TrustedRoot> {
        let only_expired = self
            .reasons
            .iter()
            .all(|reason| reason.check == Check::RootExpired);
        self.last.as_ref().filter(|_| only_expired)
    }

    /// The report as `conclave root verify --json` prints it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let remarks = |remarks: &[Remark]| -> Vec<Value> {
            remarks
                .iter()
                .map(|remark| json!({"check": remark.check.id(), "detail": remark.detail}))
                .collect()
        };
        json!({
            "verdict": if self.is_accepted() { "accepted" } else { "rejected" },
            "version": self.version(),
            "expired": self.expired,
            "reasons": remarks(&self.reasons),
            "findings": remarks(&self.findings),
        })
    }
}
