//! The backup of a key: recipients that open, a set that is whole, a key that leaves its token no more, shares that open.

use crate::backup::{Closing, Custodian};
use crate::record::KeyAttributes;
use crate::script::{Act, Holds, KeyId, PersonId, ShareKeeping, StepId};
use crate::words::Digest;

use crate::ceremony::check::Check;
use crate::ceremony::event::{BackedUp, Event, EventKind, Mode, OpenedBy, WrappedIn};
use crate::ceremony::state::{Ceremony, Intent, KeyBackup};

use super::{Folded, ReplayError, contradiction, hold, out_of_place, require};

impl Ceremony {
    /// Folds an event of a step that makes or proves the backup of a key.
    pub(super) fn fold_backup(
        &mut self,
        act: &Act,
        of_step: Option<&KeyId>,
        step: &StepId,
        event: &Event,
    ) -> Folded {
        let is_in_memory = of_step.is_none();
        let of_step = self.key_of_backup(of_step);
        let of_step = of_step.ok_or_else(|| contradiction("no key is backed up here"))?;
        let of_step = &of_step;
        match (act, &event.fact) {
            (
                Act::BackUpKey { .. },
                EventKind::RecipientProven {
                    custodian,
                    recipients,
                    by,
                },
            ) => self.fold_recipient(event, custodian, recipients, *by),
            (Act::BackUpKey { .. }, EventKind::BackupIntended { key, id }) => {
                self.require_key(of_step, key)?;
                require(
                    self.next_unproven_recipient().is_none(),
                    "a custodian's recipient was not seen to open yet",
                )?;
                let is_proven = if is_in_memory {
                    self.restore.is_proven && !self.restore.is_destroyed && self.owes_reissue()
                } else {
                    self.keys[key].is_proven() || !self.is_made_here(key)
                };
                require(is_proven, "the key was not proven yet, or is there no more")?;
                let of_old = self.set_at_hand().map(|set| set.facts().id.as_str());
                let is_fresh =
                    of_old != Some(id) && !self.backups().any(|(_, backup)| backup.has_been(id));
                require(is_set_id(id) && is_fresh, "that names no fresh set")?;
                let backup = self.backup_mut(key)?;
                require(backup.intent == Intent::None, "it was announced already")?;
                backup.intent = Intent::Recorded(id.clone());
                Ok(())
            }
            (Act::BackUpKey { .. }, EventKind::BackedUp(made)) => {
                self.require_key(of_step, &made.key)?;
                self.fold_backed_up(made, is_in_memory)
            }
            (Act::BackUpKey { .. }, EventKind::KeyConfined { key, attributes }) => {
                self.require_key(of_step, key)?;
                self.fold_confined(key, *attributes)
            }
            (
                Act::ProveBackup { .. },
                EventKind::ShareOpened {
                    key,
                    set,
                    custodian,
                    by,
                },
            ) => {
                self.require_key(of_step, key)?;
                self.fold_opened_share(event, key, *set, custodian, *by)
            }
            (_, fact) => Err(out_of_place(fact, step)),
        }
    }

    fn require_key(&self, of_step: &KeyId, named: &KeyId) -> Folded {
        require(
            named == of_step && self.backup_of(named).is_some(),
            &format!("the step is about {of_step}, not about {named}"),
        )
    }

    fn backup_mut(&mut self, key: &KeyId) -> Result<&mut KeyBackup, ReplayError> {
        if self.keys.contains_key(key) {
            return Ok(&mut self.key_mut(key)?.backup);
        }
        require(
            self.reissued_key().as_ref() == Some(key),
            "that key is not backed up here",
        )?;
        Ok(&mut self.reissue.backup)
    }

    fn require_custodian(&self, event: &Event, custodian: &PersonId) -> Folded {
        require(
            event.people.contains(custodian) && self.attended.contains_key(custodian),
            "a custodian opens what is the custodian's own, and is here for it",
        )?;
        require(
            self.script.takes_share(custodian),
            "that person has no share",
        )
    }

    fn fold_recipient(
        &mut self,
        event: &Event,
        custodian: &PersonId,
        recipients: &[String],
        by: OpenedBy,
    ) -> Folded {
        self.require_custodian(event, custodian)?;
        hold(
            Check::BackupRecipient,
            self.opening_of(custodian) == Some(by) && by != OpenedBy::Paper,
            "the test message was opened in another way than the script has it",
        )?;
        let wanted = self.recipients_of(custodian);
        // A twin has recipients of its own, as many as the script names.
        let is_stood_in = self.mode() == Mode::Rehearsal && wanted.len() == recipients.len();
        hold(
            Check::BackupRecipient,
            is_stood_in || wanted == recipients,
            "the test message was for another recipient than the script's",
        )?;
        let before = self
            .recipients
            .insert(custodian.clone(), recipients.to_vec());
        require(before.is_none(), "that recipient was seen to open already")
    }

    fn fold_backed_up(&mut self, made: &BackedUp, is_in_memory: bool) -> Folded {
        let key = &made.key;
        let facts = made.manifest.facts();
        let backup = self.backup_of(key);
        require(
            backup.is_some_and(|backup| backup.intent.get() == Some(&facts.id)),
            "the set is another than was announced",
        )?;
        require(
            backup.is_some_and(|backup| backup.made.is_none()),
            "the key is backed up already",
        )?;
        if is_in_memory {
            require(
                self.restore.is_restored && !self.restore.is_destroyed,
                "the key is not in memory",
            )?;
        }
        let public_key = match self.keys.get(key) {
            Some(state) => state.generated.as_ref().map(|made| &made.public_key),
            None => self.set_at_hand().map(|set| &set.facts().public_key),
        };
        let provenance = self.provenance_of_backed(key);
        hold(
            Check::BackupManifest,
            public_key == Some(&facts.public_key)
                && provenance.is_none_or(|known| known == facts.provenance)
                && facts.key == key.as_str()
                && facts.repository == self.script.repository()
                && facts.is_rehearsal == (self.mode() == Mode::Rehearsal),
            "the manifest is of another key, another repository or another kind of ceremony",
        )?;
        hold(
            Check::BackupManifest,
            self.is_share_plan(facts),
            "the manifest has other groups, custodians or recipients than the script",
        )?;
        let supersedes = self.superseded_sets(key);
        hold(
            Check::BackupManifest,
            facts.supersedes == supersedes,
            "the manifest does not name the sets that it replaces",
        )?;
        hold(
            Check::BackupQuorums,
            Some(made.quorums) == self.script.backup().map(crate::script::BackupPlan::quorums),
            "not every quorum of shares was tried",
        )?;
        let medium = |holds| self.script.medium_for(holds).map(|medium| &medium.id);
        hold(
            Check::BackupApart,
            medium(Holds::Shares) == Some(&made.shares_on.medium)
                && medium(Holds::WrappedKey) == Some(&made.wrapped_on.medium)
                && made.shares_on.device != made.wrapped_on.device,
            "the wrapped key and its shares are not on two media",
        )?;
        let by_hand: Vec<&str> = facts
            .groups
            .iter()
            .flat_map(|group| &group.custodians)
            .filter(|custodian| custodian.by_hand)
            .map(|custodian| custodian.id.as_str())
            .collect();
        let typed: Vec<&str> = made.typed_back.iter().map(PersonId::as_str).collect();
        hold(
            Check::BackupOpened,
            by_hand == typed,
            "somebody who keeps a share on paper did not type it back",
        )?;
        let was_in_memory = is_in_memory || self.script.imports(key);
        require(
            made.wrapped_in == WrappedIn::Token || was_in_memory,
            "a key that its token made was in this machine's memory",
        )?;
        require(
            made.wrapped_in == WrappedIn::Memory || !is_in_memory,
            "a key that is in memory was wrapped in a token",
        )?;
        // What was wrapped in memory came into its token as a key that cannot leave it.
        let is_confined = made.wrapped_in == WrappedIn::Memory;
        let opened: Vec<_> = made.typed_back.clone();
        let backup = self.backup_mut(key)?;
        backup.made = Some(Box::new(made.clone()));
        backup.is_confined = is_confined;
        backup.opened = opened
            .into_iter()
            .map(|person| (person, OpenedBy::Paper))
            .collect();
        Ok(())
    }

    fn fold_confined(&mut self, key: &KeyId, attributes: KeyAttributes) -> Folded {
        hold(
            Check::KeyLocked,
            attributes.sensitive != Some(false) && attributes.extractable == Some(false),
            "the token says that the private key can be read or taken out still",
        )?;
        let state = self.key_mut(key)?;
        require(
            state.backup.made.is_some() && !state.backup.is_confined,
            "the key is not backed up, or leaves its token no more already",
        )?;
        state.backup.is_confined = true;
        if let Some(generated) = &mut state.generated {
            generated.attributes = Some(attributes);
        }
        state.right_pin();
        Ok(())
    }

    fn fold_opened_share(
        &mut self,
        event: &Event,
        key: &KeyId,
        set: Digest,
        custodian: &PersonId,
        by: OpenedBy,
    ) -> Folded {
        self.require_custodian(event, custodian)?;
        let expected = self.opening_of(custodian);
        let backup = self.backup_mut(key)?;
        hold(
            Check::BackupOpened,
            backup
                .made
                .as_ref()
                .is_some_and(|made| made.manifest.set() == set),
            "the share is of another set than the one that was made",
        )?;
        hold(
            Check::BackupOpened,
            expected == Some(by) && by != OpenedBy::Paper,
            "the share was opened in another way than the script has it",
        )?;
        let before = backup.opened.insert(custodian.clone(), by);
        require(before.is_none(), "that share was opened already")
    }

    /// What was in the memory of the process that ended is gone: passphrases of custodians, and what wraps a key that
    /// was brought into its token and is not backed up yet. Nobody can back that key up any more; it is made anew.
    pub(super) fn forget_what_was_in_memory(&mut self) -> Folded {
        let script = self.script.clone();
        let phrased = |custodian: &PersonId| {
            let person = script.person(custodian);
            person.is_some_and(|person| person.keeping == Some(ShareKeeping::Passphrase))
        };
        self.recipients.retain(|custodian, _| !phrased(custodian));
        for plan in script.keys() {
            let state = &self.keys[&plan.id];
            if script.backs_up(&plan.id)
                && script.imports(&plan.id)
                && state.generated.is_some()
                && state.backup.made.is_none()
            {
                self.redo(&plan.id)?;
            }
        }
        Ok(())
    }

    /// The recipients that the script has for a custodian; none for who keeps a share otherwise.
    fn recipients_of(&self, custodian: &PersonId) -> Vec<String> {
        let person = self.script.person(custodian);
        match person.and_then(|person| person.keeping.as_ref()) {
            Some(ShareKeeping::Recipient {
                recipient, second, ..
            }) => std::iter::once(recipient).chain(second).cloned().collect(),
            _ => Vec::new(),
        }
    }

    /// Whether a set is for the people of the script, in its groups, closed to the recipients that were seen to open.
    fn is_share_plan(&self, facts: &crate::backup::SetFacts) -> bool {
        let Some(plan) = self.script.backup() else {
            return false;
        };
        let is_custodian = |person: &PersonId, custodian: &Custodian| {
            let proven = self.recipients.get(person);
            let is_closed = match (&custodian.closing, self.opening_of(person)) {
                (None, Some(OpenedBy::Paper)) => custodian.by_hand,
                (Some(Closing::Passphrase), Some(OpenedBy::Passphrase)) => proven.is_some(),
                (
                    Some(Closing::Recipients(recipients)),
                    Some(OpenedBy::OwnDevice | OpenedBy::IdentityHere),
                ) => {
                    let texts: Vec<String> = recipients.iter().map(ToString::to_string).collect();
                    proven == Some(&texts)
                }
                _ => false,
            };
            custodian.id == person.as_str()
                && custodian.name == self.display_names.name(&self.script, person)
                && is_closed
        };
        facts.groups_needed == plan.group_threshold
            && facts.groups.len() == plan.groups.len()
            && facts.groups.iter().zip(&plan.groups).all(|(made, wanted)| {
                made.threshold == wanted.threshold
                    && made.custodians.len() == wanted.custodians.len()
                    && wanted
                        .custodians
                        .iter()
                        .zip(&made.custodians)
                        .all(|(person, custodian)| is_custodian(person, custodian))
            })
    }
}

/// Sixteen characters of hex, which stand in names of files.
fn is_set_id(id: &str) -> bool {
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    id.len() == 16 && id.chars().all(is_hex)
}
