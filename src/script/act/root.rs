//! The root: it is judged or composed, reviewed, signed, verified, and exported.

use crate::script::{Kind, Place};

use super::description::{
    Description, InRestore, KINDS_WITH_ROOT, Leaves, Need, OnlyWith, Stage, Subject, Who, blanks,
    lines,
};
use super::{Act, INSPECT_HOST};

const KINDS_THAT_SIGN: &[Kind] = &[Kind::Genesis, Kind::Rotation, Kind::Renewal, Kind::Signing];

pub(super) static VERIFY_REQUEST: Description = Description {
    name: "verify-request",
    label: "Judge request",
    about: "A signing request of another site is checked: its chain from the trusted root, and what was signed before.",
    fields: &[],
    construct: |_| Some(Act::VerifyRequest),
    kinds: &[Kind::Signing],
    in_restore: InRestore::Never,
    only_with: OnlyWith::Nothing,
    repeats: false,
    minutes: 5,
    stage: Stage::Compose,
    needs: &[Need::Every(&INSPECT_HOST)],
    reason: "nothing is shown for signing before it was judged",
    leaves: Leaves::Other,
    who: &[Who::Administrator, Who::Witnesses],
    title: |step| format!("Judge the request for root {}", step.version()),
    instructions: |_| {
        lines(&[
            "The chain of the request is followed from the root that this machine trusts; on a machine that trusts none, the key holder types the digest words of the paper card.",
            "No other payload of the same version may have been signed before, in any record that was brought along.",
        ])
    },
    proves: |_| {
        lines(&[
            "what is asked for builds upon the root that is trusted here",
            "nothing else was signed as this version, as far as the records tell",
        ])
    },
    blanks: |_| vec![("Digest words on the card".to_owned(), 4)],
};

pub(super) static COMPOSE_ROOT: Description = Description {
    name: "compose-root",
    label: "Compose root",
    about: "The root is composed from the script and the keys, and frozen.",
    fields: &[],
    construct: |_| Some(Act::ComposeRoot),
    kinds: KINDS_WITH_ROOT,
    in_restore: InRestore::Never,
    only_with: OnlyWith::Nothing,
    repeats: false,
    minutes: 1,
    stage: Stage::Compose,
    needs: &[Need::KeysReady],
    reason: "what is reviewed has to be frozen",
    leaves: Leaves::Other,
    who: &[Who::Administrator, Who::Witnesses],
    title: |step| format!("Compose root {}", step.version()),
    instructions: |step| {
        vec![format!(
            "The administrator has root {} put together from the script and the keys made today, and frozen. Nothing in it changes after this.",
            step.version()
        )]
    },
    proves: |_| lines(&["the root says what the script says, and every key in it was proven"]),
    blanks: |_| Vec::new(),
};

pub(super) static REVIEW_ROOT: Description = Description {
    name: "review-root",
    label: "Review",
    about: "People read what is to be signed, and its digest.",
    fields: &[],
    construct: |_| Some(Act::ReviewRoot),
    kinds: KINDS_THAT_SIGN,
    in_restore: InRestore::Never,
    only_with: OnlyWith::Nothing,
    repeats: false,
    minutes: 10,
    stage: Stage::Review,
    needs: &[Need::Every(&COMPOSE_ROOT)],
    reason: "nobody signs what was not read",
    leaves: Leaves::Other,
    who: &[Who::Administrator, Who::Witnesses],
    title: |step| format!("Review root {}", step.version()),
    instructions: |step| {
        vec![
            "A witness reads aloud what is to be signed: keys by holder, thresholds, roles, expiry. Everyone compares it with the run sheet.".into(),
            "Two people read the digest words of the frozen root to each other; a witness writes them on the run sheet.".into(),
            format!(
                "When everyone agrees, the administrator types the word that the screen asks for: SIGN ROOT {}.",
                step.version()
            ),
        ]
    },
    proves: |_| lines(&["people know what they sign, and by which digest"]),
    blanks: |_| vec![("Digest words of what is signed".to_owned(), 4)],
};

pub(super) static SIGN_ROOT: Description = Description {
    name: "sign-root",
    label: "Sign",
    about: "Every key signs the frozen root.",
    fields: &[],
    construct: |_| Some(Act::SignRoot),
    kinds: KINDS_THAT_SIGN,
    in_restore: InRestore::Never,
    only_with: OnlyWith::Nothing,
    repeats: false,
    minutes: 10,
    stage: Stage::Sign,
    needs: &[Need::Every(&REVIEW_ROOT)],
    reason: "what is verified has to be signed",
    leaves: Leaves::Other,
    who: &[Who::KeyHolders],
    title: |step| format!("Sign root {}", step.version()),
    instructions: |_| {
        lines(&[
            "Each key holder in turn puts in the token that the screen names, turns the others away, and types the PIN.",
            "Every key signs, not only as many as the threshold wants. Each signature is verified before the next token is asked for.",
        ])
    },
    proves: |step| {
        vec![
            "each signature verifies over the reviewed bytes".into(),
            format!(
                "root {} reaches its threshold of {}",
                step.version(),
                step.script.root().threshold
            ),
        ]
    },
    blanks: |_| Vec::new(),
};

pub(super) static COLLECT_SIGNATURES: Description = Description {
    name: "collect-signatures",
    label: "Collect",
    about: "The signatures of other sites are collected and verified.",
    fields: &[],
    construct: |_| Some(Act::CollectSignatures),
    kinds: KINDS_WITH_ROOT,
    in_restore: InRestore::Never,
    only_with: OnlyWith::OwedSignature,
    repeats: false,
    minutes: 5,
    stage: Stage::Collect,
    needs: &[Need::Every(&SIGN_ROOT)],
    reason: "the signatures that sites owe are part of the root",
    leaves: Leaves::Other,
    who: &[Who::Administrator, Who::Witnesses],
    title: |step| format!("Collect the owed signatures of root {}", step.version()),
    instructions: |step| {
        vec![
            format!(
                "The administrator has the signing request of root {} written out, and it is sent to: {}.",
                step.version(),
                sites(step)
            ),
            "Each site judges it on its own machine, signs, and sends a small signature file back. Until then the ceremony may rest: leave it, and resume it when the file is here.".into(),
            "Each signature is verified before it is kept.".into(),
        ]
    },
    proves: |_| lines(&["each signature of another site verifies over the reviewed bytes"]),
    blanks: |_| blanks(&["Signatures that came, and when"]),
};

/// The sites that owe a signature.
fn sites(step: &Subject<'_>) -> String {
    let keys = step.script.distant_keys().iter();
    let sites = keys.filter_map(|key| match &key.place {
        Place::Site(site) => Some(format!("{site} ({})", key.id)),
        Place::Elsewhere(_) | Place::Absent | Place::Lost => None,
    });
    sites.collect::<Vec<_>>().join(", ")
}

pub(super) static VERIFY_ROOT: Description = Description {
    name: "verify-root",
    label: "Verify",
    about: "The signed root is verified as a client would verify it.",
    fields: &[],
    construct: |_| Some(Act::VerifyRoot),
    kinds: KINDS_WITH_ROOT,
    in_restore: InRestore::Never,
    only_with: OnlyWith::Nothing,
    repeats: false,
    minutes: 1,
    stage: Stage::Verify,
    needs: &[Need::Every(&SIGN_ROOT), Need::Every(&COLLECT_SIGNATURES)],
    reason: "only what a client would accept leaves the room",
    leaves: Leaves::Other,
    who: &[Who::Administrator, Who::Witnesses],
    title: |step| format!("Verify root {}", step.version()),
    instructions: |step| {
        vec![format!(
            "The administrator has root {} verified as a client would. A witness reads the verdict aloud.",
            step.version()
        )]
    },
    proves: |step| {
        vec![format!(
            "clients will accept root {} until it expires",
            step.version()
        )]
    },
    blanks: |_| blanks(&["Verdict"]),
};

pub(super) static EXPORT: Description = Description {
    name: "export",
    label: "Export",
    about: "The result is written to a medium for the online machine and read back: the root, or the enrollment files.",
    fields: &[],
    construct: |_| Some(Act::Export),
    kinds: &[
        Kind::Genesis,
        Kind::Rotation,
        Kind::Renewal,
        Kind::Signing,
        Kind::Enrollment,
    ],
    in_restore: InRestore::Never,
    only_with: OnlyWith::Nothing,
    repeats: false,
    minutes: 3,
    stage: Stage::Export,
    needs: &[Need::Every(&VERIFY_ROOT), Need::KeysReadyToExport],
    reason: "the result is safe before tokens are handled again",
    leaves: Leaves::Other,
    who: &[Who::Administrator, Who::Witnesses],
    title: |step| {
        if step.script.makes_root() {
            format!("Export root {}", step.version())
        } else {
            "Export the enrollment files".into()
        }
    },
    instructions: |step| {
        if !step.script.makes_root() {
            return lines(&[
                "The administrator has a file for each key written out, and read back: its public half, and the answer to the challenge.",
                "It may travel in any way. Each key holder later reads the fingerprint words of the own key out to those who take it in, over another channel: a telephone with a known voice.",
            ]);
        }
        vec![
            format!(
                "The administrator has root {}, the public keys and the record written out, and read back.",
                step.version()
            ),
            "A witness compares the digest on the screen with the one written down at the review."
                .into(),
        ]
    },
    proves: |_| lines(&["what was written out reads back the same"]),
    blanks: |_| blanks(&["Medium and serial number"]),
};
