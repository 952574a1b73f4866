//! What people do to back a key up, and to see that its backup opens.

use crate::script::{BackupPlan, Holds, KeyId, Opens, Person, Script, ShareKeeping};

use super::{actor, lines};

pub(super) fn back_up(script: &Script, key: &KeyId) -> Vec<String> {
    let Some(plan) = script.backup() else {
        return Vec::new();
    };
    let mut told = vec![format!(
        "A random key-encryption key wraps {}, and is split among custodians: {}.",
        script.key_title(key),
        groups(script, plan)
    )];
    told.extend(custodians(script, plan).filter_map(recipient_proof));
    if let (Some(shares), Some(wrapped)) = (
        script.medium_for(Holds::Shares),
        script.medium_for(Holds::WrappedKey),
    ) {
        told.push(format!(
            "The shares go to the medium {}, the wrapped key to {}. Both are read back; a witness sees that they are two.",
            shares.id, wrapped.id
        ));
    }
    told.extend(lines(&[
        "Every quorum of shares is tried. Then the key-encryption key is wiped, and the key leaves its token no more.",
    ]));
    if custodians(script, plan).any(|person| person.keeping == Some(ShareKeeping::Paper)) {
        told.push("Who keeps a share on paper turns the screen, writes the words by hand into the numbered rows of the share sheet, and types each of them back. Nobody else looks, and nothing is photographed.".into());
    }
    told.push(format!(
        "{} takes the token out and keeps it.",
        actor(script, key)
    ));
    told
}

/// What a custodian does before anything is split.
fn recipient_proof(person: &Person) -> Option<String> {
    let name = &person.name;
    Some(match person.keeping.as_ref()? {
        ShareKeeping::Recipient {
            opens: Opens::OwnDevice,
            ..
        } => format!(
            "{name} opens a test message on a device of their own, and reads out the words that stand in it."
        ),
        ShareKeeping::Recipient {
            opens: Opens::Here, ..
        } => format!("{name} opens a test message here, with the own hardware identity."),
        ShareKeeping::Passphrase => {
            format!(
                "The others turn away. {name} types a passphrase, twice, and opens a test message with it."
            )
        }
        ShareKeeping::Paper => return None,
    })
}

pub(super) fn prove(script: &Script, key: &KeyId) -> Vec<String> {
    let Some(plan) = script.backup() else {
        return Vec::new();
    };
    let mut told = vec![format!(
        "Each custodian opens the own share of {}, as it was read back from the medium.",
        script.key_title(key)
    )];
    told.extend(custodians(script, plan).filter_map(share_proof));
    told.push(
        "A witness sees that each sheet of a share names the set that the screen names.".into(),
    );
    told
}

fn share_proof(person: &Person) -> Option<String> {
    let name = &person.name;
    Some(match person.keeping.as_ref()? {
        ShareKeeping::Recipient {
            opens: Opens::OwnDevice,
            ..
        } => format!(
            "{name} opens the file on the own device and reads out the check words in it, never the numbered words."
        ),
        ShareKeeping::Recipient {
            opens: Opens::Here, ..
        } => format!("{name} opens the file here, with the own hardware identity."),
        ShareKeeping::Passphrase => format!("{name} opens the file here, with the passphrase."),
        ShareKeeping::Paper => format!("{name} has typed the words back already."),
    })
}

fn custodians<'s>(script: &'s Script, plan: &'s BackupPlan) -> impl Iterator<Item = &'s Person> {
    plan.custodians().filter_map(|id| script.person(id))
}

/// `2 of Ada, Grace and Edsger; or 3 of …`.
fn groups(script: &Script, plan: &BackupPlan) -> String {
    let of_group = |group: &crate::script::ShareGroup| {
        let names = group.custodians.iter();
        let names: Vec<&str> = names
            .filter_map(|id| Some(script.person(id)?.name.as_str()))
            .collect();
        format!("{} of {}", group.threshold, names.join(", "))
    };
    let groups: Vec<String> = plan.groups.iter().map(of_group).collect();
    match (groups.len(), plan.group_threshold) {
        (1, _) => groups.join(""),
        (count, needed) if usize::from(needed) == count => groups.join("; and "),
        (_, 1) => groups.join("; or "),
        (count, needed) => format!("{needed} of these {count} groups: {}", groups.join("; ")),
    }
}
