//! Keys that are made, used, attested, brought in and destroyed.

use std::sync::{Arc, Mutex};

use conclave::certificate::attestation::{TrustedRoots, verify};
use conclave::metadata::KeyType;
use conclave::record::{PinPolicy, TouchPolicy};
use conclave::secret::PrivateKey;
use conclave::token::{FactorySecret, ObjectKind, Reader as _, TokenError, Touch, in_groups};
use zeroize::Zeroizing;

use super::stand::Stand;
use super::{NEW, OLD, PIN, PUK, made_inside, open, pin, policy, reader, ready, request, signs};

#[test]
fn a_new_card_is_set_up_and_nothing_stays_as_from_the_factory() {
    Stand::run(
        "keys::a_new_card_is_set_up_and_nothing_stays_as_from_the_factory",
        &[OLD, NEW],
        |_| {
            let mut reader = reader();
            let seen = reader.tokens().unwrap();
            assert_eq!(seen.len(), 2);
            for card in &seen {
                assert!(!card.state.initialized);
                assert_eq!(card.id.label, "");
                let all = [
                    FactorySecret::Pin,
                    FactorySecret::Puk,
                    FactorySecret::ManagementKey,
                ];
                assert_eq!(card.state.at_factory_value, all);
                let mut token = ready(&mut reader, &card.id.serial);
                let state = token.state().unwrap();
                assert!(state.initialized && state.pin_set);
                assert_eq!(state.at_factory_value, []);
                assert_eq!(token.id().label, format!("key of {}", card.id.serial));
                assert_eq!(token.objects().unwrap(), []);
            }
            assert_eq!(seen[0].id.model, "YubiKey 5.4.3");
            assert_eq!(seen[1].id.model, "YubiKey 5.7.4");
            // The values that everybody knows are not taken back.
            let mut token = open(&mut reader, "25000001");
            for role in ["123456", "12345678"] {
                assert!(matches!(
                    token.change_pin(&pin(PIN), &pin(role)),
                    Err(TokenError::FactoryPin { .. })
                ));
            }
            // Set up again: only with the PUK that it has.
            assert!(matches!(
                token.initialize(&pin("99999999"), "again"),
                Err(TokenError::WrongPin { .. })
            ));
            token.initialize(&pin(PUK), "again").unwrap();
            assert_eq!(token.id().label, "again");
            assert!(!token.state().unwrap().pin_set);
        },
    );
}

#[test]
fn keys_of_every_type_sign_what_clients_believe() {
    Stand::run(
        "keys::keys_of_every_type_sign_what_clients_believe",
        &[OLD, NEW],
        |stand| {
            let roots = TrustedRoots::yubico()
                .with(&std::fs::read(stand.root()).unwrap())
                .unwrap();
            let mut reader = reader();
            for (serial, slots) in [
                (
                    "25000001",
                    &[(0x9c, KeyType::EcdsaP256), (0x82, KeyType::EcdsaP384)][..],
                ),
                (
                    "25000002",
                    &[
                        (0x9c, KeyType::EcdsaP384),
                        (0x9a, KeyType::EcdsaP256),
                        (0x9d, KeyType::RsaPss3072),
                        (0x95, KeyType::RsaPss4096),
                    ],
                ),
            ] {
                let mut token = ready(&mut reader, serial);
                for (slot, key_type) in slots {
                    let key = token.generate(&request(*slot, *key_type)).unwrap();
                    assert!(made_inside(&key));
                    assert!(
                        signs(token.as_mut(), *slot, &key.public),
                        "{serial} {slot:02x}"
                    );

                    let chain = token.attest(&[*slot]).unwrap();
                    let attested = verify(&chain[0], &chain[1..], &roots).unwrap();
                    attested.require_key(&key.public).unwrap();
                    attested.require_serial(serial).unwrap();
                    let said = attested.summary();
                    assert_eq!(said.slot, format!("{slot:02x}"));
                    assert_eq!(said.pin_policy, PinPolicy::Always);
                    assert_eq!(said.touch_policy, TouchPolicy::Always);
                    assert!(!said.pinned_root);
                }
                let held = token.keys().unwrap();
                assert_eq!(held.len(), slots.len());
                assert!(held.iter().all(|key| key.label == "conclave key-1"));
                let certificates = token.objects().unwrap();
                let certificates = certificates
                    .iter()
                    .filter(|object| object.kind == ObjectKind::Certificate);
                assert_eq!(certificates.count(), slots.len());
            }
        },
    );
}

#[test]
fn what_a_card_cannot_do_is_refused_with_the_reason() {
    Stand::run(
        "keys::what_a_card_cannot_do_is_refused_with_the_reason",
        &[OLD],
        |_| {
            let mut reader = reader();
            let mut token = ready(&mut reader, "25000001");
            for (request, words) in [
                (
                    request(0x9c, KeyType::Ed25519),
                    "messages that fit into one command",
                ),
                (
                    request(0x9c, KeyType::RsaPss4096),
                    "requires firmware 5.7.0 or later",
                ),
                (
                    request(0xf9, KeyType::EcdsaP256),
                    "its slots are 9a, 9c, 9d, 9e and 82 to 95",
                ),
            ] {
                let error = token.generate(&request).unwrap_err();
                assert!(matches!(error, TokenError::Unsupported { .. }), "{error}");
                assert!(error.to_string().contains(words), "{error}");
            }
            let mut extractable = request(0x9c, KeyType::EcdsaP256);
            extractable.extractable = true;
            assert!(matches!(
                token.generate(&extractable),
                Err(TokenError::Unsupported { .. })
            ));

            let wanted = request(0x9c, KeyType::EcdsaP256);
            token.logout().unwrap();
            assert_eq!(token.generate(&wanted), Err(TokenError::LoginNeeded));
            token.login(&pin(PIN)).unwrap();
            let key = token.generate(&wanted).unwrap();
            assert!(matches!(
                token.generate(&wanted),
                Err(TokenError::ObjectExists { .. })
            ));
            assert_eq!(token.recover(&wanted), Ok(Some(key.clone())));
            let other = token.sign(&[0x9a], &key.public, b"message");
            assert!(matches!(other, Err(TokenError::KeyNotFound { .. })));
            token.logout().unwrap();
            assert_eq!(
                token.sign(&[0x9c], &key.public, b"message"),
                Err(TokenError::LoginNeeded)
            );
        },
    );
}

#[test]
fn a_touch_is_asked_for_and_a_missed_one_costs_no_try() {
    Stand::run(
        "keys::a_touch_is_asked_for_and_a_missed_one_costs_no_try",
        &[NEW],
        |stand| {
            let told = Arc::new(Mutex::new(Vec::new()));
            let mut reader = reader();
            let listener = Arc::clone(&told);
            reader.watch_touch(Arc::new(move |touch| listener.lock().unwrap().push(touch)));
            let mut token = ready(&mut reader, "25000002");
            let wanted = request(0x9c, KeyType::EcdsaP256);
            let key = token.generate(&wanted).unwrap();
            // One for the certificate.
            assert_eq!(told.lock().unwrap().len(), 2);

            stand.act("touch-by-hand 0");
            for (answer, works) in [("deny 0", false), ("touch 0", true)] {
                told.lock().unwrap().clear();
                let result = std::thread::scope(|scope| {
                    scope.spawn(|| {
                        while stand.act("show 0")["touch_wanted"] == false {
                            std::thread::yield_now();
                        }
                        assert!(matches!(told.lock().unwrap()[..], [Touch::Needed { .. }]));
                        stand.act(answer);
                    });
                    token.sign(&[0x9c], &key.public, b"message")
                });
                assert_eq!(told.lock().unwrap()[1], Touch::Over);
                if works {
                    assert!(result.is_ok(), "{result:?}");
                } else {
                    assert_eq!(result, Err(TokenError::TouchTimeout));
                }
                assert_eq!(stand.pin_tries(0), 3);
            }

            // A key that wants neither is used without.
            told.lock().unwrap().clear();
            token
                .set_use_policy(policy(PinPolicy::Once, TouchPolicy::Never))
                .unwrap();
            let key = token.generate(&request(0x9a, KeyType::EcdsaP256)).unwrap();
            assert!(signs(token.as_mut(), 0x9a, &key.public));
            assert_eq!(told.lock().unwrap().len(), 0);
        },
    );
}

/// An interruption between key and certificate: the key is found again, and known for ours.
#[test]
fn a_key_without_its_certificate_is_completed() {
    Stand::run(
        "keys::a_key_without_its_certificate_is_completed",
        &[OLD],
        |stand| {
            let mut reader = reader();
            let mut token = ready(&mut reader, "25000001");
            let wanted = request(0x9c, KeyType::EcdsaP256);
            assert_eq!(token.recover(&wanted), Ok(None));
            stand.act("touch-by-hand 0");
            let missed = std::thread::scope(|scope| {
                scope.spawn(|| {
                    while stand.act("show 0")["touch_wanted"] == false {
                        std::thread::yield_now();
                    }
                    stand.act("deny 0");
                });
                token.generate(&wanted)
            });
            assert_eq!(missed, Err(TokenError::TouchTimeout));
            stand.act("touch-at-once 0");
            let key = token.recover(&wanted).unwrap().unwrap();
            assert!(signs(token.as_mut(), 0x9c, &key.public));
            // Under another name it is a stranger's.
            let mut other = wanted.clone();
            other.label = "conclave key-2".to_owned();
            assert!(matches!(
                token.recover(&other),
                Err(TokenError::KeyMismatch { .. })
            ));
        },
    );
}

#[test]
fn a_destroyed_key_is_gone_and_its_slot_is_free() {
    Stand::run(
        "keys::a_destroyed_key_is_gone_and_its_slot_is_free",
        &[OLD, NEW],
        |_| {
            let mut reader = reader();
            for serial in ["25000001", "25000002"] {
                let mut token = ready(&mut reader, serial);
                let wanted = request(0x9c, KeyType::EcdsaP384);
                let first = token.generate(&wanted).unwrap();
                token.destroy(&[0x9c]).unwrap();
                assert_eq!(token.objects().unwrap(), [], "{serial}");
                assert_eq!(token.keys().unwrap(), []);
                assert_eq!(token.recover(&wanted), Ok(None));
                assert!(matches!(
                    token.destroy(&[0x9c]),
                    Err(TokenError::KeyNotFound { .. })
                ));
                let second = token.generate(&wanted).unwrap();
                assert_ne!(first.public, second.public);
                assert!(signs(token.as_mut(), 0x9c, &second.public));
            }
        },
    );
}

#[test]
fn a_key_that_was_brought_in_says_so() {
    Stand::run("keys::a_key_that_was_brought_in_says_so", &[NEW], |_| {
        use aws_lc_rs::encoding::AsDer;
        use aws_lc_rs::encoding::Pkcs8V1Der;
        use aws_lc_rs::rsa::KeySize;
        use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, RsaKeyPair};

        let mut reader = reader();
        let mut token = ready(&mut reader, "25000002");
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let ec = pair.to_pkcs8v1().unwrap();
        let rsa = RsaKeyPair::generate(KeySize::Rsa3072).unwrap();
        let rsa = AsDer::<Pkcs8V1Der<'_>>::as_der(&rsa).unwrap();
        for (slot, key_type, der) in [
            (0x9c, KeyType::EcdsaP256, ec.as_ref()),
            (0x9d, KeyType::RsaPss3072, rsa.as_ref()),
        ] {
            let secret = PrivateKey::new(Zeroizing::new(der.to_vec()));
            let key = token.import(&request(slot, key_type), &secret).unwrap();
            assert_eq!(key.attributes.provenance().as_str(), "imported");
            assert!(signs(token.as_mut(), slot, &key.public));
            let error = token.attest(&[slot]).unwrap_err();
            assert!(error.to_string().contains(": it was imported"), "{error}");
            // Not taken for one that was made here.
            let wanted = request(slot, key_type);
            assert!(matches!(
                token.recover(&wanted),
                Err(TokenError::KeyMismatch { .. })
            ));
        }
        let secret = PrivateKey::new(Zeroizing::new(ec.as_ref().to_vec()));
        let wrong = token.import(&request(0x9a, KeyType::EcdsaP384), &secret);
        assert!(matches!(wrong, Err(TokenError::KeyMismatch { .. })));
        assert_eq!(token.keys().unwrap().len(), 2);
    });
}

/// A management key that is in the safe alone is typed by whoever has it.
#[test]
fn a_management_key_that_the_card_does_not_keep_is_given() {
    Stand::run(
        "keys::a_management_key_that_the_card_does_not_keep_is_given",
        &[OLD, NEW],
        |_| {
            let mut reader = reader();
            for serial in ["25000001", "25000002"] {
                let mut token = ready(&mut reader, serial);
                let kept = token.management_key().unwrap().unwrap();
                assert_eq!(kept.expose().len(), 48);
                assert!(kept.is_digits());
                let wrong = pin(&kept.expose().chars().rev().collect::<String>());
                let error = token.release_management_key(&wrong).unwrap_err();
                assert_eq!(error, TokenError::ManagementKey);
                assert!(token.management_key().unwrap().is_some());
                token.release_management_key(&kept).unwrap();
                assert!(token.management_key().unwrap().is_none());

                let request = request(0x9c, KeyType::EcdsaP256);
                token.login(&pin(PIN)).unwrap();
                assert!(token.needs_management_key().unwrap());
                assert_eq!(
                    token.generate(&request).unwrap_err(),
                    TokenError::ManagementKey
                );
                for wrong in [wrong, pin("zz"), pin("00")] {
                    let error = token.enter_management_key(&wrong).unwrap_err();
                    assert_eq!(error, TokenError::ManagementKey);
                }
                let groups: Vec<String> = in_groups(&kept).iter().map(|l| l.to_string()).collect();
                token.enter_management_key(&pin(&groups.join(" "))).unwrap();
                assert!(!token.needs_management_key().unwrap());
                let key = token.generate(&request).unwrap();
                assert!(made_inside(&key));
                token.destroy(&[0x9c]).unwrap();
                // It is forgotten with the login.
                token.logout().unwrap();
                token.login(&pin(PIN)).unwrap();
                assert!(token.needs_management_key().unwrap());
            }
        },
    );
}
