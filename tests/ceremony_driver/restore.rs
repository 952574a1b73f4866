//! Restores without a machine: what custodians, and a key in memory, make of an effect.

use std::sync::Arc;

use conclave::backup::recipient::Recipient;
use conclave::backup::{
    BackupSet, Closing, Custodian, CustodianGroup, KeyEncryptionKey, Manifest, SetFacts, SetPlan,
};
use conclave::ceremony::{Effect, Mode, Outcome, restore_canary};
use conclave::metadata::KeyType;
use conclave::record::{KeyAttributes, Provenance};
use conclave::script::{Grade, Kind, Opens, RestoreBlueprint, Script};
use conclave::secret::PrivateKey;
use conclave::words::Digest;
use zeroize::Zeroizing;

use super::backup::RECIPIENTS;
use super::{Room, SoftwareToken};

/// The name of the token in the room whose key is restored.
const RESTORED: &str = "restored";

/// The manifest of a set of two of three: two with recipients, one with a passphrase.
pub(crate) fn manifest(key: &SoftwareToken, mode: Mode) -> Manifest {
    let custodian = |(recipient, n): (&&str, u8)| Custodian {
        id: format!("custodian-{n}"),
        name: format!("Custodian {n}"),
        closing: Some(match *recipient {
            "passphrase" => Closing::Passphrase,
            text => Closing::Recipients(vec![text.parse::<Recipient>().unwrap()]),
        }),
        by_hand: false,
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
        made_at: "2026-12-01T09:00:00Z".parse().unwrap(),
        is_rehearsal: mode == Mode::Rehearsal,
        supersedes: Vec::new(),
    };
    let kek = KeyEncryptionKey::new(Zeroizing::new([7; 32]));
    let mut counter = 0_u64;
    let random = |bytes: &mut [u8]| {
        for chunk in bytes.chunks_mut(32) {
            counter += 1;
            let digest = Digest::of(&counter.to_be_bytes());
            chunk.copy_from_slice(&digest.as_bytes()[..chunk.len()]);
        }
        Ok::<(), std::convert::Infallible>(())
    };
    let set = BackupSet::split(&kek, SetPlan::new(facts).unwrap(), random).unwrap();
    let wrapped = kek
        .wrap(&PrivateKey::new(Zeroizing::new(vec![1; 48])))
        .unwrap();
    set.manifest(|custodian| Some(Digest::of(custodian.as_bytes())), &wrapped)
        .unwrap()
}

/// A drill or a recovery from such a set, as it is written from its manifest.
pub(crate) fn script(manifest: &Manifest, kind: Kind, grade: Grade, onto: bool) -> Arc<Script> {
    let (text, name, bytes) = text(manifest, kind, grade, onto);
    super::parse_with(&text, &[(&name, &bytes)])
}

/// Its text, and the manifest that it carries.
pub(crate) fn text(
    manifest: &Manifest,
    kind: Kind,
    grade: Grade,
    onto: bool,
) -> (String, String, Vec<u8>) {
    let name = "restore/key-1.0123456789abcdef.manifest.json".to_owned();
    let bytes = manifest.to_file_bytes();
    let blueprint = RestoreBlueprint {
        kind,
        grade,
        title: None,
        not_before: "2027-12-01T09:00:00Z".parse().unwrap(),
        manifest: (name.clone(), bytes.clone()),
        set: manifest.clone(),
        onto: onto.then(|| "softhsm2".to_owned()),
        opens: Opens::OwnDevice,
    };
    (blueprint.write().unwrap(), name, bytes)
}

/// A key of P-256 whose token is lost.
pub(crate) fn lost_key() -> SoftwareToken {
    let mut key = SoftwareToken::blank(90);
    key.generate(KeyType::EcdsaP256);
    key
}

/// A room in which a key is restored; it was opened.
pub(crate) fn room(kind: Kind, grade: Grade, onto: bool, mode: Mode) -> Room {
    let key = lost_key();
    let script = script(&manifest(&key, mode), kind, grade, onto);
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
        Effect::RestoreOntoToken { key, .. } => {
            let restored = room.tokens[RESTORED].clone();
            let token = room.token(key);
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
