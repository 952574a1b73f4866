//! Keys: generated, imported, enrolled from elsewhere, and certified.

use crate::document::capitalized;
use crate::script::TokenSecret;

use super::description::{
    Description, InRestore, KEY, KINDS_WITH_NEW_KEYS, Leaves, Need, OnlyWith, Stage, Subject,
    USUAL, Who, blanks, lines,
};
use super::{
    ATTEST_CLOCK, Act, IDENTIFY_TOKEN, INITIALIZE_TOKEN, INSPECT_HOST, READ_SCRIPT, SET_PIN,
};
use crate::script::Kind;

pub(super) static GENERATE_KEY: Description = Description {
    name: "generate-key",
    label: "Generate key",
    about: "The token generates its key, and the key answers a challenge.",
    fields: &[KEY],
    construct: |values| Some(Act::GenerateKey { key: values.key? }),
    kinds: KINDS_WITH_NEW_KEYS,
    in_restore: InRestore::Never,
    minutes: 2,
    stage: Stage::MakeKey,
    needs: &[
        Need::Same(&IDENTIFY_TOKEN),
        Need::Same(&INITIALIZE_TOKEN),
        Need::Same(&SET_PIN),
    ],
    reason: "a root is composed from keys that exist",
    leaves: Leaves::Key,
    who: &[Who::Holder, Who::Witnesses],
    title: |step| format!("Generate {}", step.key()),
    instructions: |step| {
        let made = format!(
            "The token generates {}, of type {}.",
            step.key(),
            key_type(step)
        );
        new_key(
            step,
            made,
            "The YubiKey signs a statement that it generated the key itself. The statement is verified up to a root of the manufacturer and recorded.",
        )
    },
    proves: |step| new_key_proves(step, "generated"),
    blanks: new_key_blanks,
    ..USUAL
};

pub(super) static IMPORT_KEY: Description = Description {
    name: "import-key",
    label: "Import key",
    about: "A key is generated in locked memory and imported into its token, where it answers a challenge. Its provenance is \"imported\".",
    construct: |values| Some(Act::ImportKey { key: values.key? }),
    title: |step| format!("Import {}", step.key()),
    instructions: |step| {
        let made = format!(
            "This machine generates {}, of type {}, in locked memory, imports it into the token and wipes it. Its provenance is permanently \"imported\".",
            step.key(),
            key_type(step)
        );
        new_key(
            step,
            made,
            "A device cannot attest a key that it did not generate.",
        )
    },
    proves: |step| new_key_proves(step, "imported"),
    ..GENERATE_KEY
};

fn key_type(step: &Subject<'_>) -> String {
    let plan = step.plan();
    plan.map_or_else(String::new, |plan| plan.key_type.to_string())
}

fn new_key(step: &Subject<'_>, made: String, attested: &str) -> Vec<String> {
    let mut lines = vec![made];
    if let Some(slot) = step.plan().and_then(|plan| plan.token.slot) {
        lines.push(format!(
            "The key is in slot {:02x} (PIN {}, touch {}). Touch the YubiKey when it blinks.",
            slot.number, slot.policy.pin, slot.policy.touch
        ));
        lines.push(attested.to_owned());
    }
    lines.push(format!(
        "A witness: write the first fingerprint words of the key on the run sheet. {}: remove the token and keep it.",
        step.actor()
    ));
    if let Some(plan) = step.plan()
        && plan.management_writer().is_some()
    {
        let writer = step.setter(plan.secret(TokenSecret::ManagementKey));
        lines.push(format!(
            "Everyone else: look away. {writer}: write down the management key from the screen and type it back. The YubiKey then no longer stores it."
        ));
        let sealed = plan.envelopes();
        for (_, bag) in sealed.filter(|(secret, _)| *secret == TokenSecret::ManagementKey) {
            lines.push(format!("{writer}: seal the paper into bag {bag}. A witness: read out its number. Two people approve."));
        }
    }
    lines
}

fn new_key_proves(step: &Subject<'_>, did: &str) -> Vec<String> {
    vec![
        format!("the token {did} a key of type {}", key_type(step)),
        "the public key reads back identically".into(),
        "the key answered a fresh challenge".into(),
    ]
}

fn new_key_blanks(step: &Subject<'_>) -> Vec<(String, usize)> {
    let writer = step.plan().and_then(|plan| plan.management_writer());
    let bag = writer.map(|_| "Bag number of the management key, as read");
    let labels = ["First fingerprint words"].into_iter().chain(bag);
    blanks(&labels.collect::<Vec<_>>())
}

pub(super) static ENROLL_KEY: Description = Description {
    name: "enroll-key",
    label: "Enroll key",
    about: "A key from an enrollment file is admitted: its token answers a challenge, or two people compare its fingerprint.",
    fields: &[KEY],
    construct: |values| Some(Act::EnrollKey { key: values.key? }),
    kinds: KINDS_WITH_NEW_KEYS,
    in_restore: InRestore::Never,
    only_with: OnlyWith::EnrollmentFile,
    minutes: 5,
    stage: Stage::MakeKey,
    needs: &[
        Need::Every(&ATTEST_CLOCK),
        Need::Every(&INSPECT_HOST),
        Need::Every(&READ_SCRIPT),
        Need::Same(&IDENTIFY_TOKEN),
    ],
    reason: "a root is composed from keys that were verified",
    who: &[Who::Holder, Who::Witnesses],
    title: |step| format!("Enroll {}", step.key()),
    instructions: enroll_key,
    proves: |step| {
        if step.plan().is_some() {
            return lines(&[
                "the token holds the key of the enrollment file",
                "the key answered a fresh challenge",
            ]);
        }
        lines(&[
            "the file proves that a token or a person has the private key",
            "the key holder confirmed to two people that this is the key",
        ])
    },
    blanks: |step| {
        if step.distant().is_some() {
            return blanks(&["Called (name, number)", "First fingerprint words"]);
        }
        Vec::new()
    },
    ..USUAL
};

fn enroll_key(step: &Subject<'_>) -> Vec<String> {
    let mut enrolled = step.script.enrolled();
    let enrolled = enrolled.find(|(id, _)| Some(*id) == step.named.key);
    let Some((_, enrolled)) = enrolled else {
        return Vec::new();
    };
    let claims = enrolled.enrollment.claims();
    let words = claims.public_key.fingerprint().words();
    let words = words.chunks(8).map(|words| words.join(" "));
    let file = format!(
        "{} is the key in {}. Its fingerprint begins:",
        step.key(),
        enrolled.file().file
    );
    let mut lines = vec![capitalized(&file)];
    lines.extend(words.take(1));
    match step.distant() {
        None => lines.push(format!(
            "Everyone else: look away. {}: type the PIN. The key answers a fresh challenge; without an answer, it is not added to the root.",
            step.actor()
        )),
        Some(distant) => {
            lines.push(format!(
                "The key holder at {} reads all 32 words aloud over another channel than the file's: by telephone, with a voice that you know.",
                distant.title()
            ));
            lines.push("Two people other than the administrator: compare every word with the screen, and confirm with your codes.".into());
        }
    }
    lines
}

pub(super) static CERTIFY_KEY: Description = Description {
    name: "certify-key",
    label: "Certify key",
    about: "The token signs a certificate for its key, for a Notary root.",
    fields: &[KEY],
    construct: |values| Some(Act::CertifyKey { key: values.key? }),
    kinds: &[Kind::Genesis, Kind::Rotation],
    in_restore: InRestore::Never,
    only_with: OnlyWith::Certificate,
    minutes: 2,
    stage: Stage::FinishKey,
    needs: &[
        Need::Same(&IDENTIFY_TOKEN),
        Need::Same(&INITIALIZE_TOKEN),
        Need::Same(&SET_PIN),
        Need::Same(&GENERATE_KEY),
        Need::Same(&IMPORT_KEY),
        Need::Same(&ENROLL_KEY),
    ],
    reason: "a Notary root contains certificates of keys",
    who: &[Who::Holder, Who::Witnesses],
    title: |step| format!("Certify {}", step.key()),
    instructions: |step| {
        let script = step.script;
        let name = script.certificate_name();
        let mut lines = vec![format!(
            "The token signs a certificate of its key for {name}, valid until {}. Clients that pin certificates pin its ID.",
            script.certificate_validity().until
        )];
        if script.is_wildcard() {
            lines.push(format!(
                "It is valid for every repository whose name begins like this. Administrator: type the name, {name}, to confirm."
            ));
        }
        lines
    },
    proves: |_| {
        lines(&[
            "the key signed its certificate, which names the repository",
            "the certificate is not a CA certificate, and does not expire before the root",
        ])
    },
    ..USUAL
};
