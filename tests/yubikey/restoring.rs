//! Keys that come back from their shares onto YubiKeys: for good, and in drills that leave nothing on them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use age::secrecy::ExposeSecret as _;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, RsaKeyPair,
};
use conclave::backup::public_half;
use conclave::ceremony::{Answer, Ask, DrillResult, Ending, Mode, Verdict};
use conclave::executor::{CeremonyDirectory, Ended, Executor, PeoplesHands};
use conclave::metadata::KeyType;
use conclave::script::{DrillLevel, Kind, Opens, RestoreTemplate};
use conclave::secret::PrivateKey;
use conclave::token::{Reader, Seen, Token};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::stand::{Stand, succeeds};
use super::{NEW, OLD, open, pin, reader, signs};
use crate::support::backup::Backup;
use crate::support::ceremony_driver;
use crate::support::people::{PIN, People, says_in_production, types_in_production};
use crate::support::rehearse::events;

const THIRD: &str = "25000003:5.7.4";

/// A key of that type that was backed up: two of three custodians restore it.
fn backed_up(key_type: KeyType) -> Backup {
    let private = if key_type == KeyType::RsaPss3072 {
        let pair = RsaKeyPair::generate(KeySize::Rsa3072).unwrap();
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        der.as_ref().to_vec()
    } else {
        let signing = match key_type {
            KeyType::EcdsaP384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
            _ => &ECDSA_P256_SHA256_ASN1_SIGNING,
        };
        let pair = EcdsaKeyPair::generate(signing).unwrap();
        pair.to_pkcs8v1().unwrap().as_ref().to_vec()
    };
    let clear = PrivateKey::new(Zeroizing::new(private.clone()));
    let public = public_half(&clear, key_type.algorithm()).unwrap();
    Backup::of(private, public, 1, &[(2, 3)], Vec::new())
}

/// Holds a ceremony for real, in which that key comes onto the card of that serial number; gives what the drill came to.
fn restore(
    stand: &Stand,
    folder: &Path,
    kind: Kind,
    backup: &Backup,
    card: usize,
) -> Option<DrillResult> {
    let serial = format!("2500000{}", card + 1);
    let manifest = backup.manifest.to_file_bytes();
    let name = "manifest.json".to_owned();
    let template = RestoreTemplate {
        kind,
        level: DrillLevel::Full,
        title: None,
        not_before: "2026-11-01T09:00:00Z".parse().unwrap(),
        manifest: (name.clone(), manifest.clone()),
        set: backup.manifest.clone(),
        onto: Some("yubikey-piv".to_owned()),
        opens: Opens::Here,
    };
    let text = template.write().unwrap();
    // A label of its own: the other cards stay in.
    let text = text.replace(
        "label = \"conclave-key-3\"",
        &format!("serial = \"{serial}\", label = \"restored-{card}\""),
    );
    let script = ceremony_driver::parse_with(&text, &[(&name, &manifest)]);
    for ((custodian, share), place) in backup.set.custodians().zip(0..) {
        fs::write(
            folder.join(share.label().share_file()),
            &backup.files[place],
        )
        .unwrap();
        let identity = backup.identities[place].to_string();
        fs::write(folder.join(&custodian.id), identity.expose_secret()).unwrap();
    }
    fs::write(folder.join("wrapped"), &backup.wrapped).unwrap();
    let path = folder.join("ceremony");
    let directory = CeremonyDirectory::create(&path, Arc::clone(&script), None).unwrap();
    let mut is_in = true;
    let mut people = People {
        says: Some(Box::new(|_, prompt| {
            let said = match &prompt.ask {
                Ask::Reading { label, .. } if label == "Path of the share file" => {
                    let share = backup.manifest.share_of(prompt.who[0].as_str()).unwrap();
                    folder
                        .join(share.label().share_file())
                        .display()
                        .to_string()
                }
                Ask::Reading { label, .. } if label == "Path of the identity file" => {
                    folder.join(prompt.who[0].as_str()).display().to_string()
                }
                Ask::Reading { label, .. } if label == "Path of the wrapped key" => {
                    folder.join("wrapped").display().to_string()
                }
                _ => says_in_production(prompt)?,
            };
            Some(Ok(Answer::Text(said)))
        })),
        types: Some(Box::new(|prompt| Some(types_in_production(prompt)))),
        moves: Some(Box::new(|waiting| {
            let is_wanted = waiting.what.starts_with("Insert");
            if is_wanted != is_in && (is_wanted || waiting.what.starts_with("Remove")) {
                let how = if is_wanted { "insert" } else { "pull" };
                stand.act(&format!("{how} {card}"));
                is_in = is_wanted;
            }
        })),
        ..People::default()
    };
    let opening = ceremony_driver::opening(Mode::Production);
    let executor =
        Executor::begin(directory, opening, Box::new(PeoplesHands), &mut people).unwrap();
    let (ended, _) = executor.run().unwrap();
    assert_eq!(
        ended,
        Ended::Over(Ending::Closed(Verdict::Agree)),
        "{:?}",
        people.told()
    );
    assert!(people.failures.is_empty(), "{:?}", people.told());
    let result = people.result.take();
    drop(people);
    // It went into its bag, or was taken out to be put in again.
    if !is_in {
        stand.act(&format!("insert {card}"));
    }
    result
}

/// The card after the ceremony, logged in.
fn opened(reader: &mut dyn Reader, serial: &str) -> Box<dyn Token> {
    let is_there = |seen: &Seen| seen.id.serial == serial;
    while !reader.tokens().unwrap().iter().any(is_there) {}
    let mut token = open(reader, serial);
    token.login(&pin(PIN)).unwrap();
    token
}

fn facts(folder: &Path, kind: &str) -> Vec<Value> {
    let journal = fs::read(folder.join("ceremony/transcript.jsonl")).unwrap();
    let of_kind = events(&journal)
        .into_iter()
        .filter(|line| line["event"] == kind);
    of_kind.map(|mut line| line["data"].take()).collect()
}

fn assert_accepted(stand: &Stand, folder: &Path) {
    let ceremony = folder.join("ceremony");
    let mut verify = stand.conclave(&["transcript", "verify"]);
    succeeds(&verify.arg(&ceremony).output().unwrap());
    let mut sh = stand.command("sh");
    succeeds(
        &sh.arg("VERIFY.txt")
            .current_dir(&ceremony)
            .output()
            .unwrap(),
    );
}

#[test]
fn a_lost_key_comes_back_onto_a_yubikey_for_good() {
    let name = "restoring::a_lost_key_comes_back_onto_a_yubikey_for_good";
    Stand::run(name, &[OLD, NEW, THIRD], |stand| {
        let types = [KeyType::EcdsaP256, KeyType::EcdsaP384, KeyType::RsaPss3072];
        for (card, key_type) in types.into_iter().enumerate() {
            let serial = format!("2500000{}", card + 1);
            let backup = backed_up(key_type);
            let folder = tempfile::tempdir().unwrap();
            assert_eq!(
                restore(stand, folder.path(), Kind::Recovery, &backup, card),
                None
            );
            let made = &facts(folder.path(), "key-generated")[0];
            assert_eq!(made["provenance"], "restored");
            assert_eq!(made["attributes"]["local"], false);
            assert_eq!(made["token"]["serial"], serial.as_str());
            let register = fs::read(folder.path().join("ceremony/keys/register.json")).unwrap();
            let register: Value = serde_json::from_slice(&register).unwrap();
            assert_eq!(register["keys"][0]["provenance"], "restored");
            assert_accepted(stand, folder.path());
            // It is the key that was lost, and it signs roots.
            let public = &backup.manifest.facts().public_key;
            let mut reader = reader();
            let mut token = opened(&mut reader, &serial);
            assert!(signs(token.as_mut(), 0x9c, public), "{key_type}");
            assert!(token.attest(&[0x9c]).is_err(), "nobody made it there");
        }
    });
}

#[test]
fn a_drill_on_a_yubikey_leaves_nothing_of_the_key_on_it() {
    let name = "restoring::a_drill_on_a_yubikey_leaves_nothing_of_the_key_on_it";
    Stand::run(name, &[OLD, NEW], |stand| {
        for card in [0, 1] {
            let serial = format!("2500000{}", card + 1);
            let backup = backed_up(KeyType::EcdsaP256);
            let folder = tempfile::tempdir().unwrap();
            let result = restore(stand, folder.path(), Kind::Drill, &backup, card);
            assert_eq!(result, Some(DrillResult::Passed));
            assert_eq!(facts(folder.path(), "restored-key-destroyed").len(), 1);
            assert_accepted(stand, folder.path());
            let certificate = fs::read_to_string(folder.path().join("ceremony/certificate.txt"));
            assert!(certificate.unwrap().contains("passed"));
            let mut reader = reader();
            let mut token = opened(&mut reader, &serial);
            assert_eq!(token.keys().unwrap().len(), 0);
            let public = &backup.manifest.facts().public_key;
            assert!(token.sign(&[0x9c], public, b"a root").is_err());
            // Firmware before 5.7 deletes no key: another one, which nobody uses, lies over it.
            let slots = if card == 0 { json!(["9c"]) } else { json!([]) };
            assert_eq!(stand.act(&format!("show {card}"))["slots"], slots);
        }
    });
}
