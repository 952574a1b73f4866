//! Collected shares, and the key that they restored.

use std::collections::{BTreeMap, BTreeSet};

use crate::ceremony::event::EnteredBy;
use crate::ceremony::replay::{Applied, require};
use crate::script::PersonId;

#[derive(Debug, Clone, Default)]
pub struct Restore {
    entered: BTreeMap<PersonId, EnteredBy>,
    /// Whose shares this process has in memory.
    in_memory: BTreeSet<PersonId>,
    lost: BTreeMap<PersonId, String>,
    combined: Vec<PersonId>,
    is_restored: bool,
    is_proven: bool,
    is_destroyed: bool,
    failed: Option<String>,
}

impl Restore {
    pub const fn entered(&self) -> &BTreeMap<PersonId, EnteredBy> {
        &self.entered
    }

    /// Shares that count as lost, with the reasons.
    pub const fn lost(&self) -> &BTreeMap<PersonId, String> {
        &self.lost
    }

    /// Whose shares restored the key-encryption key.
    pub fn combined(&self) -> &[PersonId] {
        &self.combined
    }

    pub const fn is_restored(&self) -> bool {
        self.is_restored
    }

    pub const fn is_proven(&self) -> bool {
        self.is_proven
    }

    pub const fn is_destroyed(&self) -> bool {
        self.is_destroyed
    }

    /// Why two people ended the drill.
    pub fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    pub(in crate::ceremony) const fn in_memory(&self) -> &BTreeSet<PersonId> {
        &self.in_memory
    }

    pub(in crate::ceremony) fn enter_share(
        &mut self,
        custodian: &PersonId,
        by: EnteredBy,
    ) -> Applied {
        self.entered.insert(custodian.clone(), by);
        let is_new = self.in_memory.insert(custodian.clone());
        require(is_new, "this share was already entered")
    }

    pub(in crate::ceremony) fn declare_share_lost(&mut self, custodian: &PersonId, reason: &str) {
        self.lost.insert(custodian.clone(), reason.to_owned());
    }

    pub(in crate::ceremony) fn combine(&mut self) -> Applied {
        require(self.combined.is_empty(), "the shares were already combined")?;
        self.combined = self.in_memory.iter().cloned().collect();
        Ok(())
    }

    pub(in crate::ceremony) fn restore(&mut self) {
        self.is_restored = true;
    }

    pub(in crate::ceremony) fn prove(&mut self) -> Applied {
        require(self.is_restored, "no key was restored yet")?;
        self.is_proven = true;
        Ok(())
    }

    pub(in crate::ceremony) fn destroy(&mut self) -> Applied {
        require(self.is_restored, "no key was restored")?;
        self.is_destroyed = true;
        Ok(())
    }

    pub(in crate::ceremony) fn fail(&mut self, reason: &str) {
        self.failed = Some(reason.to_owned());
    }

    /// Another process continues, without shares in memory. A key stays restored if it is on a token or no longer needed.
    pub(in crate::ceremony) fn resume(&mut self, is_key_in_memory: bool, is_key_needed: bool) {
        self.in_memory.clear();
        if self.is_restored && is_key_in_memory && !self.is_destroyed && is_key_needed {
            self.is_restored = false;
            self.combined.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> PersonId {
        "ada".parse().unwrap()
    }

    /// Restored from the share of one person.
    fn restored() -> Restore {
        let mut restore = Restore::default();
        restore.enter_share(&ada(), EnteredBy::Words).unwrap();
        restore.combine().unwrap();
        restore.restore();
        restore
    }

    #[test]
    fn a_share_is_entered_once() {
        let mut restore = Restore::default();
        restore.enter_share(&ada(), EnteredBy::Words).unwrap();
        assert!(restore.enter_share(&ada(), EnteredBy::Words).is_err());
    }

    #[test]
    fn shares_in_memory_are_gone_after_a_resume_and_are_entered_again() {
        let mut restore = Restore::default();
        restore.enter_share(&ada(), EnteredBy::Words).unwrap();
        restore.resume(true, true);
        assert!(restore.in_memory().is_empty());
        assert!(restore.entered().contains_key(&ada()));
        restore.enter_share(&ada(), EnteredBy::Identity).unwrap();
        assert_eq!(restore.entered()[&ada()], EnteredBy::Identity);
    }

    #[test]
    fn the_shares_in_memory_are_combined_once() {
        let mut restore = Restore::default();
        let bob: PersonId = "bob".parse().unwrap();
        restore.enter_share(&bob, EnteredBy::Words).unwrap();
        restore.resume(true, true);
        restore.enter_share(&ada(), EnteredBy::Words).unwrap();
        restore.combine().unwrap();
        assert_eq!(restore.combined(), [ada()]);
        assert!(restore.combine().is_err());
    }

    #[test]
    fn only_a_restored_key_is_proven_or_destroyed() {
        let mut restore = Restore::default();
        assert!(restore.prove().is_err());
        assert!(restore.destroy().is_err());
        assert!(!restore.is_proven() && !restore.is_destroyed());
        restore.restore();
        restore.prove().unwrap();
        restore.destroy().unwrap();
        assert!(restore.is_proven() && restore.is_destroyed());
    }

    #[test]
    fn a_needed_key_in_memory_is_restored_again_after_a_resume() {
        let mut restore = restored();
        restore.resume(true, true);
        assert!(!restore.is_restored());
        restore.enter_share(&ada(), EnteredBy::Words).unwrap();
        restore.combine().unwrap();
    }

    #[test]
    fn a_key_that_is_on_a_token_or_not_needed_or_destroyed_stays_restored() {
        for (in_memory, needed, destroyed) in [
            (false, true, false),
            (true, false, false),
            (true, true, true),
        ] {
            let mut restore = restored();
            if destroyed {
                restore.destroy().unwrap();
            }
            restore.resume(in_memory, needed);
            assert!(restore.is_restored());
            assert_eq!(restore.combined(), [ada()]);
        }
    }
}
