//! A power that goes in the middle of a backup and of a restore.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use conclave::ceremony::Mode;
use conclave::script::{DrillLevel, Kind};

use crate::support::backup_rehearsal::{QUICK, assert_restores, played, script, verified, written};
use crate::support::ceremony_driver::restore::{lost_key, manifest, text};
use crate::support::rehearse::{
    Rehearsal, assert_chained, assert_done, events, files_below, output,
};

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
            "extraction-disabled",
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
    for once in ["backup-intended", "backed-up", "extraction-disabled"] {
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

/// A drill or a recovery onto a blank token, with people who open on devices of their own.
fn restore_script(folder: &Path, kind: Kind, onto: bool) -> PathBuf {
    let manifest = manifest(&lost_key(), Mode::Production);
    let (text, name, bytes) = text(&manifest, kind, DrillLevel::Full, onto);
    // Two of three are enough, and the third has a passphrase, which takes its time.
    let third = "[[step]]\nact = \"open-share\"\ncustodian = \"custodian-3\"\nminutes = 5\n";
    assert!(text.contains(third), "{text}");
    let mut text = text.replacen(third, "", 1);
    let person = text.find("[[person]]\nid = \"custodian-3\"").unwrap();
    let end = person + text[person..].find("\n\n").unwrap();
    text.replace_range(person..end, "");
    let lines = text.lines().map(|line| match line.split_once(" #") {
        Some((before, _)) => before,
        None => line,
    });
    let kept = lines.filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let text: String = kept.flat_map(|line| [line, "\n"]).collect();
    fs::create_dir_all(folder.join("restore")).unwrap();
    fs::write(folder.join(name), bytes).unwrap();
    let path = folder.join("restore.toml");
    fs::write(&path, text).unwrap();
    path
}

/// The directory of the one ceremony of a rehearsal.
fn ceremony(rehearsal: &Rehearsal, kind: Kind) -> PathBuf {
    rehearsal.out().join(kind.as_str())
}

fn journal(rehearsal: &Rehearsal, kind: Kind) -> Vec<u8> {
    fs::read(ceremony(rehearsal, kind).join("transcript.jsonl")).unwrap()
}

/// Everything that restores or destroys, and what is announced before it.
const OF_RESTORE: [&str; 7] = [
    "share-entered",
    "generate-intended",
    "key-generated",
    "key-restored",
    "restored-key-proven",
    "restored-key-destroyed",
    "closed",
];

#[test]
fn the_power_goes_at_every_effect_of_a_restore_and_no_key_is_left_by_the_way() {
    for (kind, onto) in [
        (Kind::Drill, true),
        (Kind::Drill, false),
        (Kind::Recovery, true),
    ] {
        let reference = Rehearsal::new();
        let script = restore_script(&reference.home(), kind, onto);
        assert_done(&reference.play(&[script.to_str().unwrap()]));
        let cuts = middles(&journal(&reference, kind), &OF_RESTORE);
        // Two shares, the announcement and the key on its token, or the key alone; its proof; its end in a drill; the end.
        let count = 2 + 1 + usize::from(onto) + 1 + usize::from(kind == Kind::Drill) + 1;
        assert_eq!(cuts.len(), count, "{cuts:?}");
        let (some, others) = cuts.split_at(cuts.len() / 2);
        let script = &script;
        thread::scope(|scope| {
            for cuts in [some, others] {
                scope.spawn(move || {
                    for (event, cut) in cuts {
                        restore_cut_and_resumed(script, kind, onto, event, *cut);
                    }
                });
            }
        });
    }
}

fn restore_cut_and_resumed(script: &Path, kind: Kind, onto: bool, event: &str, cut: usize) {
    let rehearsal = Rehearsal::new();
    let play = rehearsal.unattended(&[script.to_str().unwrap()]);
    let status = output(&mut limited(&rehearsal, &play, cut)).status;
    let at = format!("{kind}, {event} at {cut}");
    assert_eq!(status.signal(), Some(FILE_TOO_LARGE), "{at}: {status}");
    if onto && event == "key-generated" {
        // The token has the pair already, of which the record knows only that it was to come.
        assert_eq!(objects(&rehearsal), 2, "{at}");
    }
    let directory = ceremony(&rehearsal, kind);
    assert_done(&output(
        rehearsal
            .conclave()
            .args(["resume", "--unattended"])
            .arg(&directory),
    ));
    assert_done(&output(
        rehearsal
            .conclave()
            .args(["transcript", "verify"])
            .arg(&directory),
    ));
    let journal = journal(&rehearsal, kind);
    assert_chained(&journal);
    let events = events(&journal);
    let count = |wanted: &str| {
        events
            .iter()
            .filter(|event| event["event"] == wanted)
            .count()
    };
    assert_eq!(count("resumed"), 1, "{at}");
    assert_eq!(count("restored-key-proven"), 1, "{at}");
    let is_drill = kind == Kind::Drill;
    assert_eq!(
        count("restored-key-destroyed"),
        usize::from(is_drill),
        "{at}"
    );
    // On the token: nothing after a drill, and after a recovery that one pair.
    if onto {
        assert_eq!(count("key-generated"), 1, "{at}");
        assert_eq!(objects(&rehearsal), if is_drill { 0 } else { 2 }, "{at}");
    }
}

/// How many objects are on the token: SoftHSM has a file for each, beside the token's own.
fn objects(rehearsal: &Rehearsal) -> usize {
    let files = files_below(&rehearsal.tokens().join("key-1"));
    let names = files
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy());
    names
        .filter(|name| name.ends_with(".object") && name != "token.object")
        .count()
}
