//! What a key holder's machine refuses to sign, each with its own reason, before a PIN is asked for.

use std::fs;

use super::World;
use crate::support::site::{Line, Site, json};

#[test]
fn a_request_that_does_not_build_on_what_is_trusted_here_is_refused() {
    let world = World::new();
    let other = World::new();
    let oslo = &world.oslo;
    oslo.receive("request.json", &world.line.request(&["holder-c"]));
    oslo.receive("other.json", &other.line.files[0]);
    let refused = |more: &[&str], typed: &str| {
        let done = oslo.sign("request.json", "holder-c", "signing", more, typed);
        let _ = fs::remove_dir_all(oslo.path("signing"));
        done
    };
    let done = refused(&["--trust", "other.json"], "");
    done.assert(1);
    assert!(done.said.contains("request.base"), "{}", done.said);
    // By the card: the room cannot go on, and breaks off.
    let card = other.line.digest_words();
    let done = refused(&[], &format!("{card}\n"));
    assert_ne!(done.status, 0);
    assert!(done.said.contains("request.base"), "{}", done.said);
    let done = refused(&[], "aardvark\n");
    assert!(done.said.contains("no digest words"), "{}", done.said);
}

#[test]
fn an_old_request_is_refused() {
    let mut world = World::new();
    let old = world.line.request(&["holder-c"]);
    world.line.finish("2092-01-01T00:00:00Z");
    let oslo = &world.oslo;
    oslo.receive("request.json", &old);
    for (index, bytes) in world.line.files.iter().enumerate() {
        oslo.receive(&format!("trusted/{}.root.json", index + 1), bytes);
    }
    let done = oslo.sign(
        "request.json",
        "holder-c",
        "signing",
        &["--trust", "trusted"],
        "",
    );
    done.assert(1);
    assert!(done.said.contains("request.replayed"), "{}", done.said);
    assert!(!oslo.path("signing").exists());
}

#[test]
fn a_damaged_request_is_refused() {
    let world = World::new();
    let oslo = &world.oslo;
    let good = world.line.request(&["holder-c"]);
    let mut value = json(&good);
    value["sha256"] = "00".repeat(32).into();
    oslo.receive("digest.json", value.to_string().as_bytes());
    oslo.receive("cut.json", &good[..good.len() / 2]);
    for (name, check) in [
        ("digest.json", "request.digest"),
        ("cut.json", "request.form"),
    ] {
        let done = oslo.sign(name, "holder-c", "signing", &[], "");
        done.assert(1);
        assert!(done.said.contains(check), "{name}: {}", done.said);
    }
}

/// What the record of an earlier signing says is signed, nothing else is signed in its place.
#[test]
fn a_second_payload_of_one_version_is_refused_with_what_exists_and_when() {
    let world = World::new();
    let (oslo, line) = (&world.oslo, &world.line);
    oslo.receive("1.root.json", &line.files[0]);
    oslo.receive("request.json", &line.request(&["holder-c"]));
    let trust = ["--trust", "1.root.json"];
    oslo.sign("request.json", "holder-c", "first", &trust, "SIGN ROOT 2\n")
        .assert(0);
    let other = line.next("2095-01-01T00:00:00Z");
    oslo.receive("other.json", &line.request_for(&other, &["holder-c"]));
    for history in ["first", "first/keys/payloads.json"] {
        let more = ["--trust", "1.root.json", "--history", history];
        let done = oslo.sign("other.json", "holder-c", "second", &more, "SIGN ROOT 2\n");
        done.assert(1);
        assert!(done.said.contains("payload.equivocation"), "{}", done.said);
        assert!(
            done.said.contains(&line.payload.digest().short_hex()),
            "{}",
            done.said
        );
        assert!(!oslo.path("second").exists());
    }
    // The same payload again is no second one, and the record says so.
    let more = ["--trust", "1.root.json", "--history", "first"];
    oslo.sign("request.json", "holder-c", "again", &more, "SIGN ROOT 2\n")
        .assert(0);
    let transcript = String::from_utf8(oslo.read("again/transcript.jsonl")).unwrap();
    assert!(transcript.contains("\"again\":true"), "{transcript}");
}

#[test]
fn a_token_that_is_not_asked_signs_nothing() {
    let world = World::new();
    let lisbon = &world.lisbon;
    lisbon.receive("1.root.json", &world.line.files[0]);
    lisbon.receive(
        "request.json",
        &world.line.request(&["holder-b", "holder-c"]),
    );
    let done = lisbon.sign(
        "request.json",
        "holder-a",
        "signing",
        &["--trust", "1.root.json"],
        "",
    );
    done.assert(1);
    assert!(done.said.contains("request.no-key"), "{}", done.said);
}

/// A real ceremony has no use for a key that says it was made in a rehearsal, whoever got it into a root.
#[test]
fn a_key_of_a_rehearsal_signs_nothing() {
    let oslo = Site::new("Oslo");
    let rehearsed = "REHEARSAL updates key-1";
    let line = Line::begin(vec![oslo.make_key(rehearsed), oslo.make_key("holder-b")]);
    oslo.receive("1.root.json", &line.files[0]);
    oslo.receive("request.json", &line.request(&[rehearsed]));
    let trust = ["--trust", "1.root.json"];
    let done = oslo.sign("request.json", rehearsed, "signing", &trust, "");
    assert_ne!(done.status, 0, "{}", done.said);
    assert!(
        done.said.contains("was generated in a rehearsal"),
        "{}",
        done.said
    );
    let transcript = String::from_utf8(oslo.read("signing/transcript.jsonl")).unwrap();
    assert!(!transcript.contains("sign-intended"), "{transcript}");
}
