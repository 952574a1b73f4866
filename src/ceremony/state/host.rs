//! The machine: its clock, its findings, its keyboard.

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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_latest_time_is_that_of_the_last_attested_clock_or_pause() {
        let mut host = Host::default();
        host.attest_clock(at("2030-01-01T09:00:00Z"), 3);
        assert_eq!(host.latest(), Some(at("2030-01-01T09:00:00Z")));
        host.pause(at("2030-01-01T18:00:00Z"));
        assert_eq!(host.latest(), Some(at("2030-01-01T18:00:00Z")));
        assert_eq!(host.clock_offset(), Some(3));
    }

    #[test]
    fn after_a_resume_nothing_is_known_of_the_machine_but_the_latest_time() {
        let mut host = Host::default();
        host.attest_clock(at("2030-01-01T09:00:00Z"), 3);
        host.inspect(&[]);
        host.test_keyboard();
        assert_eq!(host.findings(), Some(&[][..]));
        host.resume();
        assert_eq!(host.clock_offset(), None);
        assert_eq!(host.findings(), None);
        assert!(!host.is_keyboard_tested());
        assert_eq!(host.latest(), Some(at("2030-01-01T09:00:00Z")));
    }
}
