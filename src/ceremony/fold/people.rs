//! What happens to the people: they come, choose their codes, leave, agree; two of them amend the script.

use std::collections::BTreeSet;

use crate::certificate::PublicKey;
use crate::script::PersonId;

use crate::ceremony::approval::{Approval, Strength, people_of};
use crate::ceremony::approval_token::own_token_message;
use crate::ceremony::check::Check;
use crate::ceremony::event::{Event, EventKind, Mode, Opening};
use crate::ceremony::people::Presence;
use crate::ceremony::state::Ceremony;

use super::key::verifies;
use super::{Folded, ReplayError, contradiction, hold, require};

impl Ceremony {
    /// Folds what happens to people, at whatever step; false when the event is of another kind.
    pub(super) fn fold_people(&mut self, event: &Event) -> Result<bool, ReplayError> {
        match &event.fact {
            EventKind::Attended {
                document,
                checked_by,
            } => {
                let person = only(event, "attendance is taken person by person")?;
                self.fold_attended(person, document, checked_by.as_ref())?;
            }
            EventKind::Awaited => {
                let person = only(event, "people are awaited one by one")?;
                require(
                    self.is_at_attendance() && self.may_be_late(person),
                    "only key holders and custodians may come later, and attendance says so",
                )?;
                self.require_absent(person)?;
                let has_checked = |here: &Presence| here.checked_by.as_ref() == Some(person);
                require(
                    !self.attended.values().any(has_checked),
                    "that person looked at a document, and so is here",
                )?;
                self.away.insert(person.clone());
            }
            EventKind::Substituted { name } => {
                let person = only(event, "a substitute takes one person's place")?;
                require(
                    self.is_at_attendance(),
                    "after attendance, a substitute is an amendment",
                )?;
                self.require_absent(person)?;
                require(
                    self.stand_in(person).as_ref() == Some(name),
                    "the script lists no such substitute",
                )?;
                self.replace(person);
            }
            EventKind::CodeChosen => {
                let person = only(event, "each person chooses a code alone")?;
                require(
                    self.attended.contains_key(person) && self.wants_code(person),
                    "only who is here, and is not the administrator, chooses a code",
                )?;
                require(
                    self.approval_token(person).is_none(),
                    "that person approves by an own token",
                )?;
                let is_new = self.codes.insert(person.clone());
                require(is_new, "that person has a code already")?;
            }
            EventKind::ApprovalTokenProven {
                challenge,
                signature,
            } => {
                let person = only(event, "each person shows the own token alone")?;
                self.fold_approval_token(person, challenge, signature)?;
            }
            EventKind::ApprovalTokenMissing { reason } => {
                let person = only(event, "each person shows the own token alone")?;
                require(!reason.trim().is_empty(), "it is said why")?;
                require(
                    self.may_go_without_token(person),
                    "no own token of that person is waited for",
                )?;
                self.tokenless.insert(person.clone());
                self.failure = None;
            }
            EventKind::Left { reason } => {
                let person = only(event, "people leave one by one")?;
                require(!reason.trim().is_empty(), "who leaves says why")?;
                require(
                    !self.is_at_attendance() && self.may_leave(person),
                    "the administrator stays, and so do enough people to approve",
                )?;
                self.attended.remove(person);
                self.codes.remove(person);
                self.touching.remove(person);
                self.tokenless.remove(person);
                self.away.insert(person.clone());
            }
            EventKind::Amended {
                amendment,
                approvals,
            } => {
                self.require_approval(event, approvals, "the script is amended")?;
                if let Some(objection) = self.objection(amendment) {
                    return Err(contradiction(objection));
                }
                self.amend(amendment);
            }
            _ => return Ok(false),
        }
        self.display_names.follow(event);
        Ok(true)
    }

    fn fold_attended(
        &mut self,
        person: &PersonId,
        document: &str,
        checked_by: Option<&PersonId>,
    ) -> Folded {
        require(
            self.is_at_attendance() || self.away.contains(person),
            "attendance was taken: only who was away can come",
        )?;
        require(
            !self.attended.contains_key(person),
            "that person is here already",
        )?;
        match checked_by {
            Some(checker) => {
                let is_here = self.attended.contains_key(checker)
                    || self.is_at_attendance() && !self.away.contains(checker);
                require(
                    checker != person && self.script.person(checker).is_some() && is_here,
                    "somebody else who is here looks at a document",
                )?;
            }
            None => require(
                self.script.is_solo(),
                "somebody looks at each person's document",
            )?,
        }
        let presence = Presence {
            document: document.to_owned(),
            checked_by: checked_by.cloned(),
        };
        self.attended.insert(person.clone(), presence);
        self.away.remove(person);
        Ok(())
    }

    fn require_absent(&self, person: &PersonId) -> Folded {
        require(
            !self.attended.contains_key(person) && !self.away.contains(person),
            "of that person it was said already",
        )
    }

    /// Whether attendance is complete: everybody is here or awaited, with a code, and enough can approve.
    pub(super) fn is_attendance_complete(&self) -> bool {
        let everybody =
            self.script.people().iter().all(|person| {
                self.attended.contains_key(&person.id) || self.away.contains(&person.id)
            });
        everybody
            && self.next_without_code().is_none()
            && self.approvers().len() >= self.approvals_needed()
    }

    /// Two different people who are here agree, neither of them the administrator, each by an own code. Where
    /// the script is for one person, one who is here.
    pub(super) fn require_approval(
        &self,
        event: &Event,
        approvals: &[Approval],
        what: &str,
    ) -> Folded {
        require(
            people_of(approvals) == event.people,
            "the event is of those who approve it, in their order",
        )?;
        let mut different = BTreeSet::new();
        for approval in approvals {
            let Approval {
                person, strength, ..
            } = approval;
            hold(
                Check::TwoPeople,
                different.insert(person),
                "a person approves once, and counts as one",
            )?;
            hold(
                Check::TwoPeople,
                self.attended.contains_key(person),
                &format!("{person} is not here, and cannot approve"),
            )?;
            self.require_strength(event, approval)?;
            hold(
                Check::TwoPeople,
                strength.is_approval(),
                &format!("{what} by people themselves, not by what the operator types for them"),
            )?;
        }
        let needed = self.approvals_needed();
        let message = if self.script.is_solo() {
            format!("{what} by somebody who is here")
        } else {
            format!("{what} by two people, neither of them the ceremony administrator")
        };
        hold(Check::TwoPeople, different.len() >= needed, &message)
    }

    /// Only a check that stands in the way is waived, and none that is final.
    pub(super) fn require_excusable(&self, check: Check) -> Folded {
        hold(
            check,
            check.is_excusable(),
            "this check is final: no exception waives it",
        )?;
        require(
            self.excusable().contains(&check),
            "that check does not stand in the way here",
        )
    }

    /// A strength is only what it can be for that person.
    fn require_strength(&self, event: &Event, approval: &Approval) -> Folded {
        let person = &approval.person;
        require(
            approval.signature.is_none() || approval.strength == Strength::Token,
            "only an own token signs",
        )?;
        match approval.strength {
            Strength::Token => {
                hold(
                    Check::TwoPeople,
                    self.touching.contains(person) && !self.is_administrator(person),
                    &format!("{person} has no own token here"),
                )?;
                hold(
                    Check::TwoPeople,
                    self.is_trial || self.is_signed(event, approval),
                    &format!("the own token of {person} did not sign this"),
                )
            }
            Strength::Code => require(
                self.codes.contains(person) && !self.is_administrator(person),
                &format!("{person} has no approval code"),
            ),
            Strength::Solo => require(
                self.script.is_solo(),
                "the script is not for one person alone",
            ),
            Strength::OperatorTyped => Ok(()),
        }
    }

    /// Whether the person's own token signed the approval of just this event, after all that happened before.
    fn is_signed(&self, event: &Event, approval: &Approval) -> bool {
        let key = self.own_key(&approval.person);
        let signature = approval.signature.as_ref();
        let signature = signature.and_then(|text| hex::decode(text).ok());
        let message = self.approval_message(&approval.person, event);
        key.zip(signature)
            .is_some_and(|(key, signature)| verifies(&key, &message, &signature))
    }

    /// In a rehearsal each own token has a twin, and in a production none has.
    pub(super) fn require_simulated_of_approval_tokens(&self, opening: &Opening) -> Folded {
        let people = self.script.people().iter();
        let owners: Vec<&PersonId> = people
            .filter(|person| person.approval.is_some())
            .map(|person| &person.id)
            .collect();
        let wanted = match opening.mode {
            Mode::Rehearsal => owners,
            Mode::Production => Vec::new(),
        };
        let mut simulated_tokens = opening.simulated_approvals.iter();
        require(
            opening.simulated_approvals.len() == wanted.len()
                && simulated_tokens.all(|(person, key)| {
                    wanted.contains(&person) && PublicKey::from_pem(key).is_ok()
                }),
            "a rehearsal has a twin of each own token, and a production has none",
        )
    }

    fn fold_approval_token(
        &mut self,
        person: &PersonId,
        challenge: &str,
        signature: &str,
    ) -> Folded {
        require(
            self.attended.contains_key(person)
                && self.wants_code(person)
                && !self.has_means(person),
            "no own token of that person is waited for",
        )?;
        let key = self
            .own_key(person)
            .ok_or_else(|| contradiction("that person has no own token"))?;
        let challenge: [u8; 32] = hex::decode(challenge)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| contradiction("the challenge is not 32 bytes in hex"))?;
        let signature =
            hex::decode(signature).map_err(|_| contradiction("the signature is not hex"))?;
        let message = own_token_message(&self.script.sha256(), person, &challenge);
        hold(
            Check::KeyPossession,
            verifies(&key, &message, &signature),
            "the own token did not answer with the key that the script names",
        )?;
        self.touching.insert(person.clone());
        self.failure = None;
        Ok(())
    }

    /// Two different people other than the administrator decided, be it only in ink.
    pub(super) fn require_decision(
        &self,
        event: &Event,
        approvals: &[Approval],
        what: &str,
    ) -> Folded {
        require(
            people_of(approvals) == event.people,
            "the event is of those who decided, in their order",
        )?;
        for approval in approvals {
            self.require_strength(event, approval)?;
        }
        let different: BTreeSet<_> = approvals
            .iter()
            .map(|approval| &approval.person)
            .filter(|person| self.script.is_solo() || !self.is_administrator(person))
            .collect();
        require(
            different.len() >= self.approvals_needed(),
            &format!("{what} by two people, neither of them the ceremony administrator"),
        )
    }
}

fn only<'e>(event: &'e Event, what: &str) -> Result<&'e PersonId, ReplayError> {
    match event.people.as_slice() {
        [person] => Ok(person),
        _ => Err(contradiction(what)),
    }
}
