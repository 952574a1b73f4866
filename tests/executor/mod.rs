//! What the executor holds every front end to, on real tokens.

mod restoring;

use std::cell::Cell;
use std::sync::Arc;

use crate::softhsm_test;
use crate::support::ceremony_driver;
use crate::support::people::People;
use conclave::ceremony::{FailureKind, Interrupt, Mode, SecretPurpose};
use conclave::executor::{CeremonyDirectory, Ended, Executor};
use conclave::metadata::KeyType;
use conclave::rehearsal::{SimulatedTokens, TokenKind};

softhsm_test! {
    fn no_front_end_spends_the_last_try_without_its_word(store: &Store) {
        SimulatedTokens::prepare_store(store.folder(), TokenKind::SoftHsm).unwrap();
        let script = ceremony_driver::genesis(&[KeyType::EcdsaP256; 2], 1);
        let simulated_tokens = SimulatedTokens::new(store.folder(), &script).unwrap();
        let path = store.folder().join("ceremony");
        let directory = CeremonyDirectory::create(&path, Arc::clone(&script), None).unwrap();
        let now = jiff::Timestamp::now().as_second();
        let opening = conclave::ceremony::Opening {
            simulated_clock_offset: script.not_before().as_second() - now + 60,
            ..ceremony_driver::opening(Mode::Rehearsal)
        };
        // Somebody mistypes every PIN of a key, does not care which try it is, and leaves when a try was kept.
        let (typed, last_tries) = (Cell::new(0), Cell::new(0));
        let mut careless = People {
            says: Some(Box::new(|ceremony, _| {
                let failure = ceremony.failure()?;
                (failure.kind == FailureKind::LastTryNotConfirmed).then_some(Err(Interrupt::Leave))
            })),
            types: Some(Box::new(|prompt| {
                (prompt.purpose == SecretPurpose::Pin).then(|| {
                    typed.set(typed.get() + 1);
                    last_tries.set(last_tries.get() + usize::from(prompt.word_first().is_some()));
                    "00000000".to_owned()
                })
            })),
            ..People::default()
        };
        let executor = Executor::begin(directory, opening, Box::new(simulated_tokens), &mut careless).unwrap();
        let (ended, _) = executor.run().unwrap();
        assert_eq!(ended, Ended::Left);
        // The PIN was asked for three times; the third was the last try, and it went nowhere.
        assert_eq!((typed.get(), last_tries.get()), (3, 1));
        assert!(careless.refused.is_empty(), "{:?}", careless.refused);
        let kinds: Vec<_> = careless.failures.iter().map(|failure| failure.kind).collect();
        let [one, two, kept] = kinds.as_slice() else {
            panic!("other failures: {kinds:?}");
        };
        assert!(matches!(one, FailureKind::WrongPin { .. }), "{one:?}");
        assert!(matches!(two, FailureKind::WrongPin { .. }), "{two:?}");
        assert_eq!(*kept, FailureKind::LastTryNotConfirmed);
    }
}
