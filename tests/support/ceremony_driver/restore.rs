//! Restores without a machine: what custodians, and a key in memory, make of an effect.

use std::sync::Arc;

use conclave::backup::recipient::Recipient;
use conclave::backup::{Custodian, CustodianGroup, Manifest, Protection, SetFacts};
use conclave::ceremony::{Effect, Input, Mode, Outcome, RequestKind, StepError, restore_canary};
use conclave::metadata::KeyType;
use conclave::record::{KeyAttributes, Provenance};
use conclave::script::{DrillLevel, Kind, Opens, PersonId, RestoreTemplate, Script};
use conclave::secret::PrivateKey;
use conclave::words::Digest;
use zeroize::Zeroizing;

use super::backup::{RECIPIENTS, split};
use super::{Room, SoftwareToken};

/// The name of the token in the room whose key is restored.
pub(crate) const RESTORED: &str = "restored";

/// The manifest of a set of two of three: two with recipients, one with a passphrase.
pub(crate) fn manifest(key: &SoftwareToken, mode: Mode) -> Manifest {
    let custodian = |(recipient, n): (&&str, u8)| Custodian {
        id: format!("custodian-{n}"),
        name: format!("Custodian {n}"),
        protection: Some(match *recipient {
            "passphrase" => Protection::Passphrase,
            text => Protection::Recipients(vec![text.parse::<Recipient>().unwrap()]),
        }),
        on_paper: false,
    };
    let facts = SetFacts {
        id: "0123456789abcdef".to_owned(),
        repository: "example.com/updates".to_owned(),
        key: "key-1".to_owned(),
        public_key: key.public_key(),
        provenance: Provenance::WasExtractable,
        groups_needed: 1,
        groups: vec![CustodianGroup {
            threshold: 2,
            custodians: RECIPIENTS.iter().zip(1..).map(custodian).collect(),
        }],
        created_at: "2026-12-01T09:00:00Z".parse().unwrap(),
        is_rehearsal: mode == Mode::Rehearsal,
        supersedes: Vec::new(),
    };
    let (kek, set) = split(facts);
    let wrapped = kek
        .wrap(&PrivateKey::new(Zeroizing::new(vec![1; 48])))
        .unwrap();
    set.manifest(|custodian| Some(Digest::of(custodian.as_bytes())), &wrapped)
        .unwrap()
}

/// A drill or a recovery from such a set, as it is written from its manifest.
pub(crate) fn script(
    manifest: &Manifest,
    kind: Kind,
    level: DrillLevel,
    onto: bool,
) -> Arc<Script> {
    let (text, name, bytes) = text(manifest, kind, level, onto);
    super::parse_with(&text, &[(&name, &bytes)])
}

/// Its text, and the manifest that it carries.
pub(crate) fn text(
    manifest: &Manifest,
    kind: Kind,
    level: DrillLevel,
    onto: bool,
) -> (String, String, Vec<u8>) {
    let name = "restore/key-1.0123456789abcdef.manifest.json".to_owned();
    let bytes = manifest.to_file_bytes();
    let template = RestoreTemplate {
        kind,
        level,
        title: None,
        not_before: "2027-12-01T09:00:00Z".parse().unwrap(),
        manifest: (name.clone(), bytes.clone()),
        set: manifest.clone(),
        onto: onto.then(|| "softhsm2".to_owned()),
        opens: Opens::OwnDevice,
    };
    (template.write().unwrap(), name, bytes)
}

/// A key of P-256 whose token is lost.
pub(crate) fn lost_key() -> SoftwareToken {
    let mut key = SoftwareToken::blank(90);
    key.generate(KeyType::EcdsaP256);
    key
}

/// A room in which a key is restored; it was opened.
pub(crate) fn room(kind: Kind, level: DrillLevel, onto: bool, mode: Mode) -> Room {
    let key = lost_key();
    let script = script(&manifest(&key, mode), kind, level, onto);
    let tokens = [(RESTORED.to_owned(), key)].into();
    Room::open_with(script, mode, &tokens)
}

/// What comes of an effect in a drill or a recovery; none of others.
pub(crate) fn perform(room: &mut Room, effect: &Effect, challenge: [u8; 32]) -> Option<Outcome> {
    Some(match effect {
        Effect::OpenShare { custodian, way } => Outcome::ShareEntered {
            custodian: custodian.clone(),
            way: *way,
        },
        Effect::CombineShares => Outcome::SharesCombined,
        Effect::RestoreIntoMemory => Outcome::Restored,
        Effect::RestoreOntoToken { object, .. } => {
            let restored = room.tokens[RESTORED].clone();
            let token = room.token(&object.key);
            token.take_in(&restored);
            Outcome::KeyGenerated {
                token: token.id().clone(),
                public_key: token.public_key(),
                attributes: KeyAttributes {
                    local: Some(false),
                    always_sensitive: Some(false),
                    never_extractable: Some(false),
                    ..SoftwareToken::ATTRIBUTES
                },
                attestation: Vec::new(),
            }
        }
        Effect::ForgetRestored => Outcome::RestoredForgotten,
        Effect::SignCanary { on, set, .. } => {
            let message = restore_canary(room.ceremony.script().sha256(), *set, &challenge);
            let signature = match on {
                Some((key, _)) => room.token(key).sign(&message),
                None => room.tokens[RESTORED].sign(&message),
            };
            Outcome::Answered {
                challenge,
                signature,
            }
        }
        _ => return None,
    })
}

/// At the step of a custodian's share.
pub(crate) fn at_share(room: &mut Room, n: u8) {
    room.advance_until(|ceremony| {
        let step = ceremony.current_step();
        step.is_some_and(|step| step.id.to_string() == format!("open-share:custodian-{n}"))
    });
}

/// Two people give up the share that is wanted now.
pub(crate) fn declare_share_lost(room: &mut Room) {
    let offers = room.ceremony.offers();
    let offer = offers
        .iter()
        .find(|offer| offer.kind == RequestKind::DeclareShareLost)
        .unwrap();
    let who = offer.fields[0].choices[0].value.clone();
    let request = offer.with(vec![who, "the stick is lost".to_owned()]);
    let approvals = room.approved_by(&["witness-1", "witness-2"].map(|id| id.parse().unwrap()));
    room.give(Input::Request { request, approvals }).unwrap();
}

/// These people end a drill as failed.
pub(crate) fn fail_drill(room: &mut Room, people: &[&str]) -> Result<(), StepError> {
    let offers = room.ceremony.offers();
    let offer = offers
        .iter()
        .find(|offer| offer.kind == RequestKind::FailDrill);
    let offer = offer.unwrap();
    let what = offer.fields[0].choices[0].value.clone();
    let request = offer.with(vec![what, "too few shares".to_owned()]);
    let people: Vec<PersonId> = people.iter().map(|id| id.parse().unwrap()).collect();
    let approvals = room.approved_by(&people);
    room.give(Input::Request { request, approvals })
}

/// A full drill that passes, one that fails for want of shares, and one that only combines them.
pub(crate) fn of_drills() -> [Room; 3] {
    let mut passed = room(Kind::Drill, DrillLevel::Full, false, Mode::Production);
    while passed.advance() {}
    let mut failed = room(Kind::Drill, DrillLevel::Full, false, Mode::Production);
    for custodian in [1, 2] {
        at_share(&mut failed, custodian);
        declare_share_lost(&mut failed);
    }
    failed.advance_until(|ceremony| {
        let step = ceremony.current_step();
        step.is_some_and(|step| step.act.name() == "restore-key")
    });
    fail_drill(&mut failed, &["witness-1", "witness-2"]).unwrap();
    while failed.advance() {}
    let mut combined = room(Kind::Drill, DrillLevel::Quorum, false, Mode::Production);
    while combined.advance() {}
    [passed, failed, combined]
}
