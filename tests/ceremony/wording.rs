//! Every refusal with its hint, every request with its form, every prompt and every sentence, in one print each. Read the
//! print like an operator: each line must be true, name the thing, and hint at the next action.

use std::collections::{BTreeMap, BTreeSet};

use conclave::ceremony::{
    Ask, Ceremony, Check, DisplayNames, Next, Prompt, ReplayError, ReplayErrorKind, RequestKind,
    SecretPurpose, StepError, StepErrorKind, WordError,
};
use conclave::words::{Digest, DigestError};
use strum::IntoEnumIterator as _;

use crate::audit::transcript::records;

/// The compiler asks for a sample of each new variant.
fn refusal(kind: StepErrorKind) -> Vec<StepError> {
    let time = "2026-12-01T09:41:00Z".parse().unwrap();
    let later = "2026-12-01T10:00:00Z".parse().unwrap();
    let text = || "B0000009".to_owned();
    vec![match kind {
        StepErrorKind::NotTheWord => StepError::NotTheWord {
            expected: "SIGN ROOT 1".to_owned(),
        },
        StepErrorKind::Empty => StepError::Empty,
        StepErrorKind::Control => StepError::Control,
        StepErrorKind::NotATime => StepError::NotATime("half past nine".to_owned()),
        StepErrorKind::TooEarly => StepError::TooEarly {
            time,
            not_before: later,
        },
        StepErrorKind::NotADigest => {
            let error: DigestError = Digest::from_words("aardvark").unwrap_err();
            StepError::NotADigest(error)
        }
        StepErrorKind::Backwards => StepError::Backwards {
            time,
            latest: later,
        },
        StepErrorKind::TooLate => StepError::TooLate {
            time: later,
            expires: time,
        },
        StepErrorKind::WrongBag => StepError::WrongBag { read: text() },
        StepErrorKind::NotABag => StepError::NotABag,
        StepErrorKind::UsedBag => StepError::UsedBag { bag: text() },
        StepErrorKind::WrongDigest => StepError::WrongDigest,
        StepErrorKind::NotAnAnswer => StepError::NotAnAnswer,
        StepErrorKind::NotAsked => StepError::NotAsked,
        StepErrorKind::TwoPeople => StepError::TwoPeople,
        StepErrorKind::NotOffered => StepError::NotOffered,
        StepErrorKind::NotAmended => {
            StepError::NotAmended("another person has this name".to_owned())
        }
        StepErrorKind::Code => StepError::Code,
        StepErrorKind::ShareWord => {
            return [WordError::NoWord, WordError::OtherWord]
                .map(|why| StepError::ShareWord { number: 17, why })
                .to_vec();
        }
        StepErrorKind::Keyboard => StepError::Keyboard {
            typed: "aqwzyma".to_owned(),
        },
        StepErrorKind::NotApproved => {
            StepError::NotApproved("witness-1 did not type their code".to_owned())
        }
        StepErrorKind::Rule => {
            return ReplayErrorKind::iter()
                .flat_map(rule)
                .map(StepError::Rule)
                .collect();
        }
    }]
}

fn rule(kind: ReplayErrorKind) -> Vec<ReplayError> {
    let broken = |check, what: &str| ReplayError::Check {
        check,
        what: what.to_owned(),
    };
    vec![match kind {
        ReplayErrorKind::Opening => ReplayError::Opening,
        ReplayErrorKind::Over => ReplayError::Over,
        ReplayErrorKind::Step => ReplayError::Step {
            expected: "sign-root".to_owned(),
            found: "export".to_owned(),
        },
        ReplayErrorKind::Act => ReplayError::Act {
            event: "signed".to_owned(),
            step: "export".to_owned(),
        },
        ReplayErrorKind::Check => {
            return vec![
                broken(Check::ScriptDigest, "the digest is not that of the script"),
                broken(
                    Check::CustodyBag,
                    "the number is not the recorded number of the bag",
                ),
            ];
        }
        ReplayErrorKind::Contradiction => {
            ReplayError::Contradiction("the token was not identified yet".to_owned())
        }
    }]
}

#[test]
fn every_refusal_names_what_failed_and_the_next_action() {
    let rows = StepErrorKind::iter().flat_map(refusal).map(|error| {
        let (message, hint) = (error.to_string(), error.hint());
        for text in [&message, &hint] {
            assert!(!text.ends_with('.') && !text.is_empty(), "{text}");
            assert!(!text.starts_with(char::is_uppercase), "{text}");
        }
        format!("error: {message}\n hint: {hint}\n")
    });
    insta::assert_snapshot!("refusals", rows.collect::<Vec<_>>().join("\n"));
}

/// What changes with every script: digests, IDs, times.
fn masked(text: &str) -> String {
    let is_hex = |word: &str, least: usize| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        word.len() >= least
            && word
                .chars()
                .all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
    };
    let words: Vec<&str> = text.split(' ').collect();
    if words.len() == 8 && words.iter().all(|word| is_hex(word, 4)) {
        return "<digest>".to_owned();
    }
    if words.len() == 8 && Digest::from_words(&[text; 4].join(" ")).is_ok() {
        return "<words>".to_owned();
    }
    let mut masked: Vec<String> = Vec::new();
    for word in words {
        let kept = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let (end, is_digest) = (
            &word[kept.len()..],
            is_hex(kept, 4) && kept.parse::<u16>().is_err(),
        );
        let is_time = kept.len() == 20 && kept.ends_with('Z') && kept.as_bytes()[10] == b'T';
        if is_digest || is_time || word == "…" {
            let mask = if is_time { "<time>" } else { "<hex>" };
            if masked.last().is_some_and(|last| last.starts_with("<hex>")) && !is_time {
                masked.pop();
            }
            masked.push(format!("{mask}{}", end.trim_start_matches('…')));
        } else {
            masked.push(word.to_owned());
        }
    }
    masked.join(" ")
}

/// The same for all keys and people of a kind.
fn numbered_alike(text: &str) -> String {
    let mut text = masked(text);
    for name in [
        "key-",
        "holder-",
        "Key holder ",
        "key holder ",
        "Witness ",
        "witness-",
        "Custodian ",
        "custodian-",
        "spare-",
    ] {
        for number in 2..=9 {
            text = text.replace(&format!("{name}{number}"), &format!("{name}1"));
        }
    }
    text
}

fn shown(prompt: &Prompt) -> String {
    let mut rows: Vec<String> = prompt.lines.clone();
    match &prompt.ask {
        Ask::Enter { action } => rows.push(format!("[Enter] {action}")),
        Ask::Word { word } => rows.push(format!("[type] {word}")),
        Ask::Choice { label, options } => {
            rows.push(format!("{label}:"));
            rows.extend(options.iter().map(|choice| {
                let more = if choice.wants_remark { " …" } else { "" };
                format!("  ( ) {}{more}", choice.text)
            }));
        }
        Ask::Clock => rows.push("[clock]".to_owned()),
        Ask::Reading { label, .. } => rows.push(format!("[read] {label}")),
        Ask::Text { label, .. } => rows.push(format!("[text] {label}")),
    }
    if prompt.approval {
        rows.push("[two people approve]".to_owned());
    }
    let rows: Vec<String> = rows.iter().map(|row| numbered_alike(row)).collect();
    rows.join("\n")
}

#[test]
fn every_prompt_request_and_sentence_is_clear() {
    let mut prompts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut sentences: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut forms: BTreeMap<String, String> = BTreeMap::new();
    for (script, transcript) in records() {
        let mut ceremony = Ceremony::new(script.clone());
        let mut names = DisplayNames::default();
        for entry in transcript.entries() {
            let event = entry.line.event();
            names.follow(&event);
            let sentence = numbered_alike(&event.narrate(&script, &names));
            sentences
                .entry(event.kind.name())
                .or_default()
                .insert(sentence);
            if let Next::Ask(prompt) = ceremony.next() {
                let act = ceremony
                    .current_step()
                    .map_or("close", |step| step.act.name());
                prompts
                    .entry(act.to_owned())
                    .or_default()
                    .insert(shown(&prompt));
            }
            for offer in ceremony.offers() {
                let labels: Vec<&str> = offer
                    .fields
                    .iter()
                    .map(|field| field.label.as_str())
                    .collect();
                forms.insert(offer.kind.title().to_owned(), labels.join("; "));
            }
            // After the end another ending is tried.
            if let Ok(next) = ceremony.apply(&event) {
                ceremony = next;
            }
        }
    }
    let is_shown = |kind: &RequestKind| forms.contains_key(kind.title());
    let not_shown: Vec<RequestKind> = RequestKind::iter().filter(|kind| !is_shown(kind)).collect();
    // Only for key files, which the tokens of this driver are not.
    assert_eq!(not_shown, [RequestKind::AttestKeyFiles]);
    let table = |rows: &mut dyn Iterator<Item = (String, BTreeSet<String>)>| {
        rows.map(|(name, texts)| {
            let texts: Vec<String> = texts.into_iter().collect();
            format!("== {name}\n\n{}\n", texts.join("\n\n"))
        })
        .collect::<Vec<_>>()
        .join("\n")
    };
    insta::assert_snapshot!("prompts", table(&mut prompts.into_iter()));
    let mut sentences = sentences
        .into_iter()
        .map(|(name, texts)| (name.to_owned(), texts));
    insta::assert_snapshot!("sentences", table(&mut sentences));
    let forms: Vec<String> = forms
        .iter()
        .map(|(title, form)| format!("{title}: {form}"))
        .collect();
    insta::assert_snapshot!("requests", forms.join("\n"));
    let secrets: Vec<&str> = SecretPurpose::iter().map(SecretPurpose::title).collect();
    insta::assert_snapshot!("secrets", secrets.join("\n"));
}
