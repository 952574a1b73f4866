//! Drills and recoveries with real shares, real files and real tokens, and with people who get everything wrong first.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use conclave::backup::Manifest;
use conclave::ceremony::{
    Answer, Ask, Ceremony, DrillResult, Fact, Failure, FrontEnd, Interrupt, Mode, Opening, Prompt,
    Recorded, SecretPrompt, SecretPurpose, SecretShown, StepError, TypedSecret, Waiting,
};
use conclave::executor::{CeremonyDirectory, Ended, Executor};
use conclave::rehearsal::{TokenKind, Twins};
use conclave::script::{Grade, Kind, Script};
use conclave::secret::Pin;
use zeroize::Zeroizing;

use crate::ceremony_driver;
use crate::ceremony_driver::restore::{lost_key, manifest, text};
use crate::softhsm_test;
use crate::store::Store;

/// What somebody says or types in place of what is right, the first times that it is asked for.
#[derive(Default)]
struct Clumsy {
    /// By the label of a question, in their order.
    readings: BTreeMap<String, Vec<String>>,
    /// By the number of a word, for the first custodian who types.
    words: BTreeMap<usize, String>,
    failures: Vec<Failure>,
    refused: Vec<String>,
    names: Vec<String>,
    result: Option<DrillResult>,
}

impl FrontEnd for Clumsy {
    fn ask(&mut self, _: &Ceremony, prompt: &Prompt) -> Result<Answer, Interrupt> {
        if let Ask::Reading { label, usual } = &prompt.ask {
            let wrong = self
                .readings
                .get_mut(label)
                .filter(|wrong| !wrong.is_empty());
            if let Some(wrong) = wrong {
                return Ok(Answer::Text(wrong.remove(0)));
            }
            return Ok(Answer::Text(usual.clone()));
        }
        Ok(prompt.ask.usual_answer())
    }

    fn secret(&mut self, _: &Ceremony, prompt: &SecretPrompt) -> Result<TypedSecret, Interrupt> {
        let mut text = prompt.given.clone().unwrap();
        if prompt.purpose == SecretPurpose::ShareWord {
            let number = prompt.about.split(' ').nth(1).unwrap().parse().unwrap();
            text = self.words.remove(&number).unwrap_or(text);
        }
        Ok(TypedSecret {
            secret: Pin::new(Zeroizing::new(text)).unwrap(),
            word: None,
        })
    }

    fn show_secret(&mut self, _: &Ceremony, _: SecretShown) -> Result<(), Interrupt> {
        Ok(())
    }

    fn waiting(&mut self, _: &Ceremony, _: &Waiting) -> Result<(), Interrupt> {
        Ok(())
    }

    fn recorded(&mut self, ceremony: &Ceremony, entry: &Recorded<'_>) {
        if let Fact::Failed { failure } = &entry.event.fact {
            self.failures.push(failure.clone());
        }
        self.names.push(entry.event.fact.name());
        self.result = ceremony.drill_result();
    }

    fn not_accepted(&mut self, _: &Ceremony, error: &StepError) {
        self.refused.push(error.to_string());
    }
}

/// A script, the twins of a store, and the set that they have.
struct Desk {
    script: Arc<Script>,
    twins: Twins,
    opening: Opening,
    set: Manifest,
    media: PathBuf,
}

impl Desk {
    fn new(
        store: &Store,
        kind: Kind,
        grade: Grade,
        onto: bool,
        change: impl Fn(&str) -> String,
    ) -> Self {
        Twins::prepare_store(store.folder(), TokenKind::SoftHsm).unwrap();
        let (text, name, bytes) = text(&manifest(&lost_key(), Mode::Production), kind, grade, onto);
        let script = ceremony_driver::parse_with(&change(&text), &[(&name, &bytes)]);
        let mut twins = Twins::new(store.folder(), &script).unwrap();
        let set = twins.twin_set(&script).unwrap().unwrap();
        let now = jiff::Timestamp::now().as_second();
        let opening = Opening {
            twin_clock_offset: script.not_before().as_second() - now + 60,
            twin_set: Some(Box::new(set.clone())),
            ..ceremony_driver::opening(Mode::Rehearsal)
        };
        Self {
            media: store.folder().join("media"),
            script,
            twins,
            opening,
            set,
        }
    }

    /// Where a file of the set lies.
    fn file(&self, medium: &str, name: &str) -> PathBuf {
        let folder = format!("{}-{}", self.set.facts().key, self.set.facts().id);
        self.media.join(medium).join(folder).join(name)
    }

    fn share(&self, n: u8) -> PathBuf {
        let share = self.set.share_of(&format!("custodian-{n}")).unwrap();
        self.file("twin-shares", &share.label().share_file())
    }

    fn wrapped(&self) -> PathBuf {
        let facts = self.set.facts();
        self.file(
            "twin-wrapped-key",
            &conclave::backup::wrapped_file(&facts.key, &facts.id),
        )
    }

    fn play(self, store: &Store, clumsy: &mut Clumsy) -> PathBuf {
        let path = store.folder().join("ceremony");
        let directory = CeremonyDirectory::create(&path, self.script, None).unwrap();
        let executor =
            Executor::begin(directory, self.opening, Box::new(self.twins), clumsy).unwrap();
        let (ended, _) = executor.run().unwrap();
        assert!(matches!(ended, Ended::Over(_)), "{ended:?}");
        path
    }
}

/// Everybody opens here, in place of on a device of their own.
fn here(text: &str) -> String {
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
        let desk = Desk::new(store, Kind::Drill, Grade::Full, false, str::to_owned);
        let mut clumsy = Clumsy::default();
        // No word of the list; and one of it that is another one.
        clumsy.words.insert(3, "conclave".to_owned());
        clumsy.words.insert(20, "academic".to_owned());
        clumsy.readings.insert(
            "Number of the word to type anew, or 0 for all of them".to_owned(),
            vec!["many".to_owned(), "20".to_owned()],
        );
        let path = desk.play(store, &mut clumsy);
        assert_eq!(clumsy.refused.len(), 1, "{:?}", clumsy.refused);
        let [checksum, number] = clumsy.failures.as_slice() else {
            panic!("{:?}", clumsy.failures);
        };
        assert!(checksum.what.contains("Custodian 1 (custodian-1)"), "{checksum:?}");
        assert!(number.what.contains("no number"), "{number:?}");
        assert_eq!(clumsy.result, Some(DrillResult::Passed));
        let certificate = fs::read_to_string(path.join("certificate.txt")).unwrap();
        for name in ["Custodian 1 (custodian-1): entered word by word", "Custodian 3 (custodian-3): opened here, with a passphrase"] {
            assert!(certificate.contains(name), "{certificate}");
        }
    }

    fn files_that_are_wrong_are_told_by_whose_they_are_and_nothing_is_lost(store: &Store) {
        let desk = Desk::new(store, Kind::Drill, Grade::Full, false, here);
        let mut clumsy = Clumsy::default();
        clumsy.readings.insert(
            "Path of the share file".to_owned(),
            vec![
                desk.share(2).to_string_lossy().into_owned(),
                changed(&desk.share(1), store, "changed.age"),
                store.folder().join("nowhere.age").to_string_lossy().into_owned(),
            ],
        );
        clumsy.readings.insert(
            "Path of the wrapped key".to_owned(),
            vec![changed(&desk.wrapped(), store, "changed.wrapped")],
        );
        let path = desk.play(store, &mut clumsy);
        let told: Vec<&str> = clumsy.failures.iter().map(|failure| failure.what.as_str()).collect();
        let [other, flipped, nowhere, wrapped] = told.as_slice() else {
            panic!("{told:?}");
        };
        assert!(other.contains("that is the share of Custodian 2 (custodian-2), not of Custodian 1"), "{other}");
        assert!(flipped.contains("Custodian 1 (custodian-1)"), "{flipped}");
        assert!(nowhere.contains("nowhere.age"), "{nowhere}");
        assert!(wrapped.contains("the wrapped key is not the one of set"), "{wrapped}");
        // What came in before stayed: each share was entered once.
        let entered = clumsy.names.iter().filter(|name| *name == "share-entered").count();
        assert_eq!(entered, 3);
        assert_eq!(clumsy.result, Some(DrillResult::Passed));
        let json = fs::read(path.join("certificate.json")).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!((&json["result"], &json["destroyed"]), (&"passed".into(), &true.into()));
        assert!(fs::read_to_string(path.join("certificate.html")).unwrap().contains("Custodian 2"));
    }

    fn wrong_check_words_show_no_share(store: &Store) {
        let desk = Desk::new(store, Kind::Drill, Grade::Custody, false, str::to_owned);
        let mut clumsy = Clumsy::default();
        clumsy.readings.insert(
            "Check words".to_owned(),
            vec!["academic acid acne acquire acrobat activity actress adapt".to_owned()],
        );
        desk.play(store, &mut clumsy);
        assert_eq!(clumsy.failures.len(), 1);
        assert!(clumsy.failures[0].what.contains("Custodian 1 (custodian-1)"), "{:?}", clumsy.failures);
        assert_eq!(clumsy.result, Some(DrillResult::Passed));
    }

    fn a_drill_on_a_blank_token_leaves_no_key_on_it(store: &Store) {
        let desk = Desk::new(store, Kind::Drill, Grade::Full, true, str::to_owned);
        let mut clumsy = Clumsy::default();
        desk.play(store, &mut clumsy);
        assert!(clumsy.failures.is_empty(), "{:?}", clumsy.failures);
        assert_eq!(clumsy.result, Some(DrillResult::Passed));
        assert!(clumsy.names.iter().any(|name| name == "restored-destroyed"));
        let objects = objects_of("key-1", store);
        assert_eq!(objects, 0);
    }

    fn a_recovery_leaves_the_key_of_the_manifest_on_its_token(store: &Store) {
        let desk = Desk::new(store, Kind::Recovery, Grade::Full, true, str::to_owned);
        let public = desk.set.facts().public_key.to_pem();
        let mut clumsy = Clumsy::default();
        let path = desk.play(store, &mut clumsy);
        assert!(clumsy.failures.is_empty(), "{:?}", clumsy.failures);
        assert_eq!(objects_of("key-1", store), 2);
        let pem = fs::read_to_string(path.join("keys/key-1.pub.pem")).unwrap();
        assert_eq!(pem, public);
        let register = fs::read_to_string(path.join("keys/register.json")).unwrap();
        assert!(register.contains("\"restored\""), "{register}");
        assert!(!path.join("certificate.txt").exists(), "no drill");
    }
}

/// How many objects the twin of a token holds: SoftHSM has a file for each, beside the token's own.
fn objects_of(token: &str, store: &Store) -> usize {
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
