//! What can go wrong goes wrong: the power, the disk, the token that is pulled and the one that is wrong.
//!
//! The power is cut by a limit on the size of files: the kernel kills the process at that very byte of its
//! largest file, which is the journal.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use crate::support::operator::Operator;
use crate::support::rehearse::{Rehearsal, assert_done, assert_failed, events, output};
use serde_json::Value;

/// `SIGXFSZ` on Linux.
const FILE_TOO_LARGE: i32 = 25;

const SMALL: [&str; 6] = ["--tokens", "2", "--threshold", "1", "--until", "genesis"];

/// A script of which every rehearsal is as long as the other, byte for byte: Ed25519 signatures have one length,
/// and so has the distance to a far date. It has no comments, so that the journal soon is the largest file.
struct Reference {
    /// Deletes what the script lies beside.
    _folder: Rehearsal,
    /// Beside what it carries.
    script: PathBuf,
    journal: Vec<u8>,
}

impl Reference {
    fn play() -> Self {
        Self::play_with(|text| text)
    }

    /// The same with a pause in the middle, and a medium that goes into a bag as well. Up to the words of the head,
    /// which are read after it, it is as long as the other, too.
    fn with_pause() -> Self {
        Self::play_with(|text| {
            let compose = "[[step]]\nact = \"compose-root\"";
            assert_eq!(text.matches(compose).count(), 1);
            let rest = format!("[[step]]\nact = \"break\"\n{compose}");
            let medium = "[[medium]]\nid = \"stick-a\"\nholds = \"export\"\n[[step]]\n";
            text.replacen(compose, &rest, 1)
                .replacen("[[step]]\n", medium, 1)
        })
    }

    fn play_with(edit: impl Fn(String) -> String) -> Self {
        let mut arguments = SMALL.to_vec();
        arguments.extend(["--key-type", "ed25519"]);
        let rehearsal = Rehearsal::played(&arguments);
        let written = rehearsal.genesis().join("script.toml");
        Self::shortened(rehearsal, &written, edit)
    }

    /// A script that takes in a key that another ceremony made, and whose token is here.
    fn with_enrolled_key() -> Self {
        let mut arguments = SMALL.to_vec();
        arguments.extend(["--key-type", "ed25519"]);
        let rehearsal = Rehearsal::played(&arguments);
        let given = rehearsal.beside("given");
        fs::create_dir(&given).unwrap();
        let mut new = rehearsal.conclave();
        new.args(["script", "new", "genesis", "--out", "given/new.toml"])
            .args(["--repository", "rehearsal.example/updates"])
            .args(["--not-before", "2040-01-01T00:00:00Z"])
            .args(["--expires", "2041-01-01T00:00:00Z"])
            .args(["--tokens", "2", "--threshold", "1"])
            .args(["--key-type", "ed25519"])
            .args(["--enroll", "out/genesis/keys/key-1.enrollment.json"]);
        assert_done(&output(&mut new));
        Self::shortened(rehearsal, &given.join("new.toml"), |text| text)
    }

    fn shortened(folder: Rehearsal, written: &Path, edit: impl Fn(String) -> String) -> Self {
        let mut text = String::new();
        for line in fs::read_to_string(written).unwrap().lines() {
            let line = line.split_once(" #").map_or(line, |(before, _)| before);
            let line = match line.split_once(" = ") {
                Some(("not_before", _)) => "not_before = \"2040-01-01T00:00:00Z\"",
                Some(("expires", _)) => "expires = \"2041-01-01T00:00:00Z\"",
                _ => line.trim_end(),
            };
            if !line.is_empty() && !line.starts_with('#') {
                text.push_str(line);
                text.push('\n');
            }
        }
        let script = written.with_file_name("short.toml");
        fs::write(&script, edit(text)).unwrap();
        let played = Rehearsal::played(&[script.to_str().unwrap()]);
        played.assert_complete();
        Self {
            _folder: folder,
            journal: fs::read(played.transcript()).unwrap(),
            script,
        }
    }

    /// Plays the script while no file may grow beyond so many bytes, and fails unless that ends it there.
    fn cut_at(&self, bytes: usize) -> Rehearsal {
        let rehearsal = Rehearsal::new();
        let play = rehearsal.unattended(&[self.script.to_str().unwrap()]);
        let status = output(&mut limited(&rehearsal, &play, bytes)).status;
        assert_eq!(
            status.signal(),
            Some(FILE_TOO_LARGE),
            "at {bytes}: {status}"
        );
        let length = fs::metadata(rehearsal.transcript()).unwrap().len();
        assert_eq!(length, bytes as u64);
        rehearsal
    }

    /// Where the lines begin and end, each with its event.
    fn lines(&self) -> Vec<(usize, usize, Value)> {
        let mut at = 0;
        self.journal
            .split_inclusive(|byte| *byte == b'\n')
            .map(|line| {
                let begin = at;
                at += line.len();
                (begin, at, events(line).remove(0))
            })
            .collect()
    }

    /// The smallest limit at which it is the journal that is cut.
    fn least(&self) -> usize {
        usize::try_from(fs::metadata(&self.script).unwrap().len()).unwrap() + 1
    }
}

/// The same program under a limit on the size of files.
fn limited(rehearsal: &Rehearsal, command: &Command, bytes: usize) -> Command {
    let mut limited = rehearsal.command("prlimit");
    limited
        .args([format!("--fsize={bytes}:{bytes}"), "--core=0:0".to_owned()])
        .arg("--")
        .arg(command.get_program())
        .args(command.get_args());
    limited
}

/// Does something with each of several things, as many at a time as there are processors.
fn side_by_side<T: Send>(things: impl IntoIterator<Item = T>, work: impl Fn(T) + Sync) {
    let things: Vec<_> = things.into_iter().collect();
    let queue = Mutex::new(things.into_iter());
    let next = || queue.lock().unwrap().next();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(thing) = next() {
                    work(thing);
                }
            });
        }
    });
}

#[test]
fn the_power_goes_around_every_effect_and_nothing_is_lost_or_done_twice() {
    let reference = Reference::play();
    let lines = reference.lines();
    let mut cuts = BTreeSet::new();
    for (index, (begin, end, event)) in lines.iter().enumerate() {
        let is_intent = |event: &Value| event["event"].as_str().unwrap().ends_with("-intended");
        let follows_intent = index > 0 && is_intent(&lines[index - 1].2);
        let is_effect = ["pin-set", "possession-proven", "closed"]
            .iter()
            .any(|kind| event["event"] == *kind);
        if is_intent(event) || follows_intent {
            cuts.extend([*begin, usize::midpoint(*begin, *end), end - 1, *end]);
        } else if is_effect {
            cuts.insert(usize::midpoint(*begin, *end));
        }
    }
    cuts.retain(|cut| *cut >= reference.least());
    assert!(cuts.len() > 50, "only {} cuts", cuts.len());
    let is_intent = |kind: &Value| kind.as_str().unwrap().ends_with("-intended");
    let first = lines.iter().position(|line| is_intent(&line.2["event"]));
    assert!(
        cuts.first().unwrap() <= &lines[first.unwrap()].1,
        "not from the first intent on"
    );

    side_by_side(cuts, |cut| {
        let rehearsal = reference.cut_at(cut);
        let torn = rehearsal.torn_bytes();
        assert_done(&rehearsal.resume());
        rehearsal.assert_complete();
        // At the very end only documents were missing: there was nothing to take up.
        let resumed = rehearsal.data_of("resumed");
        if cut < reference.journal.len() {
            assert_eq!(resumed.len(), 1, "after a cut at {cut}");
            assert_eq!(resumed[0]["torn_bytes"], torn);
        } else {
            assert!(resumed.is_empty());
        }
    });
}

#[test]
fn the_power_goes_while_a_key_is_enrolled_and_it_is_proven_once() {
    let reference = Reference::with_enrolled_key();
    let mut cuts = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    for (begin, end, event) in reference.lines() {
        let step = event["step"].as_str().unwrap_or_default();
        if step.starts_with("enroll-key") {
            cuts.extend([begin, usize::midpoint(begin, end), end - 1, end]);
            kinds.insert(event["event"].as_str().unwrap().to_owned());
        }
    }
    cuts.retain(|cut| *cut >= reference.least());
    assert!(kinds.contains("possession-proven"), "{kinds:?}");
    assert!(cuts.len() >= 4, "only {} cuts", cuts.len());
    side_by_side(cuts, |cut| {
        let rehearsal = reference.cut_at(cut);
        assert_done(&rehearsal.resume());
        rehearsal.assert_complete();
        let proofs = rehearsal.data_of("possession-proven");
        let adopted = proofs
            .iter()
            .filter(|proof| proof["occasion"] == "adoption");
        assert_eq!(adopted.count(), 1, "after a cut at {cut}");
    });
}

#[test]
fn the_power_goes_around_a_pause_and_nothing_is_left_on_the_table() {
    let reference = Reference::with_pause();
    let kinds = [
        "pause-begun",
        "tokens-removed",
        "new-bag-read",
        "sealed",
        "paused",
        "digest-compared",
        "bag-opened",
    ];
    let lines = reference.lines();
    let is_paused = |line: &&(usize, usize, Value)| line.2["event"] == "paused";
    let (_, end, _) = lines.iter().find(is_paused).unwrap();
    let mut cuts: BTreeSet<usize> = lines
        .iter()
        .filter(|(_, _, event)| event["step"] == "break-1" || event["step"] == "compose-root")
        .filter(|(_, _, event)| kinds.iter().any(|kind| event["event"] == *kind))
        .map(|(begin, end, _)| usize::midpoint(*begin, *end))
        .collect();
    // All of it is written, and the process has not ended yet.
    cuts.insert(*end);
    assert!(cuts.len() > 12, "only {} cuts", cuts.len());
    side_by_side(cuts, |cut| {
        let rehearsal = reference.cut_at(cut);
        assert_done(&rehearsal.resume());
        rehearsal.assert_complete();
        let sealed = rehearsal.data_of("sealed");
        let for_the_pause = |data: &&Value| data["place"].is_null();
        let items: BTreeSet<&str> = sealed
            .iter()
            .filter(for_the_pause)
            .map(|data| data["item"].as_str().unwrap())
            .collect();
        assert_eq!(
            items,
            BTreeSet::from(["key-1", "key-2", "stick-a"]),
            "{cut}"
        );
        // What was sealed for the pause was opened again, bag by bag.
        let numbers = |data: &Value| data["bag"].as_str().unwrap().to_owned();
        let opened: BTreeSet<String> = rehearsal
            .data_of("bag-opened")
            .iter()
            .map(numbers)
            .collect();
        let closed: BTreeSet<String> = sealed.iter().filter(for_the_pause).map(numbers).collect();
        assert_eq!(opened, closed, "{cut}");
    });
}

#[test]
fn the_power_goes_again_while_it_is_resumed() {
    let reference = Reference::play();
    let signing: Vec<_> = reference
        .lines()
        .into_iter()
        .filter(|(_, _, event)| event["event"] == "signed" || event["event"] == "key-generated")
        .map(|(begin, end, _)| usize::midpoint(begin, end))
        .collect();
    assert_eq!(signing.len(), 4);
    side_by_side(signing, |cut| {
        let rehearsal = reference.cut_at(cut);
        // Resuming writes some lines about people and machine before it comes to the token again.
        for more in [300, 1500, 4500] {
            let mut resume = rehearsal.conclave();
            resume
                .args(["resume", "--unattended"])
                .arg(rehearsal.genesis());
            let status = output(&mut limited(&rehearsal, &resume, cut + more)).status;
            assert_eq!(status.signal(), Some(FILE_TOO_LARGE), "{status}");
        }
        assert_done(&rehearsal.resume());
        rehearsal.assert_complete();
    });
}

#[test]
fn a_full_disk_is_told_and_after_room_was_made_it_goes_on() {
    let reference = Reference::play();
    let lines = reference.lines();
    for kind in ["token-initialized", "key-generated", "signed", "exported"] {
        let (begin, end, _) = lines.iter().rfind(|line| line.2["event"] == kind).unwrap();
        let rehearsal = Rehearsal::new();
        let play = rehearsal.unattended(&[reference.script.to_str().unwrap()]);
        let limited = limited(&rehearsal, &play, usize::midpoint(*begin, *end));
        // A process that ignores the signal is told by an error, as of a full disk.
        let mut deaf = rehearsal.command("sh");
        deaf.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"])
            .arg(limited.get_program())
            .args(limited.get_args());
        let words = ["transcript.jsonl: file too large", "hint: ", "not full"];
        assert_failed(&output(&mut deaf), 4, &words);
        // No part of the line stayed.
        let length = fs::metadata(rehearsal.transcript()).unwrap().len();
        assert_eq!(length, *begin as u64, "{kind}");
        assert_done(&rehearsal.resume());
        rehearsal.assert_complete();
    }
}

#[test]
fn people_make_room_on_a_full_disk_while_the_ceremony_waits() {
    let rehearsal = Rehearsal::new();
    let command = format!(
        "trap '' XFSZ; exec prlimit --fsize=14000:unlimited -- \
         '{}' rehearse --plain --until genesis --tokens 2 --threshold 1 --out '{}'",
        env!("CARGO_BIN_EXE_conclave"),
        rehearsal.out().display(),
    );
    let mut operator = Operator::start(&rehearsal, "sh", &["-c", &command]);
    operator.play_until("The transcript cannot be written: ");
    let before = fs::read(rehearsal.transcript()).unwrap();
    let shown = operator.answer_and_see("").to_owned();
    assert!(
        shown.contains("The transcript cannot be written: "),
        "{shown}"
    );
    assert!(shown.ends_with("Try again: press Enter > "), "{shown}");
    assert_eq!(fs::read(rehearsal.transcript()).unwrap(), before);

    let process = operator.terminal.process_id().to_string();
    assert_done(&output(rehearsal.command("prlimit").args([
        "--fsize=unlimited",
        "--pid",
        &process,
    ])));
    operator.answer("");
    operator.play_to_the_end();
    rehearsal.assert_complete();
    assert!(
        fs::read(rehearsal.transcript())
            .unwrap()
            .starts_with(&before)
    );
}

#[test]
fn a_file_that_is_where_the_root_goes_is_never_written_over() {
    for name in ["1.root.json", "root.json"] {
        let rehearsal = Rehearsal::new();
        let mut operator = Operator::rehearse(&rehearsal);
        operator.play_until("Export: press Enter");
        fs::create_dir_all(rehearsal.export()).unwrap();
        let in_the_way = rehearsal.export().join(name);
        fs::write(&in_the_way, "another root").unwrap();
        for _ in 0..2 {
            let shown = operator.answer_and_see("").to_owned();
            assert!(shown.contains("Failed: "), "{shown}");
            assert!(shown.contains("already exists"), "{shown}");
            assert!(shown.ends_with("Try again: press Enter > "), "{shown}");
            assert_eq!(fs::read(&in_the_way).unwrap(), b"another root");
        }
        fs::remove_file(&in_the_way).unwrap();
        operator.play_to_the_end();
        rehearsal.assert_complete();
        let failed = rehearsal.data_of("failed");
        assert_eq!(failed.len(), 2);
        assert_eq!(failed[0]["failure"]["kind"], "exists");
    }
}

#[test]
fn nobody_is_there_to_move_a_file_away_in_an_unattended_rehearsal() {
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    operator.play_until("Export: press Enter");
    operator.answer_and_see("/abort");
    operator.answer("LEAVE");
    assert_eq!(operator.end().code(), Some(130));
    fs::create_dir_all(rehearsal.export()).unwrap();
    let in_the_way = rehearsal.export().join("root.json");
    fs::write(&in_the_way, "another root").unwrap();
    assert_failed(
        &rehearsal.resume(),
        4,
        &["already exists", "conclave resume"],
    );
    fs::remove_file(&in_the_way).unwrap();
    assert_done(&rehearsal.resume());
    rehearsal.assert_complete();
}

/// Puts another folder into the reader: a simulated key, or none.
fn put_in(rehearsal: &Rehearsal, folder: &str) {
    let link = rehearsal.tokens().join("reader.by-hand");
    symlink(folder, &link).unwrap();
    fs::rename(link, rehearsal.tokens().join("reader")).unwrap();
}

/// Comes to where key-1 has to sign, and its token is asked for anew.
fn at_signing(rehearsal: &Rehearsal) -> Operator {
    let mut operator = Operator::rehearse(rehearsal);
    operator.play_until("Sign with key-1");
    operator.answer("");
    operator.play_until("  PIN: ");
    operator.answer("00000000");
    operator.play_until("Try again: press Enter");
    operator
}

#[test]
fn a_token_that_was_pulled_is_named_and_waited_for() {
    let rehearsal = Rehearsal::new();
    let mut operator = at_signing(&rehearsal);
    put_in(&rehearsal, "no-token");
    operator.answer("");
    operator.terminal.expect("Insert ");
    let named = operator.terminal.expect("s (Ctrl-C: stop waiting)");
    assert!(named.contains("Key holder 1"), "{named}");
    put_in(&rehearsal, "key-1");
    operator.play_to_the_end();
    rehearsal.assert_complete();
}

#[test]
fn a_wait_for_a_token_is_left_and_resumed() {
    let rehearsal = Rehearsal::new();
    let mut operator = at_signing(&rehearsal);
    put_in(&rehearsal, "no-token");
    operator.answer("");
    operator.terminal.expect("s (Ctrl-C: stop waiting)");
    operator.terminal.send("\u{3}");
    operator.play_until("Or press Enter to continue.");
    operator.answer("LEAVE");
    assert_eq!(operator.end().code(), Some(130));
    assert_done(&rehearsal.resume());
    rehearsal.assert_complete();
}

#[test]
fn a_wrong_token_is_named_and_its_pin_is_not_asked_for() {
    let rehearsal = Rehearsal::new();
    let mut operator = at_signing(&rehearsal);
    put_in(&rehearsal, "key-2");
    operator.answer("");
    operator.terminal.expect("Insert ");
    operator.terminal.expect("Inserted: ");
    let named = operator.terminal.expect("nothing was tried on it.");
    assert!(named.contains("conclave-key-2"), "{named}");
    put_in(&rehearsal, "key-1");
    operator.play_until("  PIN: ");
    operator.play_to_the_end();
    rehearsal.assert_complete();
    // The wrong PIN of before is the only thing that failed.
    assert_eq!(rehearsal.data_of("failed").len(), 1);
}

#[test]
fn a_token_that_is_pulled_while_its_pin_is_typed_comes_back() {
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    operator.play_until("Sign with key-1");
    operator.answer("");
    operator.play_until("  PIN: ");
    put_in(&rehearsal, "no-token");
    operator.play_until("Failed: ");
    put_in(&rehearsal, "key-1");
    operator.play_to_the_end();
    rehearsal.assert_complete();
}
