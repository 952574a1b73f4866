//! Participants and their roles.

use std::fmt;

use super::{twice, unknown};
use crate::script::PersonId;
use crate::script::plan::{Assurance, PersonRole};
use crate::script::read::{At, Draft, Log, PersonEntry, StepEntry};

const WITNESSES: usize = 2;

pub(super) fn names(log: &Log<'_>, draft: &Draft) {
    twice(log, "ID", draft.people.iter().filter_map(|p| p.id.as_ref()));
    let people = draft.people.iter();
    let names = people.flat_map(|p| p.name.iter().chain(&p.substitute));
    let spoken: Vec<At<Spoken>> = names
        .map(|name| At {
            value: Spoken(name.value.clone()),
            span: name.span.clone(),
        })
        .collect();
    twice(log, "name", spoken.iter());
}

/// Names are compared as they are heard: without regard to case.
struct Spoken(String);

impl PartialEq for Spoken {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_lowercase() == other.0.to_lowercase()
    }
}

impl fmt::Display for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Decisions of two people need two people other than the administrator.
pub(super) fn quorum(log: &Log<'_>, draft: &Draft) {
    if draft.people.iter().any(|person| person.roles.is_none()) {
        return;
    }
    let start = draft.people.first().map_or(&draft.start, |p| &p.span);
    let administrators = having(draft, PersonRole::Administrator);
    match administrators.as_slice() {
        [] => log.error(
            "script.people",
            start,
            "the script has no administrator",
            "give one person the role administrator",
        ),
        [_] => {}
        [_, second, ..] => log.error(
            "script.people",
            &second.span,
            "the script has more than one administrator",
            "keep one, and make the others witnesses",
        ),
    }
    if draft.assurance == Assurance::Solo {
        return;
    }
    let witnesses = having(draft, PersonRole::Witness);
    for person in &witnesses {
        if person.is(PersonRole::Administrator) {
            log.error(
                "script.people",
                &person.span,
                "the administrator cannot be a witness",
                "give the role witness to another person: one person operates the program, others check",
            );
        }
    }
    if witnesses.len() < WITNESSES {
        let found = match witnesses.len() {
            0 => "the script has no witness",
            _ => "the script has one witness",
        };
        log.error(
            "script.people",
            start,
            format!("{found}, but two people must confirm the clock and approve exceptions"),
            "give the role witness to at least two people other than the administrator; or, for one person who acts alone, write assurance = \"solo\", which is then on every page",
        );
    }
}

fn having(draft: &Draft, role: PersonRole) -> Vec<&PersonEntry> {
    draft
        .people
        .iter()
        .filter(|person| person.is(role))
        .collect()
}

pub(super) fn find<'d>(draft: &'d Draft, id: &PersonId) -> Option<&'d PersonEntry> {
    let is = |person: &&PersonEntry| person.id.as_ref().is_some_and(|at| at.value == *id);
    draft.people.iter().find(is)
}

/// Every person that a key or a step names exists and has the role for it.
pub(super) fn references(log: &Log<'_>, draft: &Draft) {
    for holder in draft.keys.iter().filter_map(|key| key.holder.as_ref()) {
        match find(draft, &holder.value) {
            None => nobody(log, draft, holder),
            Some(person) if person.roles.is_some() && !person.is(PersonRole::KeyHolder) => {
                log.error(
                    "script.holder",
                    &holder.span,
                    format!("{holder:?} is not a key-holder"),
                    "add \"key-holder\" to the roles of this person, or name another person",
                );
            }
            Some(_) => {}
        }
    }
    let named = |step: &StepEntry| -> Vec<At<PersonId>> {
        let initials = step.initials.iter();
        initials.chain(step.receiver.as_ref()).cloned().collect()
    };
    for person in &draft.steps.iter().flat_map(named).collect::<Vec<_>>() {
        if find(draft, &person.value).is_none() {
            nobody(log, draft, person);
        }
    }
}

pub(super) fn nobody(log: &Log<'_>, draft: &Draft, id: &At<PersonId>) {
    let known = draft.people.iter().filter_map(|person| person.id.as_ref());
    unknown(log, "person", id, known);
}

/// Every role of a person is used.
pub(super) fn unused(log: &Log<'_>, draft: &Draft) {
    if draft.keys.iter().any(|key| key.holder.is_none())
        || draft.steps.iter().any(|step| step.act.is_none())
    {
        return;
    }
    for person in &draft.people {
        let (Some(id), Some(roles)) = (&person.id, &person.roles) else {
            continue;
        };
        let holders = draft.keys.iter().filter_map(|key| key.holder.as_ref());
        let holds = holders.into_iter().any(|holder| holder.value == id.value);
        if person.is(PersonRole::KeyHolder) && !holds {
            log.error(
                "script.unused",
                &roles.span,
                format!("{id:?} is a key-holder but holds no key"),
                "remove the role or the person, or give this person a [[key]]",
            );
        }
        let mut acts = draft.steps.iter().filter_map(|step| step.act.as_ref());
        let is_named = acts.any(|act| {
            let named = act.named();
            named.custodian == Some(&id.value)
                || named.receiver == Some(&id.value)
                || named.initials.contains(&id.value)
        });
        let groups = draft.backup.iter().flat_map(|backup| &backup.groups);
        let mut shares = groups.flat_map(|group| &group.custodians);
        let has_share = shares.any(|custodian| custodian.value == id.value);
        if let (Some(keeping), false) = (&person.keeping, has_share)
            && person.is(PersonRole::Custodian)
        {
            log.error(
                "script.unused",
                &keeping.span,
                format!("{id:?} has a recipient but no share"),
                "name this person in a group of [backup], or remove the recipient",
            );
        }
        if person.is(PersonRole::Custodian) && !is_named && !has_share {
            log.error(
                "script.unused",
                &roles.span,
                format!("{id:?} is a custodian but has no share and no step"),
                "remove the role or the person",
            );
        }
    }
}

/// An approval token belongs to one person who approves, and is used for nothing else.
pub(super) fn approval_tokens(log: &Log<'_>, draft: &Draft) {
    let owners = || {
        let owning = |person| Some((person, PersonEntry::approval(person)?));
        draft.people.iter().filter_map(owning)
    };
    for (person, own) in owners() {
        if draft.assurance == Assurance::Solo {
            log.error(
                "script.approval",
                &own.span,
                "a ceremony for one person has no approvals",
                "remove \"approval\"",
            );
        } else if person.is(PersonRole::Administrator) {
            log.error(
                "script.approval",
                &own.span,
                "the administrator does not approve anything",
                "give the token to a witness, or remove \"approval\"",
            );
        }
    }
    let keys = owners().filter_map(|(_, own)| own.key.as_ref());
    let prints: Vec<At<String>> = keys
        .map(|key| At {
            value: key.value.key.id().to_string(),
            span: key.span.clone(),
        })
        .collect();
    twice(log, "approval key", prints.iter());
}
