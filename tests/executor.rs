//! What the executor holds every front end to, on real tokens.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of a test may panic as it may"
)]

mod ceremony_driver;
mod restoring;
mod store;

use std::sync::Arc;

use conclave::ceremony::{
    Answer, Ceremony, Fact, FailureKind, FrontEnd, Interrupt, Mode, Prompt, Recorded, SecretPrompt,
    SecretPurpose, SecretShown, StepError, TypedSecret, Waiting,
};
use conclave::executor::{CeremonyDirectory, Ended, Executor};
use conclave::metadata::KeyType;
use conclave::rehearsal::{TokenKind, Twins};
use conclave::secret::Pin;
use zeroize::Zeroizing;

/// Somebody who gives the usual answers, mistypes every PIN of a key, and does not care which try it is.
#[derive(Default)]
struct Careless {
    typed: usize,
    last_tries: usize,
    failures: Vec<FailureKind>,
}

impl FrontEnd for Careless {
    fn ask(&mut self, _: &Ceremony, prompt: &Prompt) -> Result<Answer, Interrupt> {
        if self.failures.contains(&FailureKind::LastTryKept) {
            return Err(Interrupt::Leave);
        }
        Ok(prompt.ask.usual_answer())
    }

    fn secret(&mut self, _: &Ceremony, prompt: &SecretPrompt) -> Result<TypedSecret, Interrupt> {
        let given = prompt.given.clone().unwrap();
        let text = match prompt.purpose {
            SecretPurpose::Pin => {
                self.typed += 1;
                self.last_tries += usize::from(prompt.word_first().is_some());
                "00000000".to_owned()
            }
            _ => given,
        };
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

    fn recorded(&mut self, _: &Ceremony, entry: &Recorded<'_>) {
        if let Fact::Failed { failure } = &entry.event.fact {
            self.failures.push(failure.kind);
        }
    }

    fn not_accepted(&mut self, _: &Ceremony, error: &StepError) {
        panic!("the usual answer was refused: {error}");
    }
}

softhsm_test! {
    fn no_front_end_spends_the_last_try_without_its_word(store: &Store) {
        Twins::prepare_store(store.folder(), TokenKind::SoftHsm).unwrap();
        let script = ceremony_driver::genesis(&[KeyType::EcdsaP256; 2], 1);
        let twins = Twins::new(store.folder(), &script).unwrap();
        let path = store.folder().join("ceremony");
        let directory = CeremonyDirectory::create(&path, Arc::clone(&script), None).unwrap();
        let now = jiff::Timestamp::now().as_second();
        let opening = conclave::ceremony::Opening {
            twin_clock_offset: script.not_before().as_second() - now + 60,
            ..ceremony_driver::opening(Mode::Rehearsal)
        };
        let mut careless = Careless::default();
        let executor = Executor::begin(directory, opening, Box::new(twins), &mut careless).unwrap();
        let (ended, _) = executor.run().unwrap();
        assert_eq!(ended, Ended::Left);
        // The PIN was asked for three times; the third was the last try, and it went nowhere.
        assert_eq!((careless.typed, careless.last_tries), (3, 1));
        let [one, two, kept] = careless.failures.as_slice() else {
            panic!("other failures: {:?}", careless.failures);
        };
        assert!(matches!(one, FailureKind::WrongPin { .. }), "{one:?}");
        assert!(matches!(two, FailureKind::WrongPin { .. }), "{two:?}");
        assert_eq!(*kept, FailureKind::LastTryKept);
    }
}
