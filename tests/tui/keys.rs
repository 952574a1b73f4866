//! What keys do, as lists of messages and the answers that come of them.

use std::time::Duration;

use conclave::ceremony::{Answer, Interrupt, RequestKind, WaitingOn};
use conclave::record::Tries;
use conclave::tui::{Call, Msg, Reply};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::room::{Room, answer, choose, is_word, new_pin, pin};

const SIZE: (u16, u16) = (80, 24);

fn asked(step: &str) -> Room {
    let mut room = Room::rehearsal(SIZE).until(step);
    room.ask();
    room
}

fn interrupt(mut replies: Vec<Reply>) -> Interrupt {
    match (replies.pop(), replies.is_empty()) {
        (
            Some(
                Reply::Answer(Err(interrupt))
                | Reply::Secret(Err(interrupt))
                | Reply::Waiting(Err(interrupt)),
            ),
            true,
        ) => interrupt,
        other => panic!("no interrupt: {other:?}"),
    }
}

#[test]
fn a_choice_is_made_with_arrows_or_letters() {
    for down in [KeyCode::Down, KeyCode::Char('j')] {
        let mut room = asked("attendance");
        room.press(down);
        room.press(down);
        room.press(KeyCode::Up);
        assert_eq!(
            answer(room.press(KeyCode::Enter)),
            Answer::Choice {
                index: 1,
                remark: String::new()
            }
        );
    }
}

#[test]
fn a_reservation_wants_its_words() {
    let mut room = asked("sign-off");
    room.press(KeyCode::Down);
    assert!(room.press(KeyCode::Enter).is_empty());
    assert!(room.press(KeyCode::Enter).is_empty(), "the remark is empty");
    // Letters are letters now: e opens no exception report.
    room.type_in("the door");
    assert_eq!(
        answer(room.press(KeyCode::Enter)),
        Answer::Choice {
            index: 1,
            remark: "the door".to_owned()
        }
    );
}

#[test]
fn a_word_is_typed_only_after_everything_was_on_the_screen() {
    let mut room = asked("review-root");
    assert!(is_word(&room.ask()));
    room.type_in("SIGN ROOT 1");
    assert!(room.press(KeyCode::Enter).is_empty());
    for _ in 0..4 {
        room.press(KeyCode::PageDown);
    }
    room.press(KeyCode::PageUp);
    room.type_in("SIGN ROOT 1");
    assert_eq!(
        answer(room.press(KeyCode::Enter)),
        Answer::Text("SIGN ROOT 1".to_owned())
    );
}

#[test]
fn pasted_text_confirms_nothing() {
    let mut room = asked("review-root");
    room.msg(Msg::Resize(132, 60));
    room.msg(Msg::Paste("SIGN ROOT 1".to_owned()));
    assert!(room.screen().contains("pasting is not allowed here"));
    assert_eq!(
        answer(room.press(KeyCode::Enter)),
        Answer::Text(String::new())
    );

    let mut room = asked("note-1");
    room.msg(Msg::Paste("A.B.\n".to_owned()));
    assert_eq!(
        answer(room.press(KeyCode::Enter)),
        Answer::Text("A.B.".to_owned())
    );

    let mut room = Room::rehearsal(SIZE).until("sign-root");
    room.secret(pin(Tries::Unknown));
    room.msg(Msg::Paste("123456".to_owned()));
    assert!(room.press(KeyCode::Enter).is_empty());
    assert!(room.screen().contains("the PIN is empty"));

    let mut room = asked("sign-root");
    room.control('c');
    room.msg(Msg::Paste("LEAVE".to_owned()));
    assert!(room.press(KeyCode::Enter).is_empty());
}

#[test]
fn released_keys_do_nothing() {
    let mut room = asked("attendance");
    let key = KeyEvent::new_with_kind(KeyCode::Enter, KeyModifiers::NONE, KeyEventKind::Release);
    assert!(room.msg(Msg::Key(key)).is_empty());
}

#[test]
fn no_single_key_ends_the_ceremony() {
    for code in ['q', 'Q', 'x', 'c', 'd', 'z']
        .map(KeyCode::Char)
        .into_iter()
        .chain([KeyCode::Esc])
    {
        for modifiers in [KeyModifiers::NONE, KeyModifiers::CONTROL, KeyModifiers::ALT] {
            let mut room = asked("compose-root");
            assert!(
                room.msg(Msg::Key(KeyEvent::new(code, modifiers)))
                    .is_empty()
            );
            assert!(!room.model.is_over());
        }
    }
}

#[test]
fn leaving_wants_a_word_and_aborting_a_reason() {
    let mut room = asked("compose-root");
    room.control('c');
    room.type_in("LEAVE");
    assert_eq!(interrupt(room.press(KeyCode::Enter)), Interrupt::Leave);

    let mut room = asked("compose-root");
    room.control('c');
    room.type_in("abort");
    assert!(room.press(KeyCode::Enter).is_empty());
    room.control('u');
    room.type_in("ABORT");
    room.press(KeyCode::Enter);
    assert!(room.press(KeyCode::Enter).is_empty(), "no reason was given");
    room.type_in("fire alarm");
    assert_eq!(
        interrupt(room.press(KeyCode::Enter)),
        Interrupt::Abort {
            reason: "fire alarm".to_owned()
        }
    );

    let mut room = asked("compose-root");
    let before = room.screen();
    room.control('c');
    room.press(KeyCode::Esc);
    assert_eq!(room.screen(), before);
}

#[test]
fn what_the_room_asks_for_is_chosen_and_filled_in() {
    let mut room = asked("compose-root");
    room.press(KeyCode::Char('o'));
    choose(&mut room, "Correct a name");
    choose(&mut room, "Key holder 1");
    assert!(room.press(KeyCode::Enter).is_empty());
    assert!(room.screen().contains("this line is empty"));
    // Letters are letters here: e opens no exception report.
    room.type_in("Ada Lovelace");
    let Interrupt::Request(request) = interrupt(room.press(KeyCode::Enter)) else {
        panic!("no request");
    };
    assert_eq!(request.kind, RequestKind::AmendName);
    assert_eq!(request.values, ["holder-1", "Ada Lovelace"]);
}

#[test]
fn escape_goes_back_line_by_line_and_asks_for_nothing() {
    let mut room = asked("compose-root");
    let before = room.screen();
    room.press(KeyCode::Char('o'));
    let menu = room.screen();
    choose(&mut room, "Correct a name");
    let people = room.screen();
    choose(&mut room, "Administrator");
    for expected in [people, menu, before] {
        assert!(room.press(KeyCode::Esc).is_empty());
        if expected.contains("More options") {
            assert!(room.screen().contains("More options"));
        } else {
            assert_eq!(room.screen(), expected);
        }
    }
}

#[test]
fn nothing_is_asked_for_before_attendance_is_complete() {
    let mut room = asked("attendance");
    room.press(KeyCode::Char('o'));
    let screen = room.screen();
    assert!(
        screen.contains("there are no more options until attendance"),
        "{screen}"
    );
}

#[test]
fn an_exception_is_recorded_with_two_people() {
    let mut room = asked("generate-key:key-1");
    room.press(KeyCode::Char('e'));
    for text in ["a bag", "no bag", "go on"] {
        room.type_in(text);
        room.press(KeyCode::Enter);
    }
    // The same person twice decides nothing.
    room.press(KeyCode::Down);
    room.press(KeyCode::Enter);
    assert!(room.press(KeyCode::Enter).is_empty());
    assert!(room.screen().contains("two different people must approve"));
    room.press(KeyCode::Down);
    let Interrupt::Exception {
        report,
        waives: None,
        people,
    } = interrupt(room.press(KeyCode::Enter))
    else {
        panic!("no exception");
    };
    assert_eq!(
        (
            report.expected.as_str(),
            report.happened.as_str(),
            report.decided.as_str()
        ),
        ("a bag", "no bag", "go on")
    );
    assert_eq!(
        people
            .iter()
            .map(conclave::script::PersonId::as_str)
            .collect::<Vec<_>>(),
        ["witness-2", "holder-1"]
    );
}

#[test]
fn what_the_room_wants_first_waits_for_the_next_question() {
    // Filled in while nothing is asked.
    let mut room = asked("compose-root");
    room.press(KeyCode::Enter);
    room.control('c');
    room.type_in("LEAVE");
    assert!(room.press(KeyCode::Enter).is_empty());
    let prompt = match room.ceremony().next() {
        conclave::ceremony::Next::Ask(prompt) => prompt,
        other => panic!("{other:?}"),
    };
    let replies = room.call(Call::Ask(room.ceremony().clone().into(), prompt));
    assert_eq!(interrupt(replies), Interrupt::Leave);
}

#[test]
fn a_new_pin_is_typed_twice() {
    let mut room = Room::rehearsal(SIZE).until("set-pin:key-1");
    room.secret(new_pin());
    room.type_in("314159");
    assert!(room.press(KeyCode::Enter).is_empty());
    room.type_in("314158");
    assert!(room.press(KeyCode::Enter).is_empty());
    assert!(room.screen().contains("the two entries differ"));
    room.type_in("271828");
    assert!(room.press(KeyCode::Enter).is_empty());
    room.type_in("271828");
    let replies = room.press(KeyCode::Enter);
    let [Reply::Secret(Ok(pin))] = replies.as_slice() else {
        panic!("{replies:?}");
    };
    assert_eq!(pin.secret.expose(), "271828");
}

#[test]
fn the_last_try_wants_its_word() {
    for tries in [Tries::Last, Tries::Exactly(1)] {
        let mut room = Room::rehearsal(SIZE).until("sign-root");
        room.secret(pin(tries));
        room.type_in("123456");
        assert!(room.press(KeyCode::Enter).is_empty());
        room.type_in("LAST TRY");
        assert!(room.press(KeyCode::Enter).is_empty());
        room.type_in("123456");
        let replies = room.press(KeyCode::Enter);
        assert!(
            matches!(replies.as_slice(), [Reply::Secret(Ok(_))]),
            "{replies:?}"
        );

        let mut room = Room::rehearsal(SIZE).until("sign-root");
        room.secret(pin(tries));
        // Kept: what is left is to stop, or to come back to it.
        assert!(room.press(KeyCode::Esc).is_empty());
        assert!(room.screen().contains("Type LEAVE or ABORT"));
        room.press(KeyCode::Esc);
        assert!(room.screen().contains("Type LAST TRY to use it"));
    }
}

#[test]
fn a_pin_is_begun_anew_with_escape() {
    let mut room = Room::rehearsal(SIZE).until("set-pin:key-1");
    room.secret(new_pin());
    for typed in ["314159", "31"] {
        room.type_in(typed);
        room.press(KeyCode::Enter);
    }
    room.press(KeyCode::Esc);
    for _ in 0..2 {
        room.type_in("271828");
        let replies = room.press(KeyCode::Enter);
        if let [Reply::Secret(Ok(pin))] = replies.as_slice() {
            assert_eq!(pin.secret.expose(), "271828");
            return;
        }
    }
    panic!("two entries that are the same are a PIN");
}

#[test]
fn what_waits_for_a_token_is_said() {
    let mut room = Room::rehearsal(SIZE).until("generate-key:key-1");
    room.wait(WaitingOn::Token, "Generating", &[], 1);
    room.control('c');
    room.type_in("ABORT");
    room.press(KeyCode::Enter);
    room.type_in("fire alarm");
    assert!(room.press(KeyCode::Enter).is_empty());
    let replies = room.wait(WaitingOn::Token, "Generating", &[], 2);
    assert!(matches!(interrupt(replies), Interrupt::Abort { .. }));
    room.wait(WaitingOn::Token, "Generating", &[], 3);
    assert!(room.screen().contains("will be aborted when"));
}

#[test]
fn a_touch_types_no_pin() {
    let mut room = Room::rehearsal(SIZE).until("sign-root");
    room.secret(pin(Tries::Unknown));
    room.type_in("ccccccbcgujhingjrdejhgfnuetrgigvejhhgbkugded");
    assert!(room.press(KeyCode::Enter).is_empty());
}

#[test]
fn a_slow_token_is_given_up_only_on_purpose() {
    let mut room = Room::rehearsal(SIZE).until("generate-key:key-1");
    let wait = |room: &mut Room, seconds| room.wait(WaitingOn::Token, "Generating", &[], seconds);
    assert!(matches!(
        wait(&mut room, 1).as_slice(),
        [Reply::Waiting(Ok(()))]
    ));
    room.press(KeyCode::Char('g'));
    room.press(KeyCode::Char('g'));
    assert!(
        matches!(wait(&mut room, 2).as_slice(), [Reply::Waiting(Ok(()))]),
        "too early"
    );
    wait(&mut room, 6);
    room.press(KeyCode::Char('g'));
    room.press(KeyCode::Enter);
    assert!(
        matches!(wait(&mut room, 7).as_slice(), [Reply::Waiting(Ok(()))]),
        "thought better"
    );
    room.press(KeyCode::Esc);
    room.press(KeyCode::Char('g'));
    assert_eq!(interrupt(wait(&mut room, 8)), Interrupt::Cancel);
}

/// The token answered before the room could be heard: what comes next is not given up.
#[test]
fn giving_up_does_not_outlive_the_wait() {
    let mut room = Room::rehearsal(SIZE).until("generate-key:key-1");
    room.wait(WaitingOn::Token, "Generating", &[], 9);
    room.press(KeyCode::Char('g'));
    room.press(KeyCode::Char('g'));
    room.ask();
    assert!(matches!(
        room.press(KeyCode::Enter).as_slice(),
        [Reply::Answer(Ok(Answer::Enter))]
    ));
}

#[test]
fn a_rehearsal_plays_by_itself_until_a_key() {
    let mut room = asked("attendance");
    assert!(matches!(
        answer(room.press(KeyCode::Char('p'))),
        Answer::Choice { index: 0, .. }
    ));

    let mut room = asked("attendance");
    room.press(KeyCode::Char('P'));
    assert!(matches!(
        answer(room.tick(Duration::ZERO)),
        Answer::Choice { .. }
    ));
    room.step();
    room.ask();
    assert!(
        room.tick(Duration::from_millis(10)).is_empty(),
        "too early to be seen"
    );
    assert!(room.model.wakes_at().is_some());
    assert!(
        room.press(KeyCode::Enter).is_empty(),
        "any key takes over, and does nothing else"
    );
    assert!(room.tick(Duration::from_secs(60)).is_empty());
}

#[test]
fn a_rehearsal_that_plays_reads_to_the_end() {
    let mut room = Room::rehearsal(SIZE).until("review-root");
    room.ask();
    room.press(KeyCode::Char(' '));
    let mut ticks = 0;
    while room.tick(Duration::from_secs(4)).is_empty() {
        ticks += 1;
        assert!(ticks < 10);
    }
    assert!(ticks > 0);
}

#[test]
fn a_rehearsal_stops_playing_when_something_does_not_work() {
    let mut room = Room::rehearsal(SIZE).until("generate-key:key-1");
    room.ask();
    room.press(KeyCode::Char('P'));
    room.tick(Duration::ZERO);
    room.step();
    let kind = conclave::ceremony::FailureKind::Device;
    room.fail(kind, "the token was busy", "wait a little");
    room.ask();
    assert!(room.tick(Duration::from_secs(60)).is_empty());
    assert!(room.model.wakes_at().is_none());
}

#[test]
fn a_production_never_plays_by_itself() {
    let mut room = Room::open(
        conclave::ceremony::Mode::Production,
        SIZE,
        super::room::PLAIN,
    )
    .until("attendance");
    room.ask();
    for code in [
        KeyCode::Char('p'),
        KeyCode::Char('P'),
        KeyCode::Char(' '),
        KeyCode::F(5),
        KeyCode::F(6),
    ] {
        assert!(room.press(code).is_empty());
        assert!(room.tick(Duration::from_secs(60)).is_empty());
    }
}

#[test]
fn too_small_a_terminal_takes_no_keys_and_loses_nothing() {
    let mut room = asked("note-1");
    room.type_in("A");
    let before = room.screen();
    room.msg(Msg::Resize(72, 20));
    room.type_in("B");
    assert!(room.press(KeyCode::Enter).is_empty());
    assert!(room.control('c').is_empty());
    room.msg(Msg::Resize(80, 24));
    assert_eq!(room.screen(), before);
}

#[test]
fn a_signal_answers_everything_with_leave() {
    let mut room = asked("compose-root");
    assert_eq!(interrupt(room.msg(Msg::Terminate)), Interrupt::Leave);
    assert_eq!(
        interrupt(room.wait(WaitingOn::Token, "Signing", &[], 1)),
        Interrupt::Leave
    );
    room.msg(Msg::Finished);
    assert!(room.model.is_over());
}

#[test]
fn the_end_stays_until_it_was_seen() {
    let mut room = Room::rehearsal(SIZE).until_closing();
    room.step();
    room.msg(Msg::Finished);
    assert!(!room.model.is_over());
    room.press(KeyCode::Char('t'));
    room.press(KeyCode::Esc);
    assert!(!room.model.is_over());
    room.press(KeyCode::Enter);
    assert!(room.model.is_over());
}

/// Every key that the line of hints names is in the help as well.
#[test]
fn the_help_names_the_keys_of_the_hints() {
    for step in ["attendance", "attest-clock", "compose-root"] {
        let mut room = asked(step);
        room.msg(Msg::Resize(132, 43));
        let screen = room.screen();
        let hints = screen.lines().last().unwrap().to_owned();
        room.press(KeyCode::F(1));
        let help = room.screen();
        for hint in hints
            .split("  ")
            .map(str::trim)
            .filter(|hint| !hint.is_empty())
        {
            let key = hint.split(' ').next().unwrap();
            assert!(help.contains(key), "{key} of {hints:?} is not in\n{help}");
        }
    }
}
