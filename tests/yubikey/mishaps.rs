//! What goes wrong with YubiKeys in a room, each with its own message, and nothing lost.

use conclave::certificate::attestation::{AttestationCheck, TrustedRoots, verify};
use conclave::metadata::KeyType;
use conclave::token::{PinRole, Reader as _, TokenError};

use super::stand::{Stand, refuses, succeeds};
use super::{NEW, OLD, PIN, PUK, by_serial, open, pin, reader, ready, request, signs};

const THIRD: &str = "25000003:5.7.4";

#[test]
fn without_a_reader_or_a_service_it_says_so() {
    let stand = Stand::start(&[]);
    let said = succeeds(&stand.token(&["list"], &[]));
    assert!(said.contains("no token"), "{said}");
    refuses(
        &stand.token(&["change-pin"], &[PIN, PIN]),
        3,
        "there is no initialized token",
    );

    let output = stand
        .conclave(&["token", "list", "--profile", "yubikey-piv"])
        .env("PCSCLITE_CSOCK_NAME", stand.file("nothing"))
        .output()
        .unwrap();
    refuses(&output, 3, "the smart card service does not answer");
    refuses(&output, 3, "hint: install and start pcscd");
}

#[test]
fn a_card_that_is_gone_or_taken_is_told() {
    Stand::run(
        "mishaps::a_card_that_is_gone_or_taken_is_told",
        &[OLD, NEW],
        |stand| {
            let mut reader = reader();
            let mut token = ready(&mut reader, "25000001");
            let key = token.generate(&request(0x9c, KeyType::EcdsaP256)).unwrap();
            refuses(
                &stand.token(&["list"], &[]),
                3,
                "another program is using the token",
            );
            // Looking around in this program does not log the open one out.
            assert_eq!(reader.tokens().unwrap().len(), 2);
            assert!(signs(token.as_mut(), 0x9c, &key.public));

            stand.act("pull 0");
            assert_eq!(token.state(), Err(TokenError::Removed));
            while reader.tokens().unwrap().len() > 1 {}
            let absent = reader.find(&by_serial("25000001"));
            assert!(matches!(absent, Err(TokenError::NotFound { .. })));
            stand.act("insert 0");
            assert_eq!(token.state(), Err(TokenError::Removed));
            drop(token);
            while reader.tokens().unwrap().len() < 2 {}
            let mut token = open(&mut reader, "25000001");
            assert_eq!(
                token.sign(&[0x9c], &key.public, b"m"),
                Err(TokenError::LoginNeeded)
            );
            token.login(&pin(PIN)).unwrap();
            assert!(signs(token.as_mut(), 0x9c, &key.public));
            // Logged out by the reader, it finds itself again.
            reader.reset().unwrap();
            assert_eq!(
                token.sign(&[0x9c], &key.public, b"m"),
                Err(TokenError::LoginNeeded)
            );
        },
    );
}

#[test]
fn the_right_card_is_found_before_a_pin_is_asked_for() {
    Stand::run(
        "mishaps::the_right_card_is_found_before_a_pin_is_asked_for",
        &[OLD, NEW, THIRD],
        |stand| {
            let mut reader = reader();
            let mut public = Vec::new();
            for serial in ["25000001", "25000002"] {
                let mut token = ready(&mut reader, serial);
                let key = token.generate(&request(0x9c, KeyType::EcdsaP256)).unwrap();
                public.push(key.public);
            }
            let tried = stand.commands(1, "20");
            let ambiguous = reader.find(&conclave::token::TokenQuery::of("yubikey-piv"));
            let Err(TokenError::Ambiguous { found }) = ambiguous else {
                panic!("{ambiguous:?}");
            };
            assert_eq!(found.len(), 2);
            let seen = reader.find(&by_serial("25000002")).unwrap();
            let mut token = reader.open(&seen.id).unwrap();
            assert!(
                token
                    .keys()
                    .unwrap()
                    .iter()
                    .all(|key| key.public != public[0])
            );
            let wrong = token.sign(&[0x9c], &public[0], b"message");
            assert!(matches!(wrong, Err(TokenError::KeyNotFound { .. })));
            assert_eq!(stand.commands(1, "20"), tried);
        },
    );
}

#[test]
fn what_a_yubikey_types_is_no_pin() {
    let stand = Stand::start(&[OLD]);
    succeeds(&stand.token(&["init", "--label", "key"], &[PUK, PIN]));
    let otp = "ccccccjjrgtrcbdtvelvlkkhcrncckiegjkjdcdlrblv";
    refuses(
        &stand.token(&["change-pin"], &[otp, PIN]),
        2,
        "one-time password",
    );
    refuses(
        &stand.token(&["change-pin"], &["", PIN]),
        2,
        "the PIN is empty",
    );
    refuses(
        &stand.token(&["change-pin"], &["123456789", PIN]),
        3,
        "6 to 8 bytes",
    );
    assert_eq!(stand.pin_tries(0), 3);
}

#[test]
fn wrong_pins_are_counted_and_a_locked_one_is_set_anew_by_its_puk() {
    Stand::run(
        "mishaps::wrong_pins_are_counted_and_a_locked_one_is_set_anew_by_its_puk",
        &[OLD],
        |_| {
            let mut reader = reader();
            let mut token = ready(&mut reader, "25000001");
            let key = token.generate(&request(0x9c, KeyType::EcdsaP256)).unwrap();
            for left in ["2 attempts left", "1 attempt left"] {
                let error = token.login(&pin("000000")).unwrap_err();
                assert_eq!(error.to_string(), format!("the PIN is wrong; {left}"));
            }
            let role = PinRole::User;
            assert_eq!(
                token.login(&pin("000000")),
                Err(TokenError::PinLocked { role })
            );
            assert_eq!(token.login(&pin(PIN)), Err(TokenError::PinLocked { role }));
            let wrong = token.set_pin(&pin("00000000"), &pin("161803")).unwrap_err();
            assert_eq!(wrong.to_string(), "the PUK is wrong; 2 attempts left");
            token.set_pin(&pin(PUK), &pin("161803")).unwrap();
            token.login(&pin("161803")).unwrap();
            assert!(signs(token.as_mut(), 0x9c, &key.public));
        },
    );
}

#[test]
fn pulled_in_the_middle_nothing_is_lost() {
    Stand::run(
        "mishaps::pulled_in_the_middle_nothing_is_lost",
        &[NEW],
        |stand| {
            let pulled_while_it_waits = || {
                while stand.act("show 0")["touch_wanted"] == false {
                    std::thread::yield_now();
                }
                stand.act("pull 0");
            };
            let mut reader = reader();
            let mut token = ready(&mut reader, "25000002");
            stand.act("touch-by-hand 0");
            let wanted = request(0x9c, KeyType::EcdsaP256);
            let made = std::thread::scope(|scope| {
                scope.spawn(pulled_while_it_waits);
                token.generate(&wanted)
            });
            assert_eq!(made, Err(TokenError::Removed));
            drop(token);
            stand.act("insert 0");
            stand.act("touch-at-once 0");
            while reader.tokens().unwrap().is_empty() {}
            let mut token = open(&mut reader, "25000002");
            token.login(&pin(PIN)).unwrap();
            let key = token.recover(&wanted).unwrap().unwrap();

            stand.act("touch-by-hand 0");
            let signed = std::thread::scope(|scope| {
                scope.spawn(pulled_while_it_waits);
                token.sign(&[0x9c], &key.public, b"message")
            });
            assert_eq!(signed, Err(TokenError::Removed));
            drop(token);
            stand.act("insert 0");
            stand.act("touch-at-once 0");
            while reader.tokens().unwrap().is_empty() {}
            let mut token = open(&mut reader, "25000002");
            token.login(&pin(PIN)).unwrap();
            assert!(signs(token.as_mut(), 0x9c, &key.public));
            assert_eq!(stand.pin_tries(0), 3);
        },
    );
}

#[test]
fn a_card_that_lies_about_a_key_is_found_out() {
    Stand::run(
        "mishaps::a_card_that_lies_about_a_key_is_found_out",
        &[NEW],
        |stand| {
            let roots = TrustedRoots::yubico()
                .with(&std::fs::read(stand.root()).unwrap())
                .unwrap();
            let mut reader = reader();
            let mut token = ready(&mut reader, "25000002");
            let key = token.generate(&request(0x9c, KeyType::EcdsaP256)).unwrap();
            let mut judge = |what: &str, roots: &TrustedRoots| {
                stand.act(what);
                let chain = token.attest(&[0x9c]).unwrap();
                let attestation = verify(&chain[0], &chain[1..], roots)?;
                attestation.require_key(&key.public)?;
                attestation.require_serial("25000002")
            };
            judge("lie 0 nothing", &roots).unwrap();
            for (lie, check) in [
                ("lie 0 other-key", AttestationCheck::Key),
                ("lie 0 other-card", AttestationCheck::Serial),
                ("lie 0 policy", AttestationCheck::Signature),
            ] {
                assert_eq!(judge(lie, &roots).unwrap_err().check, check, "{lie}");
            }
            let refusal = judge("lie 0 nothing", &TrustedRoots::yubico()).unwrap_err();
            assert_eq!(refusal.check, AttestationCheck::Chain);
            let refusal = judge("overwrite-f9 0", &roots).unwrap_err();
            assert_eq!(refusal.check, AttestationCheck::Overwritten);
        },
    );
}
