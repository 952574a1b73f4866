//! What people do to see that shares restore a key.

use crate::script::{DrillLevel, Entering, KeyId, Kind, PersonId, Script};

use super::actor;

/// What the shares are of: `key-1 of example.com/updates`.
pub(super) fn subject(script: &Script) -> String {
    script.restore().map_or_else(String::new, |plan| {
        let facts = plan.manifest.facts();
        format!("{} of {}", facts.key, facts.repository)
    })
}

pub(super) fn open_share_title(script: &Script, custodian: &PersonId) -> String {
    let name = script
        .person(custodian)
        .map_or("", |person| person.name.as_str());
    match script.restore().map(|plan| plan.grade) {
        Some(DrillLevel::Custody) | None => format!("Open the share of {name}"),
        Some(_) => format!("Enter the share of {name}"),
    }
}

pub(super) fn restore_title(script: &Script) -> String {
    match script.restore().map(|plan| plan.grade) {
        Some(DrillLevel::Full) => format!("Restore {}", subject(script)),
        _ => format!("Combine the shares of {}", subject(script)),
    }
}

pub(super) fn open_share(script: &Script, custodian: &PersonId) -> Vec<String> {
    let (Some(plan), Some(person)) = (script.restore(), script.person(custodian)) else {
        return Vec::new();
    };
    let name = &person.name;
    let share = plan.manifest.share_of(custodian.as_str());
    let file = share.map_or_else(String::new, |share| share.label().share_file());
    let mut lines = vec![format!(
        "{name} brings the own share of {}, set {}. A witness sees that its sheet names this set.",
        subject(script),
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
    if script.kind() == Kind::Drill {
        lines.push("A share that does not open is given up by two people, under \"other\", with the reason: the drill goes on, and its certificate says whose it is.".into());
    }
    lines
}

pub(super) fn restore(script: &Script, key: Option<&KeyId>) -> Vec<String> {
    let Some(plan) = script.restore() else {
        return Vec::new();
    };
    let mut lines = vec![
        "The shares are combined in the locked memory of this machine, and held to the commitment in the manifest.".to_owned(),
    ];
    if plan.grade != DrillLevel::Full {
        lines.push("Nothing is unwrapped. What the shares restore is wiped at once.".into());
        return lines;
    }
    lines.push("The administrator brings the medium with the wrapped key; a witness sees that no share lies on it.".into());
    lines.push(match key {
        None => "The key is unwrapped into locked memory. It stays only if its public half is the one in the manifest.".into(),
        Some(key) if script.key(key).is_some_and(|plan| plan.token.attests()) => format!(
            "The key is unwrapped in locked memory, brought into {}, and forgotten here. It stays only if its public half is the one in the manifest.",
            script.token_short(key)
        ),
        Some(key) => format!(
            "The key is unwrapped inside {}, and was in no other memory. It stays only if it signs as the key in the manifest.",
            script.token_short(key)
        ),
    });
    if let Some(key) = key {
        lines.push(format!(
            "{} keeps the token in, until the step is done.",
            actor(script, key)
        ));
    }
    lines
}

pub(super) fn prove(key: Option<&KeyId>) -> Vec<String> {
    let who = match key {
        Some(_) => "the token",
        None => "the restored key",
    };
    vec![
        format!("A fresh message, which begins with words and can be no root, is signed by {who}."),
        "The signature is verified with the public key of the manifest.".into(),
    ]
}

pub(super) fn destroy(script: &Script, key: Option<&KeyId>) -> Vec<String> {
    match key {
        Some(key) => vec![
            format!(
                "What was restored is destroyed on {}. The others turn away while {} types the PIN.",
                script.token_short(key),
                script.holder_title(key)
            ),
            "The token is asked for the key once more: it must not have it.".into(),
        ],
        None => vec![
            "The restored key is overwritten in memory, and seen to be gone. The shares went when it was restored.".into(),
        ],
    }
}

pub(super) fn destroy_shares(script: &Script) -> Vec<String> {
    let Some(plan) = script.restore() else {
        return Vec::new();
    };
    let facts = plan.manifest.facts();
    let mut lines = Vec::new();
    if script.kind() == Kind::Drill {
        lines.push(super::backup::ONLY_AFTER_LOSS.to_owned());
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

pub(super) fn opened_share_proves(script: &Script) -> String {
    match script.restore().map(|plan| plan.grade) {
        Some(DrillLevel::Custody) | None => {
            "the custodian opens the own share, and it is of this set"
        }
        Some(_) => "the share that was entered is the one that was made for this custodian",
    }
    .into()
}

pub(super) fn restore_proves(script: &Script) -> Vec<String> {
    let mut lines = vec!["these shares restore the key-encryption key of the set".to_owned()];
    if script
        .restore()
        .is_some_and(|plan| plan.grade == DrillLevel::Full)
    {
        lines.push("the wrapped key opens with it, and is the key of the manifest".into());
    }
    lines
}
