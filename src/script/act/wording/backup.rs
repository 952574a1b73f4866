//! What people do to back a key up, and to see that its backup opens.

use crate::script::{BackupPlan, Holds, KeyId, Kind, Opens, Person, Script, ShareKeeping};

use super::{actor, lines};

/// Of steps that a drill may have and usually passes over.
pub(super) const ONLY_AFTER_LOSS: &str =
    "Only if a share was given up: otherwise this step is passed over.";

fn title(script: &Script, key: Option<&KeyId>) -> String {
    key.map_or_else(
        || super::restore::subject(script),
        |key| script.key_title(key),
    )
}

pub(super) fn back_up(script: &Script, key: Option<&KeyId>) -> Vec<String> {
    let Some(plan) = script.backup() else {
        return Vec::new();
    };
    let mut told = Vec::new();
    if key.is_none() && script.kind() == Kind::Drill {
        told.push(ONLY_AFTER_LOSS.to_owned());
    }
    told.push(format!(
        "A new, random key-encryption key wraps {}, and is split among custodians: {}.",
        title(script, key),
        groups(script, plan)
    ));
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
    told.extend(lines(&[match key {
        Some(_) => "Every quorum of shares is tried. Then the key-encryption key is wiped, and the key leaves its token no more.",
        None => "Every quorum of shares is tried. Then the key-encryption key is wiped. The root is not touched: the key is the same.",
    }]));
    if custodians(script, plan).any(|person| person.keeping == Some(ShareKeeping::Paper)) {
        told.push("Who keeps a share on paper turns the screen, writes the words by hand into the numbered rows of the share sheet, and types each of them back. Nobody else looks, and nothing is photographed.".into());
    }
    if let Some(key) = key {
        told.push(format!(
            "{} takes the token out and keeps it.",
            actor(script, key)
        ));
    }
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

pub(super) fn prove(script: &Script, key: Option<&KeyId>) -> Vec<String> {
    let Some(plan) = script.backup() else {
        return Vec::new();
    };
    let mut told = vec![format!(
        "Each custodian opens the own share of {}, as it was read back from the medium.",
        title(script, key)
    )];
    if key.is_none() && script.kind() == Kind::Drill {
        told.insert(0, ONLY_AFTER_LOSS.to_owned());
    }
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
