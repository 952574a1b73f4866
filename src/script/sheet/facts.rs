//! The script outside its steps, as facts.

use crate::document::Document;
use crate::metadata::RoleKind;
use crate::script::{
    BoundFile, KeyId, KeyPlan, Medium, Person, Script, SecretDisposition, Spare, TokenSecret,
    TokenSpec,
};

pub(super) fn ceremony(page: &mut Document, script: &Script) {
    page.fact("Repository", script.repository());
    page.fact("Kind", script.kind().as_str());
    page.fact("Not before", script.not_before());
    let steps = script.steps().len();
    match script.total_minutes() {
        0 => page.fact("Estimate", format!("{steps} steps")),
        minutes => page.fact(
            "Estimate",
            format!("{steps} steps, about {}", duration(minutes)),
        ),
    }
    page.fact("Script", script.name());
}

fn duration(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

pub(super) fn root(page: &mut Document, script: &Script) {
    if !script.makes_root() {
        let none = "none: this ceremony does not make a root";
        page.fact("Version", none);
        enrolled(page, script);
        return;
    }
    let root = script.root();
    page.fact("Version", script.root_version());
    let (threshold, keys) = (root.threshold, script.root_keys());
    page.fact("Threshold", format!("{threshold} of {keys} root keys"));
    page.fact("Expires", root.expires);
    let names = if root.consistent_snapshot {
        "with versions and hashes (consistent_snapshot)"
    } else {
        "plain (no consistent_snapshot)"
    };
    page.fact("File names", names);
    page.fact("Destination", root.destination.as_str());
    if let Some(provenance) = root.require_provenance {
        page.fact("Added keys", format!("only with provenance {provenance}"));
    }
    for file in script.attestation().additional() {
        page.fact(
            "Attestations may end at",
            format!("{}, which is not a built-in root", file.name),
        );
    }
    if let Some(previous) = script.previous() {
        let version = previous.root.version();
        let threshold = previous.root.role(RoleKind::Root).threshold();
        page.fact(
            "Changes",
            format!("root {version}, whose threshold of {threshold} must sign too"),
        );
        for further in script.further() {
            let version = further.previous.root.version();
            let what = format!("root {version} of {}, with the same keys", further.name);
            page.fact("Also changes", what);
        }
        for (id, change) in script.key_changes() {
            let mut places = script.distant_keys().iter();
            let place = places.find(|key| key.id == *id).map_or_else(
                || "its token is present".to_owned(),
                |key| match &key.held_by {
                    Some(holder) => format!("{} ({holder})", key.place),
                    None => key.place.to_string(),
                },
            );
            page.fact(format!("Key {id}"), format!("{change}; {place}"));
        }
    }
    enrolled(page, script);
    for (kind, role) in root.roles.iter() {
        let files: Vec<&str> = role.keys.iter().map(|key| key.file.as_str()).collect();
        page.fact(
            format!("Role {kind}"),
            format!(
                "threshold {} of {}: {}",
                role.threshold,
                role.keys.len(),
                files.join(", ")
            ),
        );
    }
}

fn bound<'f>(files: impl Iterator<Item = &'f BoundFile>) -> String {
    let files = files.map(|bound| format!("{}, SHA-256 {}", bound.file, bound.sha256));
    files.collect::<Vec<_>>().join("; ")
}

fn enrolled(page: &mut Document, script: &Script) {
    for (id, enrolled) in script.enrolled() {
        let place = match script.distant_key(id) {
            Some(distant) => distant.title(),
            None => "its token is present".to_owned(),
        };
        let (files, origin) = (bound(enrolled.files()), enrolled.origin());
        page.fact(
            format!("Enrolled {id}"),
            format!("{files}: {origin}; {place}"),
        );
    }
}

pub(super) fn roles(person: &Person) -> String {
    let roles: Vec<&str> = person.roles.iter().map(|role| role.as_str()).collect();
    let roles = roles.join(", ");
    match &person.approval {
        Some(own) => format!("{roles}; approves with {}", token(&own.token)),
        None => roles,
    }
}

/// What identifies a token, as far as the script says.
pub(super) fn token(token: &TokenSpec) -> String {
    let marks = [
        ("", &token.manufacturer),
        ("", &token.model),
        ("serial ", &token.serial),
        ("label ", &token.label),
        ("bag ", &token.bag),
    ];
    let mut parts = vec![token.profile.name.clone()];
    for (name, mark) in marks {
        parts.extend(mark.iter().map(|mark| format!("{name}{mark}")));
    }
    if let Some(slot) = &token.slot {
        parts.push(format!(
            "slot {:02x} (PIN {}, touch {})",
            slot.number, slot.policy.pin, slot.policy.touch
        ));
    }
    parts.join(", ")
}

/// The secrets of a key's token: who sets each, and how it is kept.
pub(super) fn activation(script: &Script, plan: &KeyPlan) -> Vec<String> {
    let secrets = plan.activation.iter();
    secrets
        .map(|plan| {
            let by = plan.set_by.as_ref().and_then(|by| script.person(by));
            let by = by.map_or("", |person| person.name.as_str());
            let title = plan.secret.title();
            match &plan.disposition {
                SecretDisposition::Memorized => {
                    format!("{title}: set and memorized by {by}")
                }
                SecretDisposition::Sealed { bag } if plan.secret == TokenSecret::ManagementKey => {
                    format!("{title}: random, written down by {by}, sealed into bag {bag}")
                }
                SecretDisposition::PinProtected => {
                    format!("{title}: random, kept by the token and protected by the PIN")
                }
                SecretDisposition::Sealed { bag } => {
                    format!("{title}: set by {by}, sealed into bag {bag}")
                }
                SecretDisposition::Discarded => {
                    format!("{title}: random and discarded, known to nobody")
                }
            }
        })
        .collect()
}

/// What identifies a medium, as far as the script says.
pub(super) fn medium(medium: &Medium) -> String {
    match &medium.serial {
        Some(serial) => format!("medium, serial {serial}"),
        None => "medium".to_owned(),
    }
}

/// For which keys a spare may be used.
pub(super) fn spare(spare: &Spare) -> String {
    let keys: Vec<&str> = spare.keys.iter().map(KeyId::as_str).collect();
    if keys.is_empty() {
        "spare for any key".to_owned()
    } else {
        format!("spare for {}", keys.join(", "))
    }
}

/// What people fill in.
pub(super) const MACHINE: [&str; 4] = [
    "This machine (make, model, serial number)",
    "Operating system image (SHA-256, first words)",
    "Conclave (version, SHA-256, first words)",
    "Media (make, serial numbers)",
];

/// Warnings on every page.
pub(super) fn banners(script: &Script) -> Vec<&'static str> {
    let samples = script
        .uses_sample_keys()
        .then_some("SAMPLE KEYS: for rehearsals only. A production refuses this script.");
    let assurance = script.assurance_banner();
    assurance.into_iter().chain(samples).collect()
}

/// A person's name, with that of the substitute.
pub(super) fn name(person: &Person) -> String {
    match &person.substitute {
        Some(substitute) => format!("{} (substitute: {substitute})", person.name),
        None => person.name.clone(),
    }
}
