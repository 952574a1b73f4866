//! A power that goes in the middle of a backup and of a restore.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::thread;

use crate::rehearse::{Rehearsal, assert_done, events, output};
use crate::{QUICK, assert_restores, played, script, verified, written};

/// `SIGXFSZ` on Linux.
const FILE_TOO_LARGE: i32 = 25;

/// Where the line of each event that matters stands in a journal: in the middle of it, so that a signature which is a
/// few bytes longer or shorter moves nothing out of it.
fn middles(journal: &[u8], kinds: &[&str]) -> Vec<(String, usize)> {
    let mut at = 0;
    let mut found = Vec::new();
    for line in journal.split_inclusive(|byte| *byte == b'\n') {
        let event = events(line).remove(0);
        let kind = event["event"].as_str().unwrap().to_owned();
        if kinds.contains(&kind.as_str()) {
            found.push((kind, at + line.len() / 2));
        }
        at += line.len();
    }
    found
}

#[test]
fn the_power_goes_at_every_effect_of_a_backup_and_no_key_is_left_without_one() {
    let text = script(&QUICK);
    let reference = played(&text);
    let journal = fs::read(reference.transcript()).unwrap();
    let cuts = middles(
        &journal,
        &[
            "recipient-proven",
            "backup-intended",
            "backed-up",
            "key-confined",
            "share-opened",
        ],
    );
    assert_eq!(cuts.len(), 7, "{cuts:?}");
    let (some, others) = cuts.split_at(cuts.len() / 2);
    let text = &text;
    thread::scope(|scope| {
        for cuts in [some, others] {
            scope.spawn(move || {
                for (kind, cut) in cuts {
                    cut_and_resumed(text, kind, *cut);
                }
            });
        }
    });
}

fn cut_and_resumed(text: &str, kind: &str, cut: usize) {
    let rehearsal = Rehearsal::new();
    let path = written(&rehearsal.home(), text);
    let play = rehearsal.unattended(&[path.to_str().unwrap()]);
    let status = output(&mut limited(&rehearsal, &play, cut)).status;
    assert_eq!(
        status.signal(),
        Some(FILE_TOO_LARGE),
        "{kind} at {cut}: {status}"
    );
    assert_done(&rehearsal.resume());
    verified(&rehearsal);
    assert_restores(&rehearsal);
    let kinds = rehearsal.kinds();
    let count = |wanted: &str| kinds.iter().filter(|kind| *kind == wanted).count();
    assert_eq!(count("resumed"), 1, "{kind}");
    for once in ["backup-intended", "backed-up", "key-confined"] {
        assert_eq!(count(once), 1, "{kind}: {once}");
    }
    assert_eq!(count("share-opened"), 2, "{kind}");
}

fn limited(rehearsal: &Rehearsal, command: &Command, bytes: usize) -> Command {
    let mut limited = rehearsal.command("prlimit");
    limited
        .args([format!("--fsize={bytes}:{bytes}"), "--core=0:0".to_owned()])
        .arg("--")
        .arg(command.get_program())
        .args(command.get_args());
    limited
}
