//! The root: requested or composed, reviewed, signed, verified, and exported.

use crate::script::{Kind, Place};

use super::description::{
    Description, InRestore, KINDS_WITH_ROOT, Need, OnlyWith, Stage, Subject, USUAL, Who, blanks,
    lines,
};
use super::{Act, INSPECT_HOST};

const KINDS_THAT_SIGN: &[Kind] = &[Kind::Genesis, Kind::Rotation, Kind::Renewal, Kind::Signing];

pub(super) static VERIFY_REQUEST: Description = Description {
    name: "verify-request",
    label: "Verify request",
    about: "A signing request from another site is verified: its chain from the trusted root, and what was signed before.",
    construct: |_| Some(Act::VerifyRequest),
    kinds: &[Kind::Signing],
    in_restore: InRestore::Never,
    minutes: 5,
    stage: Stage::Compose,
    needs: &[Need::Every(&INSPECT_HOST)],
    reason: "a request is verified before it is shown for signing",
    who: &[Who::Administrator, Who::Witnesses],
    title: |step| format!("Verify the request for root {}", step.version()),
    instructions: |_| {
        lines(&[
            "The chain of the request is verified from the root that this machine trusts. If it trusts none, the key holder types the digest words from the paper card.",
            "No other payload of the same version may have been signed before, according to the records that are here.",
        ])
    },
    proves: |_| {
        lines(&[
            "the requested root builds on the root that is trusted here",
            "no other root of this version was signed, according to the records that are here",
        ])
    },
    blanks: |_| vec![("Digest words on the card".to_owned(), 4)],
    ..USUAL
};

pub(super) static COMPOSE_ROOT: Description = Description {
    name: "compose-root",
    label: "Compose root",
    about: "The root is composed from the script and the keys, and frozen.",
    construct: |_| Some(Act::ComposeRoot),
    kinds: KINDS_WITH_ROOT,
    in_restore: InRestore::Never,
    minutes: 1,
    stage: Stage::Compose,
    needs: &[Need::KeysReady],
    reason: "a root is frozen before it is reviewed",
    who: &[Who::Administrator, Who::Witnesses],
    title: |step| format!("Compose root {}", step.version()),
    instructions: |step| {
        vec![format!(
            "Administrator: compose root {} from the script and the keys. It is frozen and does not change after this.",
            step.version()
        )]
    },
    proves: |_| lines(&["the root matches the script, and every new key in it was verified"]),
    ..USUAL
};

pub(super) static REVIEW_ROOT: Description = Description {
    name: "review-root",
    label: "Review root",
    about: "People read what is to be signed, and its digest.",
    construct: |_| Some(Act::ReviewRoot),
    kinds: KINDS_THAT_SIGN,
    in_restore: InRestore::Never,
    minutes: 10,
    stage: Stage::Review,
    needs: &[Need::Every(&COMPOSE_ROOT)],
    reason: "a root is reviewed before anyone signs it",
    who: &[Who::Administrator, Who::Witnesses],
    title: |step| format!("Review root {}", step.version()),
    instructions: |step| {
        vec![
            "A witness: read aloud what is to be signed: keys by holder, thresholds, roles, expiry. Everyone else: compare it with the run sheet.".into(),
            "Two people: read the digest words of the frozen root to each other. A witness: write them on the run sheet.".into(),
            format!(
                "Administrator: when everyone agrees, type the words that the screen asks for: SIGN ROOT {}.",
                step.version()
            ),
        ]
    },
    proves: |_| lines(&["the participants know what is signed, and its digest"]),
    blanks: |_| vec![("Digest words of the root".to_owned(), 4)],
    ..USUAL
};

pub(super) static SIGN_ROOT: Description = Description {
    name: "sign-root",
    label: "Sign root",
    about: "Every key signs the frozen root.",
    construct: |_| Some(Act::SignRoot),
    kinds: KINDS_THAT_SIGN,
    in_restore: InRestore::Never,
    minutes: 10,
    stage: Stage::Sign,
    needs: &[Need::Every(&REVIEW_ROOT)],
    reason: "a root is signed before it is verified",
    who: &[Who::KeyHolders],
    title: |step| format!("Sign root {}", step.version()),
    instructions: |_| {
        lines(&[
            "Each key holder in turn: insert the token that the screen names, have everyone else look away, and type the PIN.",
            "Every key signs, not only as many as the threshold requires. Each signature is verified before the next token is requested.",
        ])
    },
    proves: |step| {
        let each = "each signature verifies over the reviewed bytes".to_owned();
        let is_complete = step.script.kind() != Kind::Signing && sites(step).is_empty();
        std::iter::once(each)
            .chain(is_complete.then(|| threshold(step)))
            .collect()
    },
    ..USUAL
};

pub(super) static COLLECT_SIGNATURES: Description = Description {
    name: "collect-signatures",
    label: "Collect",
    about: "The signatures of other sites are collected and verified.",
    construct: |_| Some(Act::CollectSignatures),
    kinds: KINDS_WITH_ROOT,
    in_restore: InRestore::Never,
    only_with: OnlyWith::OwedSignature,
    minutes: 5,
    stage: Stage::Collect,
    needs: &[Need::Every(&SIGN_ROOT)],
    reason: "signatures from other sites are part of the root",
    who: &[Who::Administrator, Who::Witnesses],
    title: |step| {
        format!(
            "Collect signatures for root {} from other sites",
            step.version()
        )
    },
    instructions: |step| {
        vec![
            format!(
                "Administrator: write the signing request for root {} to a medium, and send it to: {}.",
                step.version(),
                sites(step)
            ),
            "Each site verifies the request on its own machine, signs, and returns a small signature file. The ceremony may pause until then: leave it, and resume it when the file arrives.".into(),
            "Each signature is verified before it is kept.".into(),
        ]
    },
    proves: |step| {
        let each = "each signature from another site verifies over the reviewed bytes";
        vec![each.into(), threshold(step)]
    },
    blanks: |_| blanks(&["Signatures received, and when"]),
    ..USUAL
};

fn threshold(step: &Subject<'_>) -> String {
    let threshold = step.script.root().threshold;
    format!(
        "root {} reaches its threshold of {threshold}",
        step.version()
    )
}

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
    label: "Verify root",
    about: "The signed root is verified as a client would verify it.",
    construct: |_| Some(Act::VerifyRoot),
    kinds: KINDS_WITH_ROOT,
    in_restore: InRestore::Never,
    minutes: 1,
    stage: Stage::Verify,
    needs: &[Need::Every(&SIGN_ROOT), Need::Every(&COLLECT_SIGNATURES)],
    reason: "only a root that clients accept is exported",
    who: &[Who::Administrator, Who::Witnesses],
    title: |step| format!("Verify root {}", step.version()),
    instructions: |step| {
        vec![format!(
            "Administrator: have root {} verified as a client would verify it. A witness: read the verdict aloud.",
            step.version()
        )]
    },
    proves: |step| {
        vec![format!(
            "clients accept root {} until it expires",
            step.version()
        )]
    },
    blanks: |_| blanks(&["Verdict"]),
    ..USUAL
};

pub(super) static EXPORT: Description = Description {
    name: "export",
    label: "Export",
    about: "The result is written to a medium for the online machine and read back: the root, or the enrollment files.",
    construct: |_| Some(Act::Export),
    kinds: &[
        Kind::Genesis,
        Kind::Rotation,
        Kind::Renewal,
        Kind::Signing,
        Kind::Enrollment,
    ],
    in_restore: InRestore::Never,
    minutes: 3,
    stage: Stage::Export,
    needs: &[Need::Every(&VERIFY_ROOT), Need::KeysReadyToExport],
    reason: "the result is saved before tokens are used again",
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
                "Administrator: export a file for each key, with its public key and the answer to the challenge. Each file is read back.",
                "The file may travel by any channel. Later, each key holder reads the fingerprint words of their key to the people who enroll it, over another channel: by telephone, with a known voice.",
            ]);
        }
        vec![
            format!(
                "Administrator: export root {}, the public keys and the transcript. The files are read back.",
                step.version()
            ),
            "A witness: compare the digest on the screen with the one written at the review."
                .into(),
        ]
    },
    proves: |_| lines(&["the exported files read back identically"]),
    blanks: |_| blanks(&["Medium and serial number"]),
    ..USUAL
};
