//! Who is there, and for what.

use std::fmt;

use super::twice;
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

/// Two names that sound alike are one name in a room.
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

/// The acts of two people need two people other than the administrator.
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
            "nobody is the administrator",
            "give one person the role administrator: somebody performs the script",
        ),
        [_] => {}
        [_, second, ..] => log.error(
            "script.people",
            &second.span,
            "there is more than one administrator",
            "one person performs the script: make the others witnesses",
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
                "who performs the script and who checks it are two people",
            );
        }
    }
    if witnesses.len() < WITNESSES {
        let found = match witnesses.len() {
            0 => "nobody is a witness",
            _ => "there is one witness",
        };
        log.error(
            "script.people",
            start,
            format!("{found}, but two people must attest the clock and approve exceptions"),
            "give the role witness to at least two people other than the administrator; or let one person act alone, which every page will say, with assurance = \"solo\"",
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

/// Every person that a key or a note names exists, and may do it.
pub(super) fn references(log: &Log<'_>, draft: &Draft) {
    for holder in draft.keys.iter().filter_map(|key| key.holder.as_ref()) {
        match find(draft, &holder.value) {
            None => nobody(log, draft, holder),
            Some(person) if person.roles.is_some() && !person.is(PersonRole::KeyHolder) => {
                log.error(
                    "script.holder",
                    &holder.span,
                    format!("{:?} is not a key-holder", holder.value.as_str()),
                    "add \"key-holder\" to the roles of that person, or name another",
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
    let ids = draft.people.iter().filter_map(|person| person.id.as_ref());
    let known: Vec<&str> = ids.map(|id| id.value.as_str()).collect();
    log.error(
        "script.person",
        &id.span,
        format!("there is no person {:?}", id.value.as_str()),
        format!("people of this script: {}", known.join(", ")),
    );
}

/// Every person, and every role of a person, is there for something.
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
                format!("{:?} is a key-holder, but holds no key", id.value.as_str()),
                "take the role or the person out, or give them a [[key]]",
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
                format!("{:?} has a recipient, but no share", id.value.as_str()),
                "name that person in a group of [backup], or take the recipient out",
            );
        }
        if person.is(PersonRole::Custodian) && !is_named && !has_share {
            log.error(
                "script.unused",
                &roles.span,
                format!(
                    "{:?} is a custodian, but no step has a use for one",
                    id.value.as_str()
                ),
                "take the role or the person out",
            );
        }
    }
}

/// An approval token approves, and does nothing else: it is nobody else's, and no root key is on it.
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
                "nobody approves anything in a ceremony for one person",
                "take \"approval\" out",
            );
        } else if person.is(PersonRole::Administrator) {
            log.error(
                "script.approval",
                &own.span,
                "the administrator approves nothing",
                "give the token to a witness, or take \"approval\" out",
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
    twice(log, "key for approvals", prints.iter());
}
