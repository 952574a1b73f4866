//! The usual course of a ceremony, from the opening to the end.

use conclave::ceremony::{Ending, Mode, Verdict};
use conclave::metadata::KeyType;
use conclave::transcript::Transcript;

use crate::support::ceremony_driver::{Room, genesis};

#[test]
fn a_usual_genesis_closes_with_every_key_type() {
    let room = Room::closed(genesis(&KeyType::MADE, 3), Mode::Production);
    let ceremony = &room.ceremony;
    assert_eq!(ceremony.ending(), Some(&Ending::Closed(Verdict::Agree)));
    assert_eq!(ceremony.signatures().have, 5);
    assert_eq!(ceremony.exported().len(), 2);
    assert!(ceremony.verified().is_some());
}

#[test]
fn the_same_course_is_the_same_record() {
    let record = || {
        let script = genesis(&[KeyType::Ed25519; 2], 1);
        Room::closed(script, Mode::Rehearsal).transcript_bytes()
    };
    assert_eq!(record(), record());
}

#[test]
fn reading_the_record_gives_the_state_of_every_moment() {
    let script = genesis(&[KeyType::Ed25519; 2], 1);
    let mut room = Room::open(script.clone(), Mode::Rehearsal);
    loop {
        let (read, torn) = Transcript::parse(&room.transcript_bytes()).unwrap();
        assert_eq!((&read, torn), (&room.transcript, 0));
        let replayed = read.replay(&script).unwrap();
        assert_eq!(format!("{replayed:?}"), format!("{:?}", room.ceremony));
        if !room.advance() {
            break;
        }
    }
}
