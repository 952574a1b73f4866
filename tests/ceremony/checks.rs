//! Every check of a ceremony refuses something, or stands in the way until two people waive it.

use std::collections::{BTreeMap, BTreeSet};

use conclave::audit::payload_register;
use conclave::ceremony::{
    Approval, BackupEvent, Ceremony, Check, CustodyEvent, Event, EventKind, HostEvent, Input,
    KeyEvent, Mode, ProgressEvent, ReplayError, RestoreEvent, RootEvent, Strength,
};
use conclave::certificate::Certificate;
use conclave::metadata::{FrozenRoot, KeyType, RootDraft, verify_chain};
use conclave::record::Finding;
use conclave::script::{DrillLevel, Kind, ScriptTemplate, SigningPlan, TokenMark};
use conclave::transfer::{RequestedSignature, SigningRequest};
use conclave::words::Digest;

use crate::support::ceremony_driver::backup::with_backup;
use crate::support::ceremony_driver::{
    Room, genesis, of_notary, on_paper, opening, parse, with_bags,
};
use crate::support::changes::{World, script};

/// The state before the first event of a kind in a usual course, and that event.
fn first(mut room: Room, kind: &str) -> (Ceremony, Event) {
    loop {
        let before = room.ceremony.clone();
        assert!(room.advance(), "{kind} does not happen");
        let event = room.transcript.entries().last().unwrap().line.event();
        if event.kind.name() == kind {
            return (before, event);
        }
    }
}

/// What is said of an event that was changed.
fn forged(room: Room, kind: &str, forge: impl FnOnce(&mut Event)) -> Check {
    let (ceremony, mut event) = first(room, kind);
    ceremony.clone().apply(&event).unwrap();
    forge(&mut event);
    refusing(&ceremony, &event)
}

fn refusing(ceremony: &Ceremony, event: &Event) -> Check {
    match ceremony.clone().apply(event).unwrap_err() {
        ReplayError::Check { check, .. } => check,
        other => panic!("no check: {other}"),
    }
}

fn production() -> Room {
    Room::open(genesis(&[KeyType::Ed25519; 2], 2), Mode::Production)
}

fn two() -> Vec<Approval> {
    ["witness-1", "witness-2"]
        .map(|person| Approval::new(person.parse().unwrap(), Strength::Code))
        .to_vec()
}

/// Moves the attested time of an event.
fn attest(event: &mut Event, time: &str) {
    if let EventKind::Host(HostEvent::ClockAttested {
        machine,
        attested,
        offset,
        ..
    }) = &mut event.kind
    {
        *attested = time.parse().unwrap();
        *offset = attested.as_second() - machine.as_second();
    }
}

fn of_people_clock_and_script() -> Vec<(Check, Check)> {
    let clock = |forge: fn(&mut Event)| forged(production(), "clock-attested", forge);
    let unrehearsed = || {
        let mut room = Room::new(genesis(&[KeyType::Ed25519; 2], 2));
        let opening = conclave::ceremony::Opening {
            rehearsal: None,
            ..opening(Mode::Production)
        };
        room.give(Input::Open(opening)).unwrap();
        let at_clock = |ceremony: &Ceremony| !ceremony.waivable().is_empty();
        room.advance_until(at_clock);
        let (_, event) = first(production(), "clock-attested");
        refusing(&room.ceremony, &event)
    };
    vec![
        (
            Check::TwoPeople,
            clock(|event| {
                if let EventKind::Host(HostEvent::ClockAttested { approvals, .. }) = &mut event.kind
                {
                    *approvals = on_paper(["witness-1", "witness-2"]);
                }
            }),
        ),
        (
            Check::ClockNotBefore,
            clock(|event| attest(event, "2026-11-01T00:00:00Z")),
        ),
        (
            Check::ClockForward,
            clock(|event| attest(event, "2090-01-01T00:00:00Z")),
        ),
        (
            Check::ScriptDigest,
            forged(production(), "script-read", |event| {
                event.kind = EventKind::Progress(ProgressEvent::ScriptRead {
                    sha256: Digest::of(b"another"),
                });
            }),
        ),
        (Check::RehearsalShown, unrehearsed()),
    ]
}

/// What a real device said about a key of its own.
fn of_another_key() -> Vec<Certificate> {
    [
        include_str!("../attestation/data/docker-2024-06-04/25515003/Slot9CAttestation.pem"),
        include_str!("../attestation/data/docker-2024-06-04/25515003/SlotF9Intermediate.pem"),
    ]
    .map(|pem| Certificate::read_all(pem.as_bytes()).unwrap().remove(0))
    .to_vec()
}

/// A key of which no device says anything, where the script wants that.
fn without_attestation() -> Check {
    let template = ScriptTemplate {
        kind: Kind::Genesis,
        title: None,
        repository: "example.com/updates".to_owned(),
        tokens: 2,
        threshold: 2,
        key_type: KeyType::EcdsaP256,
        profile: "yubikey-piv".to_owned(),
        not_before: "2026-12-01T09:00:00Z".parse().unwrap(),
        expires: "2027-12-01T00:00:00Z".parse().unwrap(),
        online: BTreeMap::new(),
    };
    let text = template.write().unwrap();
    let wanted = "destination = \"plain\"\nrequire_provenance = \"attested\"";
    let script = parse(&text.replacen("destination = \"plain\"", wanted, 1));
    let mut room = Room::open(script, Mode::Production);
    room.advance_until(|ceremony| {
        let step = ceremony.current_step();
        step.is_some_and(|step| step.id.as_str() == "generate-key:key-1")
    });
    let other = Room::open(genesis(&[KeyType::EcdsaP256; 2], 2), Mode::Production);
    let (_, event) = first(other, "key-generated");
    refusing(&room.ceremony, &event)
}

fn of_keys() -> Vec<(Check, Check)> {
    let (_, made) = first(production(), "key-generated");
    let EventKind::Keys(KeyEvent::KeyGenerated { fingerprint, .. }) = made.kind else {
        panic!("no key");
    };
    let of_rehearsal = || {
        let mut room = Room::new(genesis(&[KeyType::Ed25519; 2], 2));
        let opening = conclave::ceremony::Opening {
            rehearsal_keys: vec![fingerprint],
            ..opening(Mode::Production)
        };
        room.give(Input::Open(opening)).unwrap();
        let (_, event) = first(production(), "key-generated");
        room.advance_until(|ceremony| ceremony.failure().is_some());
        room.give(Input::Answer {
            answer: conclave::ceremony::Answer::Enter,
            approvals: Vec::new(),
        })
        .unwrap();
        refusing(&room.ceremony, &event)
    };
    vec![
        (
            Check::KeyNonExtractable,
            forged(production(), "key-generated", |event| {
                if let EventKind::Keys(KeyEvent::KeyGenerated {
                    attributes,
                    provenance,
                    ..
                }) = &mut event.kind
                {
                    attributes.extractable = Some(true);
                    *provenance = attributes.provenance();
                }
            }),
        ),
        (
            Check::KeyPossession,
            forged(production(), "possession-proven", |event| {
                if let EventKind::Keys(KeyEvent::PossessionProven { signature, .. }) =
                    &mut event.kind
                {
                    *signature = vec![0; 64].into();
                }
            }),
        ),
        (Check::KeyRehearsal, of_rehearsal()),
        (Check::KeyProvenance, without_attestation()),
        (
            Check::KeyAttestation,
            forged(production(), "key-generated", |event| {
                if let EventKind::Keys(KeyEvent::KeyGenerated { attestation, .. }) = &mut event.kind
                {
                    *attestation = of_another_key();
                }
            }),
        ),
    ]
}

fn of_the_root() -> Vec<(Check, Check)> {
    let forgone = || {
        let (ceremony, event) = first(production(), "sign-intended");
        let fact = EventKind::Keys(KeyEvent::KeySkipped {
            key: "key-1".parse().unwrap(),
            reason: "it is lost".to_owned(),
            approvals: two(),
        });
        let people = two().into_iter().map(|approval| approval.person).collect();
        refusing(
            &ceremony,
            &Event {
                people,
                kind: fact,
                ..event
            },
        )
    };
    vec![
        (
            Check::RootComposition,
            forged(production(), "root-composed", |event| {
                if let EventKind::Root(RootEvent::RootComposed { signed, sha256, .. }) =
                    &mut event.kind
                {
                    *signed = signed.replace("2027-12-01", "2027-12-02");
                    *sha256 = Digest::of(signed.as_bytes());
                }
            }),
        ),
        (
            Check::RootDigest,
            forged(production(), "review-confirmed", |event| {
                if let EventKind::Root(RootEvent::ReviewConfirmed { sha256, .. }) = &mut event.kind
                {
                    *sha256 = Digest::of(b"another");
                }
            }),
        ),
        (Check::RootReachability, forgone()),
        (
            Check::RootSignature,
            forged(production(), "signed", |event| {
                if let EventKind::Root(RootEvent::Signed { signature, .. }) = &mut event.kind {
                    *signature = vec![0; 64].into();
                }
            }),
        ),
        (
            Check::RootVerification,
            forged(production(), "root-verified", |event| {
                if let EventKind::Root(RootEvent::RootVerified { signatures, .. }) = &mut event.kind
                {
                    *signatures += 1;
                }
            }),
        ),
        (
            Check::ExportContent,
            forged(production(), "export-intended", |event| {
                if let EventKind::Root(RootEvent::ExportIntended { files }) = &mut event.kind {
                    files.pop();
                }
            }),
        ),
    ]
}

/// Two payloads for one version; and a request that builds upon another root than the one on the card.
fn of_what_was_signed_before() -> Vec<(Check, Check)> {
    let world = World::new(2, 1);
    let mut done = world.open(script(&world.unchanged("renewal")).unwrap());
    while done.advance() {}
    let register = payload_register(&done.ceremony, &done.transcript).to_file_bytes();
    let mut other = world.unchanged("renewal");
    other.expires = "2028-07-01T00:00:00Z".parse().unwrap();
    let (_, unburdened) = first(world.open(script(&other).unwrap()), "review-confirmed");
    other.register = Some(("previous/payloads.json".to_owned(), register));
    other.transcript_digest = Some(done.transcript.head());
    let mut room = world.open(script(&other).unwrap());
    room.advance_until(|ceremony| {
        let step = ceremony.current_step();
        step.is_some_and(|step| step.id.as_str() == "review-root")
    });
    vec![
        (
            Check::PayloadEquivocation,
            refusing(&room.ceremony, &unburdened),
        ),
        (Check::RequestVerified, of_a_request(&world)),
    ]
}

fn of_a_request(world: &World) -> Check {
    let files = [(String::new(), world.root.clone())];
    let report = verify_chain(files.into_iter(), "2027-01-01T00:00:00Z".parse().unwrap());
    let mut draft = RootDraft::after(report.trusted().unwrap()).unwrap();
    draft.set_expires("2028-06-01T00:00:00Z".parse().unwrap());
    let payload: FrozenRoot = draft.freeze().unwrap();
    let asked = RequestedSignature {
        key_id: world.ids[0].clone(),
        holder: "Key holder 1".to_owned(),
        token: "key-1".to_owned(),
    };
    let repository = "example.com/updates".to_owned();
    let chain = vec![world.root.clone()];
    let request = SigningRequest::new(repository.clone(), chain, payload.clone(), vec![asked]);
    let plan = SigningPlan {
        request: ("request.json".to_owned(), request.unwrap().to_file_bytes()),
        trusted: Vec::new(),
        register: None,
        repository,
        version: payload.version(),
        not_before: "2027-06-01T09:00:00Z".parse().unwrap(),
        holder: "Key holder 1".to_owned(),
        witness: None,
        key_id: world.ids[0].clone(),
        profile: "softhsm2".to_owned(),
        profile_file: None,
        token: TokenMark::Label("conclave-key-1".to_owned()),
    };
    let mut room = world.open(plan.script().unwrap().into());
    room.advance_until(|ceremony| {
        let step = ceremony.current_step();
        step.is_some_and(|step| step.id.as_str() == "verify-request")
    });
    let step = room.ceremony.current_step().map(|step| step.id.clone());
    let judged = Event {
        step,
        people: Vec::new(),
        kind: EventKind::Root(RootEvent::RequestVerified {
            sha256: payload.digest(),
            card: Some(Digest::of(b"another root")),
            signed_before: false,
        }),
    };
    refusing(&room.ceremony, &judged)
}

fn of_certificates() -> Vec<(Check, Check)> {
    let room = || Room::open(of_notary(), Mode::Production);
    let certificate_of = |key: &str| {
        let mut room = room();
        room.advance_until(|ceremony| ceremony.frozen().is_some());
        let events = room
            .transcript
            .entries()
            .iter()
            .map(|entry| entry.line.event());
        let mut made = events.filter_map(|event| match event.kind {
            EventKind::Root(RootEvent::KeyCertified {
                key: of,
                certificate,
            }) if of.as_str() == key => Some(certificate),
            _ => None,
        });
        made.next().unwrap()
    };
    let others = certificate_of("key-2");
    let found = forged(room(), "key-certified", |event| {
        if let EventKind::Root(RootEvent::KeyCertified { certificate, .. }) = &mut event.kind {
            *certificate = others;
        }
    });
    vec![(Check::KeyCertificate, found)]
}

fn of_custody() -> Vec<(Check, Check)> {
    let bags = || Room::open(with_bags(), Mode::Production);
    vec![
        (
            Check::CustodyBag,
            forged(bags(), "bag-opened", |event| {
                if let EventKind::Custody(CustodyEvent::BagOpened { bag, .. }) = &mut event.kind {
                    "A0012346".clone_into(bag);
                }
            }),
        ),
        (
            Check::CustodyDigest,
            forged(bags(), "digest-compared", |event| {
                if let EventKind::Custody(CustodyEvent::DigestCompared { words }) = &mut event.kind
                {
                    *words = Digest::of(b"another").first_words(8);
                }
            }),
        ),
    ]
}

fn of_backups() -> Vec<(Check, Check)> {
    let made = |forge: fn(&mut conclave::ceremony::BackedUp)| {
        forged(
            Room::open(with_backup(), Mode::Production),
            "backed-up",
            |event| {
                if let EventKind::Backup(BackupEvent::BackedUp(made)) = &mut event.kind {
                    forge(made);
                }
            },
        )
    };
    vec![
        (
            Check::BackupRecipient,
            forged(
                Room::open(with_backup(), Mode::Production),
                "recipient-proven",
                |event| {
                    if let EventKind::Backup(BackupEvent::RecipientProven { recipients, .. }) =
                        &mut event.kind
                    {
                        recipients.push("age1another".to_owned());
                    }
                },
            ),
        ),
        (Check::BackupManifest, {
            let (ceremony, mut event) =
                first(Room::open(with_backup(), Mode::Production), "backed-up");
            let (_, rehearsed) = first(Room::open(with_backup(), Mode::Rehearsal), "backed-up");
            if let (
                EventKind::Backup(BackupEvent::BackedUp(made)),
                EventKind::Backup(BackupEvent::BackedUp(other)),
            ) = (&mut event.kind, rehearsed.kind)
            {
                made.manifest = other.manifest;
            }
            refusing(&ceremony, &event)
        }),
        (Check::BackupQuorums, made(|made| made.quorums += 1)),
        (
            Check::BackupSeparateMedia,
            made(|made| made.wrapped_on.device = made.shares_on.device.clone()),
        ),
        (
            Check::BackupOpened,
            forged(
                Room::open(with_backup(), Mode::Production),
                "share-opened",
                |event| {
                    if let EventKind::Backup(BackupEvent::ShareOpened { set, .. }) = &mut event.kind
                    {
                        *set = Digest::of(b"another");
                    }
                },
            ),
        ),
    ]
}

fn of_restores() -> Vec<(Check, Check)> {
    let drill = || {
        crate::support::ceremony_driver::restore::room(
            Kind::Drill,
            DrillLevel::Full,
            false,
            Mode::Production,
        )
    };
    let other = |digest: &mut Digest| *digest = Digest::of(b"another");
    // Two of three shares are wanted: one alone is no quorum.
    let mut few = drill();
    few.advance_until(|ceremony| ceremony.restore().entered().len() == 1);
    let mut too_few = few.ceremony.clone();
    for n in [2, 3] {
        let step = too_few.current_step().map(|step| step.id.clone());
        let people: Vec<_> = ["witness-1", "witness-2"]
            .map(|id| id.parse().unwrap())
            .to_vec();
        let given_up = Event {
            step,
            people,
            kind: EventKind::Restore(RestoreEvent::ShareDeclaredLost {
                custodian: format!("custodian-{n}").parse().unwrap(),
                reason: "lost".to_owned(),
                approvals: two(),
            }),
        };
        too_few = too_few.apply(&given_up).unwrap();
    }
    let manifest = too_few.set_at_hand().unwrap().clone();
    let restored = Event {
        step: too_few.current_step().map(|step| step.id.clone()),
        people: Vec::new(),
        kind: EventKind::Restore(RestoreEvent::KeyRestored {
            set: manifest.set(),
            fingerprint: manifest.facts().public_key.fingerprint(),
        }),
    };
    vec![
        (
            Check::RestoreShare,
            forged(drill(), "share-entered", |event| {
                if let EventKind::Restore(RestoreEvent::ShareEntered { set, .. }) = &mut event.kind
                {
                    other(set);
                }
            }),
        ),
        (Check::RestoreQuorum, refusing(&too_few, &restored)),
        (
            Check::RestoreKey,
            forged(drill(), "key-restored", |event| {
                if let EventKind::Restore(RestoreEvent::KeyRestored { fingerprint, .. }) =
                    &mut event.kind
                {
                    other(fingerprint);
                }
            }),
        ),
        (
            Check::RestoreProven,
            forged(drill(), "restored-key-proven", |event| {
                if let EventKind::Restore(RestoreEvent::RestoredKeyProven { signature, .. }) =
                    &mut event.kind
                {
                    *signature = vec![0].into();
                }
            }),
        ),
        (
            Check::RestoreDestroyed,
            forged(drill(), "restored-key-destroyed", |event| {
                if let EventKind::Restore(RestoreEvent::RestoredKeyDestroyed { fingerprint }) =
                    &mut event.kind
                {
                    other(fingerprint);
                }
            }),
        ),
    ]
}

fn of_old_shares() -> Vec<(Check, Check)> {
    let other = Digest::of(b"another");
    vec![(
        Check::BackupReplaced,
        forged(
            crate::support::ceremony_driver::reissue::room(),
            "superseded-part-destroyed",
            |event| {
                if let EventKind::Backup(BackupEvent::SupersededPartDestroyed { set, .. }) =
                    &mut event.kind
                {
                    *set = other;
                }
            },
        ),
    )]
}

/// The checks of steps that end when they are waived: each is offered where it stands in the way.
fn standing_in_the_way() -> BTreeSet<Check> {
    let mut room = production();
    let mut met = BTreeSet::new();
    loop {
        if matches!(
            room.ceremony.next(),
            conclave::ceremony::Next::Do(conclave::ceremony::Effect::InspectHost)
        ) {
            let found = vec![Finding::new("swap.on", "swap is on")];
            let outcome = conclave::ceremony::Outcome::HostInspected(found);
            room.give(Input::Outcome(outcome)).unwrap();
        }
        met.extend(room.ceremony.waivable());
        if !room.advance() {
            return met;
        }
    }
}

#[test]
fn every_check_refuses_what_it_is_for() {
    let rows = [
        of_people_clock_and_script(),
        of_keys(),
        of_the_root(),
        of_what_was_signed_before(),
        of_custody(),
        of_certificates(),
        of_backups(),
        of_restores(),
        of_old_shares(),
    ];
    let mut reached = standing_in_the_way();
    for (expected, found) in rows.into_iter().flatten() {
        assert_eq!(expected, found);
        reached.insert(expected);
    }
    let all: BTreeSet<Check> = Check::ALL.iter().copied().collect();
    assert_eq!(reached, all);
}
