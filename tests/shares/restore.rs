//! A backup is made, opened and restored; and everything that is not as it was made is told by name.

use conclave::backup::{
    BackupSet, Check, Collected, KeyEncryptionKey, Manifest, OpenedShare, Refusal, SetPlan,
    open_share,
};
use conclave::secret::ShareWords;
use zeroize::Zeroizing;

use crate::support::backup::{AddFile as _, Backup, facts, kek, key_pair};

fn words_of(backup: &Backup, place: usize) -> ShareWords {
    backup.set.shares()[place].words()
}

fn words(text: String) -> ShareWords {
    ShareWords::new(&Zeroizing::new(text))
}

/// The refusal has that ID and names that.
#[track_caller]
fn assert_told(refusal: &Refusal, check: Check, naming: &str) {
    assert_eq!(refusal.check, check, "{refusal}");
    assert!(refusal.detail.contains(naming), "{refusal}");
}

#[test]
fn a_key_comes_back_from_a_quorum_of_files_or_words() {
    let backup = Backup::new(1, &[(2, 3)]);
    for places in [[0, 1], [0, 2], [1, 2]] {
        let mut collected = Collected::new(backup.manifest.clone());
        assert!(!collected.is_quorum());
        let [first, second] = places;
        let entry = collected
            .add_file(&backup.files[first], &backup.opener(first), None)
            .unwrap();
        assert_eq!(entry.label().custodian, format!("custodian-{}", first + 1));
        assert_eq!(collected.key().unwrap_err().check, Check::RestoreTooFew);
        collected
            .add_words(&words_of(&backup, second), None)
            .unwrap();
        assert!(collected.is_quorum());
        let key = collected.key().unwrap();
        let private = backup.manifest.unwrap(&key, &backup.wrapped).unwrap();
        assert_eq!(private.expose(), backup.private);
    }
}

#[test]
fn every_quorum_is_tried_and_the_count_is_known_before() {
    for (needed, groups, combinations) in [
        (1, &[(2, 3)][..], 3),
        (1, &[(2, 3), (3, 5)], 3 + 10 + 2),
        (2, &[(2, 3), (3, 5), (1, 1)], 3 + 10 + 1 + 3),
    ] {
        let backup = Backup::new(needed, groups);
        assert_eq!(backup.set.combinations(), combinations);
        let mut heard = Vec::new();
        let tried = backup.set.try_every_quorum(|count| heard.push(count));
        assert_eq!(tried, Ok(combinations));
        assert_eq!(heard, (1..=combinations).collect::<Vec<_>>());
    }
}

#[test]
fn what_a_custodian_opens_is_the_share_that_was_made() {
    let backup = Backup::new(1, &[(2, 3)]);
    let opened = open_share(&backup.files[1], &backup.opener(1)).unwrap();
    backup.set.confirm("custodian-2", &opened).unwrap();
    backup.manifest.check_share(&opened).unwrap();
    let refused = backup.set.confirm("custodian-1", &opened).unwrap_err();
    assert_told(&refused, Check::ShareCustodian, "Custodian 1 (custodian-1)");

    let read_out = opened.check_words().to_owned();
    for spelling in [
        read_out.clone(),
        read_out.to_uppercase(),
        format!(" {} ", read_out.replace(' ', "\n")),
    ] {
        let check = |custodian| backup.manifest.check_words(custodian, &spelling);
        check("custodian-2").unwrap();
        let refused = check("custodian-1").unwrap_err();
        assert_told(&refused, Check::ShareCheckWords, "Custodian 1");
    }
}

#[test]
fn the_words_stand_in_the_opened_text_alone() {
    let backup = Backup::new(1, &[(2, 3)]);
    let manifest = String::from_utf8(backup.manifest.to_file_bytes()).unwrap();
    for share in backup.set.shares() {
        let words = share.words();
        let text = share.text();
        let numbered: Vec<&str> = text.split_whitespace().collect();
        for pair in words.expose().split(' ').collect::<Vec<_>>().windows(2) {
            let follow = numbered
                .windows(3)
                .any(|w| w[0] == pair[0] && w[2] == pair[1]);
            assert!(follow, "{pair:?} do not stand in the text");
        }
        assert!(!manifest.contains(share.check_words()));
        assert!(!manifest.contains(&words.expose()[..40]));
        let printed = format!("{share:?} {words:?} {:?}", backup.set);
        assert!(!printed.contains(words.expose().rsplit(' ').next().unwrap()));
    }
}

#[test]
fn the_text_of_a_share_is_read_back_and_nothing_else_is() {
    let backup = Backup::new(2, &[(2, 3), (2, 2)]);
    let share = &backup.set.shares()[3];
    let text = share.text();
    let again = OpenedShare::read(text.as_bytes()).unwrap();
    assert_eq!(again.label(), share.label());
    assert_eq!(again.check_words(), share.check_words());
    assert!(again.words().same_as(&share.words()));
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{}",
        *text
    );
    let first_check_word = share.check_words().split(' ').next().unwrap();
    for (old, new) in [
        ("format 1", "format 2"),
        ("Mode:", "Mood:"),
        ("production", "rehearsal"),
        ("1 of 2 in group 2", "2 of 2 in group 2"),
        ("in group 2 of 2", "in group 1 of 2"),
        ("2 shares of this group", "1 shares of this group"),
        ("Name:          Custodian 4", "Name:          "),
        ("Words:", "Word:"),
        ("   2 ", "   3 "),
        (first_check_word, "conclave"),
    ] {
        assert!(text.contains(old), "{old}");
        let changed = text.replace(old, new);
        let refused = OpenedShare::read(changed.as_bytes()).unwrap_err();
        assert_eq!(refused.check, Check::ShareForm, "{old}: {refused}");
    }
}

#[test]
fn a_wrong_share_is_told_by_name_and_loses_nothing() {
    let backup = Backup::new(1, &[(3, 5)]);
    let stranger = Backup::new(1, &[(3, 5)]);
    let old = backup;
    let backup = old.reissued(1, &[(3, 5)]);
    let mut collected = Collected::new(backup.manifest.clone());
    collected
        .add_words(&words_of(&backup, 0), Some("custodian-1"))
        .unwrap();

    let whole = words_of(&backup, 1);
    let list: Vec<&str> = whole.expose().split(' ').collect();
    let changed = |change: &dyn Fn(&mut Vec<&str>)| {
        let mut list = list.clone();
        change(&mut list);
        words(list.join(" "))
    };
    let second = Some("custodian-2");
    let named = "Custodian 2 (custodian-2)";
    let cases: Vec<(ShareWords, Check)> = vec![
        (changed(&|list| list[7] = "conclave"), Check::ShareWord),
        (
            changed(&|list| list[7] = if list[7] == "acid" { "acne" } else { "acid" }),
            Check::ShareChecksum,
        ),
        (
            changed(&|list| {
                let other = if list[10] == list[11] { 12 } else { 11 };
                list.swap(10, other);
            }),
            Check::ShareChecksum,
        ),
        (changed(&|list| list.truncate(32)), Check::ShareLength),
        (changed(&|list| list.push("acid")), Check::ShareLength),
        (words_of(&stranger, 1), Check::ShareSet),
        (words_of(&old, 1), Check::ShareSuperseded),
    ];
    for (words, check) in cases {
        let refused = collected.add_words(&words, second).unwrap_err();
        assert_told(&refused, check, named);
        assert_eq!(collected.entered().count(), 1);
    }
    let refused = collected
        .add_words(&words_of(&backup, 0), None)
        .unwrap_err();
    assert_told(&refused, Check::ShareDuplicate, "Custodian 1 (custodian-1)");
    let refused = collected
        .add_words(&words_of(&backup, 2), second)
        .unwrap_err();
    assert_told(&refused, Check::ShareCustodian, "Custodian 3 (custodian-3)");

    let refused = collected.key().unwrap_err();
    assert_told(
        &refused,
        Check::RestoreTooFew,
        "2 of Custodian 2 (custodian-2), Custodian 3",
    );
    collected.add_words(&whole, second).unwrap();
    collected.add_words(&words_of(&backup, 4), None).unwrap();
    assert!(collected.key().is_ok());
    collected.remove("custodian-5");
    assert_eq!(collected.key().unwrap_err().check, Check::RestoreTooFew);
}

#[test]
fn a_wrong_file_is_told_by_name_and_loses_nothing() {
    let old = Backup::new(1, &[(2, 3)]);
    let backup = old.reissued(1, &[(2, 3)]);
    let stranger = Backup::new(1, &[(2, 3)]);
    let mut collected = Collected::new(backup.manifest.clone());
    let second = Some("custodian-2");

    // Another custodian's file is refused before it is opened: no identity is asked for in vain.
    let refused = collected
        .add_file(&backup.files[0], &backup.opener(1), second)
        .unwrap_err();
    assert_told(
        &refused,
        Check::ShareCustodian,
        "Custodian 1 (custodian-1), not of Custodian 2",
    );
    let refused = collected
        .add_file(&backup.files[1], &backup.opener(0), second)
        .unwrap_err();
    assert_told(
        &refused,
        Check::ShareDecryption,
        "Custodian 2 (custodian-2)",
    );
    let refused = collected
        .add_file(&old.files[1], &old.opener(1), second)
        .unwrap_err();
    assert_told(
        &refused,
        Check::ShareSuperseded,
        "Custodian 2 (custodian-2)",
    );
    let refused = collected
        .add_file(&stranger.files[1], &stranger.opener(1), second)
        .unwrap_err();
    assert_told(&refused, Check::ShareKey, "Custodian 2 (custodian-2)");
    for at in 0..backup.files[1].len() {
        let mut changed = backup.files[1].clone();
        changed[at] ^= 1 << (at % 8);
        let refused = collected
            .add_file(&changed, &backup.opener(1), second)
            .unwrap_err();
        assert_told(&refused, Check::ShareChanged, "Custodian 2 (custodian-2)");
    }
    assert_eq!(collected.entered().count(), 0);
    collected
        .add_file(&backup.files[1], &backup.opener(1), second)
        .unwrap();
}

#[test]
fn a_share_in_the_right_place_that_was_not_made_for_it_is_found_before_the_restore() {
    let backup = Backup::new(1, &[(2, 3)]);
    // Sets of the same number come once in 32,768 times by chance.
    let identifier = backup.manifest.identifier().to_be_bytes();
    let (_, public) = key_pair();
    let plan = SetPlan::new(facts(1, &[(2, 3)], public, &backup.identities)).unwrap();
    let mut is_first = true;
    let simulated = BackupSet::split(&kek(), plan, |buffer: &mut [u8]| {
        if std::mem::take(&mut is_first) {
            buffer.copy_from_slice(&identifier);
            return Ok(());
        }
        aws_lc_rs::rand::fill(buffer)
    })
    .unwrap();
    let mut collected = Collected::new(backup.manifest.clone());
    let refused = collected
        .add_words(&simulated.shares()[0].words(), None)
        .unwrap_err();
    assert_told(&refused, Check::ShareValue, "Custodian 1 (custodian-1)");
    assert_eq!(collected.entered().count(), 0);
}

#[test]
fn a_new_set_never_has_the_number_of_one_that_it_replaces() {
    let backup = Backup::new(1, &[(2, 3)]);
    let identifier = backup.manifest.identifier().to_be_bytes();
    let mut facts = backup.manifest.facts().clone();
    facts.supersedes = vec![backup.manifest.as_superseded()];
    let plan = SetPlan::new(facts).unwrap();
    let mut draws = 0;
    let set = BackupSet::split(&kek(), plan.clone(), |buffer: &mut [u8]| {
        if buffer.len() == 2 {
            draws += 1;
            if draws < 3 {
                buffer.copy_from_slice(&identifier);
                return Ok(());
            }
            // Another number than the old one.
            buffer.copy_from_slice(&[identifier[0], identifier[1] ^ 1]);
            return Ok(());
        }
        aws_lc_rs::rand::fill(buffer)
    })
    .unwrap();
    assert_eq!(draws, 3);
    assert_ne!(
        set.shares()[0].share().identifier(),
        backup.manifest.identifier()
    );
    let stuck = BackupSet::split(&kek(), plan, |buffer: &mut [u8]| {
        buffer.fill(0);
        if buffer.len() == 2 {
            buffer.copy_from_slice(&identifier);
        }
        Ok::<(), std::convert::Infallible>(())
    });
    assert!(stuck.is_err());
}

#[test]
fn nothing_is_unwrapped_that_is_not_the_key_of_the_manifest() {
    let backup = Backup::new(1, &[(2, 2)]);
    let other = backup.reissued(1, &[(2, 2)]);
    let stranger = Backup::new(1, &[(2, 2)]);
    let key = |backup: &Backup| {
        let mut collected = Collected::new(backup.manifest.clone());
        for place in 0..2 {
            collected.add_words(&words_of(backup, place), None).unwrap();
        }
        collected.key().unwrap()
    };
    let check = |manifest: &Manifest, key: &KeyEncryptionKey, wrapped: &[u8]| {
        manifest.unwrap(key, wrapped).unwrap_err().check
    };
    let manifest = &backup.manifest;
    let own = key(&backup);
    assert_eq!(
        check(manifest, &key(&other), &backup.wrapped),
        Check::RestoreCommitment
    );
    assert_eq!(check(manifest, &own, &other.wrapped), Check::RestoreWrapped);
    for bit in 0..backup.wrapped.len() * 8 {
        let mut changed = backup.wrapped.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(check(manifest, &own, &changed), Check::RestoreWrapped);
    }
    // A manifest that was made for a wrapped key that does not belong to it.
    let files = |id: &str| backup.manifest.share_of(id).unwrap().file();
    let of_other = backup.set.manifest(files, &other.wrapped).unwrap();
    assert_eq!(check(&of_other, &own, &other.wrapped), Check::RestoreUnwrap);
    let clear = conclave::secret::PrivateKey::new(Zeroizing::new(stranger.private.clone()));
    let wrong = own.wrap(&clear).unwrap();
    let of_wrong = backup.set.manifest(files, &wrong).unwrap();
    assert_eq!(check(&of_wrong, &own, &wrong), Check::RestoreKey);
}
