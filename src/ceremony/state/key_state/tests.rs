//! The rules of one key and its token, without a ceremony.

use super::*;
use crate::record::Tries;

const WRONG_PIN: FailureKind = FailureKind::WrongPin {
    tries: Tries::Unknown,
};

fn token(label: &str) -> TokenId {
    TokenId {
        profile: "softhsm2".to_owned(),
        manufacturer: String::new(),
        model: String::new(),
        serial: "1".to_owned(),
        label: label.to_owned(),
    }
}

fn generated() -> Generated {
    let pem = include_str!("../../../../ceremony-scripts/online/targets.pub.pem");
    let public_key = PublicKey::from_pem(pem).unwrap();
    Generated::earlier(&Key::from_public(&public_key).unwrap()).unwrap()
}

fn proof(occasion: Occasion) -> PossessionProof {
    PossessionProof {
        script: Digest::of(b""),
        occasion,
        challenge: [0; 32],
        signature: Vec::new(),
    }
}

fn with_token() -> KeyState {
    let mut state = KeyState::default();
    state.find_token(&token("one"), &[]);
    state
}

/// A key that was generated in its token and proven.
fn with_key() -> KeyState {
    let mut state = with_token();
    state.announce_generation(&[1], "key").unwrap();
    state.generate(&token("one"), generated()).unwrap();
    state.prove(proof(Occasion::Generation));
    state
}

fn locked() -> KeyState {
    let mut state = with_key();
    state.note_failure(FailureKind::PinLocked);
    state
}

#[test]
fn a_token_is_initialized_after_that_was_announced_and_with_that_label() {
    let mut state = KeyState::default();
    assert!(state.announce_initialization("one").is_err());
    state.find_token(&token(""), &[]);
    assert!(state.initialize(&token("one")).is_err());
    state.announce_initialization("one").unwrap();
    assert!(state.announce_initialization("one").is_err());
    assert!(state.initialize(&token("two")).is_err());
    assert!(!state.is_initialized());
    state.initialize(&token("one")).unwrap();
    assert!(state.is_initialized());
    assert_eq!(state.token(), Some(&token("one")));
}

#[test]
fn initialization_leaves_the_factory_pin_until_one_is_set() {
    let mut state = KeyState::default();
    state.find_token(&token(""), &[FactorySecret::Pin, FactorySecret::Puk]);
    state.announce_initialization("one").unwrap();
    state.initialize(&token("one")).unwrap();
    assert_eq!(state.at_factory_value(), [FactorySecret::Pin]);
    state.set_pin();
    assert_eq!(state.at_factory_value(), []);
    assert!(state.is_pin_set());
}

#[test]
fn a_key_is_generated_once_after_that_was_announced() {
    let mut state = KeyState::default();
    assert!(state.announce_generation(&[1], "key").is_err());
    state.find_token(&token("one"), &[]);
    assert!(state.generate(&token("one"), generated()).is_err());
    state.announce_generation(&[1], "key").unwrap();
    assert!(state.announce_generation(&[1], "key").is_err());
    state.generate(&token("one"), generated()).unwrap();
    assert!(state.generate(&token("one"), generated()).is_err());
}

#[test]
fn a_key_is_generated_in_the_token_that_was_opened() {
    let mut state = with_token();
    state.announce_generation(&[1], "key").unwrap();
    assert!(state.generate(&token("two"), generated()).is_err());
    assert!(state.generated().is_none());
}

#[test]
fn an_interruption_keeps_what_was_announced() {
    let mut state = with_token();
    state.announce_initialization("one").unwrap();
    state.announce_generation(&[1], "key").unwrap();
    state.interrupt();
    assert!(state.announce_initialization("two").is_err());
    assert!(state.announce_generation(&[2], "key").is_err());
    assert_eq!(state.announced_label().unwrap(), "one");
    state.generate(&token("one"), generated()).unwrap();
}

#[test]
fn a_key_that_answers_after_reinsertion_keeps_its_first_proof() {
    let mut state = with_token();
    state.prove(proof(Occasion::Reinsertion));
    assert!(state.is_reinserted() && !state.is_proven());
    state.prove(proof(Occasion::Generation));
    state.prove(proof(Occasion::Reinsertion));
    assert_eq!(state.proof().unwrap().occasion, Occasion::Generation);
}

#[test]
fn a_regenerated_key_leaves_a_former_key_and_loses_proof_and_management_key() {
    let mut state = with_key();
    state.write_management_key();
    state.seal_envelope(TokenSecret::ManagementKey, "B1");
    state.seal_envelope(TokenSecret::UserPin, "B2");
    state.regenerate();
    let [former] = state.former() else {
        panic!("{:?}", state.former());
    };
    assert_eq!(former.object_id, [1]);
    assert_eq!(former.disposition, FormerDisposition::Pending);
    assert!(state.generated().is_none() && !state.is_proven());
    assert!(!state.is_management_key_written());
    let left: Vec<_> = state.envelopes().keys().collect();
    assert_eq!(left, [&TokenSecret::UserPin]);
    state.announce_generation(&[2], "key").unwrap();
}

#[test]
fn a_spare_starts_over_and_keeps_former_keys_and_what_was_given_up() {
    let mut state = locked();
    let item: ItemId = "key-1".parse().unwrap();
    let spare: SpareId = "spare-1".parse().unwrap();
    state.set_pin();
    state.seal_envelope(TokenSecret::UserPin, "B1");
    state.take_spare(&spare, Some(item.clone()));
    assert_eq!(state.spare(), Some(&spare));
    assert_eq!(state.token(), None);
    assert!(state.envelopes().is_empty() && !state.is_pin_set() && !state.is_locked());
    assert!(state.former()[0].locked);
    assert_eq!(state.set_aside(), [token("one")]);
    assert_eq!(state.replaced(), [(item, Some(token("one")))]);
    assert!(state.is_at_former());

    state.find_token(&token("two"), &[]);
    state.take_spare(&"spare-2".parse().unwrap(), None);
    assert_eq!(state.former().len(), 1);
    assert_eq!(state.set_aside(), [token("one"), token("two")]);
    assert_eq!(state.replaced().len(), 1);
}

#[test]
fn a_blank_token_is_not_set_aside_by_name() {
    let mut state = KeyState::default();
    state.find_token(&token(""), &[]);
    state.take_spare(&"spare-1".parse().unwrap(), None);
    assert_eq!(state.set_aside(), []);
}

#[test]
fn a_former_key_is_settled_once_by_its_fingerprint() {
    let mut state = with_key();
    let fingerprint = generated().public_key.fingerprint();
    let destroyed = FormerDisposition::Destroyed;
    assert!(state.end_former(&fingerprint, destroyed.clone()).is_err());
    state.regenerate();
    assert!(state.require_former_settled().is_err());
    let other = Digest::of(b"another key");
    assert!(state.end_former(&other, destroyed.clone()).is_err());
    state.end_former(&fingerprint, destroyed.clone()).unwrap();
    state.require_former_settled().unwrap();
    assert!(state.end_former(&fingerprint, destroyed).is_err());
}

#[test]
fn wrong_pins_are_counted_until_the_right_one() {
    let mut state = with_key();
    state.note_failure(WRONG_PIN);
    state.note_failure(WRONG_PIN);
    state.note_failure(FailureKind::Device);
    assert_eq!(state.wrong_pins(), 2);
    state.note_failure(FailureKind::PinLocked);
    assert!(state.is_locked());
    state.right_pin();
    assert_eq!(state.wrong_pins(), 0);
    assert!(!state.is_locked());
}

#[test]
fn failures_at_the_token_of_a_former_key_are_not_those_of_the_new_token() {
    let mut state = with_key();
    state.take_spare(&"spare-1".parse().unwrap(), None);
    state.note_failure(WRONG_PIN);
    state.note_failure(FailureKind::PinLocked);
    assert_eq!(state.wrong_pins(), 0);
    assert!(!state.is_locked());
    assert!(state.former()[0].locked);
}

#[test]
fn only_a_locked_pin_is_unblocked_and_only_from_the_sealed_bag() {
    let (secret, bag) = (TokenSecret::Puk, "B1".to_owned());
    let mut state = with_key();
    state.seal_envelope(secret, &bag);
    state.seal_envelope(TokenSecret::UserPin, "B2");
    assert!(state.begin_unblocking(secret, Some(&bag)).is_err());
    assert!(state.unblock().is_err());
    state.note_failure(FailureKind::PinLocked);
    assert!(state.begin_unblocking(secret, None).is_err());
    assert!(
        state
            .begin_unblocking(secret, Some(&"B3".to_owned()))
            .is_err()
    );
    state.begin_unblocking(secret, Some(&bag)).unwrap();
    assert!(!state.envelopes().contains_key(&secret));
    state.unblock().unwrap();
    assert!(!state.is_locked() && !state.is_unblocking());
    assert!(
        state.envelopes().is_empty(),
        "the sealed PIN is the one that locked"
    );
    assert!(state.unblock().is_err());
}
