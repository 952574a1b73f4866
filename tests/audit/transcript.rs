//! The transcript: each line that was changed, taken out, moved or doubled is told, and so is each byte.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::{Arc, LazyLock};

use conclave::audit::{documents, payload_register, read_record};
use conclave::ceremony::{
    Answer, Ask, Ceremony, EventKind, ExceptionReport, Failure, FailureKind, HostEvent, Input,
    KeyEvent, Mode, Next, Outcome, ProgressEvent, Prompt, Request, RequestKind, RootEvent,
};
use conclave::metadata::{KeyType, RoleKind};
use conclave::record::Signature;
use conclave::record::{Finding, Tries};
use conclave::script::{ChangeTemplate, KeyDisposition, OnlineFiles, Script};
use conclave::transcript::{Transcript, TranscriptError};
use conclave::words::Digest;
use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use super::{audit, closed, directory_of, findings, reasons};
use crate::support::ceremony_driver::{Room, genesis, on_paper, parse, with_bags, write};

/// A closed ceremony of two keys, small enough to be changed in every place.
fn small() -> &'static Room {
    static SMALL: LazyLock<Room> =
        LazyLock::new(|| Room::closed(genesis(&[KeyType::Ed25519; 2], 1), Mode::Production));
    &SMALL
}

/// A directory in which the transcript is another one. All other files are what they were.
fn directory_with(transcript: &[u8]) -> TempDir {
    static DOCUMENTS: LazyLock<Vec<(String, Vec<u8>)>> =
        LazyLock::new(|| documents(&small().ceremony, &small().transcript));
    let directory = tempfile::tempdir().unwrap();
    small().write_inputs(directory.path());
    for (path, bytes) in &*DOCUMENTS {
        write(directory.path(), path, bytes);
    }
    write(directory.path(), "transcript.jsonl", transcript);
    directory
}

fn lines() -> Vec<Vec<u8>> {
    let bytes = small().transcript_bytes();
    bytes
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect()
}

/// The record with the facts changed and every line bound anew, as a forger would do it.
fn bound_anew(change: impl Fn(usize, &mut EventKind)) -> Vec<u8> {
    let mut forged = Transcript::default();
    let mut bytes = Vec::new();
    for (index, entry) in small().transcript.entries().iter().enumerate() {
        let (line, mut event) = (&entry.line, entry.line.event());
        change(index, &mut event.kind);
        bytes.extend(forged.push(line.script, line.mode, line.time, event).0);
    }
    bytes
}

/// Audits another transcript; the checks that speak of it, and not of the documents that do not fit any more.
fn refused_by(transcript: &[u8]) -> Vec<&'static str> {
    let mut found = reasons(directory_with(transcript).path());
    found.retain(|id| *id != "directory.sums");
    found
}

/// That a transcript is refused for this. Of some lines the whole directory is audited too: that is slow.
fn assert_refused(line: usize, transcript: &[u8], check: &str) {
    let script = small().ceremony.script_arc();
    let refusal = Transcript::parse(transcript).and_then(|(read, _)| read.replay(&script));
    let found = match refusal {
        Err(TranscriptError::Line { .. }) => "transcript.entry",
        Err(TranscriptError::Chain { .. }) => "transcript.chain",
        Err(TranscriptError::Replay { .. }) => "transcript.replay",
        other => panic!("line {line}: {other:?}"),
    };
    assert_eq!(found, check, "line {line}");
    if line % 16 == 1 {
        assert_eq!(refused_by(transcript), [check], "line {line}");
    }
}

#[test]
fn a_line_taken_out_swapped_or_doubled_breaks_the_chain() {
    let lines = lines();
    for index in 0..lines.len() - 1 {
        let mut removed = lines.clone();
        removed.remove(index);
        let mut swapped = lines.clone();
        swapped.swap(index, index + 1);
        let mut doubled = lines.clone();
        doubled.insert(index, lines[index].clone());
        for forged in [removed, swapped, doubled] {
            assert_refused(index + 1, &forged.concat(), "transcript.chain");
        }
    }
}

#[test]
fn the_last_lines_cannot_be_left_out_unseen() {
    let lines = lines();
    for kept in [1, lines.len() / 2, lines.len() - 1] {
        let cut = lines[..kept].concat();
        assert!(refused_by(&cut).contains(&"directory.document"));

        // Without the documents of the end it reads as a ceremony that goes on: only the head in ink tells more.
        let directory = tempfile::tempdir().unwrap();
        small().write_inputs(directory.path());
        fs::write(directory.path().join("transcript.jsonl"), cut).unwrap();
        assert!(findings(directory.path()).contains(&"directory.unfinished"));
        let mut report = audit(directory.path());
        report.expect_digest(&small().transcript.head());
        assert_eq!(report.reasons().len(), 1);
        assert_eq!(report.reasons()[0].check.id(), "transcript.digest");
    }
}

#[test]
fn a_changed_line_is_refused_for_what_it_is() {
    let lines = lines();
    for (index, line) in lines.iter().enumerate() {
        let text = String::from_utf8(line.clone()).unwrap();
        let number = format!("\"seq\":{}", index + 1);
        let last = index == lines.len() - 1;
        let after = if last {
            "transcript.replay"
        } else {
            "transcript.chain"
        };
        for (changed, expected) in [
            (text.replace(",\"seq\"", ", \"seq\""), "transcript.entry"),
            (
                text.replace("\"event\":\"", "\"event\":\"un"),
                "transcript.entry",
            ),
            (text.replace(&number, "\"seq\":0"), "transcript.chain"),
            (
                text.replace("\"prev\":\"", "\"prev\":\"0"),
                "transcript.entry",
            ),
            (
                text.replace("\"mode\":\"production\"", "\"mode\":\"rehearsal\""),
                "transcript.chain",
            ),
            // Only the digest in the next line tells the people of a line.
            (
                text.replace("\"people\":[", "\"people\":[\"nobody\"")
                    .replace("\"nobody\"\"", "\"nobody\",\""),
                after,
            ),
        ] {
            assert_ne!(changed, text);
            let mut forged = lines.clone();
            forged[index] = changed.into_bytes();
            assert_refused(index + 1, &forged.concat(), expected);
        }
    }
}

/// What a forger might change before binding the lines anew. Each is a fact that others must fit.
#[test]
fn a_forged_fact_is_refused_by_the_replay_however_well_it_is_bound() {
    let other = || Digest::of(b"another");
    let spoil = |signature: &mut Signature| {
        let mut bytes = signature.as_bytes().to_vec();
        bytes[0] ^= 1;
        *signature = bytes.into();
    };
    let mut forged_kinds = 0;
    for (index, entry) in small().transcript.entries().iter().enumerate() {
        let forge = |fact: &mut EventKind| match fact {
            EventKind::Progress(ProgressEvent::ScriptRead { sha256 })
            | EventKind::Root(
                RootEvent::RootComposed { sha256, .. }
                | RootEvent::ReviewConfirmed { sha256, .. }
                | RootEvent::SignIntended { sha256, .. },
            ) => *sha256 = other(),
            EventKind::Root(RootEvent::RootVerified { file_sha256, .. }) => *file_sha256 = other(),
            EventKind::Keys(KeyEvent::KeyGenerated { fingerprint, .. }) => *fingerprint = other(),
            EventKind::Keys(KeyEvent::PossessionProven { signature, .. })
            | EventKind::Root(RootEvent::Signed { signature, .. }) => {
                spoil(signature);
            }
            EventKind::Root(
                RootEvent::ExportIntended { files } | RootEvent::Exported { files },
            ) => files[0].sha256 = other(),
            EventKind::Host(HostEvent::ClockAttested { offset, .. }) => *offset += 1,
            _ => {}
        };
        let mut changed = entry.line.kind.clone();
        forge(&mut changed);
        if changed == entry.line.kind {
            continue;
        }
        forged_kinds += 1;
        let bytes = bound_anew(|at, fact| {
            if at == index {
                forge(fact);
            }
        });
        assert_refused(index + 1, &bytes, "transcript.replay");
    }
    assert_eq!(forged_kinds, 1 + 1 + 2 + 4 + 2 + 4 + 1 + 2);
}

#[test]
fn a_torn_end_is_told_and_does_not_count() {
    let whole = small().transcript_bytes();
    let half = &lines()[3][..40];
    let directory = directory_with(&[&whole, half].concat());
    assert_eq!(reasons(directory.path()), ["directory.sums"]);
    let report = audit(directory.path());
    assert_eq!(
        report.findings()[0].to_string(),
        "transcript.torn: 40 bytes follow the last complete entry"
    );
    let read = read_record(directory.path()).unwrap();
    assert_eq!(
        (read.torn_bytes, &read.transcript),
        (40, &small().transcript)
    );
}

#[test]
fn a_transcript_of_another_ceremony_is_refused() {
    assert_eq!(
        refused_by(&closed().transcript_bytes()),
        ["transcript.script"]
    );
    assert_eq!(refused_by(b""), ["transcript.missing"]);
    assert_eq!(refused_by(b"{}"), ["transcript.missing"]);
    assert_eq!(refused_by(b"{}\n"), ["transcript.entry"]);
}

#[test]
fn time_that_runs_backwards_is_told() {
    let mut forged = Transcript::default();
    let mut bytes = Vec::new();
    for entry in small().transcript.entries() {
        let line = &entry.line;
        let time = if line.seq == 20 {
            "2026-12-01T09:00:00Z".parse().unwrap()
        } else {
            line.time
        };
        bytes.extend(forged.push(line.script, line.mode, time, line.event()).0);
    }
    let report = audit(directory_with(&bytes).path());
    assert_eq!(
        report.findings()[0].to_string(),
        "transcript.time: the time of entry 20 is 2026-12-01T09:00:00Z, but the time of the previous entry is 2026-12-01T09:02:06Z"
    );
}

#[test]
fn a_clock_set_back_by_the_room_is_no_oddity() {
    let mut room = Room::open(genesis(&[KeyType::Ed25519; 2], 1), Mode::Production);
    room.set_clock("2026-12-02T10:00:00Z");
    room.advance_until(|ceremony| ceremony.current_step().unwrap().id.as_str() == "attest-clock");
    room.answer(Answer::Text("2026-12-01T10:00:00Z".to_owned()))
        .unwrap();
    while room.advance() {}
    assert_eq!(findings(directory_of(&room).path()), [""; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_byte_of_a_record_can_be_changed(at in any::<prop::sample::Index>(), mask in 1u8..) {
        let mut changed = small().transcript_bytes();
        let at = at.index(changed.len());
        changed[at] ^= mask;
        let found = reasons(directory_with(&changed).path());
        prop_assert!(!found.is_empty(), "byte {} ^ {:#04x}", at, mask);
    }
}

#[test]
fn the_end_of_a_record_is_bound_as_well() {
    let bytes = small().transcript_bytes();
    let last = lines().last().unwrap().len();
    for at in [
        bytes.len() - last,
        bytes.len() - 12,
        bytes.len() - 2,
        bytes.len() - 1,
    ] {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(
            !reasons(directory_with(&changed).path()).is_empty(),
            "byte {at}"
        );
    }
}

/// A ceremony with its script.
pub(crate) type Played = (Arc<Script>, Transcript);

fn played(room: Room) -> Played {
    (room.ceremony.script_arc(), room.transcript)
}

/// A ceremony with almost every kind of event.
fn full() -> Played {
    let text = with_bags().text().replace(
        "name = \"Key holder 1\"",
        "name = \"Key holder 1\"\nsubstitute = \"Grace\"",
    );
    let mut room = Room::open(parse(&text), Mode::Production);
    let failure = Failure {
        kind: FailureKind::WrongPin { tries: Tries::Low },
        what: "the PIN is wrong".to_owned(),
        hint: "type it again".to_owned(),
    };
    room.give(Input::Outcome(Outcome::Failed(failure))).unwrap();
    room.answer(Answer::Enter).unwrap();
    room.resume(7);
    let approvals = on_paper(["witness-1", "witness-2"]);
    let report = ExceptionReport {
        expected: "silence".to_owned(),
        happened: "noise".to_owned(),
        decided: "to go on".to_owned(),
    };
    room.give(Input::Exception {
        report,
        waives: None,
        approvals,
    })
    .unwrap();
    be_restless(&mut room);
    room.advance_until(|ceremony| ceremony.clock_offset().is_some());
    let findings = vec![Finding::new("host.swap", "there is swap space")];
    room.give(Input::Outcome(Outcome::HostInspected(findings)))
        .unwrap();
    room.advance_until(|ceremony| {
        let next = ceremony.next();
        matches!(next, Next::Ask(Prompt { ask: Ask::Reading { label, .. }, .. }) if label == "Number of the new bag, second reading")
    });
    let another = "another".to_owned();
    room.answer(Answer::Text(another)).unwrap();
    room.advance_until(|ceremony| !ceremony.sign_offs().is_empty());
    let mut aborted = room.clone();
    let reason = "enough".to_owned();
    aborted.give(Input::Abort { reason }).unwrap();
    while room.advance() {}
    let abort = aborted.transcript.entries().last().unwrap().line.clone();
    let (script, mut full) = played(room);
    full.push(abort.script, abort.mode, abort.time, abort.event());
    (script, full)
}

/// Records of changes of a root to which another site owes a signature: one in which it comes, one in which it does not.
fn of_sites() -> [Played; 2] {
    let first = Room::closed(genesis(&[KeyType::Ed25519; 3], 2), Mode::Production);
    let signed = first.ceremony.signed().unwrap();
    let ids = signed.frozen().document().role(RoleKind::Root).key_ids();
    let mut keys: Vec<_> = ids
        .iter()
        .map(|id| (id.clone(), KeyDisposition::Keep))
        .collect();
    keys[2].1 = KeyDisposition::Site("Lisbon".to_owned());
    let change = ChangeTemplate {
        template: "renewal".to_owned(),
        title: None,
        repository: "example.com/updates".to_owned(),
        not_before: "2027-06-01T09:00:00Z".parse().unwrap(),
        expires: "2028-06-01T00:00:00Z".parse().unwrap(),
        chain: vec![("previous/1.root.json".to_owned(), signed.to_file_bytes())],
        transcript_digest: None,
        register: None,
        custody: None,
        threshold: None,
        keys,
        added: 0,
        key_type: KeyType::Ed25519,
        profile: "softhsm2".to_owned(),
        online: OnlineFiles::new(),
    };
    let open = |change: &ChangeTemplate| {
        let files: BTreeMap<String, Vec<u8>> = change.files().collect();
        let text = change.write().unwrap();
        let script = Script::parse("renewal.toml", &text, &files, change.not_before).unwrap();
        Room::open_with(Arc::new(script), Mode::Production, first.tokens())
    };
    // Another renewal was broken off before it could be signed by enough: it is given up.
    let mut other = change.clone();
    other.keys[1].1 = KeyDisposition::Absent;
    other.keys[2].1 = KeyDisposition::Keep;
    other.expires = "2028-05-01T00:00:00Z".parse().unwrap();
    let mut broken_off = open(&other);
    broken_off.advance_until(|ceremony| ceremony.signatures().have == 1);
    let register = payload_register(&broken_off.ceremony, &broken_off.transcript);
    let mut change = change;
    change.register = Some((
        "previous/payloads.json".to_owned(),
        register.to_file_bytes(),
    ));
    [0, 1].map(|index| {
        let mut room = open(&change);
        room.advance_until(|ceremony| {
            let offers = ceremony.offers();
            let mut kinds = offers.iter().map(|offer| offer.kind);
            kinds.any(|kind| kind == RequestKind::AbandonPayload)
        });
        let offers = room.ceremony.offers();
        let mut offers = offers.iter();
        let offer = offers
            .find(|offer| offer.kind == RequestKind::AbandonPayload)
            .unwrap();
        let payload = offer.fields[0].choices[0].value.clone();
        let request = offer.with(vec![payload, "it was never sent".to_owned()]);
        let approvals = room.approved_by(&room.ceremony.usual_approvers());
        room.give(Input::Request { request, approvals }).unwrap();
        room.advance_until(|ceremony| ceremony.request().is_some());
        let remark = if index == 0 { "" } else { "the plane is late" };
        room.answer(Answer::Choice {
            index,
            remark: remark.to_owned(),
        })
        .unwrap();
        while room.advance() {}
        played(room)
    })
}

/// A record in which tokens fail in every way.
fn clumsy() -> Played {
    let text = genesis(&[KeyType::Ed25519; 3], 2).text().replace(
        "{ type = \"so-pin\", set_by = \"holder-1\", disposition = \"memorized\" }",
        "{ type = \"so-pin\", set_by = \"holder-1\", disposition = \"sealed\", bag = \"B1\" }",
    );
    let mut room = Room::open(parse(&text), Mode::Production);
    let at = |room: &mut Room, wanted: &str| {
        room.advance_until(|ceremony| {
            let step = ceremony.current_step();
            step.is_some_and(|step| step.id.as_str() == wanted)
        });
    };
    let ask = |room: &mut Room, kind: RequestKind, values: &[&str]| {
        let approvals = if kind.needs_approval() {
            room.approved_by(&room.ceremony.usual_approvers())
        } else {
            Vec::new()
        };
        let values = values.iter().map(|&value| value.to_owned()).collect();
        let request = Request { kind, values };
        room.give(Input::Request { request, approvals }).unwrap();
    };
    let fail = |room: &mut Room, kind: FailureKind| {
        room.give(Input::Outcome(Outcome::Failed(Failure {
            kind,
            what: "it did not".to_owned(),
            hint: "look".to_owned(),
        })))
        .unwrap();
    };
    at(&mut room, "identify-token:key-1");
    let line = "aqwzymAQWZYM0123456789-_.:;,+*/!?";
    ask(&mut room, RequestKind::TestKeyboard, &["witness-1", line]);
    ask(&mut room, RequestKind::Postpone, &["key-2"]);
    ask(&mut room, RequestKind::BringForward, &["key-3"]);
    at(&mut room, "generate-key:key-1");
    room.advance();
    fail(&mut room, FailureKind::PinLocked);
    // The usual answer unblocks; the bag that was opened is replaced.
    room.advance();
    room.advance();
    room.answer(Answer::Text("B2".to_owned())).unwrap();
    at(&mut room, "compose-root");
    ask(
        &mut room,
        RequestKind::Regenerate,
        &["key-1", "it was dropped"],
    );
    at(&mut room, "compose-root");
    ask(
        &mut room,
        RequestKind::TakeSpare,
        &["key-2 spare-1", "it is lost"],
    );
    ask(&mut room, RequestKind::Orphan, &["key-2", "it is lost"]);
    at(&mut room, "sign-root");
    room.advance();
    fail(&mut room, FailureKind::Device);
    ask(&mut room, RequestKind::Skip, &["key-1", "it broke"]);
    while room.advance() {}
    assert!(room.ceremony.ending().is_some());
    played(room)
}

/// One person approves by an approval token, and the token of another is missing.
fn by_approval_tokens() -> Played {
    let script = crate::support::ceremony_driver::with_approval_tokens(&["witness-1", "witness-2"]);
    let mut room = Room::open(script, Mode::Production);
    room.advance_until(|ceremony| {
        ceremony
            .offers()
            .iter()
            .any(|offer| offer.kind == RequestKind::CodeInstead)
    });
    let request = Request {
        kind: RequestKind::CodeInstead,
        values: ["witness-1", "left at home"].map(str::to_owned).to_vec(),
    };
    room.give(Input::Request {
        request,
        approvals: Vec::new(),
    })
    .unwrap();
    while room.advance() {}
    played(room)
}

/// Somebody comes late and leaves, a substitute has a place, and a name is corrected.
fn be_restless(room: &mut Room) {
    let choice = |index| Answer::Choice {
        index,
        remark: String::new(),
    };
    room.advance_until(|ceremony| asks_for(ceremony, "holder-1"));
    room.answer(choice(6)).unwrap();
    room.advance_until(|ceremony| asks_for(ceremony, "holder-2"));
    room.answer(choice(5)).unwrap();
    room.advance_until(|ceremony| !ceremony.offers().is_empty());
    let mut ask = |kind, values: &[&str], approved: bool| {
        let approvals = if approved {
            room.approved_by(&room.ceremony.usual_approvers())
        } else {
            Vec::new()
        };
        let values = values.iter().map(|&value| value.to_owned()).collect();
        let request = Request { kind, values };
        room.give(Input::Request { request, approvals }).unwrap();
    };
    let arrival = ["holder-2", "passport", "witness-1"];
    ask(RequestKind::Arrive, &arrival, false);
    ask(RequestKind::AmendName, &["holder-1", "Ada"], true);
    ask(RequestKind::Leave, &["holder-1", "the train"], false);
}

fn asks_for(ceremony: &Ceremony, person: &str) -> bool {
    match ceremony.next() {
        Next::Ask(prompt) => prompt.who.first().is_some_and(|id| id.as_str() == person),
        _ => false,
    }
}

/// Ceremonies that together have every kind of event.
pub(crate) fn records() -> Vec<Played> {
    let closed = |script| played(Room::closed(script, Mode::Production));
    let in_the_safe = crate::support::ceremony_driver::with_a_management_key_in_the_safe();
    let mut reissued = crate::support::ceremony_driver::reissue::room();
    reissued.advance_until(|ceremony| {
        let step = ceremony.current_step();
        step.is_some_and(|step| step.act.name() == "destroy-shares")
    });
    crate::support::ceremony_driver::reissue::leave_part(&mut reissued, "nobody finds it");
    while reissued.advance() {}
    let mut destroyed = crate::ceremony::destruction::room();
    while destroyed.advance() {}
    let mut records = vec![
        full(),
        clumsy(),
        by_approval_tokens(),
        closed(crate::support::ceremony_driver::with_a_key_far_away()),
        closed(crate::support::ceremony_driver::backup::with_backup()),
        closed(crate::support::ceremony_driver::of_notary()),
        played(crate::support::ceremony_driver::repositories::closed()),
        played(Room::closed(in_the_safe, Mode::Rehearsal)),
        played(reissued),
        played(destroyed),
        played(crate::ceremony::destruction::attested()),
    ];
    records.extend(of_sites());
    records.extend(crate::support::ceremony_driver::restore::of_drills().map(played));
    records
}

#[test]
fn the_specification_names_every_event_and_member() {
    let specification = include_str!("../../docs/formats/transcript.md");
    let mut kinds = BTreeSet::new();
    let records = records().into_iter().map(|(_, transcript)| transcript);
    for entry in records.flat_map(|record| record.entries().to_vec()) {
        let line: Value = serde_json::from_slice(&entry.line.encode()).unwrap();
        let kind = line["event"].as_str().unwrap().to_owned();
        let row = specification
            .lines()
            .find(|row| row.starts_with(&format!("| `{kind}` |")))
            .unwrap_or_else(|| panic!("{kind} is not specified"));
        for member in line["data"]
            .as_object()
            .into_iter()
            .flat_map(|data| data.keys())
        {
            assert!(row.contains(&format!("`{member}`")), "{kind}: {member}");
        }
        for member in line.as_object().unwrap().keys() {
            assert!(
                specification.contains(&format!("\n| `{member}` |")),
                "{member}"
            );
        }
        kinds.insert(kind);
    }
    let events = specification.split("## Events").nth(1).unwrap();
    let rows = events.split("## Checks").next().unwrap().lines();
    let specified: BTreeSet<String> = rows
        .filter_map(|row| row.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect();
    assert_eq!(kinds, specified);
}
