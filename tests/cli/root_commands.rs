//! `conclave root` as a command: exit statuses, streams, and what it does with odd paths.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::{Value, json};

fn chain(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/chains")
        .join(path)
}

struct Ended {
    status: i32,
    out: String,
    err: String,
}

impl Ended {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }
}

fn conclave<A: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = A>) -> Ended {
    let output = Command::cargo_bin("conclave")
        .unwrap()
        .arg("root")
        .args(arguments)
        .output()
        .unwrap();
    Ended {
        status: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn verify(paths: &[PathBuf], options: &[&str]) -> Ended {
    let mut arguments = vec!["verify".to_owned()];
    arguments.extend(options.iter().map(|option| (*option).to_owned()));
    arguments.extend(paths.iter().map(|path| path.to_str().unwrap().to_owned()));
    conclave(arguments)
}

#[test]
fn a_directory_and_its_files_in_order_are_the_same_chain() {
    let directory = chain("real/joomla");
    let files: Vec<_> = (1..=16)
        .map(|version| directory.join(format!("{version}.root.json")))
        .collect();
    let options = ["--json", "--at", "2026-11-15T00:00:00Z"];
    let by_directory = verify(std::slice::from_ref(&directory), &options);
    let by_files = verify(&files, &options);
    assert_eq!((by_directory.status, by_files.status), (0, 0));
    assert_eq!(by_directory.json()["version"], 16);
    assert_eq!(by_files.json()["version"], 16);
    let backwards: Vec<_> = files.iter().rev().cloned().collect();
    let refused = verify(&backwards, &options);
    assert_eq!(refused.status, 1);
    assert_eq!(refused.json()["reasons"][0]["check"], "chain.version");
}

#[test]
fn the_time_decides_about_expiry_alone() {
    let directory = [chain("real/bottlerocket-v1")];
    let then = verify(&directory, &["--json", "--at", "2021-01-01T00:00:00Z"]);
    assert_eq!(then.status, 0);
    assert_eq!(then.json()["expired"], false);
    let now = verify(&directory, &["--json"]);
    assert_eq!(now.status, 1);
    let report = now.json();
    assert_eq!(report["version"], 2);
    assert_eq!(report["expired"], true);
    assert_eq!(report["reasons"].as_array().unwrap().len(), 1);
    assert_eq!(report["reasons"][0]["check"], "root.expired");
}

#[test]
fn whatever_is_judged_and_unreadable_is_refused_with_a_report() {
    let directory = tempfile::tempdir().unwrap();
    for (content, check) in [
        (&b""[..], "json.syntax"),
        (b"\x00\xff", "json.utf8"),
        (b"{}", "file.form"),
        (b"[[", "json.syntax"),
    ] {
        fs::write(directory.path().join("1.root.json"), content).unwrap();
        let ended = verify(&[directory.path().into()], &["--json"]);
        assert_eq!(ended.status, 1, "{content:?}");
        assert_eq!(ended.err, "");
        let report = ended.json();
        assert_eq!(report["verdict"], "rejected");
        assert_eq!(report["version"], Value::Null);
        assert_eq!(report["expired"], false);
        assert_eq!(report["reasons"][0]["check"], check, "{content:?}");
    }
    fs::remove_file(directory.path().join("1.root.json")).unwrap();
    let empty = verify(&[directory.path().into()], &["--json"]);
    assert_eq!(empty.status, 1);
    assert_eq!(empty.json()["reasons"][0]["check"], "chain.empty");
}

#[test]
fn what_cannot_be_judged_at_all_is_another_status() {
    let missing = verify(&[chain("real/nowhere")], &["--json"]);
    assert_eq!(missing.status, 4);
    assert!(missing.err.starts_with("error: "), "{}", missing.err);
    assert!(missing.err.contains("\nhint: "), "{}", missing.err);
    assert_eq!(missing.out, "");
    let two = verify(&[chain("real/joomla"), chain("real/sigstore")], &[]);
    assert_eq!(two.status, 2);
    let none = conclave(["verify"]);
    assert_eq!(none.status, 2);
    let time = verify(&[chain("real/joomla")], &["--at", "tomorrow"]);
    assert_eq!(time.status, 2);
}

#[test]
fn a_name_must_hold_its_version() {
    let directory = tempfile::tempdir().unwrap();
    for (from, to) in [(2, 3), (3, 4)] {
        let source = chain(&format!("real/joomla/{from}.root.json"));
        fs::copy(source, directory.path().join(format!("{to}.root.json"))).unwrap();
    }
    let ended = verify(&[directory.path().into()], &["--json"]);
    assert_eq!(ended.status, 1);
    assert_eq!(ended.json()["reasons"][0]["check"], "file.name");
}

#[test]
fn other_files_of_a_directory_are_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let source = chain("real/thomsonreuters/1.root.json");
    fs::copy(&source, directory.path().join("1.root.json")).unwrap();
    for name in [
        "root.json",
        "01.root.json",
        "2.root.json.bak",
        "timestamp.json",
        "x.root.json",
        "-1.root.json",
    ] {
        fs::write(directory.path().join(name), "nonsense").unwrap();
    }
    let ended = verify(
        &[directory.path().into()],
        &["--json", "--at", "2026-11-15T00:00:00Z"],
    );
    assert_eq!((ended.status, &ended.json()["version"]), (0, &json!(1)));
}

#[test]
fn foreign_text_reaches_the_terminal_escaped() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("\u{1b}[31m.json");
    fs::write(
        &path,
        "{\"signed\":{\"_type\":\"\\u001b]0;pwned\\u0007\\u202e\"},\"signatures\":[]}",
    )
    .unwrap();
    for command in [&["verify"][..], &["verify", "--json"], &["show"]] {
        let mut arguments: Vec<std::ffi::OsString> = command.iter().map(Into::into).collect();
        arguments.push(path.clone().into());
        let ended = conclave(arguments);
        assert_eq!(ended.status, 1);
        let said = ended.out + &ended.err;
        assert!(said.contains("root.type"), "{said}");
        assert!(!said.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{said:?}");
    }
}

#[test]
fn an_endless_file_is_cut_off() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("1.root.json");
    let file = fs::File::create(&path).unwrap();
    file.set_len(1 << 40).unwrap();
    let ended = verify(&[path], &["--json"]);
    assert_eq!(ended.status, 1);
    assert_eq!(ended.json()["reasons"][0]["check"], "file.size");
}

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for path in [pipe, "/dev/zero".into()] {
        let ended = verify(&[path], &["--json"]);
        assert_eq!(ended.status, 4);
        let why = ": not a regular file\nhint: ";
        assert!(ended.err.contains(why), "{}", ended.err);
    }
}

#[test]
fn people_are_told_the_verdict_and_the_reason() {
    let accepted = verify(&[chain("real/joomla")], &["--at", "2026-11-15T00:00:00Z"]);
    assert!(
        accepted
            .out
            .starts_with("accepted: version 16, expires 2027-09-17T18:55:11Z\n"),
        "{}",
        accepted.out
    );
    let refused = verify(&[chain("adversarial/b05-new-ok-old-under")], &[]);
    assert_eq!(
        refused.out,
        "rejected: version 1 is the last valid version\n  \
         [FAIL] chain.old-threshold: 2.root.json: 1 of 2 required signatures by root keys of the previous version\n"
    );
}

#[test]
fn a_root_is_shown_with_holders_signatures_and_days() {
    let path = chain("real/docker-tuf/1.root.json");
    let ended = conclave([
        "show",
        "--at",
        "2025-06-01T00:00:00Z",
        path.to_str().unwrap(),
    ]);
    assert_eq!(ended.status, 0);
    insta::assert_snapshot!("show", ended.out);
    let json = conclave(["show", "--json", path.to_str().unwrap()]).json();
    assert_eq!(json["version"], 1);
    assert_eq!(json["expired"], true);
    assert_eq!(json["roles"]["root"]["threshold"], 3);
    assert_eq!(json["roles"]["root"]["keys"][0]["signature"], "verified");
    assert!(
        json["roles"]["targets"]["keys"][0]
            .get("signature")
            .is_none()
    );
}

#[test]
fn two_roots_are_compared_in_words() {
    let at = |name: &str| chain(name).to_str().unwrap().to_owned();
    let rotation = conclave([
        "diff".to_owned(),
        at("real/sigstore/4.root.json"),
        at("real/sigstore/5.root.json"),
    ]);
    assert_eq!(rotation.status, 0);
    insta::assert_snapshot!("diff", rotation.out);
    let json = conclave([
        "diff".to_owned(),
        "--json".to_owned(),
        at("real/joomla/13.root.json"),
        at("real/joomla/14.root.json"),
    ])
    .json();
    assert_eq!(json["changes"][0]["change"], "version");
    assert_eq!(json["changes"][0]["alarm"], false);
    assert!(
        json["consequences"]
            .as_array()
            .unwrap()
            .iter()
            .all(|consequence| consequence["id"].is_string())
    );
    let other = "adversarial/d01-type-targets/2.root.json";
    let unreadable = conclave(["diff".to_owned(), at(other), at("real/sigstore")]);
    assert_eq!(unreadable.status, 1);
    assert!(unreadable.err.contains("root.type"), "{}", unreadable.err);
}

#[test]
fn a_root_of_notary_is_read_in_its_own_format() {
    let path = chain("real/notary0.3/1.root.json");
    let path = path.to_str().unwrap();
    let at = "2020-01-01T00:00:00Z";
    let verified = conclave(["verify", "--json", "--at", at, path]);
    assert_eq!(verified.json()["verdict"], "accepted");
    let ended = conclave(["verify", "--json", "--at", "2026-07-25T22:56:33Z", path]);
    assert_eq!(ended.json()["reasons"][0]["check"], "root.certificates");
    let shown = conclave(["show", "--json", path]).json();
    assert_eq!(shown["format"], "notary-v1");
    let key = &shown["roles"]["root"]["keys"][0];
    assert_eq!(key["signature"], "verified");
    assert_eq!(key["certificate"]["name"], "docker.com/notary0.3/tst");
    let canonical = key["canonical_keyid"].as_str().unwrap();
    assert_ne!(key["keyid"], canonical);
    let said = conclave(["show", path]).out;
    assert!(said.contains(canonical), "{said}");
    let lint = |more: &[&str]| {
        let arguments = [&["lint", "--json", "--at", at, path], more].concat();
        let remarks = conclave(arguments).json()["remarks"].clone();
        let remarks = remarks.as_array().unwrap().clone();
        let rules = remarks
            .iter()
            .map(|remark| remark["rule"].as_str().unwrap().to_owned());
        rules.collect::<Vec<_>>()
    };
    let of_all = [
        "lint.notary-expires",
        "lint.notary-certificate-expires-first",
        "lint.notary-certificate-usage",
    ];
    assert_eq!(lint(&["--gun", "docker.com/notary0.3/tst"]), of_all);
    assert!(
        lint(&["--gun", "docker.com/another"]).contains(&"lint.notary-certificate-name".to_owned())
    );
    assert_eq!(lint(&["--client", "tough"]), ["lint.format"]);
    let mixed = conclave([
        "verify",
        "--json",
        "--at",
        at,
        path,
        chain("real/sigstore/2.root.json").to_str().unwrap(),
    ]);
    assert_eq!(mixed.json()["reasons"][0]["check"], "chain.format");
    let status = conclave(["status", "--at", at, path]).out;
    assert!(
        status.contains("by 2025-07-25: renew the certificate of key 354e203b"),
        "{status}"
    );
}

#[test]
fn clients_are_told_apart() {
    let path = chain("real/docker-tuf/1.root.json");
    let lint =
        |client: &str| conclave(["lint", "--json", "--client", client, path.to_str().unwrap()]);
    let tough = lint("tough");
    assert_eq!(tough.status, 1);
    let rules: std::collections::BTreeSet<_> = tough.json()["remarks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|remark| remark["rule"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        rules,
        ["lint.key-id", "lint.key-large-curve"]
            .map(str::to_owned)
            .into()
    );
    let go_tuf = lint("go-tuf");
    assert_eq!((go_tuf.status, &go_tuf.json()["remarks"]), (0, &json!([])));
    assert_eq!(lint("cosign").status, 2);
}
