//! What `conclave rehearse` leaves, and what it leaves alone.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::SystemTime;

use crate::support::pty::{Size, Terminal};
use crate::support::publishing::{Server, follow};
use crate::support::rehearse::{
    self, Rehearsal, assert_done, assert_failed, files_below, output, sha256, told,
};

const SMALL: [&str; 4] = ["--tokens", "2", "--threshold", "1"];

#[test]
fn a_rehearsal_leaves_a_ceremony_and_what_it_exported() {
    let rehearsal = Rehearsal::played(&["--tokens", "5", "--threshold", "3"]);
    for name in ["script.toml", "transcript.jsonl", "closing-note.txt"] {
        let length = fs::metadata(rehearsal.genesis().join(name)).unwrap().len();
        assert!(length > 0, "{name} is empty");
    }
    rehearsal.assert_complete();
    let root = fs::read(rehearsal.export().join("1.root.json")).unwrap();
    let root: serde_json::Value = serde_json::from_slice(&root).unwrap();
    assert_eq!(root["signed"]["version"], 1);
    assert_eq!(root["signed"]["roles"]["root"]["threshold"], 3);
    let root_keys = root["signed"]["roles"]["root"]["keyids"]
        .as_array()
        .unwrap();
    assert_eq!(root_keys.len(), 5);
    for key in root_keys {
        let by_it = |signature: &&serde_json::Value| signature["keyid"] == *key;
        let signatures = root["signatures"].as_array().unwrap();
        assert_eq!(signatures.iter().filter(by_it).count(), 1, "of {key}");
    }
}

#[test]
fn five_tokens_of_which_three_sign_are_the_default() {
    let rehearsal = Rehearsal::played(&[]);
    let verified = rehearsal.data_of("root-verified").remove(0);
    assert_eq!(
        (&verified["signatures"], &verified["threshold"]),
        (&5.into(), &3.into())
    );
}

#[test]
fn a_script_is_rehearsed_byte_for_byte() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("ceremony-scripts/genesis.toml");
    let rehearsal = Rehearsal::played(&[script.to_str().unwrap()]);
    let given = fs::read(&script).unwrap();
    assert_eq!(
        given,
        fs::read(rehearsal.genesis().join("script.toml")).unwrap()
    );
    for event in rehearsal.events() {
        assert_eq!(event["script"], sha256(&given));
        assert_eq!(event["mode"], "rehearsal");
    }
    rehearsal.assert_complete();
}

#[test]
fn a_token_that_the_script_does_not_initialize_is_taken_as_it_comes() {
    let rehearsal = Rehearsal::played(&SMALL);
    let mut text = fs::read_to_string(rehearsal.genesis().join("script.toml")).unwrap();
    let (from, to) = (
        text.find("[[step]]\nact = \"initialize-token\"\nkey = \"key-1\"")
            .unwrap(),
        text.find("[[step]]\nact = \"generate-key\"\nkey = \"key-1\"")
            .unwrap(),
    );
    text.replace_range(from..to, "");
    let script = rehearsal.genesis().join("shortened.toml");
    fs::write(&script, text).unwrap();
    let other = Rehearsal::played(&[script.to_str().unwrap()]);
    other.assert_complete();
    let steps: Vec<_> = other
        .events()
        .into_iter()
        .filter(|event| event["event"] == "token-initialized")
        .map(|event| event["step"].clone())
        .collect();
    assert_eq!(steps, ["initialize-token:key-2"]);
}

#[test]
fn a_key_that_leaves_the_root_is_destroyed_in_its_token() {
    let rehearsal = Rehearsal::new();
    let ready = Path::new(env!("CARGO_MANIFEST_DIR")).join("ceremony-scripts");
    fs::create_dir(rehearsal.beside("previous")).unwrap();
    fs::copy(
        ready.join("previous/1.root.json"),
        rehearsal.beside("previous/1.root.json"),
    )
    .unwrap();
    let text = fs::read_to_string(ready.join("rotation.toml")).unwrap();
    let (kept, export) = (
        "id = \"key-4\"\nchange = \"keep\"",
        "[[step]]\nact = \"verify-token\"\nkey = \"key-6\"",
    );
    assert!(text.contains(kept) && text.contains(export));
    let destroyed = "[[step]]\nact = \"destroy-token-key\"\nkey = \"key-4\"\n\n";
    let text = text
        .replace(kept, &kept.replace("keep", "remove"))
        .replace(export, &format!("{destroyed}{export}"));
    fs::write(rehearsal.beside("script.toml"), text).unwrap();
    assert_done(&rehearsal.play(&["script.toml"]));
    let transcript = fs::read(rehearsal.out().join("rotation/transcript.jsonl")).unwrap();
    let events = rehearse::events(&transcript);
    let data_of = |kind: &str| {
        let mut found = events.iter().filter(|event| event["event"] == kind);
        found.next().map(|event| &event["data"])
    };
    let (intended, gone) = (
        data_of("destruction-intended").unwrap(),
        data_of("token-key-destroyed").unwrap(),
    );
    assert_eq!(intended["key"], "key-4");
    assert_eq!(intended["fingerprint"], gone["fingerprint"]);
    assert_eq!(intended["approvals"].as_array().unwrap().len(), 2);
    let keys_in = |key: &str| rehearsal.token_of(key)["keys"].as_array().unwrap().len();
    assert_eq!((keys_in("key-1"), keys_in("key-4")), (1, 0));
}

/// What there is below a folder, and since when.
fn state_of(folder: &Path) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    if !folder.exists() {
        return BTreeMap::new();
    }
    let state = |path: PathBuf| {
        let metadata = path.symlink_metadata().unwrap();
        (path, (metadata.len(), metadata.modified().unwrap()))
    };
    files_below(folder).into_iter().map(state).collect()
}

#[test]
fn nothing_of_the_system_is_touched() {
    let system = ["/etc/softhsm", "/var/lib/softhsm"].map(Path::new);
    let before = system.map(state_of);
    let rehearsal = Rehearsal::played(&SMALL);
    assert_eq!(system.map(state_of), before);
    assert_eq!(files_below(&rehearsal.home()), Vec::<PathBuf>::new());
    // The environment named a configuration that is not there, and it still is not.
    assert!(!rehearsal.beside("no-configuration").exists());
    let beside: Vec<_> = fs::read_dir(rehearsal.beside(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(beside.len(), 2, "{beside:?}");
}

#[test]
fn no_pin_is_written_anywhere_but_in_the_tokens() {
    let rehearsal = Rehearsal::new();
    let mut playing = rehearsal
        .conclave()
        .args(["rehearse", "--until", "genesis", "--plain", "--out"])
        .arg(rehearsal.out())
        .args(SMALL)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // An empty line takes what is usual, and at the review it is asked once more.
    let mut answers = "\n".repeat(20) + "SIGN ROOT 1\n";
    answers.push_str(&"\n".repeat(20));
    let mut stdin = playing.stdin.take().unwrap();
    stdin.write_all(answers.as_bytes()).unwrap();
    drop(stdin);
    let output = playing.wait_with_output().unwrap();
    assert_done(&output);
    rehearsal.assert_complete();

    let screen = told(&output);
    let pins: Vec<_> = screen
        .split("Rehearsal: it is ")
        .skip(1)
        .map(|rest| rest.split('.').next().unwrap())
        .collect();
    // An SO PIN and a PIN for each token, and PINs to log in again.
    assert!(pins.len() > 4, "{pins:?}");
    assert!(pins.iter().all(|pin| pin.len() == 8), "{pins:?}");
    let mut searched = 0;
    for file in files_below(&rehearsal.out()) {
        if file.starts_with(rehearsal.tokens()) {
            continue;
        }
        let content = fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&content);
        for pin in &pins {
            assert!(!text.contains(pin), "{pin} is in {}", file.display());
        }
        searched += 1;
    }
    assert!(searched > 12, "only {searched} files");
}

#[test]
fn without_out_everything_goes_into_a_fresh_folder_that_is_named_at_the_end() {
    let rehearsal = Rehearsal::new();
    let mut command = rehearsal.conclave();
    let output = output(command.args(["rehearse", "--unattended"]).args(SMALL));
    assert_done(&output);
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text.lines().last().unwrap();
    let folder = Path::new(last.strip_prefix("The rehearsal is in ").unwrap());
    assert_eq!(folder.parent(), Some(rehearsal.beside("").as_path()));
    assert!(folder.join("export/root.json").exists());
}

#[test]
fn a_folder_with_something_in_it_is_refused_and_left_alone() {
    let rehearsal = Rehearsal::new();
    fs::create_dir(rehearsal.out()).unwrap();
    fs::write(rehearsal.out().join("letter.txt"), "dear").unwrap();
    let before = state_of(&rehearsal.out());
    let words = ["is not empty", "hint: "];
    assert_failed(&rehearsal.play(&SMALL), 2, &words);
    assert_eq!(state_of(&rehearsal.out()), before);

    let played = Rehearsal::played(&SMALL);
    let before = state_of(&played.out());
    assert_failed(&played.play(&SMALL), 2, &words);
    assert_eq!(state_of(&played.out()), before);
}

#[test]
fn an_empty_folder_may_be_there() {
    let rehearsal = Rehearsal::new();
    fs::create_dir(rehearsal.out()).unwrap();
    assert_done(&rehearsal.play(&SMALL));
}

#[test]
fn arguments_that_make_no_sense_are_told_before_anything_is_made() {
    for (arguments, words) in [
        (
            &["--tokens", "2", "--threshold", "3"][..],
            "a threshold of 3 is not possible with 2 tokens",
        ),
        (
            &["--tokens", "2", "--threshold", "0"],
            "a threshold of 0 is not possible with 2 tokens",
        ),
        (
            &["--tokens", "0"],
            "a script cannot have 0 tokens; use 1 to 32",
        ),
        (
            &["--tokens", "33"],
            "a script cannot have 33 tokens; use 1 to 32",
        ),
        (&["--tokens", "many"], "invalid value 'many'"),
        (&["--key-type", "dsa"], "unknown key type \"dsa\""),
        (&["--token-kind", "paper"], "invalid value 'paper'"),
        (&["--plain"], "'--unattended' cannot be used with '--plain'"),
        (&["--faster"], "unexpected argument '--faster'"),
        (&["a.toml", "--tokens", "3"], "cannot be used with"),
    ] {
        let rehearsal = Rehearsal::new();
        assert_failed(&rehearsal.play(arguments), 2, &[words]);
        assert!(!rehearsal.out().exists(), "{arguments:?} made something");
    }
}

#[test]
fn a_script_with_faults_is_told_before_anything_is_made() {
    let rehearsal = Rehearsal::new();
    let script = rehearsal.beside("faulty.toml");
    fs::write(&script, "schema = 1\nkind = \"genesis\"\npin = \"1234\"\n").unwrap();
    let words = ["faulty.toml:3:1"];
    assert_failed(&rehearsal.play(&[script.to_str().unwrap()]), 2, &words);
    assert!(!rehearsal.out().exists());
}

#[test]
fn a_script_that_is_not_there_is_a_matter_of_files() {
    let rehearsal = Rehearsal::new();
    let words = ["cannot read nowhere.toml", "hint: "];
    assert_failed(&rehearsal.play(&["nowhere.toml"]), 4, &words);
    assert!(!rehearsal.out().exists());
}

#[test]
fn one_ceremony_has_one_process() {
    let rehearsal = Rehearsal::new();
    let (out, home) = (rehearsal.out(), rehearsal.home());
    let mut terminal = Terminal::conclave(
        &[
            "rehearse",
            "--plain",
            "--tokens",
            "2",
            "--threshold",
            "1",
            "--out",
            out.to_str().unwrap(),
        ],
        &[("HOME", home.as_os_str())],
        Size::STANDARD,
    );
    terminal.expect("Identification of Administrator");
    let before = fs::read(rehearsal.transcript()).unwrap();
    let words = ["another process uses", "hint: "];
    assert_failed(&rehearsal.resume(), 4, &words);
    assert_eq!(fs::read(rehearsal.transcript()).unwrap(), before);
    // The one that was first goes on undisturbed.
    terminal.expect("Number (Enter: 1) > ");
    terminal.send("\r");
    terminal.expect("Identification of Witness 1");
}

#[test]
fn a_ceremony_that_is_over_stays_as_it_is() {
    let rehearsal = Rehearsal::played(&SMALL);
    let before = fs::read(rehearsal.transcript()).unwrap();
    assert_done(&rehearsal.resume());
    assert_eq!(fs::read(rehearsal.transcript()).unwrap(), before);
    rehearsal.assert_complete();
}

#[test]
fn a_whole_life_that_was_left_is_whole_after_it_was_taken_up() {
    let rehearsal = Rehearsal::new();
    let mut left = rehearsal.conclave();
    left.args(["rehearse", "--plain", "--tokens", "3", "--threshold", "1"]);
    left.arg("--out").arg(rehearsal.out()).stdin(Stdio::null());
    assert_failed(&output(&mut left), 130, &["conclave resume"]);
    assert!(!rehearsal.out().join("rotation").exists());
    assert_done(&rehearsal.resume());
    let rotation = rehearsal.out().join("rotation");
    let events = rehearse::events(&fs::read(rotation.join("transcript.jsonl")).unwrap());
    assert_eq!(events.last().unwrap()["event"], "closed");
    // Its tokens came out of the bags into which the genesis had sealed them, and went into new ones.
    let opened: Vec<_> = events
        .iter()
        .filter(|event| event["event"] == "bag-opened")
        .collect();
    assert_eq!(opened.len(), 3);
    let list = fs::read_to_string(rotation.join("keys/custody.jsonl")).unwrap();
    let sealed = list.matches("\"moved\":\"sealed\"").count();
    assert_eq!(sealed, 7, "{list}");
    let mut verify = rehearsal.conclave();
    assert_done(&output(
        verify.args(["transcript", "verify"]).arg(&rotation),
    ));
    // It ends with a drill that restored a key from its shares.
    let drill = rehearsal.out().join("drill");
    let certificate = fs::read(drill.join("certificate.json")).unwrap();
    let certificate: serde_json::Value = serde_json::from_slice(&certificate).unwrap();
    assert_eq!(certificate["level"], "full", "{certificate}");
    assert_eq!(certificate["result"], "passed", "{certificate}");
    let events = rehearse::events(&fs::read(drill.join("transcript.jsonl")).unwrap());
    let of = |kind: &str| events.iter().filter(|event| event["event"] == kind).count();
    for kind in [
        "key-restored",
        "restored-key-proven",
        "restored-key-destroyed",
        "closed",
    ] {
        assert_eq!(of(kind), 1, "{kind}");
    }
    let mut verify = rehearsal.conclave();
    assert_done(&output(verify.args(["transcript", "verify"]).arg(&drill)));
    // What is over stays as it is.
    assert_done(&rehearsal.resume());
}

/// What a ceremony exports says how it gets to its clients, and it does, when that is followed to the letter.
#[test]
fn what_was_exported_is_published_by_its_own_instructions() {
    // A first root and the one after it, in one place.
    let life = Rehearsal::played(&["--tokens", "3", "--threshold", "2"]);
    let script = fs::read_to_string(life.genesis().join("script.toml")).unwrap();
    assert!(script.contains("destination = \"plain\""), "{script}");
    publish(&life, "plain", 2);
    for destination in ["tough", "python-tuf"] {
        let rehearsal = Rehearsal::new();
        // Beside the script lie the files that it carries.
        for file in files_below(&life.genesis()) {
            let name = file.strip_prefix(life.genesis()).unwrap();
            let target = rehearsal.beside("given").join(name);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::copy(&file, target).unwrap();
        }
        let other = format!("destination = \"{destination}\"");
        let other = script.replace("destination = \"plain\"", &other);
        let given = rehearsal.beside("given/script.toml");
        fs::write(&given, other).unwrap();
        assert_done(&rehearsal.play(&[given.to_str().unwrap()]));
        publish(&rehearsal, destination, 1);
    }
}

fn publish(rehearsal: &Rehearsal, destination: &str, newest: u64) {
    let metadata = rehearsal.beside("served");
    fs::create_dir(&metadata).unwrap();
    let server = Server::of(&metadata);
    let settings = [
        ("METADATA", metadata.to_str().unwrap()),
        ("URL", server.url.as_str()),
    ];
    let (done, said) = follow(&rehearsal.export(), &settings);
    assert!(done, "{destination}: {said}");
    let accepted = format!("accepted: version {newest}");
    // Once before it goes there, and once as it is served.
    assert_eq!(said.matches(&accepted).count(), 2, "{destination}: {said}");
    let instructions = fs::read_to_string(rehearsal.export().join("INSTRUCTIONS.txt")).unwrap();
    assert!(instructions.contains("# REHEARSAL:"), "{instructions}");
}
