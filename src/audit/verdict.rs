//! What an audit has found.

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
    pub(super) lines: u64,
    pub(super) head: Option<Digest>,
    reasons: Vec<Remark>,
    findings: Vec<Remark>,
}

impl AuditReport {
    /// Whether nothing was found that decides.
    pub fn is_accepted(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Rehearsal or production; none when the transcript cannot be read.
    pub const fn mode(&self) -> Option<Mode> {
        self.mode
    }

    /// How the ceremony ended; none when it goes on, or the record cannot be replayed.
    pub const fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// How many lines the transcript has; 0 when it cannot be read.
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// The head of the record: the digest of the last line; none when the transcript cannot be read.
    pub const fn head(&self) -> Option<&Digest> {
        self.head.as_ref()
    }

    /// Why the directory is refused; empty if it is accepted.
    pub fn reasons(&self) -> &[Remark] {
        &self.reasons
    }

    /// Oddities that decide nothing.
    pub fn findings(&self) -> &[Remark] {
        &self.findings
    }

    /// Refuses the directory unless the head of its record is the one that somebody has in ink.
    pub fn expect_head(&mut self, ink: &Digest) {
        if self.head.as_ref() != Some(ink) {
            let found = self.head.map_or_else(
                || "the record has no head".to_owned(),
                |head| format!("the head of the record is {head}"),
            );
            self.say(
                Check::TranscriptHead,
                format!("{found}, and the one that was given is {ink}"),
            );
        }
    }

    pub(super) fn say(&mut self, check: Check, detail: impl Into<String>) {
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
            Some(Ending::Closed(status)) => json!({"event": "closed", "status": status}),
            Some(Ending::Aborted { reason }) => json!({"event": "aborted", "reason": reason}),
        };
        json!({
            "verdict": if self.is_accepted() { "accepted" } else { "rejected" },
            "mode": self.mode,
            "ending": ending,
            "script": self.script,
            "lines": self.lines,
            "head": self.head,
            "head_words": self.head.map(|head| head.words().join(" ")),
            "reasons": remarks(&self.reasons),
            "findings": remarks(&self.findings),
        })
    }
}
