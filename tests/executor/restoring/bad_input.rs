//! Everything that custodians can bring in wrong, in one ceremony: each is told by whose share it is, none restores
//! anything, and nothing that came in before is lost.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use conclave::ceremony::{Answer, Ask, DrillResult, Interrupt, RequestKind, SecretPurpose};
use conclave::script::{DrillLevel, Kind};
use tempfile::TempDir;

use super::{Clumsy, TokenWorker, here};
use crate::softhsm_test;
use crate::support::people::People;

const AGAIN: &str = "Number of the word to type again, or 0 for all";

/// The same key with another set, and a set of another key: each was made in another rehearsal.
fn another_desk(kind: Kind) -> (TempDir, TokenWorker) {
    let folder = TempDir::new().unwrap();
    let token_worker = TokenWorker::in_folder(folder.path(), kind, DrillLevel::Full, false, here);
    (folder, token_worker)
}

#[track_caller]
fn assert_told(told: &[&str], wanted: &[(&str, &str)]) {
    assert_eq!(told.len(), wanted.len(), "{told:#?}");
    for (told, (whose, what)) in told.iter().zip(wanted) {
        assert!(
            told.contains(whose) && told.contains(what),
            "{told}: not {whose:?}, {what:?}"
        );
    }
}

fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

softhsm_test! {
    fn words_of_another_place_custodian_or_set_are_told_and_typed_anew(store: &Store) {
        let token_worker = TokenWorker::new(store, Kind::Drill, DrillLevel::Full, false, str::to_owned);
        let (_folder, stranger) = another_desk(Kind::Drill);
        let own = token_worker.words(1);
        let mut lists: BTreeMap<usize, Vec<String>> =
            (1..=33).map(|n| (n, vec![own[n - 1].clone()])).collect();
        let second = (12..33).find(|n| own[n - 1] != own[10]).unwrap();
        // Custodian 1 has two words in each other's rows, and mends one after the other.
        for (n, other) in [(11, second), (second, 11)] {
            lists.insert(n, vec![own[other - 1].clone(), own[n - 1].clone()]);
        }
        // Custodian 2 types the sheet of custodian 1 once more, then one of another set.
        for (wrong, n) in own.iter().zip(1..).chain(stranger.words(2).iter().zip(1..)) {
            lists.get_mut(&n).unwrap().push(wrong.clone());
        }
        let mut clumsy = Clumsy { words: lists, ..Clumsy::default() };
        let mended = vec!["11".to_owned(), second.to_string()];
        clumsy.readings.insert(AGAIN.to_owned(), mended);
        let mut people = clumsy.people();
        token_worker.play(store, &mut people);
        let (one, two) = ("Custodian 1 (custodian-1)", "Custodian 2 (custodian-2)");
        assert_told(
            &people.told(),
            &[
                (one, "checksum"),
                (one, "checksum"),
                (two, "this is the share of Custodian 1 (custodian-1), not of Custodian 2"),
                (two, "belongs to a different set"),
            ],
        );
        assert_eq!(people.count("share-entered"), 3);
        assert_eq!(people.result, Some(DrillResult::Passed));
    }

    fn files_and_identities_of_others_are_told_and_brought_anew(store: &Store) {
        let token_worker = TokenWorker::new(store, Kind::Drill, DrillLevel::Full, false, here);
        let (_folder, stranger) = another_desk(Kind::Drill);
        let phrase = token_worker.passphrase(3);
        let phrase = phrase.as_str();
        let (wrapped, other_wrapped) = (path(&token_worker.wrapped()), path(&stranger.wrapped()));
        let short = store.folder().join("short.age");
        let whole = fs::read(token_worker.share(2)).unwrap();
        fs::write(&short, &whole[..whole.len() - 40]).unwrap();
        let files = vec![
            // Another identity; no identity at all; and then the right one.
            path(&token_worker.share(1)),
            path(&token_worker.share(1)),
            path(&token_worker.share(1)),
            // A share of another key; one that is cut short; and then the right one.
            path(&stranger.share(2)),
            path(&short),
            path(&token_worker.share(2)),
            // A wrong passphrase, one of letters, one that is too short; and then the right one.
            path(&token_worker.share(3)),
            path(&token_worker.share(3)),
            path(&token_worker.share(3)),
            path(&token_worker.share(3)),
        ];
        let identities = vec![
            path(&token_worker.identity(2)),
            path(&token_worker.share(1)),
            path(&token_worker.identity(1)),
            path(&stranger.identity(2)),
            path(&token_worker.identity(2)),
            path(&token_worker.identity(2)),
        ];
        let mut readings = BTreeMap::from([
            ("Path of the share file".to_owned(), files),
            ("Path of the identity file".to_owned(), identities),
            ("Path of the wrapped key".to_owned(), vec![other_wrapped, wrapped]),
        ]);
        let mut phrases = vec![phrase, "01234567890", "short", "0123456789012345"]
            .into_iter().map(str::to_owned).collect::<Vec<String>>();
        let token_worker = token_worker.with_own_things(store);
        let mut people = People {
            says: Some(Box::new(move |_, prompt| {
                let Ask::Reading { label, .. } = &prompt.ask else {
                    return None;
                };
                let list = readings.get_mut(label)?;
                Some(Ok(Answer::Text(list.remove(0))))
            })),
            types: Some(Box::new(move |prompt| {
                (prompt.purpose == SecretPurpose::SharePassphrase).then(|| phrases.pop().unwrap())
            })),
            ..People::default()
        };
        token_worker.play(store, &mut people);
        let [one, two] = ["Custodian 1 (custodian-1)", "Custodian 2 (custodian-2)"];
        assert_told(
            &people.told(),
            &[
                (one, "not encrypted to this identity"),
                ("identity", "not an identity file"),
                (two, "is for the key"),
                (two, "the file is not the one in the manifest"),
                ("Custodian 3 (custodian-3)", "the passphrase is wrong"),
                ("passphrase", "characters other than digits"),
                ("passphrase", "12 characters"),
                ("wrapped key", "does not belong to set"),
            ],
        );
        assert_eq!(people.count("share-entered"), 3);
        assert_eq!(people.result, Some(DrillResult::Passed));
    }

    fn too_few_shares_restore_nothing_and_the_drill_fails(store: &Store) {
        let token_worker = TokenWorker::new(store, Kind::Drill, DrillLevel::Full, false, here);
        let mut asked = 0;
        let mut people = People {
            says: Some(Box::new(move |ceremony, _| {
                let step = ceremony.current_step()?.id.to_string();
                // The room asks once for each.
                let kind = match (asked, step.as_str()) {
                    (0, "open-share:custodian-1") | (1, "open-share:custodian-2") => {
                        RequestKind::DeclareShareLost
                    }
                    (2, "restore-key") => RequestKind::FailDrill,
                    _ => return None,
                };
                let offers = ceremony.offers();
                let offer = offers.iter().find(|offer| offer.kind == kind)?;
                asked += 1;
                let what = offer.fields[0].choices[0].value.clone();
                Some(Err(Interrupt::Request(offer.with(vec![what, "lost".to_owned()]))))
            })),
            ..People::default()
        };
        token_worker.play(store, &mut people);
        assert_eq!(people.count("share-declared-lost"), 2);
        assert_eq!(people.count("key-restored"), 0);
        assert!(matches!(people.result, Some(DrillResult::Failed { .. })), "{:?}", people.result);
    }
}
