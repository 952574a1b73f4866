//! What happens to tokens and keys beside the usual: put off, made anew, replaced by a spare, unblocked, sealed, done
//! without.

use crate::script::{Act, KeyId, TokenSecret};

use crate::ceremony::check::Check;
use crate::ceremony::event::{Event, EventKind};
use crate::ceremony::failure::FailureKind;
use crate::ceremony::state::{Ceremony, Former, FormerFate, Intent, KeyState};
use crate::ceremony::tokens::KEYBOARD_LINE;

use super::{Folded, ReplayError, contradiction, hold, require};

impl Ceremony {
    /// Folds what happens to tokens beside the usual, at whatever step; false when the event is of another kind.
    pub(super) fn fold_tokens(&mut self, event: &Event) -> Result<bool, ReplayError> {
        match &event.fact {
            EventKind::Postponed { key } => {
                self.known(key)?;
                require(
                    self.may_defer(key),
                    "the steps of that key cannot wait: they are done, or nothing else can be done before the root is composed",
                )?;
                if self.taken_up.as_ref() == Some(key) {
                    self.taken_up = None;
                }
                self.deferred.insert(key.clone());
            }
            EventKind::TakenUp { key } => {
                self.known(key)?;
                require(
                    self.may_take_up(key),
                    "only the steps of a key whose holder is here are taken up, and only those of other keys are passed over",
                )?;
                self.deferred.remove(key);
                self.taken_up = Some(key.clone());
            }
            EventKind::RegenerationDecided { key, .. } => {
                self.decided(event, "a key is made anew")?;
                require(
                    self.may_redo(key),
                    "a key is made anew once it exists, by its holder, and before the root is composed",
                )?;
                self.redo(key)?;
            }
            EventKind::SpareTaken { key, spare, .. } => {
                self.decided(event, "a spare token is taken")?;
                let is_free = self.spares_for(key).iter().any(|free| free.id == *spare);
                require(
                    is_free,
                    "that spare is not for this key, was taken already, or comes too late: the root is composed",
                )?;
                self.take_spare(key, spare)?;
            }
            EventKind::KeyDestroyed { key, fingerprint } => {
                self.end_of_former(key, fingerprint, FormerFate::Destroyed)?;
                self.custody.put_away = false;
                self.key_mut(key)?.right_pin();
            }
            EventKind::KeyOrphaned {
                key,
                fingerprint,
                reason,
                ..
            } => {
                self.decided(event, "an old key is listed as an orphan")?;
                let fate = FormerFate::Orphan {
                    reason: reason.clone(),
                };
                self.end_of_former(key, fingerprint, fate)?;
            }
            EventKind::UnblockDecided { key, bag } => {
                self.fold_unblocking(event, key, bag.as_ref())?
            }
            EventKind::PinUnblocked { key } => {
                let state = self.key_mut(key)?;
                require(state.unblocking, "nobody decided to unblock that PIN")?;
                state.unblocking = false;
                state.right_pin();
                // What lies in the bag is the PIN that locked.
                state.envelopes.remove(&TokenSecret::UserPin);
                self.custody.put_away = false;
            }
            EventKind::EnvelopeSealed {
                key, secret, bag, ..
            } => {
                self.decided(event, "what is sealed is witnessed")?;
                self.fold_sealed(key, *secret, bag)?;
            }
            EventKind::Skipped { key, .. } => {
                self.decided(event, "a key is done without")?;
                hold(
                    Check::RootReachability,
                    self.is_reached_without(key),
                    "without that key the root does not reach the signatures that it needs",
                )?;
                require(
                    self.may_forgo(key),
                    "only a key whose holder is away or whose token fails is done without",
                )?;
                self.forgo(event, key)?;
            }
            EventKind::KeyboardTested { typed } => {
                require(typed == KEYBOARD_LINE, "the test line came out otherwise")?;
                require(event.people.len() == 1, "one person types the test line")?;
                require(
                    event.people.iter().all(|id| self.attended.contains_key(id)),
                    "only who is here types the test line",
                )?;
                self.keyboard_tested = true;
                return Ok(true);
            }
            _ => return Ok(false),
        }
        self.failure = None;
        Ok(true)
    }

    /// What a failure tells of the PIN of the token at hand.
    pub(super) fn note_failure(&mut self, kind: FailureKind) {
        let Some(key) = self.failing_key().cloned() else {
            return;
        };
        let Some(state) = self.keys.get_mut(&key) else {
            return;
        };
        let is_at_former = state.is_at_former();
        if is_at_former {
            let pending = |former: &&mut Former| former.fate == FormerFate::Pending;
            if let (FailureKind::PinLocked, Some(former)) =
                (kind, state.former.iter_mut().find(pending))
            {
                former.locked = true;
            }
            return;
        }
        match kind {
            FailureKind::WrongPin { .. } => state.wrong_pins = state.wrong_pins.saturating_add(1),
            FailureKind::PinLocked => state.locked = true,
            _ => {}
        }
    }

    fn known(&self, key: &KeyId) -> Folded {
        require(
            self.keys.contains_key(key),
            &format!("the script has no key {key}"),
        )
    }

    /// Two people approved, who are here, and said why.
    fn decided(&self, event: &Event, what: &str) -> Folded {
        let (EventKind::RegenerationDecided {
            key,
            reason,
            approvals,
        }
        | EventKind::SpareTaken {
            key,
            reason,
            approvals,
            ..
        }
        | EventKind::KeyOrphaned {
            key,
            reason,
            approvals,
            ..
        }
        | EventKind::Skipped {
            key,
            reason,
            approvals,
        }
        | EventKind::EnvelopeSealed {
            key,
            bag: reason,
            approvals,
            ..
        }) = &event.fact
        else {
            return Err(contradiction("that is no decision of two people"));
        };
        self.known(key)?;
        self.require_approval(event, approvals, what)?;
        require(!reason.trim().is_empty(), "two people say why")
    }

    /// The key that there is becomes a former one.
    fn give_up(&mut self, key: &KeyId) -> Result<&mut KeyState, ReplayError> {
        let state = self.key_mut(key)?;
        state.backup.give_up();
        if let (Some(generated), Some(token)) = (state.generated.take(), state.token.clone()) {
            let object_id = state.generate.get().map(|(object_id, _)| object_id.clone());
            state.former.push(Former {
                public_key: generated.public_key,
                object_id: object_id.unwrap_or_default(),
                locked: state.locked,
                token,
                spare: state.spare.clone(),
                fate: FormerFate::Pending,
            });
        }
        Ok(state)
    }

    pub(super) fn redo(&mut self, key: &KeyId) -> Folded {
        let state = self.give_up(key)?;
        state.generate = Intent::None;
        state.proof = None;
        (state.certify, state.certificate) = (Intent::None, None);
        // It is taken out of its envelope to make another key.
        state.management_written = false;
        state.envelopes.remove(&TokenSecret::ManagementKey);
        let is_of_key = |act: &Act| {
            act.makes().is_some() || matches!(act, Act::BackUpKey { .. } | Act::CertifyKey { .. })
        };
        self.undo(key, is_of_key);
        self.forget_certificates(key);
        Ok(())
    }

    fn take_spare(&mut self, key: &KeyId, spare: &crate::script::SpareId) -> Folded {
        let item = self.item_of(key);
        let was_here = self.keys[key].token.is_some() || self.whereabouts(&item).is_some();
        let state = self.give_up(key)?;
        let mut fresh = KeyState {
            backup: std::mem::take(&mut state.backup),
            spare: Some(spare.clone()),
            former: std::mem::take(&mut state.former),
            set_aside: std::mem::take(&mut state.set_aside),
            given_up: std::mem::take(&mut state.given_up),
            ..KeyState::default()
        };
        if was_here {
            fresh.given_up.push((item, state.token.clone()));
        }
        // A blank token has no name yet by which to know it again.
        let named = state.token.take().filter(|token| !token.label.is_empty());
        fresh.set_aside.extend(named);
        *state = fresh;
        self.used_spares.insert(spare.clone());
        self.undo(key, |_| true);
        Ok(())
    }

    /// The steps of a key's block are done again, and come next.
    fn undo(&mut self, key: &KeyId, which: impl Fn(&Act) -> bool) {
        let steps = self.script.steps().iter();
        let again: Vec<_> = steps
            .filter(|step| {
                let of_block = step.act.enrolls() == Some(key) && which(&step.act);
                // What was proven was the backup of another key.
                let is_of_backup =
                    matches!(&step.act, Act::ProveBackup { key: Some(of) } if of == key);
                of_block || is_of_backup
            })
            .map(|step| step.id.clone())
            .collect();
        for id in again {
            self.done.remove(&id);
        }
        self.deferred.remove(key);
        self.taken_up = Some(key.clone());
    }

    fn end_of_former(
        &mut self,
        key: &KeyId,
        fingerprint: &crate::words::Digest,
        fate: FormerFate,
    ) -> Folded {
        let state = self.key_mut(key)?;
        let former = state.former.iter_mut().find(|former| {
            former.fate == FormerFate::Pending && former.public_key.fingerprint() == *fingerprint
        });
        let former =
            former.ok_or_else(|| contradiction("no key with that fingerprint was given up"))?;
        former.fate = fate;
        Ok(())
    }

    fn fold_unblocking(&mut self, event: &Event, key: &KeyId, bag: Option<&String>) -> Folded {
        self.known(key)?;
        let plan = self.script.key(key).and_then(|plan| plan.unblocked_by());
        let plan = plan.ok_or_else(|| contradiction("nobody has what would unblock that PIN"))?;
        let (secret, owner) = (plan.secret, plan.set_by.clone());
        let owner_is_here = owner
            .as_ref()
            .is_some_and(|owner| self.attended.contains_key(owner) && event.people.contains(owner));
        require(owner_is_here, "who set what unblocks the PIN is not here")?;
        require(
            self.key_at_hand() == Some(key) && !self.is_holder_away(key),
            "that token is not at hand, or its holder is away",
        )?;
        let state = self.key_mut(key)?;
        require(
            state.locked && !state.is_at_former(),
            "the PIN is not locked",
        )?;
        require(
            state.pin_set || state.token.is_some(),
            "the token has no PIN",
        )?;
        require(
            state.envelopes.get(&secret) == bag,
            "another bag would be opened than the one that was sealed",
        )?;
        state.envelopes.remove(&secret);
        state.unblocking = true;
        Ok(())
    }

    fn fold_sealed(&mut self, key: &KeyId, secret: TokenSecret, bag: &str) -> Folded {
        let due = self
            .envelope_due()
            .map(|(key, secret, bag)| (key.clone(), secret, bag.map(str::to_owned)));
        match due {
            Some((of, which, planned)) if of == *key && which == secret => match planned {
                Some(planned) => require(
                    planned == bag,
                    "that is not the bag that the script names, and no amendment names it",
                )?,
                None => require(self.is_new_bag(bag), "that number is another bag's")?,
            },
            _ => return Err(contradiction("nothing of the kind is to be sealed")),
        }
        self.used_bags.insert(bag.to_owned());
        self.key_mut(key)?.envelopes.insert(secret, bag.to_owned());
        Ok(())
    }

    fn forgo(&mut self, event: &Event, key: &KeyId) -> Folded {
        if let EventKind::Skipped { reason, .. } = &event.fact {
            self.key_mut(key)?.forgone = Some(reason.clone());
        }
        Ok(())
    }
}

impl KeyState {
    /// A login succeeded.
    pub(super) const fn right_pin(&mut self) {
        self.wrong_pins = 0;
        self.locked = false;
    }
}
