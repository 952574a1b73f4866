//! The result of verifying a chain.

use std::ops::Deref;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::metadata::check::{Check, Remark};
use crate::metadata::document::RootDocument;

/// A root that a chain of valid signatures links to the trust anchor. Only [`super::verify_chain`] creates it.
#[derive(Debug, Clone)]
pub struct TrustedRoot {
    document: Arc<RootDocument>,
}

impl TrustedRoot {
    pub(super) fn new(document: RootDocument) -> Self {
        Self {
            document: Arc::new(document),
        }
    }

    pub fn document(&self) -> &RootDocument {
        &self.document
    }
}

impl Deref for TrustedRoot {
    type Target = RootDocument;

    fn deref(&self) -> &RootDocument {
        &self.document
    }
}

/// The verdict on a chain of root files.
#[derive(Debug, Clone)]
pub struct ChainReport {
    pub(super) last: Option<TrustedRoot>,
    pub(super) expired: bool,
    pub(super) reasons: Vec<Remark>,
    pub(super) findings: Vec<Remark>,
}

impl ChainReport {
    /// Whether all versions are valid and the last one has not expired.
    pub fn is_accepted(&self) -> bool {
        self.reasons.is_empty()
    }

    /// The last valid version; `None` if the trust anchor is invalid.
    pub fn version(&self) -> Option<u64> {
        self.last.as_ref().map(|root| root.version())
    }

    /// The reasons for rejecting the chain; empty if it is accepted.
    pub fn reasons(&self) -> &[Remark] {
        &self.reasons
    }

    /// Findings that do not reject the chain.
    pub fn findings(&self) -> &[Remark] {
        &self.findings
    }

    /// The newest root, if all versions are valid. It can have expired, because an expired root can still be rotated.
    pub fn trusted(&self) -> Option<&TrustedRoot> {
        let is_expiry = |reason: &Remark| reason.check == Check::RootExpired;
        let is_valid = self.reasons.iter().all(is_expiry);
        self.last.as_ref().filter(|_| is_valid)
    }

    /// The output of `conclave root verify --json`.
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
