//! A genesis and a rotation on virtual YubiKeys, in a terminal, and what clients make of their roots.

use std::fs;

use crate::support::client::Client;
use crate::support::pty::{Size, Terminal};
use crate::support::rehearse::{Rehearsal, assert_done, events, output};

const F5: &str = "\x1b[15~";

/// Plays what is asked on the screen until a text stands there. The touches that the cards want are counted down
/// meanwhile.
fn play_until(terminal: &mut Terminal, text: &str) {
    loop {
        terminal.expect_screen("something to play", |screen| {
            let contents = screen.contents();
            let is_open = contents.contains(" play  ") && !contents.contains("One moment");
            is_open || contents.contains(text)
        });
        let before = below_the_clock(&terminal.screen_text());
        if before.contains(text) {
            return;
        }
        terminal.send(F5);
        terminal.expect_screen("the next one", |screen| {
            below_the_clock(&screen.contents()) != before
        });
    }
}

fn below_the_clock(screen: &str) -> String {
    let rest = screen.split_once('\n').map(|(_, rest)| rest);
    rest.unwrap_or_default().to_owned()
}

/// How often something happened in a ceremony of a rehearsal.
fn times(rehearsal: &Rehearsal, ceremony: &str, event: &str) -> usize {
    let path = rehearsal.out().join(ceremony).join("transcript.jsonl");
    let lines = events(&fs::read(path).unwrap());
    lines.iter().filter(|line| line["event"] == event).count()
}

/// A first root on five YubiKeys and a second one in which one of them is replaced, on the screen of a terminal.
#[test]
fn all_clients_accept_what_people_make_on_the_screen_with_five_yubikeys() {
    let rehearsal = Rehearsal::new();
    let (home, out) = (rehearsal.home(), rehearsal.out());
    let environment = [("HOME", home.as_os_str()), ("LC_ALL", "C.UTF-8".as_ref())];
    let arguments = [
        "rehearse",
        "--token-kind",
        "yubikey",
        "--out",
        out.to_str().unwrap(),
    ];
    let mut terminal = Terminal::conclave(&arguments, &environment, Size::STANDARD);
    for _ in ["genesis", "rotation"] {
        play_until(&mut terminal, "The ceremony is closed");
        terminal.send("\r");
        terminal.expect_screen("the next screen", |screen| {
            !screen.contents().contains("The ceremony is closed")
        });
    }
    assert!(terminal.finish().success());
    let shown = terminal.transcript();
    assert!(shown.contains("TOUCH THE TOKEN"));
    for ceremony in ["genesis", "rotation"] {
        let mut verify = rehearsal.conclave();
        let path = out.join(ceremony);
        assert_done(&output(verify.args(["transcript", "verify"]).arg(path)));
    }
    assert_eq!(times(&rehearsal, "genesis", "key-generated"), 5);
    // Four that stay and one that comes sign the second root, and the one that goes signs it too.
    assert_eq!(times(&rehearsal, "rotation", "signed"), 6);
    super::assert_accepted(&Client::ALL, &rehearsal.export(), &rehearsal.online());
}
