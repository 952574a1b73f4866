//! Backups: a key gets a share set, the set is proven, and an old one is destroyed.

use crate::script::{BackupPlan, Holds, Kind, Opens, Person, Script, ShareGroup, ShareKeeping};

use super::description::{
    Description, EVERY_KIND_BUT_SIGNING, InRestore, NO_KIND, Need, OnlyWith, RESTORED_KEY, Stage,
    Subject, USUAL, Who, blanks, lines,
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
    minutes: 10,
    stage: Stage::FinishKey,
    needs: &[
        Need::Same(&IDENTIFY_TOKEN),
        Need::Same(&GENERATE_KEY),
        Need::Same(&IMPORT_KEY),
        Need::Same(&VERIFY_RESTORED_KEY),
    ],
    reason: "a key is backed up before a root is composed with it, while its token is still inserted",
    who: &[Who::Holder, Who::Witnesses, Who::NewCustodians],
    title: |step| match step.named.key {
        Some(_) => format!("Back up {}", step.key()),
        None => format!("Make new shares for {}", step.restored()),
    },
    instructions: back_up,
    proves: |step| {
        let mut proven = vec![
            "every custodian opened a test message before the key was split",
            "every quorum of shares restores the key-encryption key, which unwraps the key",
            "the written files read back identically, and the wrapped key is apart from the shares",
        ];
        if step.named.key.is_some() {
            proven.push("the key is non-extractable, as reported by its token");
        }
        lines(&proven)
    },
    blanks: |_| {
        blanks(&[
            "Fingerprint of the share set",
            "Serial numbers of the two media",
        ])
    },
    ..USUAL
};

/// Of steps that a drill may have and usually skips.
const ONLY_AFTER_LOSS: &str =
    "This step is done only if a share was declared lost. Otherwise it is skipped.";

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
        "A new random key-encryption key wraps {} and is split into shares: {}.",
        step.key(),
        groups(script, plan)
    ));
    told.extend(custodians(script, plan).filter_map(recipient_proof));
    if let (Some(shares), Some(wrapped)) = (
        script.medium_for(Holds::Shares),
        script.medium_for(Holds::WrappedKey),
    ) {
        told.push(format!(
            "The shares are written to the medium {}, the wrapped key to {}. Both are read back. A witness: check that they are two different media.",
            shares.id, wrapped.id
        ));
    }
    told.extend(lines(&[match key {
        Some(_) => "Every quorum of shares is tested. The key-encryption key is then wiped, and the key is made non-extractable.",
        None => "Every quorum of shares is tested. The key-encryption key is then wiped. The root does not change, because the key is the same.",
    }]));
    if custodians(script, plan).any(|person| person.keeping == Some(ShareKeeping::Paper)) {
        told.push("Custodians with a share on paper: turn the screen away from the others, write the words by hand into the numbered rows of the share sheet, and type each word back. Nobody else may look, and nothing may be photographed.".into());
    }
    if key.is_some() {
        told.push(format!("{}: remove the token and keep it.", step.actor()));
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
        } => {
            format!("{name}: open a test message on your own device and read out the words in it.")
        }
        ShareKeeping::Recipient {
            opens: Opens::Here, ..
        } => format!("{name}: open a test message on this machine with your hardware identity."),
        ShareKeeping::Passphrase => {
            format!(
                "Everyone else: look away. {name}: type a passphrase twice, then open a test message with it."
            )
        }
        ShareKeeping::Paper => return None,
    })
}

pub(super) static VERIFY_BACKUP: Description = Description {
    name: "verify-backup",
    label: "Verify backup",
    about: "Each custodian shows that their share opens.",
    fields: &[RESTORED_KEY],
    construct: |values| Some(Act::VerifyBackup { key: values.key }),
    kinds: EVERY_KIND_BUT_SIGNING,
    in_restore: InRestore::ByLevel,
    only_with: OnlyWith::Backup,
    minutes: 10,
    stage: Stage::ProveCopy,
    needs: &[Need::Same(&BACK_UP_KEY)],
    reason: "a backup counts only after each custodian has opened their share",
    who: &[Who::Witnesses, Who::NewCustodians],
    title: |step| match step.named.key {
        Some(_) => format!("Verify the backup of {}", step.key()),
        None => "Verify the new shares".into(),
    },
    instructions: prove,
    proves: |_| lines(&["every custodian opened their share, and it belongs to this set"]),
    ..USUAL
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
        "Each custodian: open your share of {}, as it was read back from the medium.",
        step.key()
    ));
    told.extend(custodians(script, plan).filter_map(share_proof));
    told.push("A witness: check that each share sheet names the same set as the screen.".into());
    told
}

fn share_proof(person: &Person) -> Option<String> {
    let name = &person.name;
    Some(match person.keeping.as_ref()? {
        ShareKeeping::Recipient {
            opens: Opens::OwnDevice,
            ..
        } => format!(
            "{name}: open the file on your own device and read out its check words, never the numbered words."
        ),
        ShareKeeping::Recipient {
            opens: Opens::Here, ..
        } => format!("{name}: open the file on this machine with your hardware identity."),
        ShareKeeping::Passphrase => {
            format!("{name}: open the file on this machine with your passphrase.")
        }
        ShareKeeping::Paper => format!("{name} has already typed the words back."),
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
    label: "Destroy shares",
    about: "The shares of a superseded set are destroyed in front of witnesses, or recorded as remaining.",
    construct: |_| Some(Act::DestroyShares),
    kinds: NO_KIND,
    in_restore: InRestore::ByLevel,
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
    reason: "anyone with a quorum of old shares and the old wrapped key has the key",
    who: &[Who::Administrator, Who::Witnesses, Who::OldCustodians],
    title: |step| format!("Destroy the old shares of {}", step.restored()),
    instructions: destroy_shares,
    proves: |_| {
        lines(&[
            "it is recorded what remains of the old set, and two people saw the rest destroyed",
        ])
    },
    blanks: |_| vec![("Destroyed: whose, how, seen by".to_owned(), 4)],
    ..USUAL
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
        "Shred, wipe or break each old share of set {} that is here, with its sheet, in front of two people. Do the same with every copy of {}.",
        plan.manifest.set().short_hex(),
        crate::backup::wrapped_file(&facts.key, &facts.id)
    ));
    lines.push("For each of them, the screen asks what happened to it. What was not destroyed stays on the list, with the reason, until a later ceremony records its destruction.".into());
    lines.push(
        "While a quorum of old shares is on the list, conclave share status reports: rotate the key."
            .into(),
    );
    lines
}
