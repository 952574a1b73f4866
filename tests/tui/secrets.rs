//! What is typed as a secret is nowhere else: not on the screen, not in what `{:?}` says.

use conclave::record::Tries;
use conclave::tui::Reply;
use crossterm::event::KeyCode;

use super::room::{Room, new_pin, pin};

/// Letters that neither hex digits nor words have in a row.
const CANARY: &str = "wqzxjkvgqpyw";

/// No part of the canary that is longer than chance stands in a text.
fn assert_kept(text: &str) {
    for part in CANARY.as_bytes().windows(4) {
        let part = std::str::from_utf8(part).unwrap();
        assert!(!text.contains(part), "{part} stands in\n{text}");
    }
}

fn assert_secret(room: &Room) {
    assert_kept(&room.screen());
    assert_kept(&format!("{:?}", room.model));
    assert_kept(&format!("{:?}", room.buffer()));
}

#[test]
fn a_secret_stands_nowhere_while_it_is_typed() {
    for size in [(80, 24), (132, 43)] {
        for prompt in [new_pin(), pin(Tries::Exactly(3))] {
            let is_new = prompt.purpose.is_new();
            let mut room = Room::rehearsal(size).until("set-pin:key-1");
            room.secret(prompt);
            for c in CANARY.chars() {
                room.type_in(&c.to_string());
                assert_secret(&room);
            }
            for overlay in [KeyCode::F(1), KeyCode::F(2), KeyCode::F(3), KeyCode::F(4)] {
                room.press(overlay);
                assert_secret(&room);
                room.press(KeyCode::Esc);
            }
            let mut replies = room.press(KeyCode::Enter);
            if is_new {
                assert_secret(&room);
                room.type_in(CANARY);
                assert_secret(&room);
                replies = room.press(KeyCode::Enter);
            }
            assert_secret(&room);
            assert_kept(&format!("{replies:?}"));
            let [Reply::Secret(Ok(pin))] = replies.as_slice() else {
                panic!("{replies:?}");
            };
            assert_eq!(pin.secret.expose(), CANARY);
        }
    }
}

/// Who looks at the screen does not learn how long a PIN is.
#[test]
fn the_mask_is_as_wide_for_any_length() {
    let screens: Vec<String> = ["1", "123456", "123456789012"]
        .into_iter()
        .map(|typed| {
            let mut room = Room::rehearsal((80, 24)).until("set-pin:key-1");
            room.secret(new_pin());
            room.type_in(typed);
            room.screen()
        })
        .collect();
    assert!(screens.iter().all(|screen| *screen == screens[0]));
    assert!(screens[0].contains("new PIN: ••••••••"));
}

/// What is shown to be written down is on the screen only while that one person looks.
#[test]
fn a_secret_that_is_shown_once_is_gone() {
    let mut room = Room::rehearsal((80, 24)).until("generate-key:key-1");
    let is_there = |room: &Room| room.screen().contains("2718 2818 2845 9045");
    room.show();
    assert!(!is_there(&room));
    assert!(room.press(KeyCode::Enter).is_empty());
    assert!(is_there(&room));
    assert!(!format!("{:?}", room.model).contains("2718"));
    // Somebody comes in.
    assert!(room.press(KeyCode::Esc).is_empty());
    assert!(!is_there(&room));
    assert!(room.press(KeyCode::Enter).is_empty());
    assert!(is_there(&room));
    let replies = room.press(KeyCode::Enter);
    assert!(
        matches!(replies.as_slice(), [Reply::Shown(Ok(()))]),
        "{replies:?}"
    );
    assert!(!is_there(&room));
}
