//! Which token is meant, and whether it is still there.

use std::fs;

use conclave::metadata::KeyType;
use conclave::token::{KeyRequest, Reader as _, TokenError, TokenQuery};

use super::module::{PROFILE, labeled, logged_in, module, open, pin};
use crate::softhsm_test;
use crate::support::store::PIN;

fn key() -> KeyRequest {
    KeyRequest {
        object_id: vec![1],
        label: "key".to_owned(),
        key_type: KeyType::EcdsaP256,
        extractable: false,
    }
}

softhsm_test! {
    fn a_token_made_meanwhile_by_another_program_is_seen(store: &Store) {
        let mut module = module();
        assert_eq!(module.tokens().unwrap().len(), 1, "the blank one");
        store.make_token("late");
        assert_eq!(module.find(&labeled("late")).unwrap().id.label, "late");
    }

    fn a_look_does_not_end_a_login_unless_asked(store: &Store) {
        store.make_token("busy");
        let mut module = module();
        let mut token = logged_in(&mut module, "busy");
        let made = token.generate(&key()).unwrap();
        module.tokens().unwrap();
        token.sign(&[1], &made.public, b"x").unwrap();

        store.make_token("late");
        module.reset().unwrap();
        module.find(&labeled("late")).unwrap();
        assert_eq!(token.sign(&[1], &made.public, b"x"), Err(TokenError::LoginNeeded));
        token.login(&pin(PIN)).unwrap();
        token.sign(&[1], &made.public, b"x").unwrap();
    }

    fn two_that_match_are_told_and_the_serial_number_decides(store: &Store) {
        store.make_token("twin");
        store.make_token("twin");
        let mut module = module();
        let Err(TokenError::Ambiguous { found }) = module.find(&labeled("twin")) else {
            panic!("two tokens have that label");
        };
        assert_eq!(found.len(), 2);
        let by_serial = TokenQuery {
            serial: Some(found[1].serial.clone()),
            ..labeled("twin")
        };
        assert_eq!(module.find(&by_serial).unwrap().id, found[1]);
        assert_eq!(module.find(&TokenQuery::exactly(&found[0])).unwrap().id, found[0]);
    }

    fn what_is_not_there_is_not_found(store: &Store) {
        store.make_token("here");
        let mut module = module();
        let error = module.find(&labeled("there")).unwrap_err();
        assert_eq!(error.to_string(), "there is no softhsm2 token, label \"there\"");
        let other = TokenQuery { profile: "another".to_owned(), ..labeled("here") };
        assert!(matches!(module.find(&other), Err(TokenError::NotFound { .. })));
        let mut id = module.find(&labeled("here")).unwrap().id;
        id.serial.push('0');
        assert!(matches!(module.open(&id), Err(TokenError::NotFound { .. })));
    }

    fn a_blank_token_is_not_meant_unless_it_is_asked_for(store: &Store) {
        let mut module = module();
        let any = TokenQuery::of(PROFILE);
        assert!(matches!(module.find(&any), Err(TokenError::NotFound { .. })));
        store.make_token("one");
        assert_eq!(module.find(&any).unwrap().id.label, "one");
        assert_eq!(module.find(&TokenQuery::blank(PROFILE)).unwrap().id.label, "");
    }

    fn a_token_that_was_removed_is_told_as_such(store: &Store) {
        store.make_token("pulled");
        let mut module = module();
        let mut idle = open(&mut module, "pulled");
        let mut token = logged_in(&mut module, "pulled");
        let made = token.generate(&key()).unwrap();

        let inserted = store.tokens().remove(0);
        let removed = store.folder().join("in a drawer");
        fs::rename(&inserted, &removed).unwrap();
        assert_eq!(token.sign(&[1], &made.public, b"x"), Err(TokenError::Removed));
        assert_eq!(token.login(&pin(PIN)), Err(TokenError::Removed));
        assert_eq!(idle.objects(), Err(TokenError::Removed));
        assert_eq!(idle.login(&pin(PIN)), Err(TokenError::Removed));
        assert!(matches!(
            module.find(&labeled("pulled")),
            Err(TokenError::NotFound { .. })
        ));

        fs::rename(&removed, &inserted).unwrap();
        let mut token = logged_in(&mut module, "pulled");
        token.sign(&[1], &made.public, b"x").unwrap();
    }

    fn one_file_loaded_twice_is_one_library(store: &Store) {
        store.make_token("shared");
        let mut first = module();
        let mut second = module();
        let mut token = logged_in(&mut first, "shared");
        let made = token.generate(&key()).unwrap();
        second.tokens().unwrap();
        drop((first, second));
        token.sign(&[1], &made.public, b"x").unwrap();
        drop(token);
        assert_eq!(module().tokens().unwrap().len(), 2);
    }
}
