//! What the verification of a chain has found.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::metadata::authority::ListedKey;
use crate::metadata::check::{Check, Remark};
use crate::metadata::document::RootDocument;
use crate::metadata::expires::Expires;
use crate::metadata::key_id::KeyId;
use crate::metadata::role::{Role, RoleKind};

/// A root that a chain of signatures ties to the trust anchor. Only [`super::verify_chain`] makes one.
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

    pub fn version(&self) -> u64 {
        self.document.version()
    }

    /// When it expires. A root that has expired can still be rotated.
    pub fn expires(&self) -> &Expires {
        self.document.expires()
    }

    pub fn role(&self, kind: RoleKind) -> &Role {
        self.document.role(kind)
    }

    pub fn keys(&self) -> impl Iterator<Item = (&KeyId, &ListedKey)> {
        self.document.keys().iter()
    }

    pub fn document(&self) -> &RootDocument {
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
    /// Whether every hop verifies and the last version has not expired.
    pub fn is_accepted(&self) -> bool {
        self.reasons.is_empty()
    }

    /// The last version that was verified; `None` if the trust anchor itself fails.
    pub fn version(&self) -> Option<u64> {
        self.last.as_ref().map(TrustedRoot::version)
    }

    /// Whether the last version that was verified has expired.
    pub const fn expired(&self) -> bool {
        self.expired
    }

    /// Why the chain is refused; empty if it is accepted.
    pub fn reasons(&self) -> &[Remark] {
        &self.reasons
    }

    /// Oddities that decide nothing.
    pub fn findings(&self) -> &[Remark] {
        &self.findings
    }

    /// The newest root, if every hop verifies: expired or not, for an expired root can still be rotated.
    pub fn trusted(&self) -> Option<&TrustedRoot> {
        let only_expired = self
            .reasons
            .iter()
            .all(|reason| reason.check == Check::RootExpired);
        self.last.as_ref().filter(|_| only_expired)
    }

    /// The report as `conclave root verify --json` prints it.
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
