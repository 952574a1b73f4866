//! A backup for real: tokens, media and custodians are people's own, and each custodian keeps the share in another way.

use std::cell::{Cell, RefCell};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use conclave::backup::{Collected, Manifest, Opener, Protection, read_words};
use conclave::ceremony::{
    Answer, Ask, Ceremony, Ending, Mode, Prompt, SecretPrompt, SecretPurpose, Verdict,
};
use conclave::executor::{CeremonyDirectory, Ended, Executor, PeoplesHands};
use conclave::secret::{Passphrase, ShareWords};
use zeroize::Zeroizing;

use crate::softhsm_test;
use crate::support::backup::AddFile as _;
use crate::support::backup_rehearsal::{INSTALL, age, ends_with, script, set_on, walk};
use crate::support::ceremony_driver;
use crate::support::people::{PIN, People, SO_PIN, says_in_production, types_in_production};
use crate::support::rehearse::events;
use crate::support::store::Store;

const PASSPHRASE: &str = "31415926535897932384";
/// What the plugin of the tests wants before it opens.
const PLUGIN_PIN: &str = "271828";

/// The check words in an opened share: they stand in two lines.
fn check_words(opened: &str) -> String {
    let lines = opened.lines();
    let words = lines.filter_map(|line| {
        let said = line
            .strip_prefix("Check words:")
            .or_else(|| line.strip_prefix("and:"));
        Some(said?.trim().to_owned())
    });
    words.collect::<Vec<_>>().join(" ")
}

/// An identity that stock age makes for a custodian, and its recipient.
fn own_identity(folder: &Path, custodian: &str) -> String {
    let path = folder.join(format!("{custodian}.identity"));
    let made = Command::new("age-keygen").arg("-o").arg(&path).output();
    let made = made.unwrap_or_else(|error| panic!("age-keygen: {error}; {INSTALL}"));
    assert!(made.status.success(), "{made:?}");
    let public = Command::new("age-keygen")
        .arg("-y")
        .arg(&path)
        .output()
        .unwrap();
    String::from_utf8(public.stdout).unwrap().trim().to_owned()
}

/// A plugin in the store, an identity of it behind a PIN, and its recipient.
fn plugin_identity(store: &Store, custodian: &str, own: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join(".peers/yubikey/bin/python");
    assert!(python.exists(), "{}: {INSTALL}", python.display());
    let source = include_str!("../shares/plugin/age-plugin-drawer");
    let (_, body) = source.split_once('\n').unwrap();
    let program = store.programs().join("age-plugin-drawer");
    fs::create_dir(store.programs()).unwrap();
    fs::write(&program, format!("#!{}\n{body}", python.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let made = Command::new(program)
        .arg("--generate-with-pin")
        .output()
        .unwrap();
    let made = String::from_utf8(made.stdout).unwrap();
    let (recipient, identity) = made.split_once('\n').unwrap();
    fs::write(own.join(format!("{custodian}.identity")), identity).unwrap();
    recipient.to_owned()
}

/// The room of a genesis with a backup, and everything that people have in it.
struct Table {
    own: PathBuf,
    elsewhere: PathBuf,
    asked_for_wrapped: Cell<usize>,
    misread: Cell<usize>,
    mistyped: Cell<usize>,
    pins_of_identity: Cell<usize>,
    paper: RefCell<Vec<String>>,
}

impl Table {
    /// What a custodian's own device shows of a file that the prompt names.
    fn opened(&self, prompt: &Prompt) -> String {
        let identity = self.own.join(format!("{}.identity", prompt.who[0]));
        let path = prompt.lines[0].split(" is in ").nth(1).unwrap();
        age(&[
            "-d",
            "-i",
            identity.to_str().unwrap(),
            path.trim_end_matches('.'),
        ])
    }

    fn says(&self, prompt: &Prompt) -> Option<String> {
        let first = |count: &Cell<usize>| count.replace(count.get() + 1) == 0;
        Some(match &prompt.ask {
            Ask::Text { label, .. } if label.contains("wrapped-key-medium") => {
                // At first the medium on which the shares are.
                let here = if first(&self.asked_for_wrapped) {
                    &self.own
                } else {
                    &self.elsewhere
                };
                here.display().to_string()
            }
            Ask::Text { label, .. } if label.contains("shares-medium") => {
                self.own.display().to_string()
            }
            Ask::Reading { label, .. } if label == "Words of the test message" => {
                let opened = self.opened(prompt);
                opened
                    .split("aloud: ")
                    .nth(1)
                    .unwrap()
                    .trim()
                    .to_uppercase()
            }
            Ask::Reading { label, .. } if label == "Check words" => {
                let opened = self.opened(prompt);
                if first(&self.misread) {
                    "eight words of some other share that is not here".to_owned()
                } else {
                    check_words(&opened)
                }
            }
            Ask::Reading { label, .. } if label == "Path of the identity file" => {
                let path = self.own.join(format!("{}.identity", prompt.who[0]));
                path.display().to_string()
            }
            _ => return says_in_production(prompt),
        })
    }

    fn types(&self, prompt: &SecretPrompt) -> String {
        let first = |count: &Cell<usize>| count.replace(count.get() + 1) == 0;
        match prompt.purpose {
            SecretPurpose::ShareWord => {
                let number: usize = prompt.about.split(' ').nth(1).unwrap().parse().unwrap();
                // The first word is mistyped once; of each other, four letters are typed.
                if number == 1 && first(&self.mistyped) {
                    return "zzzz".to_owned();
                }
                self.paper.borrow()[number - 1].chars().take(4).collect()
            }
            SecretPurpose::NewSharePassphrase | SecretPurpose::SharePassphrase => {
                PASSPHRASE.to_owned()
            }
            SecretPurpose::IdentityPin => {
                // One PIN that is wrong, where the share is opened.
                let count = self
                    .pins_of_identity
                    .replace(self.pins_of_identity.get() + 1);
                if count == 1 {
                    "000000".to_owned()
                } else {
                    PLUGIN_PIN.to_owned()
                }
            }
            _ => types_in_production(prompt),
        }
    }
}

/// Whichever two come, they restore the key: from files, or from paper and a file.
fn assert_pairs_restore(own: &Path, elsewhere: &Path, words: &ShareWords) {
    let folders = fs::read_dir(own)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let set = folders
        .into_iter()
        .find(|path| path.is_dir() && path.join("..").exists())
        .unwrap();
    let shares = set_on(set.parent().unwrap());
    let keys = set_on(elsewhere);
    let manifest = Manifest::read(&ends_with(&shares, ".manifest.json")).unwrap();
    assert!(!manifest.facts().is_rehearsal);
    let custodians = &manifest.facts().groups[0].custodians;
    assert_eq!(custodians[3].protection, Some(Protection::Passphrase));
    let identity = Zeroizing::new(fs::read(own.join("custodian-1.identity")).unwrap());
    let identity = Opener::identities(&identity, &age::NoCallbacks).unwrap();
    let phrase = Passphrase::new(Zeroizing::new(PASSPHRASE.to_owned())).unwrap();
    let phrase = Opener::passphrase(&phrase);
    let file = |who: &str| ends_with(&shares, &format!(".{who}.share.age"));
    for pair in [[1, 3], [3, 4], [1, 4]] {
        let mut collected = Collected::new(manifest.clone());
        for n in pair {
            let who = format!("custodian-{n}");
            match n {
                1 => collected
                    .add_file(&file(&who), &identity, Some(&who))
                    .unwrap(),
                4 => collected
                    .add_file(&file(&who), &phrase, Some(&who))
                    .unwrap(),
                _ => collected.add_words(words, Some(&who)).unwrap(),
            };
        }
        manifest
            .unwrap(&collected.key().unwrap(), &ends_with(&keys, ".wrapped"))
            .unwrap();
    }
}

softhsm_test! {
    fn custodians_of_every_kind_open_shares_that_lie_on_two_devices_in_a_production(store: &Store) {
        let own = store.folder().join("own");
        fs::create_dir(&own).unwrap();
        let elsewhere = tempfile::tempdir_in("/dev/shm").unwrap();
        let own_device = own_identity(&own, "custodian-1");
        let plugin = plugin_identity(store, "custodian-2", &own);
        let text = script(&[&own_device, &plugin, "paper", "passphrase"]);
        let here = format!("recipient = {plugin:?}");
        let text = text.replacen(&here, &format!("{here}\nopens = \"here\""), 1);
        let text = text.replacen("not_before = \"2026-12-01", "not_before = \"2026-11-01", 1);
        let script = ceremony_driver::parse(&text);
        let path = store.folder().join("ceremony");
        let directory = CeremonyDirectory::create(&path, script, None).unwrap();
        let table = Table {
            own: own.clone(),
            elsewhere: elsewhere.path().to_owned(),
            asked_for_wrapped: Cell::new(0),
            misread: Cell::new(0),
            mistyped: Cell::new(0),
            pins_of_identity: Cell::new(0),
            paper: RefCell::new(Vec::new()),
        };
        let mut people = People {
            says: Some(Box::new(|_: &Ceremony, prompt| Some(Ok(Answer::Text(table.says(prompt)?))))),
            types: Some(Box::new(|prompt| Some(table.types(prompt)))),
            reads: Some(Box::new(|shown| {
                assert_eq!(shown.who.as_str(), "custodian-3");
                let rows = shown.lines.iter().flat_map(|row| row.split_whitespace());
                let words = rows.filter(|part| part.parse::<u8>().is_err());
                *table.paper.borrow_mut() = words.map(str::to_owned).collect();
            })),
            ..People::default()
        };
        let opening = ceremony_driver::opening(Mode::Production);
        let executor = Executor::begin(directory, opening, Box::new(PeoplesHands), &mut people).unwrap();
        let (ended, _) = executor.run().unwrap();
        assert_eq!(ended, Ended::Over(Ending::Closed(Verdict::Agree)));

        // One medium for both was refused, and so were check words that are not those inside, and a wrong PIN.
        let told = people.told();
        let [device, check, pin] = told.as_slice() else {
            panic!("other failures: {told:?}");
        };
        assert!(device.contains("on the same device"), "{device}");
        assert!(check.contains("check words") && check.contains("(custodian-1)"), "{check}");
        assert!(pin.contains("(custodian-2)"), "{pin}");
        // A word that begins no word was asked for again, by its number and without repeating it.
        let [word] = people.refused.as_slice() else {
            panic!("other refusals: {:?}", people.refused);
        };
        assert!(word.starts_with("word 1: ") && !word.contains("zzzz"), "{word}");
        drop(people);

        let journal = fs::read(path.join("transcript.jsonl")).unwrap();
        let events = events(&journal);
        assert!(events.iter().all(|event| event["mode"] == "production"));
        let ways: Vec<&str> = events
            .iter()
            .filter(|event| event["event"] == "share-opened")
            .map(|event| event["data"]["by"].as_str().unwrap())
            .collect();
        assert_eq!(ways, ["own-device", "identity-here", "passphrase"]);
        let backed_up = events.iter().find(|event| event["event"] == "backed-up").unwrap();
        assert_eq!(backed_up["data"]["typed_back"][0], "custodian-3");
        for medium in ["shares_on", "wrapped_on"] {
            let device = backed_up["data"][medium]["device"].as_str().unwrap();
            assert!(!device.contains("simulated"), "{device}");
        }
        let verified = store
            .command(env!("CARGO_BIN_EXE_conclave"))
            .args(["transcript", "verify"])
            .arg(&path)
            .output()
            .unwrap();
        crate::support::rehearse::assert_done(&verified);

        let words = Zeroizing::new(table.paper.borrow().join(" "));
        read_words(&words, "the paper").unwrap();
        let words = ShareWords::new(&words);
        assert_pairs_restore(&own, elsewhere.path(), &words);

        // Neither a word of the paper nor a passphrase or PIN is in any file that was left.
        let row = words.expose().split(' ').take(3).collect::<Vec<_>>().join(" ");
        for path in walk(store.folder()).iter().chain(&walk(elsewhere.path())) {
            if path.starts_with(store.programs()) {
                continue;
            }
            let bytes = fs::read(path).unwrap();
            for secret in [row.as_str(), PASSPHRASE, PIN, SO_PIN, "code of "] {
                let is_there = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
                assert!(!is_there, "{secret:?} in {}", path.display());
            }
        }
    }
}
