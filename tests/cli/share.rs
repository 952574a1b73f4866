//! `conclave share`, as custodians use it.

use std::path::Path;

use serde_json::Value;

use crate::support::backup::Backup;
use crate::support::share_files::ShareFiles;

#[test]
fn a_custodian_checks_the_own_share() {
    let backup = Backup::new(1, &[(2, 3)]);
    let files = ShareFiles::of(&backup);
    let (file, manifest) = (files.share(1), files.manifest());
    let arguments = [
        "check",
        &file,
        "--identity",
        "identity-2",
        "--manifest",
        &manifest,
    ];
    let said = files.said(0, &arguments, None);
    let share = &backup.set.shares()[1];
    assert!(
        said.contains("Custodian 2 (custodian-2): share 2 of 3 in group 1 of 1"),
        "{said}"
    );
    for secret in [share.words().expose(), share.check_words()] {
        assert!(!said.contains(&secret[..20]), "{said}");
    }
    let mut with_words = arguments.to_vec();
    with_words.extend(["--check-words", "--custodian", "custodian-2"]);
    let said = files.said(0, &with_words, None);
    assert!(said.contains(share.check_words()), "{said}");
    with_words.push("--json");
    let value: Value = serde_json::from_str(&files.said(0, &with_words, None)).unwrap();
    assert_eq!(value["verdict"], "accepted");
    assert_eq!(value["share"]["custodian"], "custodian-2");
    assert_eq!(value["file_unchanged"], true);
    assert_eq!(value["check_words"], share.check_words());

    let words = ["check", "--words", "--manifest", &manifest];
    let line = format!("{}\n", share.words().expose());
    let said = files.said(0, &words, Some(&line));
    assert!(said.contains("Custodian 2"), "{said}");
    let said = files.said(1, &words, Some(&line.replacen(' ', " acid ", 1)));
    assert!(said.contains("share.length"), "{said}");
}

#[test]
fn what_is_not_the_share_is_told_by_name() {
    let old = Backup::new(1, &[(2, 3)]);
    let backup = old.reissued(1, &[(2, 3)]);
    let files = ShareFiles::of(&backup);
    let (file, manifest) = (files.share(1), files.manifest());
    let with = |identity: &'static str, file: &str, manifest: &str| {
        [
            "check",
            file,
            "--identity",
            identity,
            "--manifest",
            manifest,
        ]
        .map(str::to_owned)
    };
    let said = |status, arguments: [String; 6], more: &[&str]| {
        let mut all: Vec<&str> = arguments.iter().map(String::as_str).collect();
        all.extend(more);
        files.said(status, &all, None)
    };
    let told = said(1, with("identity-1", &file, &manifest), &[]);
    assert!(
        told.contains("share.decryption") && told.contains("Custodian 2"),
        "{told}"
    );
    let told = said(
        1,
        with("identity-2", &file, &manifest),
        &["--custodian", "custodian-1"],
    );
    assert!(
        told.contains("share.custodian") && told.contains("Custodian 2"),
        "{told}"
    );
    let told = said(
        2,
        with("identity-2", &file, &manifest),
        &["--custodian", "custodian-9"],
    );
    assert!(
        told.contains("custodian-1, custodian-2, custodian-3"),
        "{told}"
    );
    said(4, with("no-such-identity", &file, &manifest), &[]);

    let mut changed = backup.files[1].clone();
    let middle = changed.len() / 2;
    changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
    let path = files.put("changed.age", &changed);
    let told = said(
        1,
        with("identity-2", &path, &manifest),
        &["--custodian", "custodian-2"],
    );
    assert!(
        told.contains("share.changed") && told.contains("Custodian 2"),
        "{told}"
    );
    let path = files.put("manifest-of-old", &old.manifest.to_file_bytes());
    let told = said(1, with("identity-2", &file, &path), &[]);
    assert!(
        told.contains("share.set") && told.contains("Custodian 2"),
        "{told}"
    );
    let desk_of_old = ShareFiles::of(&old);
    let arguments = [
        "check",
        &desk_of_old.share(1),
        "--identity",
        "identity-2",
        "--manifest",
        &manifest,
        "--json",
    ];
    let output = desk_of_old.conclave(&arguments, None);
    assert_eq!(output.status.code(), Some(1));
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["reasons"][0]["check"], "share.superseded");
}

#[test]
fn nothing_is_opened_to_tell_what_a_file_is() {
    let backup = Backup::new(2, &[(2, 3), (1, 1)]);
    let files = ShareFiles::of(&backup);
    let manifest = files.manifest();
    let said = files.said(0, &["inspect", &manifest], None);
    let set = backup.manifest.set().to_string();
    for part in [
        &set,
        "2 of 2 groups are required",
        "group 1: 2 of 3",
        "Custodian 4 (custodian-4)",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let value: Value =
        serde_json::from_str(&files.said(0, &["inspect", &manifest, "--json"], None)).unwrap();
    assert_eq!(value, backup.manifest.to_json());

    let file = files.share(3);
    let said = files.said(0, &["inspect", &file], None);
    assert!(said.contains("encrypted to: X25519"), "{said}");
    let said = files.said(0, &["inspect", &file, "--manifest", &manifest], None);
    assert!(
        said.contains("Custodian 4 (custodian-4): share 1 of 1 in group 2 of 2"),
        "{said}"
    );
    let wrapped = files.path(&files.wrapped);
    let said = files.said(0, &["inspect", &wrapped, "--manifest", &manifest], None);
    assert!(said.contains("the wrapped key key-3"), "{said}");

    let mut changed = backup.wrapped.clone();
    changed[9] ^= 1;
    let path = files.put("changed", &changed);
    let said = files.said(1, &["inspect", &path, "--manifest", &manifest], None);
    assert!(said.contains("restore.wrapped"), "{said}");
    let mut changed = backup.manifest.to_file_bytes();
    let at = changed.windows(7).position(|w| w == b"\"made_a").unwrap() + 14;
    changed[at] = b'9';
    let path = files.put("changed.json", &changed);
    let said = files.said(1, &["inspect", &path], None);
    assert!(said.contains("manifest."), "{said}");
    files.said(4, &["inspect", "nothing-here"], None);
    assert!(Path::new(&manifest).exists());
}
