//! A script as JSON.

use serde_json::{Value, json};

use crate::script::{Script, SecretDisposition, SecretPlan};

pub(super) fn ceremony(script: &Script) -> Value {
    let roles: serde_json::Map<String, Value> = script
        .root()
        .roles
        .iter()
        .map(|(kind, role)| {
            let keys = role.keys.iter();
            let keys: Vec<Value> = keys
                .map(|key| json!({ "file": key.file, "sha256": key.sha256 }))
                .collect();
            let role = json!({ "threshold": role.threshold, "keys": keys });
            (kind.as_str().to_owned(), role)
        })
        .collect();
    let people: Vec<Value> = script
        .people()
        .iter()
        .map(|person| {
            let roles: Vec<&str> = person.roles.iter().map(|role| role.as_str()).collect();
            json!({ "id": person.id, "name": person.name, "roles": roles })
        })
        .collect();
    let keys: Vec<Value> = script
        .keys()
        .iter()
        .map(|key| {
            json!({
                "id": key.id,
                "holder": key.holder,
                "type": key.key_type.to_string(),
                "profile": key.token.profile.name,
                "activation": key.activation.iter().map(activation).collect::<Vec<_>>(),
            })
        })
        .collect();
    let spares: Vec<Value> = script
        .spares()
        .iter()
        .map(|spare| json!({ "id": spare.id, "profile": spare.token.profile.name, "keys": spare.keys }))
        .collect();
    let steps: Vec<Value> = script
        .steps()
        .iter()
        .map(|step| {
            json!({
                "id": step.id,
                "act": step.act.name(),
                "title": step.act.title(script),
                "minutes": step.minutes,
            })
        })
        .collect();
    json!({
        "kind": script.kind().as_str(),
        "title": script.title(),
        "repository": script.repository(),
        "not_before": script.not_before().to_string(),
        "root": script.makes_root().then(|| json!({
            "version": script.root_version(),
            "threshold": script.root().threshold,
            "expires": script.root().expires.to_string(),
            "consistent_snapshot": script.root().consistent_snapshot,
            "destination": script.root().destination.as_str(),
            "roles": roles,
        })),
        "sample_keys": script.uses_sample_keys(),
        "minutes": script.total_minutes(),
        "people": people,
        "keys": keys,
        "spares": spares,
        "steps": steps,
    })
}

/// Who sets a secret of a token, and its disposition.
fn activation(plan: &SecretPlan) -> Value {
    let bag = match &plan.disposition {
        SecretDisposition::Sealed { bag } => Some(bag),
        SecretDisposition::Memorized
        | SecretDisposition::Discarded
        | SecretDisposition::PinProtected => None,
    };
    json!({
        "type": plan.secret.as_str(),
        "set_by": plan.set_by,
        "disposition": plan.disposition.as_str(),
        "bag": bag,
    })
}
