//! Keys: they are made, brought in, or admitted from elsewhere, and certified.

use crate::document::capitalized;
use crate::script::TokenSecret;

use super::description::{
    Description, InRestore, KEY, KINDS_WITH_NEW_KEYS, Leaves, Need, OnlyWith, Stage, Subject, Who,
    blanks, lines,
};
use super::{
    ATTEST_CLOCK, Act, IDENTIFY_TOKEN, INITIALIZE_TOKEN, INSPECT_HOST, READ_SCRIPT, SET_PIN,
};
use crate::script::Kind;

pub(super) static GENERATE_KEY: Description = Description {
    name: "generate-key",
    label: "Generate key",
    about: "The token generates its key and proves it.",
    fields: &[KEY],
    construct: |values| Some(Act::GenerateKey { key: values.key? }),
    kinds: KINDS_WITH_NEW_KEYS,
    in_restore: InRestore::Never,
    only_with: OnlyWith::Nothing,
    repeats: false,
    minutes: 2,
    stage: Stage::MakeKey,
    needs: &[
        Need::Same(&IDENTIFY_TOKEN),
        Need::Same(&INITIALIZE_TOKEN),
        Need::Same(&SET_PIN),
    ],
    reason: "a root is composed of keys that exist",
    leaves: Leaves::Key,
    who: &[Who::Holder, Who::Witnesses],
    title: |step| format!("Generate {}", step.key()),
    instructions: |step| {
        let made = format!(
            "The token makes {}, of type {}.",
            step.key(),
            key_type(step)
        );
        new_key(
            step,
            made,
            "The YubiKey states, signed, that it made the key itself. The statement is verified up to a root of its maker, and kept with the record.",
        )
    },
    proves: |step| new_key_proves(step, "made"),
    blanks: new_key_blanks,
};

pub(super) static IMPORT_KEY: Description = Description {
    name: "import-key",
    label: "Import key",
    about: "A key is generated in locked memory, imported into its token, and proven; its provenance is \"imported\".",
    construct: |values| Some(Act::ImportKey { key: values.key? }),
    title: |step| format!("Bring in {}", step.key()),
    instructions: |step| {
        let made = format!(
            "This machine makes {}, of type {}, in its locked memory, brings it into the token and forgets it. Its provenance is \"imported\" for ever.",
            step.key(),
            key_type(step)
        );
        new_key(
            step,
            made,
            "No device can attest a key that it did not make.",
        )
    },
    proves: |step| new_key_proves(step, "took in"),
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
            "The key lives in slot {:02x}. It wants the PIN: {}; a touch: {}. The YubiKey blinks when it waits for a touch.",
            slot.number, slot.policy.pin, slot.policy.touch
        ));
        lines.push(attested.to_owned());
    }
    lines.push(format!(
        "A witness writes the first fingerprint words of the key on the run sheet. {} takes the token out and keeps it.",
        step.actor()
    ));
    if let Some(plan) = step.plan()
        && plan.management_writer().is_some()
    {
        let writer = step.setter(plan.secret(TokenSecret::ManagementKey));
        lines.push(format!(
            "The others turn away. {writer} writes the management key down from the screen and types it back; then the YubiKey keeps it no more."
        ));
        let sealed = plan.envelopes();
        for (_, bag) in sealed.filter(|(secret, _)| *secret == TokenSecret::ManagementKey) {
            lines.push(format!("{writer} seals the paper into bag {bag}. A witness reads the number, and two people approve."));
        }
    }
    lines
}

fn new_key_proves(step: &Subject<'_>, did: &str) -> Vec<String> {
    vec![
        format!("the token {did} a key of type {}", key_type(step)),
        "the public key reads back the same".into(),
        "the key answers a fresh challenge".into(),
    ]
}

fn new_key_blanks(step: &Subject<'_>) -> Vec<(String, usize)> {
    let writer = step.plan().and_then(|plan| plan.management_writer());
    let bag = writer.map(|_| "Number read from the bag of the management key");
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
    repeats: false,
    minutes: 5,
    stage: Stage::MakeKey,
    needs: &[
        Need::Every(&ATTEST_CLOCK),
        Need::Every(&INSPECT_HOST),
        Need::Every(&READ_SCRIPT),
        Need::Same(&IDENTIFY_TOKEN),
    ],
    reason: "a root is composed of keys for which somebody spoke",
    leaves: Leaves::Other,
    who: &[Who::Holder, Who::Witnesses],
    title: |step| format!("Enroll {}", step.key()),
    instructions: enroll_key,
    proves: |step| {
        if step.plan().is_some() {
            return lines(&[
                "the token holds the key that its enrollment file names",
                "the key answers a fresh challenge",
            ]);
        }
        lines(&[
            "somebody has the private key, and signed for the file",
            "two people heard from its holder that it is this key",
        ])
    },
    blanks: |step| {
        if step.distant().is_some() {
            return blanks(&["Called (name, number)", "First fingerprint words"]);
        }
        Vec::new()
    },
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
        "{} is the key of {}. The first words of its fingerprint:",
        step.key(),
        enrolled.file().file
    );
    let mut lines = vec![capitalized(&file)];
    lines.extend(words.take(1));
    match step.distant() {
        None => lines.push(format!(
            "The others turn away. {} types the PIN; the key answers a fresh challenge. Without an answer it stands in no root.",
            step.actor()
        )),
        Some(distant) => {
            lines.push(format!(
                "The key holder at {} reads all 32 words aloud, over a channel by which this file did not come: a telephone with a known voice.",
                distant.title()
            ));
            lines.push("Two people, neither of them the administrator, each compare every word with the screen, and confirm it by their codes.".into());
        }
    }
    lines
}

pub(super) static CERTIFY_KEY: Description = Description {
    name: "certify-key",
    label: "Certify key",
    about: "The token signs a certificate of its key, for a root of Notary.",
    fields: &[KEY],
    construct: |values| Some(Act::CertifyKey { key: values.key? }),
    kinds: &[Kind::Genesis, Kind::Rotation],
    in_restore: InRestore::Never,
    only_with: OnlyWith::Certificate,
    repeats: false,
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
    reason: "a root of Notary is composed of keys in certificates",
    leaves: Leaves::Other,
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
                "It is good for every repository whose name begins so: the administrator types the name, {name}, to confirm it."
            ));
        }
        lines
    },
    proves: |_| {
        lines(&[
            "the key signed its certificate, which names the repository",
            "the certificate is not one of an authority, and ends no earlier than the root",
        ])
    },
    blanks: |_| Vec::new(),
};
