//! Making keys, signing with them, destroying them.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, RSA_PSS_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};
use conclave::metadata::{KeyType, Scheme};
use conclave::record::{KeyAttributes, Provenance};
use conclave::token::{HeldKey, KeyRequest, ObjectKind, Token, TokenError};

use super::module::{logged_in, module, open, pin};
use crate::softhsm_test;
use crate::support::store::PIN;

fn request(number: u8, key_type: KeyType) -> KeyRequest {
    KeyRequest {
        object_id: vec![number],
        label: format!("root key {number}"),
        key_type,
        extractable: false,
    }
}

fn verifier(key_type: KeyType) -> &'static dyn VerificationAlgorithm {
    match key_type {
        KeyType::EcdsaP256 => &ECDSA_P256_SHA256_ASN1,
        KeyType::EcdsaP384 => &ECDSA_P384_SHA384_ASN1,
        KeyType::Ed25519 => &ED25519,
        _ => &RSA_PSS_2048_8192_SHA256,
    }
}

/// Whether some signatures by a key hold, and hold for their message only.
fn assert_signs(token: &mut dyn Token, key: &HeldKey, key_type: KeyType) {
    let public = UnparsedPublicKey::new(verifier(key_type), key.public.subject_bits());
    // An ECDSA half has a leading zero byte once in 256 times: several messages, several shapes.
    for message in [&b"challenge"[..], b"", &[0xa5; 5000], b"another"] {
        let signature = token.sign(&key.object_id, &key.public, message).unwrap();
        public.verify(message, &signature).unwrap();
        assert!(
            public
                .verify(b"a message that was not signed", &signature)
                .is_err()
        );
    }
}

softhsm_test! {
    fn every_key_type_is_made_read_back_and_signs(store: &Store) {
        store.make_token("all types");
        let mut module = module();
        let mut token = logged_in(&mut module, "all types");
        for (number, key_type) in (1..).zip(KeyType::ALL) {
            let request = request(number, key_type);
            let made = token.generate(&request).unwrap();
            assert_eq!(made.public.algorithm(), key_type.algorithm());
            assert_eq!(made.attributes.provenance(), Provenance::Claimed);

            let held = token.keys().unwrap();
            let held = held.iter().find(|key| key.object_id == request.object_id).unwrap();
            assert_eq!(held.public, made.public);
            assert_eq!(held.label, request.label);
            assert_signs(token.as_mut(), held, key_type);
        }
    }

    fn attributes_are_those_of_the_private_key(store: &Store) {
        store.make_token("attributes");
        let mut module = module();
        let mut token = logged_in(&mut module, "attributes");
        let made = token.generate(&request(1, KeyType::EcdsaP256)).unwrap();
        let born_inside = KeyAttributes {
            sensitive: Some(true),
            extractable: Some(false),
            always_sensitive: Some(true),
            never_extractable: Some(true),
            local: Some(true),
        };
        assert_eq!(made.attributes, born_inside);

        let for_backup = KeyRequest { extractable: true, ..request(2, KeyType::EcdsaP256) };
        let made = token.generate(&for_backup).unwrap();
        assert_eq!(
            made.attributes,
            KeyAttributes {
                extractable: Some(true),
                never_extractable: Some(false),
                ..born_inside
            }
        );
        assert_eq!(made.attributes.provenance(), Provenance::WasExtractable);
    }

    fn another_program_sees_the_key_as_it_was_asked_for(store: &Store) {
        store.make_token("cross-check");
        let mut module = module();
        let mut token = logged_in(&mut module, "cross-check");
        token.generate(&request(0x2a, KeyType::EcdsaP256)).unwrap();
        let output = store
            .command("pkcs11-tool")
            .args(["--module", "/usr/lib/softhsm/libsofthsm2.so"])
            .args(["--token-label", "cross-check", "--login", "--pin", PIN, "--list-objects"])
            .output()
            .expect("pkcs11-tool; install the test tools with ./softhsm-setup.sh --test-tools");
        let listing = String::from_utf8_lossy(&output.stdout);
        let (private, public) = if listing.find("Private Key").unwrap() < listing.find("Public Key").unwrap() {
            listing.split_at(listing.find("Public Key").unwrap())
        } else {
            let (public, private) = listing.split_at(listing.find("Private Key").unwrap());
            (private, public)
        };
        for half in [private, public] {
            assert!(half.contains("label:      root key 42"), "{listing}");
            assert!(half.contains("ID:         2a"), "{listing}");
        }
        let lines = |half: &str, field: &str| {
            let line = half.lines().find(|line| line.trim_start().starts_with(field)).unwrap();
            line.split_once(':').unwrap().1.trim().to_owned()
        };
        assert_eq!(lines(private, "Usage"), "sign");
        assert_eq!(lines(private, "Access"), "sensitive, always sensitive, never extractable, local");
        assert_eq!(lines(public, "Usage"), "verify");
    }

    fn public_keys_show_without_a_login_but_do_not_sign(store: &Store) {
        store.make_token("open");
        let mut module = module();
        let mut token = logged_in(&mut module, "open");
        let made = token.generate(&request(1, KeyType::Ed25519)).unwrap();
        token.logout().unwrap();

        let held = token.keys().unwrap();
        assert_eq!(held.len(), 1);
        assert_eq!(held[0].public, made.public);
        let kinds: Vec<_> = token.objects().unwrap().iter().map(|object| object.kind).collect();
        assert_eq!(kinds, [ObjectKind::PublicKey]);
        assert_eq!(token.sign(&[1], &made.public, b"x"), Err(TokenError::LoginNeeded));
        assert_eq!(token.destroy(&[1]), Err(TokenError::LoginNeeded));
        assert_eq!(token.generate(&request(2, KeyType::Ed25519)), Err(TokenError::LoginNeeded));
    }

    fn a_label_or_id_that_exists_is_refused(store: &Store) {
        store.make_token("taken");
        let mut module = module();
        let mut token = logged_in(&mut module, "taken");
        let first = request(1, KeyType::EcdsaP256);
        token.generate(&first).unwrap();
        for second in [
            KeyRequest { object_id: vec![9], ..first.clone() },
            KeyRequest { label: "another".to_owned(), ..first.clone() },
        ] {
            assert_eq!(
                token.generate(&second),
                Err(TokenError::ObjectExists {
                    label: second.label,
                    object_id: second.object_id,
                })
            );
        }
        assert_eq!(token.keys().unwrap().len(), 1);
    }

    fn a_key_that_is_not_there_does_not_sign(store: &Store) {
        store.make_token("empty");
        let mut module = module();
        let mut token = logged_in(&mut module, "empty");
        let made = token.generate(&request(1, KeyType::EcdsaP256)).unwrap();
        let missing = TokenError::KeyNotFound { object_id: vec![2] };
        assert_eq!(token.sign(&[2], &made.public, b"x"), Err(missing.clone()));
        assert_eq!(token.destroy(&[2]), Err(missing));
    }

    fn a_key_of_another_kind_does_not_give_a_signature(store: &Store) {
        store.make_token("kinds");
        let mut module = module();
        let mut token = logged_in(&mut module, "kinds");
        let p256 = token.generate(&request(1, KeyType::EcdsaP256)).unwrap();
        let p384 = token.generate(&request(2, KeyType::EcdsaP384)).unwrap();
        assert!(matches!(
            token.sign(&[1], &p384.public, b"x"),
            Err(TokenError::KeyMismatch { .. })
        ));
        assert!(matches!(
            token.sign(&[2], &p256.public, b"x"),
            Err(TokenError::KeyMismatch { .. })
        ));
    }

    fn a_key_that_requires_the_pin_for_each_signature_signs(store: &Store) {
        store.make_token("always");
        let made = store
            .command("pkcs11-tool")
            .args(["--module", "/usr/lib/softhsm/libsofthsm2.so"])
            .args(["--token-label", "always", "--login", "--pin", PIN, "--keypairgen"])
            .args(["--key-type", "EC:prime256v1", "--id", "01", "--always-auth"])
            .output()
            .expect("pkcs11-tool; install the test tools with ./softhsm-setup.sh --test-tools");
        assert!(made.status.success(), "{made:?}");
        let mut module = module();
        let mut token = logged_in(&mut module, "always");
        let held = token.keys().unwrap().remove(0);
        for _ in 0..2 {
            let signature = token.sign(&[1], &held.public, b"x").unwrap();
            assert!(Scheme::EcdsaP256.verifies(&held.public, b"x", &signature));
        }
    }

    fn both_halves_are_destroyed_and_the_other_key_stays(store: &Store) {
        store.make_token("destroy");
        let mut module = module();
        let mut token = logged_in(&mut module, "destroy");
        token.generate(&request(1, KeyType::EcdsaP256)).unwrap();
        let kept = token.generate(&request(2, KeyType::EcdsaP256)).unwrap();
        token.destroy(&[1]).unwrap();
        let ids: Vec<_> = token.objects().unwrap().into_iter().map(|object| object.object_id).collect();
        assert_eq!(ids, [[2], [2]]);
        let held = token.keys().unwrap();
        assert_eq!(held[0].public, kept.public);
        // Its label and ID are free again.
        token.generate(&request(1, KeyType::EcdsaP256)).unwrap();
    }

    fn random_bytes_need_no_login_and_differ(store: &Store) {
        store.make_token("random");
        let mut module = module();
        let mut token = open(&mut module, "random");
        let (first, second) = (token.random(32).unwrap(), token.random(32).unwrap());
        assert_eq!((first.len(), second.len()), (32, 32));
        assert_ne!(first, second);
    }

    fn two_tokens_work_side_by_side(store: &Store) {
        store.make_token("left");
        store.make_token("right");
        let mut module = module();
        let mut left = open(&mut module, "left");
        let mut right = open(&mut module, "right");
        for token in [&mut left, &mut right] {
            token.login(&pin(PIN)).unwrap();
        }
        let a = left.generate(&request(1, KeyType::EcdsaP256)).unwrap();
        let b = right.generate(&request(1, KeyType::EcdsaP256)).unwrap();
        assert_ne!(a.public, b.public);
        left.logout().unwrap();
        right.sign(&[1], &b.public, b"still logged in").unwrap();
        assert_eq!(left.sign(&[1], &a.public, b"x"), Err(TokenError::LoginNeeded));
    }

    fn a_token_works_in_another_thread(store: &Store) {
        store.make_token("thread");
        let mut module = module();
        let mut token = open(&mut module, "thread");
        let public = std::thread::spawn(move || {
            token.login(&pin(PIN)).unwrap();
            token.generate(&request(1, KeyType::EcdsaP256)).unwrap().public
        });
        let public = public.join().unwrap();
        assert_eq!(open(&mut module, "thread").keys().unwrap()[0].public, public);
    }
}
