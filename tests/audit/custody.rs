//! The custody list, cards and labels of a ceremony, and the clock that dates them.

use std::fs;

use conclave::audit::documents;
use conclave::ceremony::{Answer, Mode};
use conclave::record::{CustodyList, Moved};

use super::{directory_of, findings, reasons};
use crate::support::ceremony_driver::{Room, with_bags, write};

fn document(room: &Room, name: &str) -> String {
    let documents = documents(&room.ceremony, &room.transcript);
    let (_, bytes) = documents
        .into_iter()
        .find(|(path, _)| path == name)
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_list_says_where_each_token_went() {
    let room = Room::closed(with_bags(), Mode::Production);
    let list = CustodyList::parse(document(&room, "keys/custody.jsonl").as_bytes()).unwrap();
    let moves: Vec<_> = list
        .lines()
        .iter()
        .map(|line| (line.moved, line.contents.as_str(), line.place.as_deref()))
        .collect();
    let (first, second) = ("the token of key holder 1", "the token of key holder 2");
    let safe = Some("Safe of the key holder");
    assert_eq!(
        moves,
        [
            (Moved::Opened, first, None),
            (Moved::Sealed, first, None),
            (Moved::Sealed, second, None),
            (Moved::Opened, first, None),
            (Moved::Opened, second, None),
            (Moved::Sealed, first, safe),
            (Moved::Sealed, second, safe),
        ]
    );
    for line in list.lines() {
        let readers = match line.moved {
            Moved::Sealed => &["Witness 1", "Witness 2"][..],
            Moved::Opened => &["Witness 1"],
        };
        assert_eq!(line.people[..readers.len()], *readers);
        assert_eq!(line.script, room.ceremony.script().sha256().to_string());
    }
    for (key, state) in room.ceremony.key_states() {
        let serial = &state.token().unwrap().serial;
        let bag = list.bag_of(serial).unwrap();
        let fingerprint = state.generated().unwrap().public_key.fingerprint();
        let line = list.closed()[bag];
        assert_eq!(line.fingerprint, Some(fingerprint.to_string()));
        for name in ["cards.txt", "cards.html"] {
            let page = document(&room, name);
            let words = fingerprint.first_words(4);
            assert!(
                page.contains(bag) && page.contains(&words),
                "{name} {}",
                key.id
            );
            assert!(
                page.contains(serial) && page.contains("2026-12-01"),
                "{name}"
            );
        }
    }
    let digest = room.ceremony.frozen().unwrap().digest();
    assert!(document(&room, "cards.txt").contains(&digest.first_words(4)));
    assert!(!document(&room, "cards.txt").contains("REHEARSAL"));
    let rehearsal = Room::closed(with_bags(), Mode::Rehearsal);
    assert!(document(&rehearsal, "cards.html").contains("REHEARSAL"));
}

#[test]
fn a_changed_custody_list_is_noticed() {
    let room = Room::closed(with_bags(), Mode::Production);
    let directory = directory_of(&room);
    assert_eq!(findings(directory.path()), [""; 0]);
    let path = directory.path().join("keys/custody.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replacen("simulated-bag-key-1-2", "simulated-bag-key-1-3", 1),
    )
    .unwrap();
    assert_eq!(
        reasons(directory.path()),
        ["directory.document", "directory.sums"]
    );
    // Neither does a list of digests that was made to fit.
    let changed = fs::read(&path).unwrap();
    let sums = directory.path().join("SHA256SUMS");
    let fitted = fs::read_to_string(&sums).unwrap().replace(
        &conclave::words::Digest::of(text.as_bytes()).to_string(),
        &conclave::words::Digest::of(&changed).to_string(),
    );
    fs::write(&sums, fitted).unwrap();
    assert_eq!(reasons(directory.path()), ["directory.document"]);
    fs::remove_file(&path).unwrap();
    assert_eq!(
        reasons(directory.path()),
        ["directory.document", "directory.sums"]
    );
    write(directory.path(), "keys/custody.jsonl", text.as_bytes());
    let card = directory.path().join("cards.txt");
    fs::write(&card, "The PIN is 1234.\n").unwrap();
    assert_eq!(
        reasons(directory.path()),
        ["directory.document", "directory.sums"]
    );
}

#[test]
fn a_clock_that_is_nine_minutes_off_dates_nothing() {
    let mut room = Room::open(with_bags(), Mode::Production);
    // The machine is at 08:51 and some seconds when it is 09:00.
    room.set_clock("2026-12-01T08:51:00Z");
    room.advance_until(|ceremony| {
        ceremony
            .current_step()
            .is_some_and(|step| step.id.as_str() == "attest-clock")
    });
    assert!(room.answer(Answer::Text(String::new())).is_err());
    room.answer(Answer::Text("2026-12-01T09:02:30Z".to_owned()))
        .unwrap();
    let offset = room.ceremony.clock_offset().unwrap();
    assert!((8 * 60..=11 * 60).contains(&offset), "{offset}");
    // The record keeps what the machine said before; whatever is made of it is right.
    let raw = room.transcript.entries()[1].line.time;
    let right = room.transcript.attested_times()[1];
    assert_eq!(right.as_second() - raw.as_second(), offset);
    while room.advance() {
        // The other process finds the same clock, and people set it right again.
        if room.ceremony.clock_offset().is_none()
            && room
                .ceremony
                .current_step()
                .is_some_and(|step| step.id.as_str() == "attest-clock")
        {
            let late = room.answer(Answer::Text(String::new())).unwrap_err();
            assert!(late.to_string().contains("is earlier than"), "{late}");
            let machine = room.moment().machine_time;
            let time = machine.as_second() + offset;
            let time = jiff::Timestamp::from_second(time).unwrap();
            room.answer(Answer::Text(time.to_string())).unwrap();
        }
    }
    let times = room.transcript.attested_times();
    for (entry, time) in room.transcript.entries().iter().zip(&times).skip(1) {
        assert!(
            time.to_string().as_str() >= "2026-12-01T09:00:00Z",
            "line {}: {time}",
            entry.line.seq
        );
    }
    assert!(times[1..].is_sorted(), "{times:?}");
    for name in [
        "closing-note.txt",
        "report.html",
        "cards.txt",
        "keys/custody.jsonl",
    ] {
        let text = document(&room, name);
        let wrong = text
            .match_indices("2026-12-01T08:")
            .map(|(at, _)| &text[at..(at + 20).min(text.len())])
            // The opening itself was before the clock was set, on the machine of this test.
            .filter(|time| **time < *"2026-12-01T08:59:30Z")
            .collect::<Vec<_>>();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
    }
}
