//! Keys that are backed up, from the split to shares that open: with SoftHSM, stock age, and a power that goes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the helpers of a test may panic as it may"
)]

#[path = "../ceremony_driver/mod.rs"]
mod ceremony_driver;
mod cuts;
#[path = "../rehearse/mod.rs"]
mod rehearse;
mod stock;
#[path = "../store/mod.rs"]
mod store;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use conclave::backup::{Collected, Manifest, Opener, read_words};
use conclave::ceremony::{
    Answer, Ask, Ceremony, Ending, Fact, FrontEnd, Interrupt, Mode, OpenedBy, Prompt, Recorded,
    SecretPrompt, SecretPurpose, SecretShown, StepError, TypedSecret, Verdict, Waiting,
};
use conclave::executor::{CeremonyDirectory, Ended, Executor, Hands};
use conclave::metadata::KeyType;
use conclave::rehearsal::{TokenKind, Twins};
use conclave::script::{
    Blueprint, Keeper, KeyId, Kind, MediumId, PersonId, TokenSpec, back_up, embedded,
};
use conclave::secret::{Pin, ShareWords};
use conclave::token::TokenQuery;
use rehearse::{Rehearsal, assert_done, events, files_below, output};
use zeroize::Zeroizing;

const INSTALL: &str = "install the test tools with ./softhsm-setup.sh --test-tools";

/// Recipients that nobody has to open anything with: a rehearsal has twins of custodians.
const NOBODY: [&str; 3] = [
    "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
    "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg",
    "passphrase",
];

/// The same without a passphrase, which takes a second whenever it is typed.
const QUICK: [&str; 2] = [NOBODY[0], NOBODY[1]];

/// A genesis with two keys, the first of which is backed up: two of its custodians restore it.
fn script(recipients: &[&str]) -> String {
    let blueprint = Blueprint {
        kind: Kind::Genesis,
        title: None,
        repository: "example.com/updates".to_owned(),
        tokens: 2,
        threshold: 1,
        key_type: KeyType::EcdsaP256,
        profile: "softhsm2".to_owned(),
        not_before: "2026-12-01T09:00:00Z".parse().unwrap(),
        expires: "2126-12-01T00:00:00Z".parse().unwrap(),
        online: BTreeMap::new(),
    };
    let keepers: Vec<Keeper> = recipients
        .iter()
        .zip(1..)
        .map(|(recipient, n)| Keeper {
            name: format!("Custodian {n}"),
            recipient: (*recipient).to_owned(),
        })
        .collect();
    let text = back_up(&blueprint.write().unwrap(), "key-1", 2, &keepers).unwrap();
    // Without comments, so that the journal soon is the largest file.
    let lines = text.lines().map(|line| match line.split_once(" #") {
        Some((before, _)) => before,
        None => line,
    });
    let kept = lines.filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    kept.flat_map(|line| [line, "\n"]).collect()
}

/// Writes a script beside the keys that it carries.
fn written(folder: &Path, text: &str) -> PathBuf {
    let genesis = embedded().iter().find(|one| one.name == "genesis").unwrap();
    for (name, bytes) in genesis.files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let path = folder.join("backed-up.toml");
    fs::write(&path, text).unwrap();
    path
}

/// A rehearsal of that script, and where it stands.
fn played(text: &str) -> Rehearsal {
    let rehearsal = Rehearsal::new();
    let path = written(&rehearsal.home(), text);
    assert_done(&rehearsal.play(&[path.to_str().unwrap()]));
    rehearsal
}

/// The one folder of a set on a medium, and its files by name.
fn set_on(medium: &Path) -> BTreeMap<String, Vec<u8>> {
    let folders: Vec<_> = fs::read_dir(medium)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    let [folder] = folders.as_slice() else {
        panic!("not one folder: {folders:?}");
    };
    let files = fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read(path).unwrap())
    });
    files.collect()
}

fn media(rehearsal: &Rehearsal) -> [PathBuf; 2] {
    let media = rehearsal.tokens().join("media");
    ["shares-medium", "wrapped-key-medium"].map(|name| media.join(name))
}

fn ends_with(files: &BTreeMap<String, Vec<u8>>, end: &str) -> Vec<u8> {
    let mut found = files.iter().filter(|(name, _)| name.ends_with(end));
    let (_, bytes) = found.next().unwrap_or_else(|| panic!("no {end}"));
    assert!(found.next().is_none(), "several {end}");
    bytes.clone()
}

/// Restores the key of a rehearsal from the files of two twins, and sees that it is the one of the manifest.
fn assert_restores(rehearsal: &Rehearsal) {
    let [shares, keys] = media(rehearsal);
    let (shares, keys) = (set_on(&shares), set_on(&keys));
    let manifest = Manifest::read(&ends_with(&shares, ".manifest.json")).unwrap();
    let mut collected = Collected::new(manifest.clone());
    for n in [1, 2] {
        let custodian = format!("custodian-{n}");
        let identity = rehearsal
            .tokens()
            .join(format!("custodians/{custodian}.identity"));
        let identity = Zeroizing::new(fs::read(identity).unwrap());
        let opener = Opener::identities(&identity, &age::NoCallbacks).unwrap();
        let file = ends_with(&shares, &format!(".{custodian}.share.age"));
        collected
            .add_file(&file, &opener, Some(&custodian))
            .unwrap();
    }
    let kek = collected.key().unwrap();
    // It is given only if its public half is that of the manifest, and the manifest's is the root key's.
    manifest
        .unwrap(&kek, &ends_with(&keys, ".wrapped"))
        .unwrap();
    let public = fs::read_to_string(rehearsal.genesis().join("keys/key-1.pub.pem")).unwrap();
    assert_eq!(manifest.facts().public_key.to_pem(), public);
}

fn verified(rehearsal: &Rehearsal) {
    assert_done(&output(
        rehearsal
            .conclave()
            .args(["transcript", "verify"])
            .arg(rehearsal.genesis()),
    ));
}

#[test]
fn a_rehearsal_leaves_shares_and_wrapped_key_apart_and_they_restore_the_key() {
    let rehearsal = played(&script(&NOBODY));
    let [shares, keys] = media(&rehearsal);
    let names = |medium: &Path| set_on(medium).into_keys().collect::<Vec<_>>();
    let (shares, keys) = (names(&shares), names(&keys));
    let of = |names: &[String], end: &str| names.iter().filter(|name| name.ends_with(end)).count();
    assert_eq!((of(&shares, ".share.age"), of(&shares, ".wrapped")), (3, 0));
    assert_eq!((of(&keys, ".share.age"), of(&keys, ".wrapped")), (0, 1));
    assert_eq!(
        (of(&shares, ".manifest.json"), of(&keys, ".manifest.json")),
        (1, 1)
    );
    assert_restores(&rehearsal);
    verified(&rehearsal);
    // The manifest stands in the directory; no share and no wrapped key does.
    let inside = files_below(&rehearsal.genesis());
    let inside: Vec<String> = inside
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    assert_eq!(of(&inside, ".manifest.json"), 1);
    assert_eq!(of(&inside, ".share.age") + of(&inside, ".wrapped"), 0);
}

#[test]
fn stock_age_opens_every_share_of_a_recipient() {
    let rehearsal = played(&script(&NOBODY));
    let [shares, _] = media(&rehearsal);
    for entry in walk(&shares) {
        let name = entry.file_name().unwrap().to_string_lossy().into_owned();
        let Some(custodian) = ["custodian-1", "custodian-2"]
            .into_iter()
            .find(|custodian| name.ends_with(&format!(".{custodian}.share.age")))
        else {
            continue;
        };
        let identity = rehearsal
            .tokens()
            .join(format!("custodians/{custodian}.identity"));
        let text = age(&[
            "-d",
            "-i",
            identity.to_str().unwrap(),
            entry.to_str().unwrap(),
        ]);
        assert!(
            text.starts_with("conclave backup share, format 1\n"),
            "{text}"
        );
        assert!(text.contains("Check words:"), "{text}");
        let other = rehearsal.tokens().join(format!(
            "custodians/{}.identity",
            if custodian == "custodian-1" {
                "custodian-2"
            } else {
                "custodian-1"
            }
        ));
        let refused = Command::new("age")
            .args(["-d", "-i", other.to_str().unwrap(), entry.to_str().unwrap()])
            .output()
            .unwrap();
        assert!(!refused.status.success());
    }
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn age(arguments: &[&str]) -> String {
    let output = Command::new("age")
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("age: {error}; {INSTALL}"));
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Hands that move twins of tokens; media and custodians are people's own.
struct OwnThings(Twins);

impl Hands for OwnThings {
    fn put_in(&mut self, token: &str) -> io::Result<()> {
        self.0.put_in(token)
    }

    fn take_out(&mut self) -> io::Result<()> {
        self.0.take_out()
    }

    fn twin(&self, token: &str, spec: &TokenSpec) -> Option<TokenQuery> {
        self.0.twin(token, spec)
    }

    fn twin_signature(&mut self, key: &KeyId, message: &[u8]) -> Option<io::Result<Vec<u8>>> {
        self.0.twin_signature(key, message)
    }

    fn given_pin(&self, token: &str, purpose: SecretPurpose) -> Option<String> {
        self.0.given_pin(token, purpose)
    }

    fn medium(&self, _: &MediumId) -> Option<io::Result<PathBuf>> {
        None
    }

    fn twin_recipients(&self, _: &PersonId, _: usize) -> Option<io::Result<Vec<String>>> {
        None
    }

    fn twin_identity(&self, _: &PersonId) -> Option<io::Result<Zeroizing<Vec<u8>>>> {
        None
    }

    fn kept(&self, _: &str, _: &str) -> Option<io::Result<PathBuf>> {
        None
    }

    fn given_passphrase(&self, _: &PersonId) -> Option<String> {
        None
    }

    fn given_code(&self, person: &PersonId) -> Option<String> {
        self.0.given_code(person)
    }
}

/// Custodians with identities of their own and stock age, and a medium that at first is where the other is.
struct Custodians {
    folder: PathBuf,
    elsewhere: PathBuf,
    asked_for_wrapped: usize,
    misread: usize,
    paper: Vec<String>,
    refused: Vec<String>,
    failures: Vec<String>,
}

impl Custodians {
    /// What a custodian's own device shows of a file that the prompt names.
    fn opened(&self, prompt: &Prompt) -> String {
        let identity = self.folder.join(format!("{}.identity", prompt.who[0]));
        let line = &prompt.lines[0];
        let path = line
            .split(" lies in ")
            .nth(1)
            .unwrap()
            .trim_end_matches('.');
        age(&["-d", "-i", identity.to_str().unwrap(), path])
    }
}

impl FrontEnd for Custodians {
    fn ask(&mut self, _: &Ceremony, prompt: &Prompt) -> Result<Answer, Interrupt> {
        let told = match &prompt.ask {
            Ask::Text { label, .. } if label.contains("wrapped-key-medium") => {
                self.asked_for_wrapped += 1;
                let here = if self.asked_for_wrapped == 1 {
                    &self.folder
                } else {
                    &self.elsewhere
                };
                here.display().to_string()
            }
            Ask::Text { label, .. } if label.contains("shares-medium") => {
                self.folder.display().to_string()
            }
            Ask::Reading { label, .. } if label == "Words of the test message" => {
                let opened = self.opened(prompt);
                opened.split("out: ").nth(1).unwrap().trim().to_uppercase()
            }
            Ask::Reading { label, .. } if label == "Check words" => {
                let opened = self.opened(prompt);
                self.misread += 1;
                if self.misread == 1 {
                    "eight words of some other share that is not here".to_owned()
                } else {
                    check_words(&opened)
                }
            }
            Ask::Reading { label, .. } if label == "Path of the identity file" => {
                let path = self.folder.join(format!("{}.identity", prompt.who[0]));
                path.display().to_string()
            }
            usual => return Ok(usual.usual_answer()),
        };
        Ok(Answer::Text(told))
    }

    fn secret(&mut self, _: &Ceremony, prompt: &SecretPrompt) -> Result<TypedSecret, Interrupt> {
        let text = if prompt.purpose == SecretPurpose::ShareWord {
            let number = prompt.about.split(' ').nth(1).unwrap();
            let number: usize = number.parse().unwrap();
            // The first word is mistyped once; of each other, four letters are typed.
            if number == 1 && self.refused.is_empty() {
                "zzzz".to_owned()
            } else {
                self.paper[number - 1].chars().take(4).collect()
            }
        } else {
            prompt.given.clone().unwrap()
        };
        let secret = Pin::new(Zeroizing::new(text)).unwrap();
        Ok(TypedSecret::given(secret, prompt))
    }

    fn show_secret(&mut self, _: &Ceremony, shown: SecretShown) -> Result<(), Interrupt> {
        assert_eq!(shown.who.as_str(), "custodian-3");
        let rows = shown.lines.iter().flat_map(|row| row.split_whitespace());
        let words = rows.filter(|part| part.parse::<u8>().is_err());
        self.paper = words.map(str::to_owned).collect();
        Ok(())
    }

    fn waiting(&mut self, _: &Ceremony, _: &Waiting) -> Result<(), Interrupt> {
        Ok(())
    }

    fn recorded(&mut self, _: &Ceremony, entry: &Recorded<'_>) {
        if let Fact::Failed { failure } = &entry.event.fact {
            self.failures.push(failure.what.clone());
        }
    }

    fn not_accepted(&mut self, _: &Ceremony, error: &StepError) {
        self.refused.push(error.to_string());
    }
}

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

softhsm_test! {
    fn people_with_identities_of_their_own_and_paper_open_shares_on_two_devices(store: &Store) {
        let own = store.folder().join("own");
        fs::create_dir(&own).unwrap();
        let elsewhere = tempfile::tempdir_in("/dev/shm").unwrap();
        let recipients = ["custodian-1", "custodian-2"].map(|who| own_identity(&own, who));
        let text = script(&[&recipients[0], &recipients[1], "paper"]);
        let second = format!("recipient = {:?}", recipients[1]);
        let text = text.replacen(&second, &format!("{second}\nopens = \"here\""), 1);
        let script = ceremony_driver::parse(&text);

        Twins::prepare_store(store.folder(), TokenKind::SoftHsm).unwrap();
        let twins = Twins::new(store.folder(), &script).unwrap();
        let path = store.folder().join("ceremony");
        let directory = CeremonyDirectory::create(&path, script.clone(), None).unwrap();
        let now = jiff::Timestamp::now().as_second();
        let opening = conclave::ceremony::Opening {
            twin_clock_offset: script.not_before().as_second() - now + 60,
            ..ceremony_driver::opening(Mode::Rehearsal)
        };
        let mut people = Custodians {
            folder: own.clone(),
            elsewhere: elsewhere.path().to_owned(),
            asked_for_wrapped: 0,
            misread: 0,
            paper: Vec::new(),
            refused: Vec::new(),
            failures: Vec::new(),
        };
        let hands = Box::new(OwnThings(twins));
        let executor = Executor::begin(directory, opening, hands, &mut people).unwrap();
        let (ended, _) = executor.run().unwrap();
        assert_eq!(ended, Ended::Over(Ending::Closed(Verdict::Agree)));

        // One medium for both was refused, and so were check words that are not those inside.
        let [device, check] = people.failures.as_slice() else {
            panic!("other failures: {:?}", people.failures);
        };
        assert!(device.contains("on the same device"), "{device}");
        assert!(check.contains("check words"), "{check}");
        // A word that begins no word was asked for again, by its number and without repeating it.
        let [word] = people.refused.as_slice() else {
            panic!("other refusals: {:?}", people.refused);
        };
        assert!(word.starts_with("word 1: ") && !word.contains("zzzz"), "{word}");

        let journal = fs::read(path.join("transcript.jsonl")).unwrap();
        let ways: Vec<String> = events(&journal)
            .iter()
            .filter(|event| event["event"] == "share-opened")
            .map(|event| event["data"]["by"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(ways, ["own-device", "identity-here"]);
        let backed_up = events(&journal).into_iter().find(|event| event["event"] == "backed-up");
        assert_eq!(backed_up.unwrap()["data"]["typed_back"][0], "custodian-3");
        assert_eq!(OpenedBy::Paper.title(), "from paper, each word typed back");

        // A file and the paper restore the key.
        let folders = fs::read_dir(&own).unwrap().map(|entry| entry.unwrap().path());
        let set = folders.into_iter().find(|path| path.is_dir()).unwrap();
        let shares = set_on(set.parent().unwrap());
        let keys = set_on(elsewhere.path());
        let manifest = Manifest::read(&ends_with(&shares, ".manifest.json")).unwrap();
        let mut collected = Collected::new(manifest.clone());
        let words = Zeroizing::new(people.paper.join(" "));
        read_words(&words, "the paper").unwrap();
        collected.add_words(&ShareWords::new(&words), Some("custodian-3")).unwrap();
        let identity = Zeroizing::new(fs::read(own.join("custodian-1.identity")).unwrap());
        let opener = Opener::identities(&identity, &age::NoCallbacks).unwrap();
        let file = ends_with(&shares, ".custodian-1.share.age");
        collected.add_file(&file, &opener, Some("custodian-1")).unwrap();
        manifest.unwrap(&collected.key().unwrap(), &ends_with(&keys, ".wrapped")).unwrap();

        // No word of the paper is in any file that was left.
        for path in walk(store.folder()) {
            let bytes = fs::read(&path).unwrap();
            let row = words.split(' ').take(3).collect::<Vec<_>>().join(" ");
            let is_there = |needle: &str| bytes.windows(needle.len()).any(|part| part == needle.as_bytes());
            assert!(!is_there(&row), "{}", path.display());
        }
    }
}
