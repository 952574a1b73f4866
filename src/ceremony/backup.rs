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
        self.keys.get(key).map(|state| &state.backup)
    }

    /// The recipients by which a custodian opened a test message; none before. Of a rehearsal, the twin's.
    #[must_use]
    pub fn proven_recipients(&self, custodian: &PersonId) -> Option<&[String]> {
        self.recipients.get(custodian).map(Vec::as_slice)
    }

    /// Sets of a key that a new one replaces. The first set of a key replaces none.
    #[must_use]
    pub fn superseded_sets(&self, _key: &KeyId) -> Vec<SupersededSet> {
        Vec::new()
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
        let backup = &self.keys[key].backup;
        let mut custodians = self.script.backup()?.custodians();
        custodians.find(|person| !backup.opened.contains_key(*person))
    }

    pub(super) fn next_back_up(&self, step: &Step, key: &KeyId) -> Next {
        if let Some(custodian) = self.next_unproven_recipient() {
            return Next::Do(Effect::ProveRecipient {
                custodian: custodian.clone(),
            });
        }
        let backup = &self.keys[key].backup;
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
            return self.with_key(key, |token, public_key| Effect::BackUpKey {
                key: key.clone(),
                token,
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

    pub(super) fn next_prove_backup(&self, step: &Step, key: &KeyId) -> Next {
        match self.next_unopened_share(key) {
            Some(custodian) => Next::Do(Effect::OpenOwnShare {
                key: key.clone(),
                custodian: custodian.clone(),
            }),
            None => Next::Ask(self.go_on(step, Vec::new(), "Go on")),
        }
    }
}

fn counted(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
