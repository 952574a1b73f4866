//! Restoring a key from its shares: shares are opened and combined, and the restored key is verified or destroyed.

use crate::script::{DrillLevel, Entering, Kind};

use super::description::{
    Description, InRestore, Leaves, NO_KIND, Need, RESTORED_KEY, Stage, Subject, USUAL, Who,
    blanks, lines,
};
use super::{
    ATTEST_CLOCK, Act, IDENTIFY_TOKEN, INITIALIZE_TOKEN, INSPECT_HOST, READ_SCRIPT, SET_PIN,
    VERIFY_BACKUP,
};
use crate::script::schema::{Type, field};

pub(super) static OPEN_SHARE: Description = Description {
    name: "open-share",
    label: "Open share",
    about: "A custodian's share is opened and verified; if the key is restored, the share is entered.",
    fields: &[
        field!(required "custodian", Type::Id, r#"custodian = "custodian-1""#,
        "The custodian whose share is opened."),
    ],
    construct: |values| {
        Some(Act::OpenShare {
            custodian: values.custodian?,
        })
    },
    kinds: NO_KIND,
    in_restore: InRestore::Always,
    minutes: 5,
    stage: Stage::IdentifyToken,
    needs: &[
        Need::Every(&ATTEST_CLOCK),
        Need::Every(&INSPECT_HOST),
        Need::Every(&READ_SCRIPT),
    ],
    reason: "a key is restored from shares that were opened",
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
                "the custodian opened their share, and it belongs to this set"
            }
            Some(_) => "the entered share is the one that was made for this custodian",
        }])
    },
    blanks: |_| blanks(&["Set named on the share sheet"]),
    ..USUAL
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
        "{name}: bring your share of {}, set {}. A witness: check that the share sheet names this set.",
        step.restored(),
        plan.manifest.set().short_hex()
    )];
    lines.push(match plan.entering(person) {
        Some(Entering::CheckWords) => format!(
            "{name}: open {file} on your own device and read out its check words, never the numbered words."
        ),
        Some(Entering::Words) => format!(
            "Everyone else: look away. {name}: type the 33 numbered words one by one, from paper or from your own device. Nobody else may look, and nothing may be photographed."
        ),
        Some(Entering::Identity) => format!(
            "{name}: bring {file} on a medium, and open it on this machine with your hardware identity."
        ),
        Some(Entering::Passphrase) => format!(
            "{name}: bring {file} on a medium. Everyone else: look away. {name}: type the passphrase that opens it."
        ),
        None => format!("{name} has no share of this set."),
    });
    if step.script.kind() == Kind::Drill {
        lines.push("If a share does not open, two people declare it lost, with the reason. The drill continues, and its certificate names the custodian.".into());
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
    minutes: 5,
    stage: Stage::MakeKey,
    needs: &[
        Need::Every(&OPEN_SHARE),
        Need::Same(&IDENTIFY_TOKEN),
        Need::Same(&INITIALIZE_TOKEN),
        Need::Same(&SET_PIN),
    ],
    reason: "a key is restored before it is verified or destroyed",
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
            proven.push("it unwraps the key, and the key matches the manifest");
        }
        lines(&proven)
    },
    blanks: |_| blanks(&["Medium with the wrapped key"]),
    ..USUAL
};

fn restore(step: &Subject<'_>) -> Vec<String> {
    let Some(level) = level(step) else {
        return Vec::new();
    };
    let mut lines = vec![
        "The shares are combined in locked memory and checked against the commitment in the manifest.".to_owned(),
    ];
    if level != DrillLevel::Full {
        lines.push(
            "Nothing is unwrapped. The restored key-encryption key is wiped immediately.".into(),
        );
        return lines;
    }
    lines.push("Administrator: insert the medium with the wrapped key. A witness: check that no share is on it.".into());
    if step.named.key.is_none() {
        lines.push("The key is unwrapped into locked memory. It is kept only if its public key matches the manifest.".into());
        return lines;
    }
    lines.push(if step.plan().is_some_and(|plan| plan.token.profile.attests()) {
        format!(
            "The key is unwrapped in locked memory, imported into {} and wiped here. It is kept only if its public key matches the manifest.",
            step.token()
        )
    } else {
        format!(
            "The key is unwrapped inside {} and is in no other memory. It is kept only if its signature verifies with the public key in the manifest.",
            step.token()
        )
    });
    lines.push(format!(
        "{}: leave the token inserted until this step is done.",
        step.actor()
    ));
    lines
}

pub(super) static VERIFY_RESTORED_KEY: Description = Description {
    name: "verify-restored-key",
    label: "Test restored key",
    about: "The restored key signs a message that cannot be a root.",
    fields: &[RESTORED_KEY],
    construct: |values| Some(Act::VerifyRestoredKey { key: values.key }),
    kinds: NO_KIND,
    in_restore: InRestore::ByLevel,
    minutes: 1,
    stage: Stage::ProveCopy,
    needs: &[Need::Same(&RESTORE_KEY)],
    reason: "a key counts as restored only after it has signed a message",
    who: &[Who::Holder, Who::Administrator, Who::Witnesses],
    title: |_| "Verify the restored key".into(),
    instructions: |step| {
        let who = match step.named.key {
            Some(_) => "the token",
            None => "the restored key",
        };
        vec![
            format!(
                "A fresh message that begins with words, and cannot be a root, is signed by {who}."
            ),
            "The signature is verified with the public key in the manifest.".into(),
        ]
    },
    proves: |_| {
        lines(&[
            "the restored key signs, and the public key in the manifest verifies its signature",
        ])
    },
    ..USUAL
};

pub(super) static DESTROY_RESTORED_KEY: Description = Description {
    name: "destroy-restored-key",
    label: "Wipe restored key",
    about: "The restored key is destroyed, and its absence is checked.",
    fields: &[RESTORED_KEY],
    construct: |values| Some(Act::DestroyRestoredKey { key: values.key }),
    kinds: NO_KIND,
    in_restore: InRestore::ByLevel,
    minutes: 1,
    stage: Stage::VerifyToken,
    needs: &[Need::Same(&VERIFY_RESTORED_KEY), Need::Same(&VERIFY_BACKUP)],
    reason: "no copy of a restored key may remain",
    who: &[Who::Holder, Who::Administrator, Who::Witnesses],
    title: |_| "Destroy the restored key".into(),
    instructions: |step| match step.named.key {
        Some(_) => vec![
            format!(
                "The restored key is destroyed on {}. Everyone else: look away. {}: type the PIN.",
                step.token(),
                step.actor()
            ),
            "The token is searched for the key again, and must not hold it.".into(),
        ],
        None => lines(&[
            "The restored key is overwritten in memory, and its absence is checked. The shares were wiped when it was restored.",
        ]),
    },
    proves: |_| lines(&["no copy of the restored key remains"]),
    ..USUAL
};
