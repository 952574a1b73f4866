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
    vec![match kind {
        StepErrorKind::NotTheWord => StepError::NotTheWord {
            expected: "SIGN ROOT 1".to_owned(),
        },
        StepErrorKind::Empty => StepError::Empty,
        StepErrorKind::Control => StepError::Control,
        StepErrorKind::NotATime => StepError::NotATime("half past nine".to_owned()),
        StepErrorKind::NotADigest => {
            let error: DigestError = Digest::from_words("aardvark").unwrap_err();
            StepError::NotADigest(error)
        }
        StepErrorKind::NotAnAnswer => StepError::NotAnAnswer,
        StepErrorKind::NotAsked => StepError::NotAsked,
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
                broken(
                    Check::TwoPeople,
                    "an exception is decided only by two people other than the ceremony administrator",
                ),
                broken(
                    Check::ClockNotBefore,
                    "2026-12-01T09:41:00Z is earlier than 2026-12-01T10:00:00Z, the earliest time that the script allows",
                ),
                broken(
                    Check::ClockForward,
                    "2026-12-01T10:00:00Z is not before 2026-12-01T09:41:00Z, when the root expires",
                ),
                broken(Check::CustodySealed, "not a valid bag number"),
                broken(
                    Check::CustodyBag,
                    "bag \"B0000009\" is not the recorded bag",
                ),
                broken(
                    Check::CustodyDigest,
                    "these words are not those of the transcript digest at the pause",
                ),
                broken(Check::ScriptDigest, "the digest is not that of the script"),
                broken(Check::TokenVerified, "the token did not answer"),
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

/// Without what changes with every script: digests, IDs, times, numbers of keys.
fn masked(text: &str, names: &BTreeSet<String>) -> String {
    let is_hex = |word: &str| {
        word.chars()
            .all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
    };
    let is_group = |word: &&str| word.len() == 4 && is_hex(word);
    let words: Vec<&str> = text.split(' ').collect();
    if words.len() == 8 && words.iter().all(is_group) {
        return "DIGEST".to_owned();
    }
    if words.len() == 8 && Digest::from_words(&[text; 4].join(" ")).is_ok() {
        return "WORDS".to_owned();
    }
    let mut masked: Vec<String> = Vec::new();
    for word in words {
        let kept = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_time = kept.len() == 20 && kept.ends_with('Z') && kept.as_bytes()[10] == b'T';
        if is_time {
            masked.push(word.replace(kept, "TIME"));
        } else if kept.len() >= 8 && is_hex(kept) {
            masked.push(word.replace(kept, "HEX"));
        } else if masked.last().is_some_and(|last| last == "…") && is_group(&kept) {
            masked.truncate(masked.len() - 3);
            masked.push(word.replace(kept, "HEX"));
        } else if kept.len() >= 4 && kept.parse::<u32>().is_ok() {
            masked.push(word.replace(kept, "N"));
        } else {
            masked.push(word.to_owned());
        }
    }
    let mut text = masked.join(" ");
    for name in names {
        text = text.replace(name, "NAME");
    }
    for name in [
        "key-",
        "holder-",
        "key holder ",
        "witness-",
        "custodian-",
        "spare-",
    ] {
        for number in 2..=9 {
            text = text.replace(&format!("{name}{number}"), &format!("{name}1"));
        }
    }
    text
}

fn shown(prompt: &Prompt, names: &BTreeSet<String>) -> Vec<String> {
    let mut rows: Vec<String> = prompt.lines.clone();
    match &prompt.ask {
        Ask::Enter { action } => rows.push(format!("[Enter] {action}")),
        Ask::Word { word } => rows.push(format!("[type] {word}")),
        Ask::Choice { label, options } => {
            rows.push(format!("{label}:"));
            rows.extend(options.iter().map(|choice| {
                let more = if choice.wants_remark {
                    " (with a remark)"
                } else {
                    ""
                };
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
    rows.iter().map(|row| masked(row, names)).collect()
}

#[test]
fn every_prompt_request_and_sentence_is_clear() {
    let mut prompts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut sentences: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut forms: BTreeMap<String, String> = BTreeMap::new();
    let mut rows_shown: BTreeSet<(String, String)> = BTreeSet::new();
    for (script, transcript) in records() {
        let mut ceremony = Ceremony::new(script.clone());
        let mut display_names = DisplayNames::default();
        let mut names = BTreeSet::new();
        for entry in transcript.entries() {
            let event = entry.line.event();
            display_names.follow(&event);
            for person in script.people() {
                names.insert(person.name.clone());
                names.insert(display_names.name(&script, &person.id).to_owned());
            }
            let mut sentence = masked(&event.narrate(&script, &display_names), &names);
            if event.kind.name() == "digest-compared" {
                let (text, _words) = sentence.split_once(": ").unwrap();
                sentence = format!("{text}: WORDS");
            }
            let known = sentences.entry(event.kind.name().to_owned()).or_default();
            if !known.contains(&sentence) {
                known.push(sentence);
            }
            if let Next::Ask(prompt) = ceremony.next() {
                let act = ceremony
                    .current_step()
                    .map_or("close", |step| step.act.name());
                let rows = shown(&prompt, &names);
                // Only prompts that have a row that no earlier one has.
                let new = rows.iter().map(|row| (act.to_owned(), row.clone()));
                if new
                    .map(|row| rows_shown.insert(row))
                    .fold(false, |any, new| any | new)
                {
                    prompts
                        .entry(act.to_owned())
                        .or_default()
                        .push(rows.join("\n"));
                }
            }
            for offer in ceremony.offers() {
                let fields = offer.fields.iter();
                let labels: Vec<&str> = fields.map(|field| field.label.as_str()).collect();
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
    assert_eq!(not_shown, []);
    let table = |rows: BTreeMap<String, Vec<String>>| {
        let rows = rows.into_iter();
        let rows = rows.map(|(name, texts)| format!("== {name}\n\n{}\n", texts.join("\n\n")));
        rows.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!("prompts", table(prompts));
    insta::assert_snapshot!("sentences", table(sentences));
    let forms: Vec<String> = forms
        .iter()
        .map(|(title, form)| format!("{title}: {form}"))
        .collect();
    insta::assert_snapshot!("requests", forms.join("\n"));
    let secrets: Vec<&str> = SecretPurpose::iter().map(SecretPurpose::title).collect();
    insta::assert_snapshot!("secrets", secrets.join("\n"));
}
