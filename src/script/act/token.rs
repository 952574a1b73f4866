//! Tokens: identified, set up, verified, and sealed; media are sealed too.

use crate::script::{KeyPlan, Kind, Medium, SecretDisposition, SecretPlan, TokenSecret};

use super::description::{
    Description, EVERY_KIND, EVERY_KIND_BUT_SIGNING, InRestore, KEY, KINDS_WITH_NEW_KEYS, Leaves,
    Need, OnlyWith, Stage, Subject, USUAL, Who, blanks, lines,
};
use super::{
    ATTEST_CLOCK, Act, BACK_UP_KEY, COLLECT_SIGNATURES, EXPORT, INSPECT_HOST, READ_SCRIPT,
    VERIFY_BACKUP,
};
use crate::script::schema::{Field, Need as FieldNeed, Type, field};

pub(super) static IDENTIFY_TOKEN: Description = Description {
    name: "identify-token",
    label: "Identify token",
    about: "A token is inserted and compared with the script.",
    fields: &[KEY],
    construct: |values| Some(Act::IdentifyToken { key: values.key? }),
    kinds: EVERY_KIND,
    in_restore: InRestore::Always,
    minutes: 2,
    stage: Stage::IdentifyToken,
    needs: &[
        Need::Every(&ATTEST_CLOCK),
        Need::Every(&INSPECT_HOST),
        Need::Every(&READ_SCRIPT),
    ],
    reason: "a token is identified before anything is written to it",
    who: &[Who::Holder, Who::Witnesses],
    title: |step| format!("Identify {}", step.token_title()),
    instructions: identify_token,
    proves: |_| lines(&["the token is the one that the script names"]),
    blanks: |step| {
        let is_bagged = step.plan().is_some_and(|plan| plan.token.bag.is_some());
        let bag = is_bagged.then_some("Bag number, as read");
        let labels = bag.into_iter().chain(["Serial number of the token"]);
        blanks(&labels.collect::<Vec<_>>())
    },
    ..USUAL
};

fn identify_token(step: &Subject<'_>) -> Vec<String> {
    let Some(plan) = step.plan() else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    if let Some(bag) = &plan.token.bag {
        lines.push(format!(
            "{}: show bag {bag}, unopened. A witness: check its number and seal. Then open it.",
            step.actor()
        ));
    }
    let marks: Vec<String> = [
        ("manufacturer", &plan.token.manufacturer),
        ("model", &plan.token.model),
        ("serial number", &plan.token.serial),
    ]
    .into_iter()
    .filter_map(|(what, mark)| mark.as_ref().map(|mark| format!("{what} {mark}")))
    .collect();
    lines.push(format!(
        "{}: insert {} ({}), and no other.",
        step.actor(),
        step.token(),
        plan.token.profile
    ));
    if !marks.is_empty() {
        lines.push(format!("A witness: compare {}.", marks.join(", ")));
    }
    lines
}

pub(super) static INITIALIZE_TOKEN: Description = Description {
    name: "initialize-token",
    label: "Initialize",
    about: "Erases the token and writes its label. On a YubiKey, also replaces the factory PUK and management key.",
    fields: &[KEY],
    construct: |values| Some(Act::InitializeToken { key: values.key? }),
    kinds: KINDS_WITH_NEW_KEYS,
    in_restore: InRestore::Always,
    minutes: 1,
    stage: Stage::InitializeToken,
    needs: &[Need::Same(&IDENTIFY_TOKEN)],
    reason: "the PIN is set after the token is initialized",
    leaves: Leaves::Token,
    who: &[Who::Holder],
    title: |step| format!("Initialize {}", step.token_title()),
    instructions: |step| {
        let erased = format!(
            "Everything on {} is erased, and its label is written.",
            step.token()
        );
        let lines = [erased, so_pin(step)].into_iter();
        lines.chain(management_key(step)).collect()
    },
    proves: |_| lines(&["the token is blank and has the label from the script"]),
    ..USUAL
};

/// Who sets the SO PIN or the PUK, unseen.
fn so_pin(step: &Subject<'_>) -> String {
    let plan = step.plan();
    let secret = plan.map_or(TokenSecret::SoPin, KeyPlan::ruling_secret);
    let title = secret.title();
    match plan.and_then(|plan| plan.secret(secret)) {
        Some(SecretPlan {
            disposition: SecretDisposition::Discarded,
            ..
        }) => format!(
            "The {title} is random. Nobody sees it, and it is discarded once the PIN is set."
        ),
        plan => format!(
            "Everyone else: look away. {}: type the {title}. If the token has none, choose one and type it twice.",
            step.setter(plan)
        ),
    }
}

/// What changes on a YubiKey besides the PUK.
fn management_key(step: &Subject<'_>) -> Option<String> {
    let plan = step.plan()?;
    plan.token.slot?;
    let kept = if plan.management_writer().is_some() {
        "until it is written down"
    } else {
        "permanently"
    };
    Some(format!(
        "The management key is replaced by a random one, which the YubiKey keeps protected by the PIN {kept}. The factory values no longer work once the PIN is set."
    ))
}

pub(super) static SET_PIN: Description = Description {
    name: "set-pin",
    label: "Set PIN",
    about: "The key holder sets the user PIN, unseen.",
    fields: &[KEY],
    construct: |values| Some(Act::SetPin { key: values.key? }),
    kinds: KINDS_WITH_NEW_KEYS,
    in_restore: InRestore::Always,
    minutes: 2,
    stage: Stage::SetPin,
    needs: &[Need::Same(&IDENTIFY_TOKEN), Need::Same(&INITIALIZE_TOKEN)],
    reason: "a key is generated under its holder's PIN, and initializing a token deletes its PIN",
    leaves: Leaves::Token,
    who: &[Who::Holder],
    title: |step| {
        let key = step.named.key;
        let whose = key.map_or_else(String::new, |key| step.script.pin_title(key));
        format!("Set the PIN of {whose}")
    },
    instructions: set_pin,
    proves: |_| lines(&["the token accepts the key holder's PIN"]),
    blanks: |step| {
        let plan = step.plan();
        let envelopes = plan.into_iter().flat_map(KeyPlan::envelopes);
        let envelopes = envelopes.filter(|(secret, _)| *secret != TokenSecret::ManagementKey);
        envelopes
            .map(|(secret, _)| (format!("Bag number of the {}, as read", secret.title()), 1))
            .collect()
    },
    ..USUAL
};

fn set_pin(step: &Subject<'_>) -> Vec<String> {
    let mut lines = vec![format!(
        "Everyone else: look away. {}: type a new user PIN twice.",
        step.actor()
    )];
    let Some(plan) = step.plan() else {
        return lines;
    };
    let is_kept = |secret: TokenSecret| plan.envelopes().any(|(sealed, _)| sealed == secret);
    if is_kept(TokenSecret::UserPin) {
        lines.push("Nobody else learns the PIN.".into());
    } else {
        lines.push("Nobody else learns the PIN, and it is not written down.".into());
    }
    let sealed = plan.envelopes();
    for (secret, bag) in sealed.filter(|(secret, _)| *secret != TokenSecret::ManagementKey) {
        lines.push(format!(
            "{}: write down the {}, unseen, and seal it into bag {bag}. A witness: read out the number. Two people approve.",
            step.setter(plan.secret(secret)),
            secret.title()
        ));
    }
    lines
}

pub(super) static VERIFY_TOKEN: Description = Description {
    name: "verify-token",
    label: "Verify token",
    about: "The token is inserted again after the export, and its key answers a challenge.",
    fields: &[KEY],
    construct: |values| Some(Act::VerifyToken { key: values.key? }),
    kinds: EVERY_KIND_BUT_SIGNING,
    in_restore: InRestore::IfKept,
    minutes: 2,
    stage: Stage::VerifyToken,
    needs: &[
        Need::Restored,
        Need::Every(&EXPORT),
        Need::Same(&BACK_UP_KEY),
    ],
    reason: "each token is shown to work after it was without power",
    who: &[Who::Holder],
    title: |step| format!("Verify {}", step.token_title()),
    instructions: |step| {
        let actor = step.actor();
        vec![
            format!(
                "{actor}: insert {} again; it was removed after its last use.",
                step.token()
            ),
            format!(
                "Everyone else: look away. {actor}: type the PIN. The key answers a fresh challenge."
            ),
            format!("{actor}: remove the token and keep it."),
        ]
    },
    proves: |_| {
        lines(&[
            "the token keeps its key without power",
            "the key holder knows the PIN",
        ])
    },
    ..USUAL
};

pub(super) static DESTROY_TOKEN_KEY: Description = Description {
    name: "destroy-token-key",
    label: "Destroy key",
    about: "Two people watch a root key being destroyed in its token or key file: a key that was removed from the root, or every key in the room when the root is retired.",
    fields: &[KEY],
    construct: |values| Some(Act::DestroyTokenKey { key: values.key? }),
    kinds: &[Kind::Rotation, Kind::Renewal],
    in_restore: InRestore::Never,
    only_with: OnlyWith::RemovedKey,
    minutes: 3,
    stage: Stage::VerifyToken,
    needs: &[
        Need::Every(&EXPORT),
        Need::Every(&COLLECT_SIGNATURES),
        Need::Same(&VERIFY_TOKEN),
    ],
    reason: "a key that was destroyed cannot be stolen",
    who: &[Who::Holder, Who::Administrator, Who::Witnesses],
    title: |step| format!("Destroy {}", step.key()),
    instructions: |step| {
        let actor = step.actor();
        vec![
            format!("{actor}: insert {}.", step.token()),
            "Two people: compare the fingerprint on the screen with the one on this sheet, and approve. One of them: type the exact words that the screen asks for.".to_owned(),
            format!(
                "Everyone else: look away. {actor}: type the PIN. The key is destroyed, and the token is read again."
            ),
            format!("{actor}: remove the token."),
        ]
    },
    proves: |_| {
        lines(&[
            "two people approved the destruction of this key",
            "the token no longer holds the key",
        ])
    },
    blanks: |_| {
        blanks(&[
            "Fingerprint of the destroyed key, first words",
            "Initials of two people who watched",
        ])
    },
    ..USUAL
};

pub(super) static SEAL: Description = Description {
    name: "seal",
    label: "Seal",
    about: "A token or a medium is sealed into a tamper-evident bag, and a person takes it. In a drill, only media are sealed.",
    fields: &[
        field!(optional "medium", Type::Id, r#"medium = "stick-a""#, "The medium to seal, instead of a token."),
        Field {
            need: FieldNeed::When("required, unless there is a `medium`"),
            about: "The key whose token is sealed.",
            ..KEY
        },
        field!(required "place", Type::Line(100), r#"place = "Safe of key holder 1""#,
            "Where the bag is kept from now on."),
        field!(optional "receiver", Type::Id, r#"receiver = "holder-1""#,
            "The person who takes the bag. The default is the key holder; for a medium, the administrator."),
    ],
    construct: |values| {
        let (place, receiver) = (values.place?, values.receiver);
        Some(match values.medium {
            Some(medium) => Act::SealMedium {
                medium,
                place,
                receiver,
            },
            None => Act::Seal {
                key: values.key?,
                place,
                receiver,
            },
        })
    },
    kinds: EVERY_KIND_BUT_SIGNING,
    in_restore: InRestore::IfKept,
    minutes: 2,
    stage: Stage::PutAway,
    needs: &[
        Need::Every(&EXPORT),
        Need::Same(&VERIFY_TOKEN),
        Need::Restored,
    ],
    reason: "a token is sealed after its last use",
    who: &[Who::Receiver, Who::Witnesses],
    title: |step| format!("Seal {}", step.token_title()),
    instructions: |step| {
        let receiver = step.named.receiver.and_then(|id| step.script.person(id));
        let receiver = receiver.map_or_else(|| step.actor(), |person| person.name.clone());
        sealing(step, &step.actor(), &step.token(), &receiver)
    },
    proves: |_| lines(&["two people read the number of the bag with the token"]),
    blanks: |_| blanks(&["Number of the new bag", "Received (signature)"]),
    ..USUAL
};

pub(super) static SEAL_MEDIUM: Description = Description {
    label: "Seal medium",
    in_restore: InRestore::Always,
    needs: &[Need::Every(&EXPORT), Need::Every(&VERIFY_BACKUP)],
    reason: "a medium is sealed after its last use",
    title: |step| {
        let medium = step.named.medium;
        let medium = medium.map_or_else(String::new, ToString::to_string);
        format!("Seal the medium {medium}")
    },
    instructions: |step| {
        let medium = step.named.medium;
        let medium = medium.and_then(|medium| step.script.medium(&medium.into()));
        let receiver = step.named.receiver.and_then(|id| step.script.person(id));
        let receiver = receiver.map_or("Administrator", |person| &person.name);
        let title = medium.map_or_else(String::new, Medium::title);
        sealing(step, "Administrator", &title, receiver)
    },
    proves: |_| lines(&["two people read the number of the bag with the medium"]),
    ..SEAL
};

fn sealing(step: &Subject<'_>, who: &str, what: &str, receiver: &str) -> Vec<String> {
    vec![
        format!("{who}: put {what} into a new tamper-evident bag and close it in front of everyone."),
        "Two people other than the administrator: each read its number and have it typed. The second person does not look at the screen.".into(),
        format!("{receiver}: take the bag. Keep it here: {}.", step.named.place),
    ]
}
