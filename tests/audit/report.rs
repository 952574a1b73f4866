//! The page for strangers: it tells all, and whatever was typed in it stays text.

use conclave::audit::report;
use conclave::ceremony::{
    Answer, ExceptionReport, Failure, FailureKind, Input, Mode, Outcome, Verdict,
};
use conclave::metadata::KeyType;
use conclave::record::Finding;
use conclave::words::Digest;

use super::closed;
use crate::support::ceremony_driver::{Room, genesis, on_paper, parse};

fn page(room: &Room) -> String {
    report(&room.ceremony, &room.transcript).to_html()
}

/// The words of a digest, as a numbered list.
fn words_of(digest: &Digest) -> String {
    let words = digest.words().into_iter();
    words
        .map(|word| format!("<li>{word}</li>"))
        .collect::<Vec<_>>()
        .concat()
}

#[test]
fn it_tells_the_whole_ceremony() {
    let room = closed();
    let page = page(room);
    let script = room.ceremony.script();
    let digests = [
        script.sha256(),
        room.transcript.head(),
        room.ceremony.frozen().unwrap().digest(),
    ];
    for digest in digests {
        assert!(page.contains(&digest.grouped_hex().join("\n")), "{digest}");
        assert!(page.contains(&words_of(&digest)), "{digest}");
    }
    for step in script.steps() {
        let title = step.act.title(script).replace('\'', "&#39;");
        assert!(page.contains(&format!(". {title}</h3>")), "{title}");
    }
    for person in script.people() {
        assert!(page.contains(&person.name), "{}", person.name);
    }
    for entry in room.transcript.entries() {
        let row = format!("<td class=\"number\">{}</td>", entry.line.seq);
        assert!(page.contains(&row), "{row}");
    }
    for (plan, state) in room.ceremony.key_states() {
        let key = state.generated().unwrap();
        assert!(page.contains(key.key.id().as_str()), "{}", plan.id);
        let words = words_of(&key.public_key.fingerprint());
        assert!(page.contains(&words), "{}", plan.id);
    }
    for file in room.ceremony.exported() {
        assert!(page.contains(&file.sha256.to_string()), "{}", file.name);
    }
    assert!(page.contains(">PRODUCTION</div>"));
    assert!(!page.contains("Steps that were not completed"));
}

#[test]
fn it_is_one_file_that_runs_and_fetches_nothing() {
    let page = page(closed());
    for sign in [
        "<script",
        " src=",
        " href=",
        "url(",
        "@import",
        "javascript:",
        "onload",
    ] {
        assert!(!page.contains(sign), "{sign}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn every_element_is_closed() {
    let page = page(closed());
    let mut open = Vec::new();
    for tag in page.split('<').skip(1) {
        let name: String = tag
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || "/!".contains(*c))
            .collect();
        match name.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop().as_deref(), Some(closed)),
            None if name == "!doctype" || name == "meta" => {}
            None => open.push(name),
        }
    }
    assert_eq!(open, [""; 0]);
}

#[test]
fn a_rehearsal_says_so_first() {
    let room = Room::open(genesis(&[KeyType::Ed25519; 2], 1), Mode::Rehearsal);
    let page = page(&room);
    let banner = page.find("REHEARSAL – do not trust anything on this page");
    assert!(banner < page.find("<h1>"));
    assert!(banner.is_some());
    assert!(page.contains("<div class=\"banner alarm\">REHEARSAL"));
    assert!(page.contains("Steps that were not completed"));
    assert!(page.contains("No root was composed."));
}

#[test]
fn what_was_typed_stays_text() {
    let evil = "<img src=x onerror=alert(1)>\"'&\u{202e}";
    let shown = "&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;\\u{202e}";
    let text = genesis(&[KeyType::Ed25519; 2], 1)
        .text()
        .replace("name = \"Witness 1\"", "name = \"<b>W</b> & 'Witness'\"");
    let mut room = Room::open(parse(&text), Mode::Production);
    room.give(Input::Exception {
        report: ExceptionReport {
            expected: format!("e {evil}"),
            happened: format!("h {evil}"),
            decided: format!("d {evil}"),
        },
        waives: None,
        approvals: on_paper(["witness-1", "witness-2"]),
    })
    .unwrap();
    room.give(Input::Outcome(Outcome::Failed(Failure {
        kind: FailureKind::Device,
        what: format!("w {evil}"),
        hint: format!("i {evil}"),
    })))
    .unwrap();
    room.advance();
    room.advance_until(|ceremony| ceremony.clock_offset().is_some());
    room.give(Input::Outcome(Outcome::HostInspected(vec![Finding::new(
        "host.swap",
        format!("s {evil}"),
    )])))
    .unwrap();
    room.advance_until(|ceremony| {
        ceremony
            .current_step()
            .is_some_and(|step| step.id.as_str() == "sign-off")
    });
    room.answer(Answer::Choice {
        index: 2,
        remark: format!("r {evil}"),
    })
    .unwrap();
    while room.advance() {}
    let verdict = room
        .ceremony
        .sign_offs()
        .values()
        .map(|(verdict, _)| *verdict);
    assert_eq!(verdict.max(), Some(Verdict::Refuse));

    let page = page(&room);
    assert!(!page.contains("<img") && !page.contains("<b>") && !page.contains('\u{202e}'));
    assert!(page.contains("&lt;b&gt;W&lt;/b&gt; &amp; &#39;Witness&#39;"));
    for letter in ["e", "h", "d", "w", "i", "s", "r"] {
        let shown = format!("{letter} {shown}");
        assert!(page.contains(&shown), "{shown}");
    }
}
