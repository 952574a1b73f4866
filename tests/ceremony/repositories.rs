//! One ceremony changes the roots of several repositories that have the same keys.

use conclave::ceremony::{
    Ceremony, Ending, Event, EventKind, Next, ReplayError, RootEvent, Verdict,
};
use conclave::metadata::{Count, RoleKind, verify_chain};

use crate::support::ceremony_driver::Room;
use crate::support::ceremony_driver::repositories::{OTHER, closed, open, open_edited};

/// Every fact of a record of that kind: of which repository, and about which key.
fn facts(room: &Room, kind: &str) -> Vec<String> {
    let lines = room.transcript.entries().iter().map(|entry| &entry.line);
    let told = lines.filter_map(|line| {
        let (of, event) = match &line.kind {
            EventKind::Root(RootEvent::InRepository { repository, event }) => {
                (repository.as_str(), EventKind::Root((**event).clone()))
            }
            event => ("own", event.clone()),
        };
        let key = match &event {
            EventKind::Root(
                RootEvent::Signed { key, .. } | RootEvent::KeyCertified { key, .. },
            ) => key.to_string(),
            _ => String::new(),
        };
        (event.name() == kind).then(|| format!("{of} {key}").trim_end().to_owned())
    });
    told.collect()
}

fn is_at(step: &str) -> impl Fn(&Ceremony) -> bool {
    move |ceremony| {
        let current = ceremony.current_step();
        current.is_some_and(|current| current.id.as_str() == step)
    }
}

#[test]
fn both_roots_are_changed_and_each_token_is_put_in_once() {
    let room = closed();
    assert_eq!(
        room.ceremony.ending(),
        Some(&Ending::Closed(Verdict::Agree))
    );
    assert_eq!(
        facts(&room, "key-certified"),
        ["own key-3", "example.com/other key-3"]
    );
    assert_eq!(facts(&room, "root-composed"), ["own", "example.com/other"]);
    assert_eq!(
        facts(&room, "review-confirmed"),
        ["own", "example.com/other"]
    );
    assert_eq!(
        facts(&room, "signed"),
        [
            "own key-1",
            "example.com/other key-1",
            "own key-2",
            "example.com/other key-2",
            "own key-3",
            "example.com/other key-3"
        ]
    );
    let views = room.ceremony.further();
    let [other] = views.as_slice() else {
        panic!("one further repository")
    };
    assert_eq!(other.script().repository(), OTHER);
    for ceremony in [&room.ceremony, other] {
        let before = ceremony.base_root().unwrap();
        let signed = ceremony.signed().unwrap();
        let mut chain = before.chain().to_vec();
        chain.push(("2.root.json".to_owned(), signed.to_file_bytes()));
        let report = verify_chain(chain.into_iter(), "2027-07-01T00:00:00Z".parse().unwrap());
        assert!(report.is_accepted(), "{:?}", report.reasons());
        assert_eq!(signed.progress().own, Count { have: 1, need: 1 });
        // The new key's certificate names the repository.
        let document = signed.frozen().document();
        let names: Vec<_> = document
            .role_keys(RoleKind::Root)
            .filter_map(|(_, key)| key.key().certificates().first()?.subject_name())
            .collect();
        assert!(names.contains(&ceremony.script().repository()), "{names:?}");
    }
    let names: Vec<_> = room.ceremony.exported().iter().map(|f| &f.name).collect();
    assert_eq!(
        names,
        [
            "2.root.json",
            "root.json",
            "example.com_other/2.root.json",
            "example.com_other/root.json"
        ]
    );
}

#[test]
fn every_question_about_a_root_says_of_which_repository() {
    let mut room = open("");
    room.advance_until(is_at("review-root"));
    let first = |room: &Room| match room.ceremony.next() {
        Next::Ask(prompt) => prompt.lines[0].clone(),
        other => panic!("not a question: {other:?}"),
    };
    assert_eq!(first(&room), "Repository example.com/updates:");
    assert!(room.advance());
    assert_eq!(first(&room), "Repository example.com/other:");
}

#[test]
fn one_certificate_serves_all_repositories_whose_names_it_begins() {
    let mut room = open("certificate_name = \"example.com/*\"");
    while room.advance() {}
    assert_eq!(facts(&room, "key-certified"), ["own key-3"]);
    let ids = |ceremony: &Ceremony| {
        let document = ceremony.frozen().unwrap().document();
        document.role(RoleKind::Root).key_ids().to_vec()
    };
    assert_eq!(ids(&room.ceremony), ids(&room.ceremony.further()[0]));
}

#[test]
fn a_power_cut_at_any_line_loses_no_root() {
    let mut room = open("");
    room.keep_moments();
    while room.advance() {}
    let moments = room.moments();
    assert!(moments.len() > 30);
    for mut moment in moments {
        if moment.ceremony.ending().is_some() {
            continue;
        }
        moment.resume(0);
        while moment.advance() {}
        let roots = |room: &Room| {
            let further = room.ceremony.further();
            let all = std::iter::once(&room.ceremony).chain(&further);
            all.map(|one| {
                one.frozen()
                    .unwrap()
                    .document()
                    .role(RoleKind::Root)
                    .key_ids()
                    .len()
            })
            .collect::<Vec<_>>()
        };
        assert_eq!(roots(&moment), [1, 1]);
        let replayed = moment.transcript.replay(&moment.ceremony.script_arc());
        assert!(replayed.is_ok());
    }
}

#[test]
fn what_happens_to_no_single_root_or_to_none_of_these_is_refused() {
    let mut room = open("");
    room.advance_until(is_at("review-root"));
    let refused = |event: RootEvent| {
        let event = Event {
            step: room.ceremony.current_step().map(|step| step.id.clone()),
            people: Vec::new(),
            kind: EventKind::Root(event),
        };
        match room.ceremony.clone().apply(&event) {
            Err(ReplayError::Contradiction(what)) => what,
            other => panic!("{other:?}"),
        }
    };
    let within = |repository: &str, event: RootEvent| RootEvent::InRepository {
        repository: repository.to_owned(),
        event: Box::new(event),
    };
    let reviewed = RootEvent::ReviewConfirmed {
        sha256: room.ceremony.frozen().unwrap().digest(),
        typed: "SIGN ROOT 2".to_owned(),
    };
    let exported = RootEvent::Exported { files: Vec::new() };
    assert!(
        refused(within("example.com/third", reviewed.clone())).contains("no further repository")
    );
    assert!(refused(within(OTHER, exported)).contains("not about a single root"));
    let nested = within(OTHER, within(OTHER, reviewed.clone()));
    assert!(refused(nested).contains("not about a single root"));
    // The digest of the own root is not that of the other.
    let event = Event {
        step: room.ceremony.current_step().map(|step| step.id.clone()),
        people: Vec::new(),
        kind: EventKind::Root(within(OTHER, reviewed)),
    };
    assert!(matches!(
        room.ceremony.clone().apply(&event),
        Err(ReplayError::Check { .. })
    ));
}

/// A role that the server does not know: it would take the root, and write another one for its clients.
#[test]
fn what_clients_would_refuse_is_refused_before_anybody_signs() {
    let mut room = open_edited("", |root| {
        root["roles"]["mirrors"] = root["roles"]["targets"].clone();
    });
    room.advance_until(is_at("compose-root"));
    let Next::Ask(prompt) = room.ceremony.next() else {
        panic!("compose-root asks")
    };
    let refused = room.give(room.usual(&prompt)).unwrap_err().to_string();
    assert!(
        refused.contains("the role \"mirrors\" is unknown"),
        "{refused}"
    );
    assert!(room.ceremony.frozen().is_none());
}
