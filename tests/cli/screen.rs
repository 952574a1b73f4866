//! The program in a terminal: whole rehearsals, and the ways in which a screen ends.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use conclave::ceremony::{Ceremony, Interrupt, Waiting, WaitingOn};
use conclave::metadata::KeyType;
use conclave::tui::{self, Settings};
use rustix::process::Signal;

use crate::support::ceremony_driver;
use crate::support::pty::{Size, Terminal};

const F2: &str = "\x1bOQ";
const F5: &str = "\x1b[15~";
const ESC: &str = "\x1b";
const PAGE_DOWN: &str = "\x1b[6~";
const CONTROL_C: &str = "\x03";
const ABORTED: i32 = 130;

fn environment() -> Vec<(&'static str, &'static OsStr)> {
    vec![("LC_ALL", OsStr::new("C.UTF-8"))]
}

fn rehearse(out: &Path, more: &[(&'static str, &'static OsStr)]) -> Terminal {
    let out = out.to_str().unwrap();
    let arguments = [
        "rehearse",
        "--tokens",
        "3",
        "--threshold",
        "1",
        "--until",
        "genesis",
        "--out",
        out,
    ];
    let environment = [environment(), more.to_vec()].concat();
    let mut terminal = Terminal::conclave(&arguments, &environment, Size::STANDARD);
    terminal.expect_on_screen("1 of 29 · Attendance");
    // What is typed before a question stands there answers none.
    terminal.expect_on_screen("Identification of Administrator");
    terminal
}

/// Plays prompts until a text stands on the screen.
fn play_until(terminal: &mut Terminal, text: &str) {
    loop {
        terminal.expect_screen("a prompt that can be played", |screen| {
            let contents = screen.contents();
            let is_open = contents.contains(" play  ") && !contents.contains("One moment");
            is_open || contents.contains(text)
        });
        let before = below_the_band(&terminal.screen_text());
        if before.contains(text) {
            return;
        }
        terminal.send(F5);
        terminal.expect_screen("the next one", |screen| {
            below_the_band(&screen.contents()) != before
        });
    }
}

/// The screen without the clock in its first line.
fn below_the_band(screen: &str) -> String {
    let rest = screen.split_once('\n').map(|(_, rest)| rest);
    rest.unwrap_or_default().to_owned()
}

/// The terminal is as it was before, and on the main screen.
fn assert_restored(terminal: &Terminal) {
    assert!(terminal.echoes());
    let written = terminal.transcript();
    let last = |sequence: &str| written.rfind(sequence);
    assert!(
        last("\x1b[?1049l") > last("\x1b[?1049h"),
        "the main screen is back"
    );
    assert!(
        last("\x1b[?2004l") > last("\x1b[?2004h"),
        "pasted text comes as it is"
    );
    assert!(last("\x1b[?25h") >= last("\x1b[?25l"), "the cursor is back");
}

fn code(status: ExitStatus) -> Option<i32> {
    status.code()
}

#[test]
fn a_whole_rehearsal_plays_on_the_screen() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out");
    let mut terminal = rehearse(&out, &[]);
    play_until(&mut terminal, "The ceremony is closed");
    terminal.expect_on_screen("Write on paper: the transcript digest");
    let spent = terminal.leave_alone(Duration::from_secs(1));
    assert!(
        spent < Duration::from_millis(100),
        "it does not sleep: {spent:?}"
    );
    terminal.send(PAGE_DOWN);
    terminal.expect_on_screen("Take to the online machine");
    terminal.send("\r");
    assert!(terminal.finish().success());
    assert_restored(&terminal);
    assert!(
        terminal.screen_text().contains("Closing note")
            || terminal.transcript().contains("Closing note")
    );
    for file in [
        "export/1.root.json",
        "genesis/transcript.jsonl",
        "genesis/closing-note.txt",
    ] {
        assert!(out.join(file).exists(), "{file}");
    }
}

#[test]
fn people_answer_leave_and_come_back() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out");
    let mut terminal = rehearse(&out, &[]);
    // By hand: a choice, with a key that is no letter.
    terminal.send("\x1b[B\r");
    terminal.expect_on_screen("Identification of Witness 1");
    terminal.resize(Size {
        columns: 72,
        rows: 20,
    });
    terminal.expect_on_screen("Conclave requires a terminal of at least 80×24");
    terminal.send("\r\r\r");
    terminal.resize(Size {
        columns: 60,
        rows: 15,
    });
    terminal.expect_on_screen("60×15.");
    terminal.resize(Size {
        columns: 132,
        rows: 43,
    });
    terminal.expect_on_screen("Identification of Witness 1");
    terminal.send("t");
    terminal.expect_on_screen(
        "Administrator is present. Identification: passport, checked by Witness 1.",
    );
    terminal.send(ESC);
    terminal.expect_on_screen("─ Steps ─");
    terminal.send(F2);
    terminal.expect_on_screen("Transcript, 2 entries");
    terminal.send(ESC);
    terminal.expect_on_screen("─ Steps ─");
    terminal.send(CONTROL_C);
    terminal.expect_on_screen("Type LEAVE or ABORT");
    terminal.send("LEAVE\r");
    assert_eq!(code(terminal.finish()), Some(ABORTED));
    assert_restored(&terminal);
    assert!(terminal.screen_text().contains("conclave resume"));

    let ceremony = out.join("genesis");
    let arguments = ["resume", ceremony.to_str().unwrap()];
    let mut terminal = Terminal::conclave(&arguments, &environment(), Size::STANDARD);
    terminal.expect_on_screen("Identification of Administrator");
    terminal.send("t");
    terminal.expect_on_screen("Resumed on ");
    terminal.expect_on_screen("Rehearsal opened");
    terminal.send(ESC);
    terminal.expect_on_screen("─ Steps ─");
    terminal.send(CONTROL_C);
    terminal.expect_on_screen("Type LEAVE or ABORT");
    terminal.send("ABORT\r");
    terminal.expect_on_screen("Reason");
    terminal.send("enough for today\r");
    terminal.expect_on_screen("The ceremony was aborted");
    terminal.send("\r");
    assert_eq!(code(terminal.finish()), Some(ABORTED));
    assert_restored(&terminal);
}

#[test]
fn a_typed_pin_is_in_no_recording_and_no_file() {
    const CANARY: &str = "907816352490781635";
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out");
    let mut terminal = rehearse(&out, &[]);
    for purpose in ["new SO PIN: ", "new PIN: "] {
        play_until(&mut terminal, purpose);
        terminal.send(CANARY);
        terminal.expect_on_screen("••••••••");
        terminal.send("\r");
        terminal.expect_on_screen("again: ");
        terminal.send(CANARY);
        terminal.expect_on_screen("again: ••••••••");
        terminal.send("\r");
        terminal.expect_screen("the next prompt", |screen| {
            !screen.contents().contains("once more")
        });
    }
    terminal.expect_on_screen("9 of 29 · Generate the key");
    terminal.send(CONTROL_C);
    terminal.expect_on_screen("Type LEAVE or ABORT");
    terminal.send("LEAVE\r");
    terminal.finish();
    assert!(!terminal.transcript().contains(CANARY));
    let mut files = 0;
    assert_in_no_file(&out, CANARY.as_bytes(), &mut files);
    assert!(files > 5, "only {files} files");
}

fn assert_in_no_file(directory: &Path, secret: &[u8], files: &mut u32) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_symlink() {
            continue;
        }
        if kind.is_dir() {
            assert_in_no_file(&entry.path(), secret, files);
        } else {
            *files += 1;
            let bytes = fs::read(entry.path()).unwrap();
            let stands = bytes.windows(secret.len()).any(|part| part == secret);
            assert!(!stands, "{}", entry.path().display());
        }
    }
}

#[test]
fn signals_leave_the_ceremony_to_be_resumed() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let directory = tempfile::tempdir().unwrap();
        let mut terminal = rehearse(&directory.path().join("out"), &[]);
        terminal.signal(signal);
        assert_eq!(code(terminal.finish()), Some(ABORTED), "{signal:?}");
        assert_restored(&terminal);
        assert!(terminal.screen_text().contains("conclave resume"));
    }
}

#[test]
fn without_colors_nothing_but_weight_tells() {
    let directory = tempfile::tempdir().unwrap();
    let no_color = [("NO_COLOR", OsStr::new("1"))];
    let mut terminal = rehearse(&directory.path().join("out"), &no_color);
    terminal.signal(Signal::TERM);
    terminal.finish();
    let written = terminal.transcript();
    for color in (30..38).chain(40..48).chain(90..98) {
        assert!(!written.contains(&format!("\x1b[{color}m")), "{color}");
    }
    assert!(!written.contains("\x1b[38;") && !written.contains("\x1b[48;"));
    assert!(written.contains("\x1b[1m"), "bold is left");
    assert!(written.contains("\x1b[7m"), "reverse is left");
}

#[test]
fn a_plain_locale_gets_ascii() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out");
    let arguments = [
        "rehearse",
        "--tokens",
        "3",
        "--threshold",
        "1",
        "--until",
        "genesis",
        "--out",
        out.to_str().unwrap(),
    ];
    let plain = [("LC_ALL", OsStr::new("C")), ("TERM", OsStr::new("linux"))];
    let mut terminal = Terminal::conclave(&arguments, &plain, Size::STANDARD);
    terminal.expect_on_screen("1 of 29 - Attendance");
    terminal.signal(Signal::TERM);
    terminal.finish();
    // The command line speaks again after the screen.
    let written = terminal.transcript();
    let screen = &written[..written.rfind("\x1b[?1049l").unwrap()];
    assert!(screen.is_ascii());
}

/// The part of the next tests that runs inside the terminal: what the executor's thread does.
const CHILD: &str = "CONCLAVE_TEST_CHILD";

fn child(part: &'static str) -> Terminal {
    let program = std::env::current_exe().unwrap();
    let arguments = ["cli::screen::in_the_terminal", "--exact", "--nocapture"];
    let environment = [environment(), vec![(CHILD, OsStr::new(part))]].concat();
    Terminal::spawn(
        program.to_str().unwrap(),
        &arguments,
        &environment,
        Size::STANDARD,
    )
}

#[test]
fn in_the_terminal() {
    let Ok(part) = std::env::var(CHILD) else {
        return;
    };
    let script = ceremony_driver::genesis(&[KeyType::Ed25519], 1);
    let ceremony = Ceremony::new(Arc::clone(&script));
    let outcome = tui::run(Settings::new(tui::Theme::from_environment()), |front_end| {
        let mut waiting = Waiting {
            what: "Something in the test".to_owned(),
            seen: Vec::new(),
            elapsed: Duration::ZERO,
            on: WaitingOn::Token,
            touch: None,
        };
        front_end.waiting(&ceremony, &waiting).unwrap();
        match part.as_str() {
            "panic" => panic!("this is the panic of the test"),
            "noise" => {
                eprintln!("noise on the error output");
                println!("noise on the output");
                // Another thread's panic does not end the ceremony.
                std::thread::spawn(|| panic!("this is the panic of a worker"))
                    .join()
                    .unwrap_err();
                waiting.what = "After the noise".to_owned();
                loop {
                    if let Err(interrupt) = front_end.waiting(&ceremony, &waiting) {
                        return interrupt;
                    }
                    std::thread::park_timeout(Duration::from_millis(20));
                }
            }
            // Never asks again, as if a module hung.
            _ => loop {
                std::thread::park();
            },
        }
    });
    assert_eq!(outcome.unwrap(), Interrupt::Leave);
    println!("the child ended well");
}

#[test]
fn a_panic_gives_the_terminal_back_and_is_read() {
    let mut terminal = child("panic");
    let status = terminal.finish();
    assert!(!status.success());
    assert_restored(&terminal);
    assert!(
        terminal
            .screen_text()
            .contains("this is the panic of the test")
    );
}

#[test]
fn noise_stays_off_the_screen() {
    let mut terminal = child("noise");
    terminal.expect_on_screen("After the noise");
    assert!(!terminal.screen_text().contains("noise on"));
    terminal.signal(Signal::TERM);
    assert!(terminal.finish().success());
    assert_restored(&terminal);
    let written = terminal.transcript();
    assert!(!written.contains("noise on"));
    assert!(written.contains("the child ended well"));
    assert!(
        terminal
            .screen_text()
            .contains("this is the panic of a worker")
    );
}

#[test]
fn a_module_that_hangs_does_not_keep_the_terminal() {
    let mut terminal = child("hang");
    terminal.expect_on_screen("Something in the test");
    terminal.signal(Signal::TERM);
    let status = terminal.finish();
    assert!(!status.success());
    assert_restored(&terminal);
}
