//! Drills and recoveries with real shares, real files and real tokens, and with people who get everything wrong first.

mod bad_input;
mod hands;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use conclave::backup::{Manifest, Opener};
use conclave::ceremony::{Answer, Ask, DrillResult, Mode, Opening, SecretPurpose};
use conclave::executor::{CeremonyDirectory, Ended, Executor, Hands};
use conclave::rehearsal::{SimulatedTokens, TokenKind};
use conclave::script::{DrillLevel, Kind, Script};
use zeroize::Zeroizing;

use crate::softhsm_test;
use crate::support::ceremony_driver;
use crate::support::ceremony_driver::restore::{lost_key, manifest, text};
use crate::support::people::People;
use crate::support::store::Store;

/// What somebody says or types in place of what is right, the first times that it is asked for.
#[derive(Default)]
pub(crate) struct Clumsy {
    /// By the label of a question, in their order.
    pub(crate) readings: BTreeMap<String, Vec<String>>,
    /// By the number of a word, in their order, for whoever types it first.
    pub(crate) words: BTreeMap<usize, Vec<String>>,
}

impl Clumsy {
    pub(crate) fn people(mut self) -> People<'static> {
        let mut words = std::mem::take(&mut self.words);
        People {
            says: Some(Box::new(move |_, prompt| {
                let Ask::Reading { label, .. } = &prompt.ask else {
                    return None;
                };
                let wrong = self.readings.get_mut(label)?;
                (!wrong.is_empty()).then(|| Ok(Answer::Text(wrong.remove(0))))
            })),
            types: Some(Box::new(move |prompt| {
                if prompt.purpose != SecretPurpose::ShareWord {
                    return None;
                }
                let number = prompt.about.split(' ').nth(1).unwrap().parse().unwrap();
                let wrong: &mut Vec<String> = words.get_mut(&number)?;
                (!wrong.is_empty()).then(|| wrong.remove(0))
            })),
            ..People::default()
        }
    }
}

/// A script, the simulated tokens of a store, and the set that they have.
pub(crate) struct TokenWorker {
    pub(crate) script: Arc<Script>,
    hands: Box<dyn Hands>,
    opening: Opening,
    pub(crate) set: Manifest,
    media: PathBuf,
}

impl TokenWorker {
    pub(crate) fn new(
        store: &Store,
        kind: Kind,
        level: DrillLevel,
        onto: bool,
        change: impl Fn(&str) -> String,
    ) -> Self {
        Self::in_folder(store.folder(), kind, level, onto, change)
    }

    /// In the folder of another store than the test's own: no token is used there.
    pub(crate) fn in_folder(
        folder: &Path,
        kind: Kind,
        level: DrillLevel,
        onto: bool,
        change: impl Fn(&str) -> String,
    ) -> Self {
        SimulatedTokens::prepare_store(folder, TokenKind::SoftHsm).unwrap();
        let (text, name, bytes) = text(&manifest(&lost_key(), Mode::Production), kind, level, onto);
        let script = ceremony_driver::parse_with(&change(&text), &[(&name, &bytes)]);
        let mut simulated_tokens = SimulatedTokens::new(folder, &script).unwrap();
        let set = simulated_tokens.simulated_set(&script).unwrap().unwrap();
        let now = jiff::Timestamp::now().as_second();
        let opening = Opening {
            simulated_clock_offset: script.not_before().as_second() - now + 60,
            simulated_set: Some(Box::new(set.clone())),
            ..ceremony_driver::opening(Mode::Rehearsal)
        };
        Self {
            media: folder.join("media"),
            script,
            hands: Box::new(simulated_tokens),
            opening,
            set,
        }
    }

    /// Where a file of the set lies.
    fn file(&self, medium: &str, name: &str) -> PathBuf {
        let folder = format!("{}-{}", self.set.facts().key, self.set.facts().id);
        self.media.join(medium).join(folder).join(name)
    }

    /// People bring what is their own: nothing but tokens moves by itself.
    pub(crate) fn with_own_things(mut self, store: &Store) -> Self {
        let simulated_tokens = SimulatedTokens::new(store.folder(), &self.script).unwrap();
        self.hands = Box::new(hands::OwnThings(simulated_tokens));
        self
    }

    /// Where the identity of a simulated custodian lies.
    pub(crate) fn identity(&self, n: u8) -> PathBuf {
        let folder = self.media.parent().unwrap().join("custodians");
        folder.join(format!("custodian-{n}.identity"))
    }

    pub(crate) fn passphrase(&self, n: u8) -> String {
        let custodian = format!("custodian-{n}").parse().unwrap();
        self.hands.given_passphrase(&custodian).unwrap()
    }

    /// The words of a share.
    pub(crate) fn words(&self, n: u8) -> Vec<String> {
        let identity = Zeroizing::new(fs::read(self.identity(n)).unwrap());
        let opener = Opener::identities(&identity, &age::NoCallbacks).unwrap();
        let file = fs::read(self.share(n)).unwrap();
        let share = self.set.open(&file, &opener, None).unwrap();
        let words = share.words();
        words.expose().split(' ').map(str::to_owned).collect()
    }

    pub(crate) fn share(&self, n: u8) -> PathBuf {
        let share = self.set.share_of(&format!("custodian-{n}")).unwrap();
        self.file("simulated-shares", &share.label().share_file())
    }

    pub(crate) fn wrapped(&self) -> PathBuf {
        let facts = self.set.facts();
        self.file(
            "simulated-wrapped-key",
            &conclave::backup::wrapped_file(&facts.key, &facts.id),
        )
    }

    pub(crate) fn play(self, store: &Store, people: &mut People<'_>) -> PathBuf {
        let path = store.folder().join("ceremony");
        let directory = CeremonyDirectory::create(&path, self.script, None).unwrap();
        let executor = Executor::begin(directory, self.opening, self.hands, people).unwrap();
        let (ended, _) = executor.run().unwrap();
        assert!(matches!(ended, Ended::Over(_)), "{ended:?}");
        path
    }
}

/// Everybody opens here, in place of on a device of their own.
pub(crate) fn here(text: &str) -> String {
    text.replace("opens = \"own-device\"", "opens = \"here\"")
}

fn changed(path: &PathBuf, store: &Store, name: &str) -> String {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let copy = store.folder().join(name);
    fs::write(&copy, bytes).unwrap();
    copy.to_string_lossy().into_owned()
}

softhsm_test! {
    fn words_that_are_wrong_are_mended_one_by_one_and_restore_the_key(store: &Store) {
        let token_worker = TokenWorker::new(store, Kind::Drill, DrillLevel::Full, false, str::to_owned);
        let mut clumsy = Clumsy::default();
        // No word of the list; and one of it that is another one.
        clumsy.words.insert(3, vec!["conclave".to_owned()]);
        clumsy.words.insert(20, vec!["academic".to_owned()]);
        clumsy.readings.insert(
            "Number of the word to type again, or 0 for all".to_owned(),
            vec!["many".to_owned(), "20".to_owned()],
        );
        let mut people = clumsy.people();
        let path = token_worker.play(store, &mut people);
        assert_eq!(people.refused.len(), 1, "{:?}", people.refused);
        let [checksum, number] = people.failures.as_slice() else {
            panic!("{:?}", people.failures);
        };
        assert!(checksum.what.contains("Custodian 1 (custodian-1)"), "{checksum:?}");
        assert!(number.what.contains("not a number"), "{number:?}");
        assert_eq!(people.result, Some(DrillResult::Passed));
        let certificate = fs::read_to_string(path.join("certificate.txt")).unwrap();
        for name in ["Custodian 1 (custodian-1): entered word by word", "Custodian 3 (custodian-3): opened on this machine, with their passphrase"] {
            assert!(certificate.contains(name), "{certificate}");
        }
    }

    fn files_that_are_wrong_are_told_by_whose_they_are_and_nothing_is_lost(store: &Store) {
        let token_worker = TokenWorker::new(store, Kind::Drill, DrillLevel::Full, false, here);
        let mut clumsy = Clumsy::default();
        clumsy.readings.insert(
            "Path of the share file".to_owned(),
            vec![
                token_worker.share(2).to_string_lossy().into_owned(),
                changed(&token_worker.share(1), store, "changed.age"),
                store.folder().join("nowhere.age").to_string_lossy().into_owned(),
            ],
        );
        clumsy.readings.insert(
            "Path of the wrapped key".to_owned(),
            vec![changed(&token_worker.wrapped(), store, "changed.wrapped")],
        );
        let mut people = clumsy.people();
        let path = token_worker.play(store, &mut people);
        let told = people.told();
        let [other, flipped, nowhere, wrapped] = told.as_slice() else {
            panic!("{told:?}");
        };
        assert!(other.contains("this is the share of Custodian 2 (custodian-2), not of Custodian 1"), "{other}");
        assert!(flipped.contains("Custodian 1 (custodian-1)"), "{flipped}");
        assert!(nowhere.contains("nowhere.age"), "{nowhere}");
        assert!(wrapped.contains("the wrapped key was changed, or does not belong to set"), "{wrapped}");
        // What came in before stayed: each share was entered once.
        assert_eq!(people.count("share-entered"), 3);
        assert_eq!(people.result, Some(DrillResult::Passed));
        let json = fs::read(path.join("certificate.json")).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!((&json["result"], &json["destroyed"]), (&"passed".into(), &true.into()));
        assert!(fs::read_to_string(path.join("certificate.html")).unwrap().contains("Custodian 2"));
    }

    fn wrong_check_words_show_no_share(store: &Store) {
        let token_worker = TokenWorker::new(store, Kind::Drill, DrillLevel::Custody, false, str::to_owned);
        let mut clumsy = Clumsy::default();
        clumsy.readings.insert(
            "Check words".to_owned(),
            vec!["academic acid acne acquire acrobat activity actress adapt".to_owned()],
        );
        let mut people = clumsy.people();
        token_worker.play(store, &mut people);
        assert_eq!(people.failures.len(), 1);
        assert!(people.failures[0].what.contains("Custodian 1 (custodian-1)"), "{:?}", people.failures);
        assert_eq!(people.result, Some(DrillResult::Passed));
    }

    fn a_drill_on_a_blank_token_leaves_no_key_on_it(store: &Store) {
        let token_worker = TokenWorker::new(store, Kind::Drill, DrillLevel::Full, true, str::to_owned);
        let mut people = People::default();
        token_worker.play(store, &mut people);
        assert!(people.failures.is_empty(), "{:?}", people.failures);
        assert_eq!(people.result, Some(DrillResult::Passed));
        assert!(people.names.iter().any(|name| name == "restored-key-destroyed"));
        let objects = objects_of("key-1", store);
        assert_eq!(objects, 0);
    }

    fn a_recovery_leaves_the_key_of_the_manifest_on_its_token(store: &Store) {
        let token_worker = TokenWorker::new(store, Kind::Recovery, DrillLevel::Full, true, str::to_owned);
        let public = token_worker.set.facts().public_key.to_pem();
        let mut people = People::default();
        let path = token_worker.play(store, &mut people);
        assert!(people.failures.is_empty(), "{:?}", people.failures);
        assert_eq!(objects_of("key-1", store), 2);
        let pem = fs::read_to_string(path.join("keys/key-1.pub.pem")).unwrap();
        assert_eq!(pem, public);
        let register = fs::read_to_string(path.join("keys/register.json")).unwrap();
        assert!(register.contains("\"restored\""), "{register}");
        assert!(!path.join("certificate.txt").exists(), "no drill");
    }
}

/// How many objects a simulated token holds: SoftHSM has a file for each, beside the token's own.
pub(crate) fn objects_of(token: &str, store: &Store) -> usize {
    let mut tokens = fs::read_dir(store.folder().join(token)).unwrap();
    let folder = tokens.next().unwrap().unwrap().path();
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name());
    let is_object = |name: &std::ffi::OsString| {
        let name = name.to_string_lossy();
        name.ends_with(".object") && name != "token.object"
    };
    files.filter(is_object).count()
}
