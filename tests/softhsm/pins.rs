//! Initializing, PINs and logins.

use conclave::metadata::KeyType;
use conclave::record::Tries;
use conclave::token::{KeyRequest, PinRole, Reader as _, TokenError, TokenQuery};

use super::module::{PROFILE, labeled, logged_in, module, open, pin};
use crate::softhsm_test;
use crate::support::store::{PIN, SO_PIN};

softhsm_test! {
    fn a_blank_token_is_initialized_and_finds_itself_again(store: &Store) {
        store.make_token("neighbor");
        let mut module = module();
        let blank = module.find(&TokenQuery::blank(PROFILE)).unwrap();
        assert_eq!(blank.id.label, "");
        assert!(!blank.state.initialized);
        assert_eq!(blank.state.so_pin_tries, Tries::Unknown);

        let mut token = module.open(&blank.id).unwrap();
        token.initialize(&pin(SO_PIN), "root 1").unwrap();
        assert_eq!(token.id().label, "root 1");
        assert_ne!(token.id().serial, blank.id.serial);
        let state = token.state().unwrap();
        assert!(state.initialized && !state.pin_set);
        assert_eq!(token.login(&pin(PIN)), Err(TokenError::PinNotSet));

        token.set_pin(&pin(SO_PIN), &pin(PIN)).unwrap();
        assert!(token.state().unwrap().pin_set);
        token.login(&pin(PIN)).unwrap();
        token.generate(&KeyRequest {
            object_id: vec![1],
            label: "key".to_owned(),
            key_type: KeyType::EcdsaP256,
            extractable: false,
        }).unwrap();
        assert_eq!(module.find(&labeled("root 1")).unwrap().id, *token.id());
        // SoftHSM has another blank one at once.
        module.find(&TokenQuery::blank(PROFILE)).unwrap();
    }

    fn a_label_that_another_token_has_does_not_confuse(store: &Store) {
        store.make_token("same");
        let mut module = module();
        let blank = module.find(&TokenQuery::blank(PROFILE)).unwrap();
        let older = module.find(&labeled("same")).unwrap();
        let mut token = module.open(&blank.id).unwrap();
        token.initialize(&pin(SO_PIN), "same").unwrap();
        assert_ne!(*token.id(), older.id);
        assert!(!token.state().unwrap().pin_set);
    }

    fn an_initialized_token_is_erased_by_its_own_so_pin_only(store: &Store) {
        store.make_token("old");
        let mut module = module();
        let mut token = logged_in(&mut module, "old");
        token.generate(&KeyRequest {
            object_id: vec![1],
            label: "key".to_owned(),
            key_type: KeyType::EcdsaP256,
            extractable: false,
        }).unwrap();
        assert!(matches!(
            token.initialize(&pin("00000000"), "new"),
            Err(TokenError::WrongPin { role: PinRole::SecurityOfficer, .. })
        ));
        assert_eq!(token.keys().unwrap().len(), 1);
        token.initialize(&pin(SO_PIN), "new").unwrap();
        assert_eq!(token.id().label, "new");
        assert_eq!(token.objects().unwrap(), []);
    }

    fn impossible_labels_are_refused(store: &Store) {
        store.make_token("label");
        let mut module = module();
        let mut token = open(&mut module, "label");
        for label in ["", " root", "root\u{7}", &"é".repeat(17)] {
            assert_eq!(
                token.initialize(&pin(SO_PIN), label),
                Err(TokenError::Label { label: label.to_owned() })
            );
        }
        token.initialize(&pin(SO_PIN), &"é".repeat(16)).unwrap();
        assert_eq!(token.id().label, "é".repeat(16));
    }

    fn a_wrong_pin_is_told_with_what_is_known_of_the_tries(store: &Store) {
        store.make_token("wrong");
        let mut module = module();
        let mut token = open(&mut module, "wrong");
        assert_eq!(token.state().unwrap().pin_tries, Tries::Unknown);
        assert_eq!(
            token.login(&pin("654321")),
            Err(TokenError::WrongPin { role: PinRole::User, tries: Tries::Low })
        );
        assert_eq!(token.state().unwrap().pin_tries, Tries::Low);
        token.login(&pin(PIN)).unwrap();
        assert_eq!(token.state().unwrap().pin_tries, Tries::Unknown);
    }

    fn a_second_login_proves_its_pin_as_well(store: &Store) {
        store.make_token("again");
        let mut module = module();
        let mut token = logged_in(&mut module, "again");
        token.login(&pin(PIN)).unwrap();
        assert!(matches!(token.login(&pin("654321")), Err(TokenError::WrongPin { .. })));
        // And the wrong one has not left the door open.
        assert_eq!(token.destroy(&[1]), Err(TokenError::LoginNeeded));
    }

    fn a_login_by_another_handle_does_not_stand_in_for_the_pin(store: &Store) {
        store.make_token("shared");
        let mut module = module();
        let mut first = logged_in(&mut module, "shared");
        let mut second = open(&mut module, "shared");
        assert_eq!(second.destroy(&[1]), Err(TokenError::LoginNeeded));
        second.login(&pin(PIN)).unwrap();
        assert!(matches!(second.login(&pin("654321")), Err(TokenError::WrongPin { .. })));
        assert_eq!(second.destroy(&[1]), Err(TokenError::LoginNeeded));
        // The first has proven its PIN, and renews the login that the second ended.
        assert_eq!(first.destroy(&[1]), Err(TokenError::KeyNotFound { object_id: vec![1] }));
    }

    fn a_pin_of_impossible_length_costs_no_try(store: &Store) {
        store.make_token("short");
        let mut module = module();
        let mut token = open(&mut module, "short");
        let short = TokenError::PinFormat { length: 4..=255 };
        assert_eq!(token.login(&pin("123")), Err(short.clone()));
        assert_eq!(token.set_pin(&pin(SO_PIN), &pin("123")), Err(short.clone()));
        assert_eq!(token.change_pin(&pin(PIN), &pin("123")), Err(short));
        assert_eq!(token.state().unwrap().pin_tries, Tries::Unknown);
        token.login(&pin(PIN)).unwrap();
    }

    fn the_user_changes_the_pin_and_the_officer_sets_it(store: &Store) {
        store.make_token("change");
        let mut module = module();
        let mut token = logged_in(&mut module, "change");
        assert!(matches!(
            token.change_pin(&pin("999999"), &pin("222222")),
            Err(TokenError::WrongPin { role: PinRole::User, .. })
        ));
        token.change_pin(&pin(PIN), &pin("222222")).unwrap();
        assert_eq!(token.destroy(&[1]), Err(TokenError::LoginNeeded));
        assert!(matches!(token.login(&pin(PIN)), Err(TokenError::WrongPin { .. })));
        token.login(&pin("222222")).unwrap();

        assert!(matches!(
            token.set_pin(&pin("99999999"), &pin("333333")),
            Err(TokenError::WrongPin { role: PinRole::SecurityOfficer, .. })
        ));
        token.set_pin(&pin(SO_PIN), &pin("333333")).unwrap();
        token.login(&pin("333333")).unwrap();
    }
}
