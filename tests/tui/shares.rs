//! Backups and drills on the screen: words that one person alone may see, quorums that are tried, shares that come in, and
//! how a drill ended.

use conclave::backup::slip39;
use conclave::ceremony::{
    Ask, Effect, FailureKind, Next, Prompt, RequestKind, SecretPrompt, SecretPurpose, SecretShown,
    StepError, WaitingOn, WordError,
};
use conclave::tui::Call;
use crossterm::event::KeyCode;

use super::room::{Room, choose, new_pin};
use super::screens::snapshot;

const SIZES: [(u16, u16); 2] = [(80, 24), (132, 43)];

/// At the effect that backs the key up.
fn backing_up(size: (u16, u16)) -> Room {
    let mut room = Room::with_backup(size).until("back-up-key:key-1");
    while !matches!(room.ceremony().next(), Next::Do(Effect::BackUpKey { .. })) {
        room.step();
    }
    room
}

/// Thirty-three words that are no share: the first ones of the list.
fn words() -> Vec<&'static str> {
    slip39::completions("").take(33).collect()
}

/// A share as the executor has it shown to who writes it down.
fn paper() -> SecretShown {
    let words = words();
    let rows = words.chunks(3).enumerate().map(|(row, words)| {
        let parts = words.iter().zip(row * 3 + 1..);
        let parts: Vec<String> = parts
            .map(|(word, n)| format!("{n:>4} {word:<10}"))
            .collect();
        parts.concat().into()
    });
    SecretShown {
        who: "custodian-3".parse().unwrap(),
        title: "share".to_owned(),
        about: "Custodian 3 (custodian-3), set 0123 4567 89ab cdef".to_owned(),
        advice: vec![
            "Turn the screen, so that nobody else sees it. Write each word into its row of the share sheet; the check words are no secret, and go to their place there. The words are typed back next: four letters of a word are enough.".to_owned(),
            "Check words: academic acid acne acquire acrobat activity actress adapt".to_owned(),
        ],
        lines: rows.collect(),
    }
}

fn word(number: usize) -> SecretPrompt {
    SecretPrompt {
        who: "custodian-3".parse().unwrap(),
        purpose: SecretPurpose::ShareWord,
        about: format!("word {number} of 33, Custodian 3 (custodian-3), set 0123 4567 89ab cdef"),
        digits_only: false,
        ..new_pin()
    }
}

fn reading(room: &Room, lines: &[&str], label: &str) -> Prompt {
    Prompt {
        step: room.ceremony().current_step().map(|step| step.id.clone()),
        who: vec!["custodian-1".parse().unwrap()],
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        ask: Ask::Reading {
            label: label.to_owned(),
            usual: String::new(),
        },
        approval: false,
    }
}

/// None of the words, but for those that stand on it for another reason.
fn assert_no_words(room: &Room) {
    let screen = room.screen();
    for word in &words()[8..] {
        let is_there = screen
            .split(|c: char| !c.is_alphabetic())
            .any(|part| part == *word);
        assert!(!is_there, "{word}:\n{screen}");
    }
}

#[test]
fn a_share_is_shown_to_one_person_and_wiped() {
    for size in SIZES {
        let mut room = backing_up(size);
        room.show_this(paper());
        snapshot("share-turn", &room);
        assert_no_words(&room);
        room.press(KeyCode::Enter);
        snapshot("share-words", &room);
        let screen = room.screen();
        for word in words() {
            assert!(screen.contains(word), "{word}:\n{screen}");
        }
        room.press(KeyCode::Esc);
        assert_no_words(&room);
    }
}

#[test]
fn words_are_typed_back_without_being_seen() {
    for size in SIZES {
        let mut room = backing_up(size);
        room.secret(word(17));
        room.type_in("acne");
        snapshot("share-word", &room);
        room.press(KeyCode::Enter);
        let why = WordError::NoWord;
        let error = StepError::ShareWord { number: 17, why };
        room.call(Call::NotAccepted {
            what: error.to_string(),
            hint: error.hint(),
        });
        room.secret(word(17));
        snapshot("share-word-refused", &room);
        assert!(!room.screen().contains("acne"), "{}", room.screen());
    }
}

#[test]
fn quorums_are_tried_with_a_bar() {
    for size in SIZES {
        let mut room = backing_up(size);
        room.wait(
            WaitingOn::Token,
            "Trying every quorum of shares: 5120 of 8008 combinations",
            &["[#########################...............] 63 %"],
            9,
        );
        snapshot("share-quorums", &room);
    }
}

#[test]
fn custodians_read_out_what_their_own_device_shows() {
    for size in SIZES {
        let mut room = backing_up(size);
        let prompt = reading(
            &room,
            &[
                "A test message for Custodian 1 lies in /media/shares/test-messages/custodian-1.age.",
                "Custodian 1 opens it on a device of their own, with age -d -i IDENTITY, and reads out the 4 words that stand in it.",
            ],
            "Words of the test message",
        );
        room.ask_this(prompt);
        snapshot("share-recipient", &room);

        let mut room = Room::with_backup(size).until("verify-backup:key-1");
        let prompt = reading(
            &room,
            &[
                "The share of Custodian 1 lies in /media/shares/key-1-0123456789abcdef/key-1.0123456789abcdef.custodian-1.share.age.",
                "Custodian 1 opens it on a device of their own, with age -d -i IDENTITY, and reads out the check words that stand in it: never the numbered words.",
            ],
            "Check words",
        );
        room.ask_this(prompt);
        snapshot("share-check-words", &room);
    }
}

#[test]
fn a_drill_on_the_screen() {
    for size in SIZES {
        let mut room = Room::drill(size).until("open-share:custodian-2");
        let prompt = reading(
            &room,
            &[
                "Custodian 2 puts in the medium with the own share, key-1.0123456789abcdef.custodian-2.share.age.",
            ],
            "Path of the share file",
        );
        room.ask_this(prompt);
        snapshot("drill-share", &room);

        room.fail(
            FailureKind::InvalidAnswer,
            "share.decryption: the file of Custodian 2 (custodian-2): it is closed to another identity",
            "nothing that was entered or written before is lost; try once more",
        );
        room.ask();
        snapshot("drill-share-failed", &room);
        room.press(KeyCode::Char('o'));
        choose(&mut room, RequestKind::DeclareShareLost.title());
        snapshot("drill-give-up", &room);

        let mut signing_off = Room::drill(size).until("sign-off");
        signing_off.ask();
        snapshot("drill-sign-off", &signing_off);
        let mut over = Room::drill(size).until_closing();
        while !matches!(over.ceremony().next(), Next::Done(_)) {
            over.step();
        }
        let screen = over.screen();
        for part in ["[ok]   Drill: passed.", "certificate.txt"] {
            assert!(screen.contains(part), "{part}: {screen}");
        }
    }
}
