//! What a backup is made of, as far as the state knows it, and what it asks for.

use crate::backup::SupersededSet;
use crate::script::{KeyId, Opens, PersonId, ShareKeeping, Step};

use super::effect::Effect;
use super::event::OpenedBy;
use super::next::Next;
use super::state::{Ceremony, KeyBackup};

impl Ceremony {
    /// What is known of the backup of a key.
    #[must_use]
    pub fn backup_of(&self, key: &KeyId) -> Option<&KeyBackup> {
        match self.keys.get(key) {
            Some(state) => Some(&state.backup),
            None => (self.reissued_key().as_ref() == Some(key)).then_some(&self.reissue.backup),
        }
    }

    /// The recipients by which a custodian opened a test message; none before. Of a rehearsal, the twin's.
    #[must_use]
    pub fn proven_recipients(&self, custodian: &PersonId) -> Option<&[String]> {
        self.recipients.get(custodian).map(Vec::as_slice)
    }

    /// Sets of a key that a new one replaces: the one that it was restored from, and those that that one replaced. The
    /// first set of a key replaces none.
    #[must_use]
    pub fn superseded_sets(&self, key: &KeyId) -> Vec<SupersededSet> {
        let old = self.set_at_hand();
        let old = old.filter(|_| self.reissued_key().as_ref() == Some(key));
        old.map_or_else(Vec::new, |old| {
            let mut sets = old.facts().supersedes.clone();
            sets.push(old.as_superseded());
            sets
        })
    }

    /// How the script has a custodian open what is the custodian's own.
    #[must_use]
    pub fn opening_of(&self, custodian: &PersonId) -> Option<OpenedBy> {
        let keeping = self.script.person(custodian)?.keeping.as_ref()?;
        Some(match keeping {
            ShareKeeping::Recipient {
                opens: Opens::OwnDevice,
                ..
            } => OpenedBy::OwnDevice,
            ShareKeeping::Recipient {
                opens: Opens::Here, ..
            } => OpenedBy::IdentityHere,
            ShareKeeping::Passphrase => OpenedBy::Passphrase,
            ShareKeeping::Paper => OpenedBy::Paper,
        })
    }

    /// The first custodian who has not opened a test message yet, and keeps a share in a file.
    pub(super) fn next_unproven_recipient(&self) -> Option<&PersonId> {
        let mut custodians = self.script.backup()?.custodians();
        custodians.find(|person| {
            self.opening_of(person) != Some(OpenedBy::Paper)
                && !self.recipients.contains_key(*person)
        })
    }

    /// The first custodian who has not opened the own share of a key's backup.
    pub(super) fn next_unopened_share(&self, key: &KeyId) -> Option<&PersonId> {
        let backup = self.backup_of(key)?;
        let mut custodians = self.script.backup()?.custodians();
        custodians.find(|person| !backup.opened.contains_key(*person))
    }

    pub(super) fn next_back_up(&self, step: &Step, key: Option<&KeyId>) -> Next {
        let is_in_memory = key.is_none();
        let Some(key) = self.key_of_backup(key) else {
            return Next::Ask(self.go_on(step, Vec::new(), "Go on"));
        };
        let (Some(backup), key) = (self.backup_of(&key), &key) else {
            return Next::Ask(self.go_on(step, Vec::new(), "Go on"));
        };
        if let Some(custodian) = self.next_unproven_recipient() {
            return Next::Do(Effect::ProveRecipient {
                custodian: custodian.clone(),
            });
        }
        let Some(id) = backup.intent.get() else {
            let plan = self.script.backup();
            let quorums = plan.map_or(0, crate::script::BackupPlan::quorums);
            let mut lines = vec![format!(
                "The key is wrapped under a fresh key-encryption key, which is split for {}. Each of {quorums} quorums is tried.",
                counted(
                    plan.map_or(0, |plan| plan.custodians().count()),
                    "custodian"
                )
            )];
            if !backup.void.is_empty() {
                lines.push("What was written for the key that was given up is removed from both media first.".to_owned());
            }
            return Next::Ask(self.go_on(step, lines, "Back the key up"));
        };
        if backup.made.is_none() {
            let id = id.clone();
            let void = backup.void.clone();
            if is_in_memory {
                let public_key = self.set_at_hand().map(|set| set.facts().public_key.clone());
                return match public_key {
                    Some(public_key) => Next::Do(Effect::BackUpKey {
                        key: key.clone(),
                        token: None,
                        public_key,
                        id,
                        void,
                    }),
                    None => Next::Ask(self.go_on(step, Vec::new(), "Go on")),
                };
            }
            return self.with_key(key, |token, public_key| Effect::BackUpKey {
                key: key.clone(),
                token: Some(token),
                public_key,
                id,
                void,
            });
        }
        self.with_key(key, |token, public_key| Effect::ConfineKey {
            key: key.clone(),
            token,
            public_key,
        })
    }

    pub(super) fn next_prove_backup(&self, step: &Step, key: Option<&KeyId>) -> Next {
        let key = self.key_of_backup(key);
        let custodian = key.as_ref().and_then(|key| self.next_unopened_share(key));
        match (&key, custodian) {
            (Some(key), Some(custodian)) => Next::Do(Effect::OpenOwnShare {
                key: key.clone(),
                custodian: custodian.clone(),
            }),
            _ => Next::Ask(self.go_on(step, Vec::new(), "Go on")),
        }
    }
}

fn counted(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
