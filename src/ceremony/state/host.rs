//! What is known of the machine: its clock, its findings, its keyboard.

use jiff::Timestamp;

use crate::record::Finding;

#[derive(Debug, Clone, Default)]
pub(in crate::ceremony) struct Host {
    /// Attested time minus machine time, in seconds.
    clock_offset: Option<i64>,
    findings: Option<Vec<Finding>>,
    keyboard_tested: bool,
    /// The latest time on record.
    latest: Option<Timestamp>,
}

impl Host {
    pub(in crate::ceremony) const fn clock_offset(&self) -> Option<i64> {
        self.clock_offset
    }

    pub(in crate::ceremony) fn findings(&self) -> Option<&[Finding]> {
        self.findings.as_deref()
    }

    pub(in crate::ceremony) const fn is_keyboard_tested(&self) -> bool {
        self.keyboard_tested
    }

    pub(in crate::ceremony) const fn latest(&self) -> Option<Timestamp> {
        self.latest
    }

    pub(in crate::ceremony) fn attest_clock(&mut self, attested: Timestamp, offset: i64) {
        self.clock_offset = Some(offset);
        self.latest = Some(attested);
    }

    pub(in crate::ceremony) fn pause(&mut self, at: Timestamp) {
        self.latest = Some(at);
    }

    pub(in crate::ceremony) fn inspect(&mut self, findings: &[Finding]) {
        self.findings = Some(findings.to_vec());
    }

    pub(in crate::ceremony) fn test_keyboard(&mut self) {
        self.keyboard_tested = true;
    }

    /// Another process continues: machine and clock may be others.
    pub(in crate::ceremony) fn resume(&mut self) {
        self.clock_offset = None;
        self.findings = None;
        self.keyboard_tested = false;
    }
}
