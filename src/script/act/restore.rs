//! Restoring a key from its shares: shares are opened and combined, and what is restored is proven or destroyed.

use crate::script::{DrillLevel, Entering, Kind};

use super::description::{
    Description, InRestore, Leaves, NO_KIND, Need, OnlyWith, RESTORED_KEY, Stage, Subject, Who,
    blanks, lines,
};
use super::{
    ATTEST_CLOCK, Act, IDENTIFY_TOKEN, INITIALIZE_TOKEN, INSPECT_HOST, READ_SCRIPT, SET_PIN,
    VERIFY_BACKUP,
};
use crate::script::schema::{Field, Type};

pub(super) static OPEN_SHARE: Description = Description {
    name: "open-share",
    label: "Open share",
    about: "A custodian's share is opened and verified; where the key is restored, the share is entered.",
    fields: &[Field::required(
        "custodian",
        Type::Id,
        "custodian = \"custodian-1\"",
        "The custodian whose share is opened.",
    )],
    construct: |values| {
        Some(Act::OpenShare {
            custodian: values.custodian?,
        })
    },
    kinds: NO_KIND,
    in_restore: InRestore::Always,
    only_with: OnlyWith::Nothing,
    repeats: false,
    minutes: 5,
    stage: Stage::IdentifyToken,
    needs: &[
        Need::Every(&ATTEST_CLOCK),
        Need::Every(&INSPECT_HOST),
        Need::Every(&READ_SCRIPT),
    ],
    reason: "a key is restored from shares that are there",
    leaves: Leaves::Other,
    who: &[Who::Custodian, Who::Witnesses],
    title: |step| {
        let person = step.named.custodian.and_then(|id| step.script.person(id));
        let name = person.map_or("", |person| person.name.as_str());
        match level(step) {
            Some(DrillLevel::Custody) | None => format!("Open the share of {name}"),
            Some(_) => format!("Enter the share of {name}"),
        }
    },
    instructions: open_share,
    proves: |step| {
        lines(&[match level(step) {
            Some(DrillLevel::Custody) | None => {
                "the custodian opens the own share, and it is of this set"
            }
            Some(_) => "the share that was entered is the one that was made for this custodian",
        }])
    },
    blanks: |_| blanks(&["Set on the sheet of the share"]),
};

fn level(step: &Subject<'_>) -> Option<DrillLevel> {
    step.script.restore().map(|plan| plan.level)
}

fn open_share(step: &Subject<'_>) -> Vec<String> {
    let person = step.named.custodian.and_then(|id| step.script.person(id));
    let (Some(plan), Some(person)) = (step.script.restore(), person) else {
        return Vec::new();
    };
    let name = &person.name;
    let share = plan.manifest.share_of(person.id.as_str());
    let file = share.map_or_else(String::new, |share| share.label().share_file());
    let mut lines = vec![format!(
        "{name} brings the own share of {}, set {}. A witness sees that its sheet names this set.",
        step.restored(),
        plan.manifest.set().short_hex()
    )];
    lines.push(match plan.entering(person) {
        Some(Entering::CheckWords) => format!(
            "{name} opens {file} on a device of their own and reads out the check words in it, never the numbered words."
        ),
        Some(Entering::Words) => format!(
            "The others turn away. {name} types the 33 numbered words, one by one, from paper or from a device of their own. Nobody else looks, and nothing is photographed."
        ),
        Some(Entering::Identity) => format!(
            "{name} brings {file} on a medium, and opens it here with the own hardware identity."
        ),
        Some(Entering::Passphrase) => format!(
            "{name} brings {file} on a medium. The others turn away; {name} types the passphrase that opens it."
        ),
        None => format!("{name} keeps no share of this set."),
    });
    if step.script.kind() == Kind::Drill {
        lines.push("A share that does not open is given up by two people, under \"other\", with the reason: the drill goes on, and its certificate says whose it is.".into());
    }
    lines
}

pub(super) static RESTORE_KEY: Description = Description {
    name: "restore-key",
    label: "Restore key",
    about: "The shares are combined; at the level \"full\", the key is unwrapped onto its token or into locked memory.",
    fields: &[RESTORED_KEY],
    construct: |values| Some(Act::RestoreKey { key: values.key }),
    kinds: NO_KIND,
    in_restore: InRestore::ByLevel,
    only_with: OnlyWith::Nothing,
    repeats: false,
    minutes: 5,
    stage: Stage::MakeKey,
    needs: &[
        Need::Every(&OPEN_SHARE),
        Need::Same(&IDENTIFY_TOKEN),
        Need::Same(&INITIALIZE_TOKEN),
        Need::Same(&SET_PIN),
    ],
    reason: "what is proven or destroyed has to be restored first",
    leaves: Leaves::Key,
    who: &[Who::Holder, Who::Administrator, Who::Witnesses],
    title: |step| match level(step) {
        Some(DrillLevel::Full) => format!("Restore {}", step.restored()),
        _ => format!("Combine the shares of {}", step.restored()),
    },
    instructions: restore,
    proves: |step| {
        let mut proven = vec!["these shares restore the key-encryption key of the set"];
        if level(step) == Some(DrillLevel::Full) {
            proven.push("the wrapped key opens with it, and is the key of the manifest");
        }
        lines(&proven)
    },
    blanks: |_| blanks(&["Medium of the wrapped key"]),
};

fn restore(step: &Subject<'_>) -> Vec<String> {
    let Some(level) = level(step) else {
        return Vec::new();
    };
    let mut lines = vec![
        "The shares are combined in the locked memory of this machine, and held to the commitment in the manifest.".to_owned(),
    ];
    if level != DrillLevel::Full {
        lines.push("Nothing is unwrapped. What the shares restore is wiped at once.".into());
        return lines;
    }
    lines.push("The administrator brings the medium with the wrapped key; a witness sees that no share lies on it.".into());
    if step.named.key.is_none() {
        lines.push("The key is unwrapped into locked memory. It stays only if its public half is the one in the manifest.".into());
        return lines;
    }
    lines.push(if step.plan().is_some_and(|plan| plan.token.profile.attests()) {
        format!(
            "The key is unwrapped in locked memory, brought into {}, and forgotten here. It stays only if its public half is the one in the manifest.",
            step.token()
        )
    } else {
        format!(
            "The key is unwrapped inside {}, and was in no other memory. It stays only if it signs as the key in the manifest.",
            step.token()
        )
    });
    lines.push(format!(
        "{} keeps the token in, until the step is done.",
        step.actor()
    ));
    lines
}

pub(super) static VERIFY_RESTORED_KEY: Description = Description {
    name: "verify-restored-key",
    label: "Prove restore",
    about: "The restored key signs a message that cannot be a root.",
    fields: &[RESTORED_KEY],
    construct: |values| Some(Act::VerifyRestoredKey { key: values.key }),
    kinds: NO_KIND,
    in_restore: InRestore::ByLevel,
    only_with: OnlyWith::Nothing,
    repeats: false,
    minutes: 1,
    stage: Stage::ProveCopy,
    needs: &[Need::Same(&RESTORE_KEY)],
    reason: "nothing counts as restored that was not seen to sign",
    leaves: Leaves::Other,
    who: &[Who::Holder, Who::Administrator, Who::Witnesses],
    title: |_| "Prove what was restored".into(),
    instructions: |step| {
        let who = match step.named.key {
            Some(_) => "the token",
            None => "the restored key",
        };
        vec![
            format!(
                "A fresh message, which begins with words and can be no root, is signed by {who}."
            ),
            "The signature is verified with the public key of the manifest.".into(),
        ]
    },
    proves: |_| lines(&["what was restored signs, and the manifest's public key verifies it"]),
    blanks: |_| Vec::new(),
};

pub(super) static DESTROY_RESTORED_KEY: Description = Description {
    name: "destroy-restored-key",
    label: "Destroy",
    about: "The restored key is destroyed, and its absence is checked.",
    fields: &[RESTORED_KEY],
    construct: |values| Some(Act::DestroyRestoredKey { key: values.key }),
    kinds: NO_KIND,
    in_restore: InRestore::ByLevel,
    only_with: OnlyWith::Nothing,
    repeats: false,
    minutes: 1,
    stage: Stage::VerifyToken,
    needs: &[Need::Same(&VERIFY_RESTORED_KEY), Need::Same(&VERIFY_BACKUP)],
    reason: "what was restored into memory is left nowhere",
    leaves: Leaves::Other,
    who: &[Who::Holder, Who::Administrator, Who::Witnesses],
    title: |_| "Destroy what was restored".into(),
    instructions: |step| match step.named.key {
        Some(_) => vec![
            format!(
                "What was restored is destroyed on {}. The others turn away while {} types the PIN.",
                step.token(),
                step.holder()
            ),
            "The token is asked for the key once more: it must not have it.".into(),
        ],
        None => lines(&[
            "The restored key is overwritten in memory, and seen to be gone. The shares went when it was restored.",
        ]),
    },
    proves: |_| lines(&["nothing that was restored is left"]),
    blanks: |_| Vec::new(),
};
