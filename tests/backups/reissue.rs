//! Shares for a key that exists: from the command that writes the script to shares that restore the key, in a
//! rehearsal.

use std::fs;
use std::path::{Path, PathBuf};

use conclave::backup::{Check, Collected, Manifest, Opener};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::support::backup::AddFile as _;
use crate::support::backup_rehearsal::{NOBODY, QUICK, ends_with, media, played, script, set_on};
use crate::support::rehearse::{
    Rehearsal, assert_done, assert_failed, events, files_below, output, sha256,
};

/// What a rehearsal of a genesis left beside its record: the manifest of its set.
fn manifest_of(directory: &Path) -> PathBuf {
    let files = files_below(&directory.join("backup"));
    let [manifest] = files.as_slice() else {
        panic!("{files:?}");
    };
    directory.join("backup").join(manifest.file_name().unwrap())
}

/// Writes the script of a re-issue, checks it and plays it.
fn reissued(old: &Path, custodians: &[&str]) -> Rehearsal {
    let rehearsal = Rehearsal::new();
    let path = rehearsal.beside("reissue.toml");
    let mut write = rehearsal.conclave();
    write.args(["share", "reissue", "--threshold", "2", "--manifest"]);
    write.arg(old).arg("--out").arg(&path);
    for custodian in custodians {
        write.args(["--custodian", custodian]);
    }
    assert_done(&output(&mut write));
    assert_done(&output(
        rehearsal.conclave().args(["script", "check"]).arg(&path),
    ));
    assert_done(&rehearsal.play(&[path.to_str().unwrap()]));
    rehearsal
}

fn directory(rehearsal: &Rehearsal) -> PathBuf {
    rehearsal.out().join("backup")
}

fn opener(rehearsal: &Rehearsal, custodian: &str) -> Opener {
    let path = rehearsal
        .tokens()
        .join(format!("custodians/{custodian}.identity"));
    let identity = Zeroizing::new(fs::read(path).unwrap());
    Opener::identities(&identity, &age::NoCallbacks).unwrap()
}

fn status(rehearsal: &Rehearsal, directories: &[PathBuf]) -> Value {
    let told = output(
        rehearsal
            .conclave()
            .args(["share", "status", "--json"])
            .args(directories),
    );
    assert_done(&told);
    serde_json::from_slice(&told.stdout).unwrap()
}

#[test]
fn other_custodians_restore_the_same_key_and_no_old_share_goes_with_a_new_one() {
    let genesis = played(&script(&QUICK));
    let ada = format!("Ada Lindgren={}", NOBODY[0]);
    let one = format!("Custodian 1={}", NOBODY[1]);
    let rehearsal = reissued(&manifest_of(&genesis.genesis()), &[&one, &ada]);
    let at = directory(&rehearsal);
    assert_done(&output(
        rehearsal.conclave().args(["transcript", "verify"]).arg(&at),
    ));
    assert_done(&output(
        rehearsal.command("bash").arg("VERIFY.txt").current_dir(&at),
    ));
    let report = fs::read_to_string(at.join("report.html")).unwrap();
    assert!(report.contains("Old set, destroyed"), "{report}");

    let [shares, keys] = media(&rehearsal);
    let (shares, keys) = (set_on(&shares), set_on(&keys));
    let new = Manifest::read(&ends_with(&shares, ".manifest.json")).unwrap();
    let place = rehearsal.tokens().join("media");
    let old_shares = set_on(&place.join("simulated-shares"));
    let old_keys = set_on(&place.join("simulated-wrapped-key"));
    let opening: Value = events(&fs::read(at.join("transcript.jsonl")).unwrap()).remove(0);
    let old: Manifest = serde_json::from_value(opening["data"]["simulated_set"].clone()).unwrap();
    assert_eq!(new.facts().public_key, old.facts().public_key);
    assert_eq!(new.facts().supersedes, [old.as_superseded()]);
    assert_ne!(new.identifier(), old.identifier());

    let mut collected = Collected::new(new.clone());
    // The same custodian opens both, with the same identity; they are never taken for one another.
    let stale = ends_with(&old_shares, ".custodian-1.share.age");
    let one = opener(&rehearsal, "custodian-1");
    let refused = collected.add_file(&stale, &one, None).unwrap_err();
    assert_eq!(refused.check, Check::ShareSuperseded, "{refused}");
    assert!(refused.to_string().contains("Custodian 1"), "{refused}");
    for custodian in ["custodian-1", "custodian-3"] {
        let file = ends_with(&shares, &format!(".{custodian}.share.age"));
        let with = opener(&rehearsal, custodian);
        collected.add_file(&file, &with, Some(custodian)).unwrap();
    }
    let kek = collected.key().unwrap();
    new.unwrap(&kek, &ends_with(&keys, ".wrapped")).unwrap();
    let refused = new
        .unwrap(&kek, &ends_with(&old_keys, ".wrapped"))
        .err()
        .unwrap();
    assert_eq!(refused.check, Check::RestoreWrapped, "{refused}");

    let told = status(&rehearsal, &[at]);
    let sets = told["sets"].as_array().unwrap();
    let advice: Vec<_> = sets
        .iter()
        .map(|set| (&set["superseded"], &set["advice"]))
        .collect();
    assert_eq!(
        advice,
        [
            (&true.into(), &"nothing".into()),
            (&false.into(), &"nothing".into())
        ]
    );
    assert!(sets[0]["wrapped_key_destroyed"]["at"].is_string(), "{told}");
}

#[test]
fn a_key_that_its_token_lets_out_gets_its_first_shares_and_stays_in_after_that() {
    let genesis = played(&script(&QUICK));
    let public = genesis.genesis().join("keys/key-2.pub.pem");
    let rehearsal = Rehearsal::new();
    let path = rehearsal.beside("backup.toml");
    let mut write = rehearsal.conclave();
    write.args(["script", "new", "backup", "--key", "key-2", "--repository"]);
    write.args([
        "example.com/updates",
        "--not-before",
        "2027-12-01T09:00:00Z",
    ]);
    for (name, recipient) in [("Ada Lindgren", NOBODY[0]), ("Grace Abara", NOBODY[1])] {
        write.arg("--custodian").arg(format!("{name}={recipient}"));
    }
    write
        .arg("--public-key")
        .arg(&public)
        .arg("--out")
        .arg(&path);
    assert_done(&output(&mut write));
    assert_done(&rehearsal.play(&[path.to_str().unwrap()]));
    let at = directory(&rehearsal);
    assert_done(&output(
        rehearsal.conclave().args(["transcript", "verify"]).arg(&at),
    ));
    let record = events(&fs::read(at.join("transcript.jsonl")).unwrap());
    let data = |kind: &str| {
        let mut lines = record.iter().filter(|line| line["event"] == kind);
        lines.next().unwrap()["data"].clone()
    };
    assert_eq!(data("backed-up")["wrapped_in"], "token");
    assert_eq!(
        data("extraction-disabled")["attributes"]["extractable"],
        false
    );
    // It is the simulated key of the key that is backed up, and no other.
    let pem = fs::read(at.join("keys/key-2.pub.pem")).unwrap();
    assert_eq!(
        data("backed-up")["manifest"]["public_key"],
        String::from_utf8(pem.clone()).unwrap()
    );
    assert_ne!(sha256(&pem), sha256(&fs::read(public).unwrap()));
}

#[test]
fn what_a_reissue_cannot_be_written_from_is_told() {
    let genesis = played(&script(&QUICK));
    let manifest = manifest_of(&genesis.genesis());
    let out = genesis.beside("reissue.toml");
    let reissue = |more: &[&str]| {
        let mut command = genesis.conclave();
        command
            .args(["share", "reissue", "--out"])
            .arg(&out)
            .args(more);
        output(&mut command)
    };
    let manifest = manifest.to_str().unwrap();
    assert_failed(&reissue(&[]), 2, &["the key to back up is missing"]);
    assert_failed(
        &reissue(&["--manifest", manifest]),
        2,
        &["the custodians of the new shares are missing"],
    );
    let stray = ["--manifest", manifest, "--custodian", "Ada Lindgren"];
    assert_failed(
        &reissue(&stray),
        2,
        &["--custodian requires a name and a recipient"],
    );
    let own = ["--manifest", manifest, "--superseded-by", manifest];
    assert_failed(&reissue(&own), 2, &["does not say that it supersedes set"]);
    let nowhere = ["--manifest", "nowhere.json", "--custodian", "Ada=paper"];
    assert_failed(&reissue(&nowhere), 4, &["cannot read nowhere.json"]);
    let repository = [
        "--repository",
        "example.com/other",
        "--manifest",
        manifest,
        "--custodian",
        "Ada=paper",
    ];
    assert_failed(&reissue(&repository), 2, &["not example.com/other"]);
    assert!(!out.exists());
}
