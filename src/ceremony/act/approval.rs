//! Approvals: two people who are present, each by a code or an approval token.

use std::collections::BTreeSet;

use super::attendance::only;
use crate::ceremony::approval::people_of;
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, contradiction, hold, require};
use crate::ceremony::{Approval, Ceremony, Check, Event, Strength, approval_token_message};
use crate::certificate::PublicKey;
use crate::metadata::Scheme;
use crate::record::Signature;
use crate::script::KeyId;

/// Whether a key signed a message, with a signature in the form that TUF uses.
pub(crate) fn verifies(public_key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    Scheme::for_public_key(public_key)
        .is_some_and(|scheme| scheme.verifies(public_key, message, signature))
}

/// Two different people who are present agree, neither of them the administrator, each by their code or approval
/// token. If the script is for one person, one person does. `what` is what they approve: "a bag is sealed".
pub(crate) fn require_approval(
    c: &Ceremony,
    event: &Event,
    approvals: &[Approval],
    what: &str,
) -> Applied {
    require_named(event, approvals)?;
    let mut different = BTreeSet::new();
    for approval in approvals {
        let Approval {
            person, strength, ..
        } = approval;
        hold(
            Check::TwoPeople,
            different.insert(person),
            "one person approved twice",
        )?;
        hold(
            Check::TwoPeople,
            c.participants.is_here(person),
            &format!("{person} is not present and cannot approve"),
        )?;
        require_strength(c, event, approval)?;
        hold(
            Check::TwoPeople,
            strength.is_approval(),
            &format!("{what} only with approvals that people give themselves, not on paper"),
        )?;
    }
    let needed = c.approvals_needed();
    let message = if c.script.is_solo() {
        format!("{what} only with the approval of a person who is present")
    } else {
        format!("{what} only with the approval of two people other than the ceremony administrator")
    };
    hold(Check::TwoPeople, different.len() >= needed, &message)
}

/// The person can approve in that way.
pub(crate) fn require_strength(c: &Ceremony, event: &Event, approval: &Approval) -> Applied {
    let person = &approval.person;
    require(
        approval.signature.is_none() || approval.strength == Strength::Token,
        "only an approval token signs an approval",
    )?;
    match approval.strength {
        Strength::Token => {
            hold(
                Check::TwoPeople,
                c.participants.approves_by_token(person) && !c.is_administrator(person),
                &format!("{person} has no approval token here"),
            )?;
            hold(
                Check::TwoPeople,
                c.is_trial || is_signed(c, event, approval),
                &format!("the approval token of {person} did not sign this"),
            )
        }
        Strength::Code => require(
            c.participants.has_code(person) && !c.is_administrator(person),
            &format!("{person} has no approval code"),
        ),
        Strength::Solo => require(c.script.is_solo(), "the script is not for one person alone"),
        Strength::OnPaper => Ok(()),
    }
}

/// Whether the approval token signed the approval of exactly this event, after everything that happened before.
pub(crate) fn is_signed(c: &Ceremony, event: &Event, approval: &Approval) -> bool {
    let key = c.approval_key(&approval.person);
    let message = c.approval_message(&approval.person, event);
    key.zip(approval.signature.as_ref())
        .is_some_and(|(key, signature)| verifies(&key, &message, signature.as_bytes()))
}

/// Two different people other than the administrator decided, even if only on paper.
pub(crate) fn require_decision(
    c: &Ceremony,
    event: &Event,
    approvals: &[Approval],
    what: &str,
) -> Applied {
    require_named(event, approvals)?;
    for approval in approvals {
        require_strength(c, event, approval)?;
    }
    let different: BTreeSet<_> = approvals
        .iter()
        .map(|approval| &approval.person)
        .filter(|person| c.script.is_solo() || !c.is_administrator(person))
        .collect();
    hold(
        Check::TwoPeople,
        different.len() >= c.approvals_needed(),
        &format!("{what} only by two people other than the ceremony administrator"),
    )
}

fn require_named(event: &Event, approvals: &[Approval]) -> Applied {
    require(
        people_of(approvals) == event.people,
        "the event does not name the people who approve it, in their order",
    )
}

pub(crate) fn code_chosen(c: &mut Ceremony, at: &At<'_>) -> Applied {
    let person = only(at.event, "each person chooses a code alone")?;
    require(
        c.participants.is_here(person) && c.needs_code(person),
        "only people who are present, other than the administrator, choose a code",
    )?;
    require(
        c.approval_token(person).is_none(),
        "that person approves with an approval token",
    )?;
    c.participants_mut().choose_code(person)
}

pub(crate) fn token_proven(
    c: &mut Ceremony,
    at: &At<'_>,
    challenge: &[u8; 32],
    signature: &Signature,
) -> Applied {
    let person = only(at.event, "each person proves their approval token alone")?;
    require(
        c.participants.is_here(person) && c.needs_code(person) && !c.has_means(person),
        "no approval token of that person is awaited",
    )?;
    let key = c
        .approval_key(person)
        .ok_or_else(|| contradiction("that person has no approval token"))?;
    let message = approval_token_message(&c.script.sha256(), person, challenge);
    hold(
        Check::KeyPossession,
        verifies(&key, &message, signature.as_bytes()),
        "the approval token did not answer with the key that the script names",
    )?;
    c.participants_mut().verify_token(person);
    c.forget_failure();
    Ok(())
}

pub(crate) fn token_missing(c: &mut Ceremony, at: &At<'_>, reason: &str) -> Applied {
    let person = only(at.event, "each person proves their approval token alone")?;
    require(!reason.trim().is_empty(), "a reason is required")?;
    require(
        c.may_choose_code(person),
        "no approval token of that person is awaited",
    )?;
    c.participants_mut().mark_token_missing(person);
    c.forget_failure();
    Ok(())
}

pub(crate) fn known(c: &Ceremony, key: &KeyId) -> Applied {
    require(
        c.keys.contains(key),
        &format!("the script has no key {key}"),
    )
}

/// Two people decided something about a key, for a reason.
pub(crate) fn decided(
    c: &Ceremony,
    at: &At<'_>,
    key: &KeyId,
    reason: &str,
    approvals: &[Approval],
    what: &str,
) -> Applied {
    known(c, key)?;
    require_approval(c, at.event, approvals, what)?;
    require(!reason.trim().is_empty(), "a reason is required")
}

pub(crate) fn code_chosen_sentence(names: &Names<'_>) -> String {
    format!("{} chose an approval code.", names.people)
}

pub(crate) fn token_proven_sentence(names: &Names<'_>) -> String {
    format!("The approval token of {} proved its key.", names.people)
}

pub(crate) fn token_missing_sentence(reason: &str, names: &Names<'_>) -> String {
    format!(
        "{} will approve by code. The approval token is missing: {reason}.",
        names.people
    )
}
