//! Every screen at 80×24 and 132×43.

use std::time::Duration;

use conclave::ceremony::{
    Effect, FailureKind, Input, Mode, Next, SecretPrompt, SecretPurpose, WaitingOn,
};
use conclave::record::Tries;
use conclave::tui::{Call, Charset, Colors, Msg, Theme};
use crossterm::event::KeyCode;
use ratatui::style::Color;

use super::room::{PLAIN, Room, choose, new_pin, pin};

fn code(purpose: SecretPurpose) -> SecretPrompt {
    SecretPrompt {
        who: "witness-1".parse().unwrap(),
        purpose,
        about: "Confirm the date and time".to_owned(),
        digits_only: false,
        ..new_pin()
    }
}

type Scene = fn((u16, u16)) -> Room;

/// The screens, each with its name.
const SCENES: &[(&str, Scene)] = &[
    ("attendance", |size| asked(size, "attendance")),
    ("new-code", |size| {
        let mut room = Room::rehearsal(size).until("attendance");
        room.secret(code(SecretPurpose::NewApprovalCode));
        room
    }),
    ("approval-token", |size| {
        let mut room = Room::with_approval_token(size);
        while !matches!(
            room.ceremony().next(),
            Next::Do(Effect::ProveApprovalToken { .. })
        ) {
            room.step();
        }
        room.wait(
            WaitingOn::People,
            "Put in the own token of Witness 1",
            &["In now: SoftHSM v2 5f00000000000001 \"conclave-key-1\"."],
            12,
        );
        room
    }),
    ("approval-token-missing", |size| {
        let mut room = Room::with_approval_token(size);
        while !matches!(
            room.ceremony().next(),
            Next::Do(Effect::ProveApprovalToken { .. })
        ) {
            room.step();
        }
        room.fail(
            FailureKind::WrongToken,
            "no token that is in holds the key by which Witness 1 approves",
            "no PIN was tried; put in the token that the script names, or take a code under \"other\"",
        );
        room.ask();
        room
    }),
    ("bag", |size| {
        Room::with_bags(size).until_read("Number on the bag")
    }),
    ("new-bag", |size| {
        Room::with_bags(size).until_read("Number of the new bag")
    }),
    ("new-bag-again", |size| {
        Room::with_bags(size).until_read("Number of the new bag, second reading")
    }),
    ("pause", |size| {
        let mut room = Room::with_bags(size);
        while !room.screen().contains("Pause the ceremony") {
            room.step();
            if let Next::Ask(_) = room.ceremony().next() {
                room.ask();
            }
        }
        room
    }),
    ("ink", |size| {
        Room::with_bags(size).until_read("First 8 words of the written digest")
    }),
    ("clock", |size| asked(size, "attest-clock")),
    ("approval", |size| {
        let mut room = Room::rehearsal(size).until("attest-clock");
        room.secret(code(SecretPurpose::ApprovalCode));
        room.type_in("3141");
        room
    }),
    ("other", |size| {
        let mut room = asked(size, "compose-root");
        room.press(KeyCode::Char('o'));
        room
    }),
    ("other-who", |size| {
        let mut room = asked(size, "compose-root");
        room.press(KeyCode::Char('o'));
        choose(&mut room, "Correct a name");
        room.press(KeyCode::Down);
        room
    }),
    ("other-text", |size| {
        let mut room = asked(size, "compose-root");
        room.press(KeyCode::Char('o'));
        choose(&mut room, "Correct a name");
        choose(&mut room, "Key holder 1");
        room.type_in("Ada Lovelace");
        room
    }),
    ("clock-not-accepted", |size| {
        let mut room = asked(size, "attest-clock");
        room.type_in("half past nine");
        room.press(KeyCode::Enter);
        room.call(Call::NotAccepted {
            what: "\"half past nine\" is not a valid time".to_owned(),
            hint: "give date and time in UTC to the second, with a T between and a Z at the end"
                .to_owned(),
        });
        room.ask();
        room
    }),
    ("findings", |size| asked(size, "inspect-host")),
    ("read-script", |size| asked(size, "read-script")),
    ("note", |size| asked(size, "note-1")),
    ("wait-for-token", |size| {
        let mut room = Room::rehearsal(size).until("identify-token:key-2");
        room.wait(
            WaitingOn::People,
            "Put in the token of key holder 2",
            &["In now: SoftHSM v2 5f00000000000001 \"conclave-key-1\". That is the token of key holder 1; nothing was tried on it."],
            12,
        );
        room
    }),
    ("wait-for-answer", |size| slow_token(size, 3)),
    ("wait-long-for-answer", |size| slow_token(size, 75)),
    ("give-up", |size| {
        let mut room = slow_token(size, 75);
        room.press(KeyCode::Char('g'));
        room
    }),
    ("token-from-outside", |size| {
        let mut room = Room::rehearsal(size).until("identify-token:key-1");
        room.wait(
            WaitingOn::People,
            "Put in the token of key holder 1",
            &["In now: Evil\u{1b}[2J \u{202e}gnp.exe\u{7}"],
            1,
        );
        room
    }),
    ("initialize", |size| asked(size, "initialize-token:key-1")),
    ("new-pin", |size| {
        let mut room = Room::rehearsal(size).until("set-pin:key-1");
        room.secret(new_pin());
        room
    }),
    ("new-pin-given", |size| {
        let mut room = Room::rehearsal(size).until("set-pin:key-1");
        let given = Some("28881460".to_owned());
        room.secret(conclave::ceremony::SecretPrompt { given, ..new_pin() });
        room
    }),
    ("secret-to-write", |size| {
        let mut room = Room::rehearsal(size).until("generate-key:key-1");
        room.show();
        room
    }),
    ("secret-shown", |size| {
        let mut room = Room::rehearsal(size).until("generate-key:key-1");
        room.show();
        room.press(KeyCode::Enter);
        room
    }),
    ("new-pin-again", |size| {
        let mut room = Room::rehearsal(size).until("set-pin:key-1");
        room.secret(new_pin());
        room.type_in("314159");
        room.press(KeyCode::Enter);
        room.type_in("31");
        room
    }),
    ("new-pin-differs", |size| {
        let mut room = Room::rehearsal(size).until("set-pin:key-1");
        room.secret(new_pin());
        room.type_in("314159");
        room.press(KeyCode::Enter);
        room.type_in("314158");
        room.press(KeyCode::Enter);
        room
    }),
    ("pin-tries", |size| {
        let mut room = Room::rehearsal(size).until("sign-root");
        room.secret(pin(Tries::Exactly(2)));
        room
    }),
    ("pin-last-try", |size| {
        let mut room = Room::rehearsal(size).until("sign-root");
        room.secret(pin(Tries::Last));
        room.type_in("last try");
        room.press(KeyCode::Enter);
        room
    }),
    ("pin-touched", |size| {
        let mut room = Room::rehearsal(size).until("sign-root");
        room.secret(pin(Tries::Unknown));
        room.type_in("ccccccbcgujhingjrdejhgfnuetrgigvejhhgbkugded");
        room.press(KeyCode::Enter);
        room
    }),
    ("generate", |size| asked(size, "generate-key:key-1")),
    ("fingerprint", |size| {
        let mut room = Room::rehearsal(size).until("identify-token:key-2");
        room.wait(
            WaitingOn::People,
            "Put in the token of key holder 2",
            &[],
            1,
        );
        room
    }),
    ("compose", |size| asked(size, "compose-root")),
    ("failed", |size| {
        let mut room = Room::rehearsal(size).until("generate-key:key-1");
        room.step();
        room.fail(
            FailureKind::WrongPin {
                tries: Tries::Exactly(2),
            },
            "the token did not take the PIN; 2 attempts left",
            "the key holder types the PIN once more, and looks at the keyboard's layout first",
        );
        room.ask();
        room
    }),
    ("review", |size| asked(size, "review-root")),
    ("review-read", read_review),
    ("review-wrong-word", |size| {
        let mut room = read_review(size);
        room.type_in("sign root 1");
        room.press(KeyCode::Enter);
        room.call(Call::NotAccepted {
            what: "the typed text is not the required confirmation".to_owned(),
            hint: "type exactly SIGN ROOT 1, or look again at what would be signed".to_owned(),
        });
        room.ask();
        room
    }),
    ("sign", |size| asked(size, "sign-root")),
    ("sign-pin", |size| {
        let mut room = after_first_signature(size);
        room.secret(pin(Tries::Unknown));
        room
    }),
    ("sign-wait", |size| {
        let mut room = after_first_signature(size);
        room.wait(
            WaitingOn::People,
            "Put in the token of key holder 2",
            &[],
            7,
        );
        room
    }),
    ("verify", |size| asked(size, "verify-root")),
    ("export", |size| asked(size, "export")),
    ("sign-off", |size| asked(size, "sign-off")),
    ("sign-off-remark", |size| {
        let mut room = asked(size, "sign-off");
        room.press(KeyCode::Down);
        room.press(KeyCode::Enter);
        room.type_in("the door stood open");
        room
    }),
    ("close", |size| {
        let mut room = Room::rehearsal(size).until_closing();
        room.ask();
        room
    }),
    ("end", |size| {
        let mut room = Room::rehearsal(size).until_closing();
        room.step();
        room
    }),
    ("end-below", |size| {
        let mut room = Room::rehearsal(size).until_closing();
        room.step();
        room.press(KeyCode::PageDown);
        room
    }),
    ("end-aborted", |size| {
        let mut room = Room::rehearsal(size).until("sign-root");
        let reason = "the fire alarm went off".to_owned();
        room.take(Input::Abort { reason });
        room
    }),
    ("looking-ahead", |size| {
        let mut room = asked(size, "attest-clock");
        room.press(KeyCode::Tab);
        for _ in 0..7 {
            room.press(KeyCode::Char('j'));
        }
        room
    }),
    ("looking-back", |size| {
        let mut room = asked(size, "compose-root");
        room.press(KeyCode::Tab);
        room.press(KeyCode::Up);
        room
    }),
    ("exception", |size| {
        let mut room = asked(size, "generate-key:key-1");
        room.press(KeyCode::Char('e'));
        room
    }),
    ("exception-filled", |size| filled_exception(size)),
    ("exception-empty-line", |size| {
        let mut room = asked(size, "generate-key:key-1");
        room.press(KeyCode::Char('e'));
        for _ in 0..5 {
            room.press(KeyCode::Enter);
        }
        room
    }),
    ("abort", |size| {
        let mut room = asked(size, "sign-root");
        room.control('c');
        room
    }),
    ("abort-wrong-word", |size| {
        let mut room = asked(size, "sign-root");
        room.control('c');
        room.type_in("quit");
        room.press(KeyCode::Enter);
        room
    }),
    ("abort-reason", |size| {
        let mut room = asked(size, "sign-root");
        room.control('c');
        room.type_in("ABORT");
        room.press(KeyCode::Enter);
        room.type_in("the fire alarm went off");
        room
    }),
    ("transcript", |size| {
        let mut room = asked(size, "review-root");
        room.press(KeyCode::Char('t'));
        room
    }),
    ("help", |size| {
        let mut room = asked(size, "attendance");
        room.press(KeyCode::Char('?'));
        room
    }),
    ("words", |size| {
        let mut room = asked(size, "review-root");
        room.press(KeyCode::F(2));
        room
    }),
    ("playing", |size| {
        let mut room = asked(size, "attendance");
        room.press(KeyCode::Char('P'));
        room
    }),
    ("production", |size| {
        let mut room = Room::open(Mode::Production, size, PLAIN).until("generate-key:key-2");
        room.ask();
        room
    }),
    ("ascii", |size| {
        let theme = Theme {
            charset: Charset::Ascii,
            ..PLAIN
        };
        let mut room = Room::open(Mode::Rehearsal, size, theme).until("generate-key:key-2");
        room.ask();
        room
    }),
    ("nothing-yet", |size| {
        let mut room = Room::rehearsal(size);
        room.model = conclave::tui::Model::new(
            conclave::tui::Settings::new(PLAIN),
            size,
            "2026-12-01T09:41:00Z".parse().unwrap(),
        );
        room
    }),
];

fn asked(size: (u16, u16), step: &str) -> Room {
    let mut room = Room::rehearsal(size).until(step);
    room.ask();
    room
}

fn slow_token(size: (u16, u16), seconds: u64) -> Room {
    let mut room = Room::rehearsal(size).until("generate-key:key-1");
    room.step();
    room.wait(WaitingOn::Token, "Generating the key", &[], seconds);
    room
}

fn read_review(size: (u16, u16)) -> Room {
    let mut room = asked(size, "review-root");
    for _ in 0..4 {
        room.press(KeyCode::PageDown);
    }
    room
}

fn after_first_signature(size: (u16, u16)) -> Room {
    let mut room = Room::rehearsal(size).until("sign-root");
    // Two for each signature: it is announced, and made.
    for _ in 0..3 {
        room.step();
    }
    room
}

fn filled_exception(size: (u16, u16)) -> Room {
    let mut room = asked(size, "generate-key:key-1");
    room.press(KeyCode::Char('e'));
    room.type_in("the bag of key holder 1 carries the number A0012345");
    room.press(KeyCode::Enter);
    room.type_in("its number is A0012346; the seal is whole, and the register of the safe has that number too");
    room.press(KeyCode::Tab);
    room.type_in("go on, and correct the register");
    room.press(KeyCode::Enter);
    room.press(KeyCode::Down);
    room
}

pub(crate) fn snapshot(name: &str, room: &Room) {
    let (columns, rows) = room.model.size();
    insta::with_settings!({
        snapshot_path => "snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(format!("{name}-{columns}x{rows}"), without_digests(&room.screen()));
    });
}

/// The screen without the two digests of the witness band, which change with every word of the ready script; a
/// test of their own says that they are there.
fn without_digests(screen: &str) -> String {
    let cut = |line: &str| {
        let is_digest = line.starts_with(" script  ") || line.starts_with(" transcript ");
        let label: String = line.chars().take(17).collect();
        if is_digest {
            format!("{}…\n", label.trim_end())
        } else {
            format!("{line}\n")
        }
    };
    let mut cut: String = screen.lines().map(cut).collect();
    if !screen.ends_with('\n') {
        cut.pop();
    }
    cut
}

#[test]
fn the_witness_band_has_both_digests() {
    let room = Room::rehearsal((80, 24)).until("review-root");
    let (script, head) = (room.ceremony().script().sha256(), room.head());
    let screen = room.screen();
    for digest in [script, head] {
        let hex = digest.to_string();
        let (start, end) = (&hex[..4], &hex[60..]);
        let line = screen
            .lines()
            .find(|line| line.contains(start) && line.contains(end))
            .unwrap_or_else(|| panic!("{hex} is not in the band:\n{screen}"));
        assert!(line.contains(digest.words()[0]), "{line}");
    }
}

#[test]
fn every_screen_at_80_by_24() {
    for (name, scene) in SCENES {
        snapshot(name, &scene((80, 24)));
    }
}

#[test]
fn every_screen_at_132_by_43() {
    for (name, scene) in SCENES {
        snapshot(name, &scene((132, 43)));
    }
}

#[test]
fn a_terminal_that_is_too_small_says_so() {
    for size in [(72, 20), (79, 24), (80, 23), (20, 5)] {
        snapshot("too-small", &asked(size, "attendance"));
    }
    // Even where there is no room to say it, nothing breaks.
    for size in [(1, 1), (5, 1), (0, 0)] {
        asked(size, "attendance").buffer();
    }
}

#[test]
fn every_screen_fits_every_size() {
    for (name, scene) in SCENES {
        for size in [
            (80, 24),
            (81, 25),
            (109, 24),
            (110, 24),
            (200, 60),
            (80, 60),
            (300, 24),
        ] {
            let mut room = scene((80, 24));
            room.msg(Msg::Resize(size.0, size.1));
            let screen = room.screen();
            assert!(
                *name == "nothing-yet"
                    || screen.contains("REHEARSAL")
                    || screen.contains("PRODUCTION"),
                "{name} {size:?}"
            );
        }
    }
}

#[test]
fn plain_terminals_get_plain_characters() {
    for (name, scene) in SCENES {
        let mut room = scene((80, 24));
        room.model = {
            let theme = Theme {
                charset: Charset::Ascii,
                colors: Colors::None,
            };
            let mut plain = Room::open(Mode::Rehearsal, (80, 24), theme).until("attest-clock");
            plain.ask();
            plain.model
        };
        assert!(room.screen().is_ascii(), "{name}");
    }
}

/// Color says nothing that a word does not say as well: without it, the text is the same.
#[test]
fn colors_change_no_text() {
    for colors in [Colors::Sixteen, Colors::True] {
        let theme = Theme { colors, ..PLAIN };
        let mut colored = Room::open(Mode::Rehearsal, (80, 24), theme).until("sign-root");
        let mut plain = Room::rehearsal((80, 24)).until("sign-root");
        colored.ask();
        plain.ask();
        assert_eq!(colored.screen(), plain.screen());
    }
}

/// The band on top, and what is chosen, have a ground of their own; all else has the terminal's.
#[test]
fn only_the_band_is_colored_ground() {
    let theme = Theme {
        colors: Colors::Sixteen,
        ..PLAIN
    };
    for mode in [Mode::Rehearsal, Mode::Production] {
        let mut room = Room::open(mode, (80, 24), theme).until("compose-root");
        room.ask();
        let buffer = room.buffer();
        for (index, cell) in buffer.content.iter().enumerate() {
            let is_band = index < 80;
            assert_eq!(cell.bg != Color::Reset, is_band, "{mode} {index}");
        }
    }
}

/// A long wait turns nothing but its clock.
#[test]
fn a_wait_is_calm() {
    let mut room = slow_token((80, 24), 3);
    let before = room.screen();
    room.tick(Duration::from_millis(1));
    assert_eq!(room.screen(), before);
}
