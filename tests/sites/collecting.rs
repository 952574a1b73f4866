//! A ceremony at one site collects what another has signed: the record of that signing comes back, and joins its own.

use std::fs;
use std::path::Path;

use conclave::transfer::{DetachedSignature, SigningRequest};
use conclave::words::Digest;

use super::World;
use crate::support::site::{Done, json};
use serde_json::Value;

const UNREHEARSED: &str = "the courier waits";

/// A renewal in Lisbon, whose key 3 is in Oslo. One person acts, so that nobody types codes.
fn write_script(world: &World) {
    let lisbon = &world.lisbon;
    lisbon.receive("1.root.json", &world.line.files[0]);
    let oslo = format!("{}=Oslo", world.line.key_id(2));
    let (status, said) = lisbon.conclave(&[
        "script",
        "new",
        "renewal",
        "--previous",
        "1.root.json",
        "--repository",
        crate::support::site::REPOSITORY,
        "--not-before",
        "2026-01-01T00:00:00Z",
        "--expires",
        "2091-01-01T00:00:00Z",
        "--site",
        &oslo,
        "--out",
        "script.toml",
    ]);
    assert_eq!(status, 0, "{said}");
    let text = String::from_utf8(lisbon.read("script.toml")).unwrap();
    let text = text
        .replacen(
            "kind = \"renewal\"",
            "kind = \"renewal\"\nassurance = \"solo\"",
            1,
        )
        .replacen("label = \"conclave-key-1\"", "label = \"holder-a\"", 1)
        .replacen("label = \"conclave-key-2\"", "label = \"holder-b\"", 1);
    // Nothing is put into bags here.
    let steps: Vec<_> = text
        .split("[[step]]")
        .filter(|step| !step.starts_with("\nact = \"seal\""))
        .collect();
    lisbon.receive("script.toml", steps.join("[[step]]").as_bytes());
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The ceremony in Lisbon until it waits for Oslo.
fn until_oslo(world: &World) -> Done {
    write_script(world);
    world.lisbon.play(
        &["run", "script.toml", "--out", "ceremony"],
        &format!(
            "{}{UNREHEARSED}\n{}SIGN ROOT 2\n{}",
            "\n".repeat(5),
            "\n".repeat(12),
            "\n".repeat(4)
        ),
        2,
    )
}

#[test]
fn the_record_of_a_signing_comes_back_with_the_signature_and_joins_the_ceremony() {
    let world = World::new();
    let (lisbon, oslo) = (&world.lisbon, &world.oslo);
    until_oslo(&world).assert(130);

    // Oslo gets the request, and sends its whole directory back.
    let request = lisbon.read("ceremony/export/2.root.request.json");
    oslo.receive("request.json", &request);
    oslo.receive("1.root.json", &world.line.files[0]);
    let trust = ["--trust", "1.root.json", "--witness", "Wanda Vik"];
    oslo.sign(
        "request.json",
        "holder-c",
        "signing",
        &trust,
        "SIGN ROOT 2\n",
    )
    .assert(0);
    let came = lisbon.path("ceremony/export/signatures/from-oslo");
    copy(&oslo.path("signing"), &came);
    // Something else lies there too, and is no record of this.
    fs::create_dir(lisbon.path("ceremony/export/signatures/another")).unwrap();

    let done = lisbon.play(&["resume", "ceremony"], &"\n".repeat(40), 2);
    done.assert(0);
    assert!(done.said.contains("Signatures: 3 "), "{}", done.said);
    let (status, report) = lisbon.conclave(&["transcript", "verify", "ceremony"]);
    assert_eq!(status, 0, "{report}");

    let record = json_lines(&lisbon.read("ceremony/transcript.jsonl"));
    let collected = record
        .iter()
        .find(|line| line["event"] == "signature-collected")
        .unwrap();
    let head = collected["data"]["transcript"]["digest"].as_str().unwrap();
    let (_, theirs) = oslo.conclave(&["transcript", "verify", "signing", "--json"]);
    assert!(theirs.contains(head), "{head}: {theirs}");
    // The register of payloads names both records, and who signed in Oslo.
    let register = json(&lisbon.read("ceremony/keys/payloads.json"));
    let heads = register["transcripts"].as_array().unwrap();
    assert!(
        heads.len() == 2 && heads.iter().any(|known| known == head),
        "{register}"
    );
    let signed = register["payloads"][0]["signed"].as_array().unwrap();
    assert_eq!(signed.len(), 3, "{register}");

    // A record that was changed, or is gone, is noticed.
    let kept = lisbon.path("ceremony/records/key-3/transcript.jsonl");
    let bytes = fs::read(&kept).unwrap();
    assert_eq!(bytes, oslo.read("signing/transcript.jsonl"));
    let text = String::from_utf8(bytes).unwrap();
    fs::write(&kept, text.replacen("personally", "perfectly", 1)).unwrap();
    let (status, report) = lisbon.conclave(&["transcript", "verify", "ceremony"]);
    assert!(status == 1 && report.contains("directory.sums"), "{report}");
    fs::write(&kept, &text.as_bytes()[..text.len() / 2]).unwrap();
    let (status, report) = lisbon.conclave(&["transcript", "verify", "ceremony"]);
    assert!(
        status == 1 && report.contains("signing.transcript"),
        "{report}"
    );
}

/// A signing that was left before the word was typed, and again before it was closed, goes on and signs once.
#[test]
fn a_signing_that_was_left_is_taken_up_again() {
    let world = World::new();
    let oslo = &world.oslo;
    oslo.receive("request.json", &world.line.request(&["holder-c"]));
    oslo.receive("1.root.json", &world.line.files[0]);
    let arguments = [
        "root",
        "sign",
        "request.json",
        "--token",
        "holder-c",
        "--out",
        "signing",
        "--trust",
        "1.root.json",
    ];
    oslo.play(&arguments, &"\n".repeat(6), 1).assert(130);
    let resume = ["resume", "signing"];
    let typed = format!("{}SIGN ROOT 2\n", "\n".repeat(12));
    oslo.play(&resume, &typed, 1).assert(130);
    oslo.play(&resume, &"\n".repeat(12), 1).assert(0);
    let record = json_lines(&oslo.read("signing/transcript.jsonl"));
    let count = |event: &str| record.iter().filter(|line| line["event"] == event).count();
    assert_eq!(
        (count("resumed"), count("sign-intended"), count("signed")),
        (2, 1, 1)
    );
    let (status, report) = oslo.conclave(&["transcript", "verify", "signing"]);
    assert_eq!(status, 0, "{report}");
    assert_eq!(oslo.files_in("signing/export").len(), 1);
    // What lies there is verified without Conclave, too.
    let followed = std::process::Command::new("sh")
        .arg("VERIFY.txt")
        .current_dir(oslo.path("signing"))
        .output()
        .unwrap();
    let said = [followed.stdout, followed.stderr].concat();
    assert!(
        followed.status.success(),
        "{}",
        String::from_utf8_lossy(&said)
    );
}

/// A directory with the record of another signing brings nothing, whatever lies in its export.
#[test]
fn the_record_of_another_signing_is_not_taken() {
    let world = World::new();
    let (lisbon, oslo) = (&world.lisbon, &world.oslo);
    until_oslo(&world).assert(130);
    // A request for the same version, but another expiry: Oslo was asked by somebody else.
    let other = world.line.next("2095-01-01T00:00:00Z");
    oslo.receive(
        "request.json",
        &world.line.request_for(&other, &["holder-c"]),
    );
    oslo.receive("1.root.json", &world.line.files[0]);
    let trust = ["--trust", "1.root.json"];
    oslo.sign(
        "request.json",
        "holder-c",
        "signing",
        &trust,
        "SIGN ROOT 2\n",
    )
    .assert(0);
    copy(
        &oslo.path("signing"),
        &lisbon.path("ceremony/export/signatures/from-oslo"),
    );
    let done = lisbon.play(&["resume", "ceremony"], &"\n".repeat(16), 2);
    done.assert(130);
    let said = done.said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("the signing was for another payload"),
        "{said}"
    );
    assert!(!lisbon.path("ceremony/records").exists());
}

/// What lies in the folder and is no signature of the key that is owed is told, each with its own reason; the one that is
/// counts.
#[test]
fn what_is_no_signature_that_is_owed_is_told_with_its_reason() {
    let world = World::new();
    let lisbon = &world.lisbon;
    until_oslo(&world).assert(130);
    let request = lisbon.read("ceremony/export/2.root.request.json");
    let request = SigningRequest::read(&request).unwrap();
    let payload = request.payload();
    let signed_by = |index: usize| {
        let key = &world.line.keys[index];
        DetachedSignature {
            repository: crate::support::site::REPOSITORY.to_owned(),
            version: payload.version(),
            sha256: payload.digest(),
            key_id: key.key.id().clone(),
            signature: key.sign_by_another_tool(payload.signed_bytes()),
        }
    };
    let good = signed_by(2);
    let edited = |edit: &dyn Fn(&mut DetachedSignature)| {
        let mut bad = good.clone();
        edit(&mut bad);
        bad.to_file_bytes()
    };
    let cases = [
        (
            "payload",
            edited(&|bad| bad.sha256 = Digest::of(b"")),
            "signature.payload",
        ),
        (
            "version",
            edited(&|bad| bad.version = 3),
            "signature.version",
        ),
        (
            "repository",
            edited(&|bad| bad.repository.push('x')),
            "signature.repository",
        ),
        (
            "short",
            edited(&|bad| bad.signature.truncate(40)),
            "signature.truncated",
        ),
        (
            "broken",
            edited(&|bad| *bad.signature.last_mut().unwrap() ^= 1),
            "signature.invalid",
        ),
        (
            "cut",
            good.to_file_bytes()[..200].to_vec(),
            "signature.form",
        ),
        (
            "another-key",
            signed_by(0).to_file_bytes(),
            "it was made by another key",
        ),
    ];
    for (name, bytes, _) in &cases {
        lisbon.receive(&format!("ceremony/export/signatures/{name}"), bytes);
    }
    let done = lisbon.play(&["resume", "ceremony"], &"\n".repeat(16), 2);
    done.assert(130);
    let said = done.said.split_whitespace().collect::<Vec<_>>().join(" ");
    for (name, _, check) in &cases {
        let told = format!("{name}: {check}");
        assert!(said.contains(&told), "it lacks {told:?}: {said}");
    }
    // The one that is owed lies among them.
    lisbon.receive("ceremony/export/signatures/good", &good.to_file_bytes());
    let done = lisbon.play(&["resume", "ceremony"], &"\n".repeat(40), 2);
    done.assert(0);
    assert!(done.said.contains("Signatures: 3 "), "{}", done.said);
}

fn json_lines(bytes: &[u8]) -> Vec<Value> {
    bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(json)
        .collect()
}
