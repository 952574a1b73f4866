//! Keys that leave a token wrapped, and come back.

use std::fs;
use std::process::Command;

use conclave::backup::{KeyEncryptionKey, WrapError};
use conclave::certificate::PublicKey;
use conclave::metadata::{KeyType, Scheme};
use conclave::token::{GeneratedKey, KeyRequest, ObjectKind, Token, TokenError};
use zeroize::Zeroizing;

use super::module::{logged_in, module};
use crate::softhsm_test;

const KEK: [u8; 32] = [0x42; 32];

fn request(number: u8, key_type: KeyType) -> KeyRequest {
    KeyRequest {
        object_id: vec![number],
        label: format!("root key {number}"),
        key_type,
        extractable: true,
    }
}

fn wrapped(token: &mut dyn Token, request: &KeyRequest) -> (GeneratedKey, Vec<u8>) {
    let made = token.generate(request).unwrap();
    let wrapping = token.wrapping().expect("PKCS#11 tokens wrap");
    (made, wrapping.wrap(&request.object_id, &KEK).unwrap())
}

/// What OpenSSL makes of a wrapped key, following what our sheets say: the public half of what comes out.
fn opened_by_openssl(folder: &std::path::Path, wrapped: &[u8]) -> PublicKey {
    let (from, to) = (folder.join("wrapped"), folder.join("private.der"));
    fs::write(&from, wrapped).unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        output.stdout
    };
    let key = hex::encode(KEK);
    let (from, to) = (from.to_str().unwrap(), to.to_str().unwrap());
    run(&[
        "enc",
        "-d",
        "-id-aes256-wrap-pad",
        "-iv",
        "a65959a6",
        "-K",
        &key,
        "-in",
        from,
        "-out",
        to,
    ]);
    let public = run(&["pkey", "-inform", "DER", "-in", to, "-pubout"]);
    PublicKey::from_pem(std::str::from_utf8(&public).unwrap()).unwrap()
}

const WRAPPED_TYPES: [KeyType; 4] = [
    KeyType::EcdsaP256,
    KeyType::EcdsaP384,
    KeyType::RsaPss3072,
    KeyType::RsaPss4096,
];

softhsm_test! {
    fn what_a_token_wraps_openssl_and_we_unwrap(store: &Store) {
        store.make_token("wraps");
        let mut module = module();
        let mut token = logged_in(&mut module, "wraps");
        let kek = KeyEncryptionKey::new(Box::new(Zeroizing::new(KEK)));
        let other = KeyEncryptionKey::new(Box::new(Zeroizing::new([0x43; 32])));
        for (number, key_type) in (1..).zip(WRAPPED_TYPES) {
            let (made, wrapped) = wrapped(token.as_mut(), &request(number, key_type));
            assert_eq!(opened_by_openssl(store.folder(), &wrapped), made.public);
            assert!(kek.unwrap(&wrapped).is_ok());
            assert_eq!(other.unwrap(&wrapped).unwrap_err(), WrapError::Integrity);
        }
        // Nothing but the pairs is left: the key-encryption key was there for the call alone.
        let kinds: Vec<_> = token.objects().unwrap().iter().map(|object| object.kind).collect();
        assert!(kinds.iter().all(|kind| matches!(kind, ObjectKind::PublicKey | ObjectKind::PrivateKey)));
        assert_eq!(kinds.len(), 2 * WRAPPED_TYPES.len());
    }

    fn ed25519_is_told_as_what_it_cannot_let_out(store: &Store) {
        store.make_token("ed25519");
        let mut module = module();
        let mut token = logged_in(&mut module, "ed25519");
        token.generate(&request(1, KeyType::Ed25519)).unwrap();
        let error = token.wrapping().unwrap().wrap(&[1], &KEK).unwrap_err();
        assert_eq!(error.to_string(), "the token cannot export this key, even wrapped");
    }

    fn a_key_that_is_confined_does_not_leave_any_more(store: &Store) {
        store.make_token("confined");
        let mut module = module();
        let mut token = logged_in(&mut module, "confined");
        let (_, _) = wrapped(token.as_mut(), &request(1, KeyType::EcdsaP256));
        for _ in 0..2 {
            let attributes = token.wrapping().unwrap().make_non_extractable(&[1]).unwrap();
            assert_eq!(attributes.extractable, Some(false));
            assert_eq!(attributes.never_extractable, Some(false));
        }
        let error = token.wrapping().unwrap().wrap(&[1], &KEK).unwrap_err();
        assert!(matches!(error, TokenError::Unsupported { .. }), "{error}");
        let missing = TokenError::KeyNotFound { object_id: vec![9] };
        assert_eq!(token.wrapping().unwrap().wrap(&[9], &KEK).unwrap_err(), missing);
        assert_eq!(token.wrapping().unwrap().make_non_extractable(&[9]).unwrap_err(), missing);
    }

    fn a_wrapped_key_comes_back_on_another_token_and_signs(store: &Store) {
        store.make_token("from");
        store.make_token("to");
        let mut module = module();
        let mut from = logged_in(&mut module, "from");
        let mut to = logged_in(&mut module, "to");
        for (number, key_type) in (1..).zip(WRAPPED_TYPES) {
            let (made, wrapped) = wrapped(from.as_mut(), &request(number, key_type));
            let wanted = KeyRequest { extractable: false, ..request(number, key_type) };
            let wrapping = to.wrapping().unwrap();
            let back = wrapping.unwrap(&wanted, &made.public, &KEK, &wrapped).unwrap();
            assert_eq!(back.public, made.public);
            assert_eq!(back.attributes.extractable, Some(false));
            assert_eq!(back.attributes.sensitive, Some(true));
            assert_ne!(back.attributes.local, Some(true), "it was not made there");
            let scheme = Scheme::for_public_key(&made.public).unwrap();
            let signature = to.sign(&wanted.object_id, &made.public, b"canary").unwrap();
            assert!(scheme.verifies(&made.public, b"canary", &signature));
            // What we wrap ourselves comes in just so.
            to.destroy(&wanted.object_id).unwrap();
            let kek = KeyEncryptionKey::new(Box::new(Zeroizing::new(KEK)));
            let ours = kek.wrap(&kek.unwrap(&wrapped).unwrap()).unwrap();
            let wrapping = to.wrapping().unwrap();
            wrapping.unwrap(&wanted, &made.public, &KEK, &ours).unwrap();
        }
    }

    fn nothing_comes_in_that_was_changed_or_is_of_another_key_encryption_key(store: &Store) {
        store.make_token("changed");
        store.make_token("empty");
        let mut module = module();
        let mut token = logged_in(&mut module, "changed");
        let mut empty = logged_in(&mut module, "empty");
        let (made, wrapped) = wrapped(token.as_mut(), &request(1, KeyType::EcdsaP256));
        let wanted = KeyRequest { extractable: false, ..request(2, KeyType::EcdsaP256) };
        let wrapping = empty.wrapping().unwrap();
        let mut tried = |public: &PublicKey, kek: &[u8; 32], wrapped: &[u8]| {
            wrapping.unwrap(&wanted, public, kek, wrapped)
        };
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[at] ^= 1;
            assert_eq!(tried(&made.public, &KEK, &changed).unwrap_err(), TokenError::NotUnwrapped, "{at}");
        }
        assert_eq!(tried(&made.public, &[0; 32], &wrapped).unwrap_err(), TokenError::NotUnwrapped);
        assert_eq!(tried(&made.public, &KEK, &[]).unwrap_err(), TokenError::NotUnwrapped);
        let p384 = token.generate(&request(3, KeyType::EcdsaP384)).unwrap();
        assert!(matches!(tried(&p384.public, &KEK, &wrapped), Err(TokenError::KeyMismatch { .. })));
        assert_eq!(empty.objects().unwrap(), []);
    }
}
