//! Backups: a key gets a share set, the set is proven, and an old one is destroyed.

use crate::script::{BackupPlan, Holds, Kind, Opens, Person, Script, ShareGroup, ShareKeeping};

use super::description::{
    Description, EVERY_KIND_BUT_SIGNING, InRestore, Leaves, NO_KIND, Need, OnlyWith, RESTORED_KEY,
    Stage, Subject, Who, blanks, lines,
};
use super::{
    ATTEST_CLOCK, Act, DESTROY_RESTORED_KEY, GENERATE_KEY, IDENTIFY_TOKEN, IMPORT_KEY,
    INSPECT_HOST, OPEN_SHARE, READ_SCRIPT, VERIFY_RESTORED_KEY,
};

pub(super) static BACK_UP_KEY: Description = Description {
    name: "back-up-key",
    label: "Back up key",
    about: "The key is wrapped, and the key-encryption key is split into shares for custodians.",
    fields: &[RESTORED_KEY],
    construct: |values| Some(Act::BackUpKey { key: values.key }),
    kinds: EVERY_KIND_BUT_SIGNING,
    in_restore: InRestore::ByLevel,
    only_with: OnlyWith::Backup,
    repeats: false,
    minutes: 10,
    stage: Stage::FinishKey,
    needs: &[
        Need::Same(&IDENTIFY_TOKEN),
        Need::Same(&GENERATE_KEY),
        Need::Same(&IMPORT_KEY),
        Need::Same(&VERIFY_RESTORED_KEY),
    ],
    reason: "a key is in no root before it has its backup, and its token stays in until then",
    leaves: Leaves::Other,
    who: &[Who::Holder, Who::Witnesses, Who::NewCustodians],
    title: |step| match step.named.key {
        Some(_) => format!("Back up {}", step.key()),
        None => format!("New shares for {}", step.restored()),
    },
    instructions: back_up,
    proves: |step| {
        let written =
            "what was written reads back the same, and the wrapped key lies apart from the shares";
        let opens = "every custodian's recipient was seen to open before anything was split";
        match step.named.key {
            None => lines(&[
                opens,
                "every quorum of new shares restores the new key-encryption key, and that unwraps the key",
                written,
            ]),
            Some(_) => lines(&[
                opens,
                "every quorum of shares restores the key-encryption key, and that unwraps the key",
                written,
                "the key leaves its token no more",
            ]),
        }
    },
    blanks: |_| blanks(&["Fingerprint of the set", "Serial numbers of the two media"]),
};

/// Of steps that a drill may have and usually passes over.
const ONLY_AFTER_LOSS: &str = "Only if a share was given up: otherwise this step is passed over.";

fn back_up(step: &Subject<'_>) -> Vec<String> {
    let script = step.script;
    let key = step.named.key;
    let Some(plan) = script.backup() else {
        return Vec::new();
    };
    let mut told = Vec::new();
    if key.is_none() && script.kind() == Kind::Drill {
        told.push(ONLY_AFTER_LOSS.to_owned());
    }
    told.push(format!(
        "A new, random key-encryption key wraps {}, and is split among custodians: {}.",
        step.key(),
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
    if key.is_some() {
        told.push(format!(
            "{} takes the token out and keeps it.",
            step.actor()
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

pub(super) static VERIFY_BACKUP: Description = Description {
    name: "verify-backup",
    label: "Prove backup",
    about: "Each custodian shows that their share opens.",
    fields: &[RESTORED_KEY],
    construct: |values| Some(Act::VerifyBackup { key: values.key }),
    kinds: EVERY_KIND_BUT_SIGNING,
    in_restore: InRestore::ByLevel,
    only_with: OnlyWith::Backup,
    repeats: false,
    minutes: 10,
    stage: Stage::ProveCopy,
    needs: &[Need::Same(&BACK_UP_KEY)],
    reason: "no backup counts before each custodian was seen to open a share",
    leaves: Leaves::Other,
    who: &[Who::Witnesses, Who::NewCustodians],
    title: |step| match step.named.key {
        Some(_) => format!("Prove the backup of {}", step.key()),
        None => "Prove the new shares".into(),
    },
    instructions: prove,
    proves: |_| lines(&["every custodian opened the own share, and it is of this set"]),
    blanks: |_| Vec::new(),
};

fn prove(step: &Subject<'_>) -> Vec<String> {
    let script = step.script;
    let Some(plan) = script.backup() else {
        return Vec::new();
    };
    let mut told = Vec::new();
    if step.named.key.is_none() && script.kind() == Kind::Drill {
        told.push(ONLY_AFTER_LOSS.to_owned());
    }
    told.push(format!(
        "Each custodian opens the own share of {}, as it was read back from the medium.",
        step.key()
    ));
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
    let of_group = |group: &ShareGroup| {
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

pub(super) static DESTROY_SHARES: Description = Description {
    name: "destroy-shares",
    label: "Old shares",
    about: "The shares of an old set are destroyed before witnesses, or recorded as remaining.",
    fields: &[],
    construct: |_| Some(Act::DestroyShares),
    kinds: NO_KIND,
    in_restore: InRestore::ByLevel,
    only_with: OnlyWith::Nothing,
    repeats: false,
    minutes: 10,
    stage: Stage::PutAway,
    needs: &[
        Need::Every(&ATTEST_CLOCK),
        Need::Every(&INSPECT_HOST),
        Need::Every(&READ_SCRIPT),
        Need::Every(&OPEN_SHARE),
        Need::Same(&VERIFY_BACKUP),
        Need::Same(&DESTROY_RESTORED_KEY),
    ],
    reason: "whoever has a quorum of old shares and an old wrapped key has the key",
    leaves: Leaves::Other,
    who: &[Who::Administrator, Who::Witnesses, Who::OldCustodians],
    title: |step| format!("Destroy the old shares of {}", step.restored()),
    instructions: destroy_shares,
    proves: |_| lines(&["it is known what is left of the old set, and two people saw the rest go"]),
    blanks: |_| vec![("Destroyed: whose, how, seen by".to_owned(), 4)],
};

fn destroy_shares(step: &Subject<'_>) -> Vec<String> {
    let Some(plan) = step.script.restore() else {
        return Vec::new();
    };
    let facts = plan.manifest.facts();
    let mut lines = Vec::new();
    if step.script.kind() == Kind::Drill {
        lines.push(ONLY_AFTER_LOSS.to_owned());
    }
    lines.push(format!(
        "Each old share of set {} that is here, with its sheet, is shredded, wiped or broken before two people; so is every copy of {}.",
        plan.manifest.set().short_hex(),
        crate::backup::wrapped_file(&facts.key, &facts.id)
    ));
    lines.push("For each the screen asks what became of it. What was not destroyed stays on the list, with the reason; a later ceremony takes it off.".into());
    lines.push(
        "While a quorum of old shares is on the list, conclave share status says: rotate the key."
            .into(),
    );
    lines
}
