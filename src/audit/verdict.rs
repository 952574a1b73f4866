//! The result of an audit.

use serde_json::{Value, json};

use crate::ceremony::{Ending, Mode};
use crate::words::Digest;

use crate::record::Weight;

use super::check::{Check, Remark};

/// The verdict on a ceremony directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditReport {
    pub(super) mode: Option<Mode>,
    pub(super) ending: Option<Ending>,
    pub(super) script: Option<Digest>,
    pub(super) entries: u64,
    pub(super) digest: Option<Digest>,
    reasons: Vec<Remark>,
    findings: Vec<Remark>,
}

impl AuditReport {
    pub fn is_accepted(&self) -> bool {
        self.reasons.is_empty()
    }

    /// `None` if the transcript cannot be read.
    pub const fn mode(&self) -> Option<Mode> {
        self.mode
    }

    /// `None` if the ceremony has not ended, or the transcript cannot be replayed.
    pub const fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// The number of entries; 0 if the transcript cannot be read.
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// The transcript digest; `None` if the transcript cannot be read.
    pub const fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// Why the directory is rejected; empty if it is accepted.
    pub fn reasons(&self) -> &[Remark] {
        &self.reasons
    }

    /// Findings that do not affect the verdict.
    pub fn findings(&self) -> &[Remark] {
        &self.findings
    }

    /// Rejects the directory unless its transcript digest is the digest on paper.
    pub fn expect_digest(&mut self, on_paper: &Digest) {
        if self.digest.as_ref() != Some(on_paper) {
            let found = self.digest.map_or_else(
                || "the transcript has no digest".to_owned(),
                |digest| format!("the transcript digest is {digest}"),
            );
            self.add(
                Check::TranscriptDigest,
                format!("{found}, but the digest that was given is {on_paper}"),
            );
        }
    }

    pub(super) fn add(&mut self, check: Check, detail: impl Into<String>) {
        let detail = detail.into();
        let remark = Remark { check, detail };
        match check.weight() {
            Weight::Decides => self.reasons.push(remark),
            Weight::Reports => self.findings.push(remark),
        }
    }

    /// The report as `conclave transcript verify --json` prints it.
    pub fn to_json(&self) -> Value {
        let remarks = |remarks: &[Remark]| -> Vec<Value> {
            remarks
                .iter()
                .map(|remark| json!({"check": remark.check.id(), "detail": remark.detail}))
                .collect()
        };
        let ending = match &self.ending {
            None => Value::Null,
            Some(Ending::Closed(verdict)) => json!({"event": "closed", "verdict": verdict}),
            Some(Ending::Aborted { reason }) => json!({"event": "aborted", "reason": reason}),
        };
        json!({
            "verdict": if self.is_accepted() { "accepted" } else { "rejected" },
            "mode": self.mode,
            "ending": ending,
            "script": self.script,
            "entries": self.entries,
            "transcript_digest": self.digest,
            "transcript_digest_words": self.digest.map(|digest| digest.words().join(" ")),
            "reasons": remarks(&self.reasons),
            "findings": remarks(&self.findings),
        })
    }
}
