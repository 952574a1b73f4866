//! One line: canonical JSON by RFC 8785, restricted to integers, with members of ASCII names.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::ceremony::{Event, EventKind, Mode};
use crate::script::{PersonId, StepId};
use crate::words::Digest;

/// One line of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub seq: u64,
    /// The digest of the line before.
    pub prev: Digest,
    /// The digest of the script.
    pub script: Digest,
    /// Rehearsal or production.
    pub mode: Mode,
    /// The step, if the event belongs to one.
    pub step: Option<StepId>,
    /// Who took part.
    pub people: Vec<PersonId>,
    /// When, by the attested clock, in whole seconds.
    pub time: Timestamp,
    /// What happened.
    pub kind: EventKind,
}

/// Why a text is not a line of a transcript.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// Not JSON, or not of the form of any event.
    #[error("not an event: {0}")]
    Form(String),
    /// It is not in canonical form: white space, order, or an unknown member.
    #[error("not in canonical form")]
    NotCanonical,
}

const MEMBERS: [&str; 7] = ["mode", "people", "prev", "script", "seq", "step", "time"];

impl Line {
    /// The bytes of the line, without a line feed.
    pub fn encode(&self) -> Vec<u8> {
        let mut members = match serde_json::to_value(&self.kind) {
            Ok(Value::Object(members)) => members,
            // A fact is an object with string keys, so it cannot fail to be JSON.
            _ => Map::new(),
        };
        let values = [
            serde_json::to_value(self.mode),
            serde_json::to_value(&self.people),
            serde_json::to_value(self.prev),
            serde_json::to_value(self.script),
            serde_json::to_value(self.seq),
            serde_json::to_value(&self.step),
            serde_json::to_value(self.time),
        ];
        for (name, value) in MEMBERS.into_iter().zip(values) {
            members.insert(name.to_owned(), value.unwrap_or_default());
        }
        sorted(Value::Object(members)).to_string().into_bytes()
    }

    /// Reads only lines that [`Line::encode`] wrote.
    ///
    /// # Errors
    /// When the text is anything else, were it only by a space.
    pub fn parse(text: &[u8]) -> Result<Self, LineError> {
        let form = |error: serde_json::Error| LineError::Form(error.to_string());
        let Value::Object(mut members) = serde_json::from_slice(text).map_err(form)? else {
            return Err(LineError::Form("not an object".to_owned()));
        };
        let [mode, people, prev, script, seq, step, time] =
            MEMBERS.map(|name| members.remove(name).unwrap_or_default());
        let line = Self {
            seq: serde_json::from_value(seq).map_err(form)?,
            prev: serde_json::from_value(prev).map_err(form)?,
            script: serde_json::from_value(script).map_err(form)?,
            mode: serde_json::from_value(mode).map_err(form)?,
            step: serde_json::from_value(step).map_err(form)?,
            people: serde_json::from_value(people).map_err(form)?,
            time: serde_json::from_value(time).map_err(form)?,
            kind: serde_json::from_value(Value::Object(members)).map_err(form)?,
        };
        if line.encode() == text && line.time.subsec_nanosecond() == 0 {
            Ok(line)
        } else {
            Err(LineError::NotCanonical)
        }
    }

    /// The event that it records.
    pub fn event(&self) -> Event {
        Event {
            step: self.step.clone(),
            people: self.people.clone(),
            kind: self.kind.clone(),
        }
    }
}

/// The same value with the members of every object in the order of their names.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members
                .into_iter()
                .map(|(name, value)| (name, sorted(value)))
                .collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ceremony::ParticipantEvent;

    fn line() -> Line {
        Line {
            seq: 3,
            prev: Digest::of(b"before"),
            script: Digest::of(b"script"),
            mode: Mode::Rehearsal,
            step: Some("attendance".parse().unwrap()),
            people: vec!["witness-1".parse().unwrap()],
            time: "2026-12-01T09:41:00Z".parse().unwrap(),
            kind: EventKind::Participants(ParticipantEvent::Attended {
                checked_by: None,
                document: "passport \"ü\"\n".to_owned(),
            }),
        }
    }

    #[test]
    fn a_line_reads_back() {
        let text = line().encode();
        assert_eq!(Line::parse(&text).unwrap(), line());
        let expected = format!(
            concat!(
                r#"{{"data":{{"checked_by":null,"document":"passport \"ü\"\n"}},"event":"attended","mode":"rehearsal","#,
                r#""people":["witness-1"],"prev":"{}","script":"{}","#,
                r#""seq":3,"step":"attendance","time":"2026-12-01T09:41:00Z"}}"#
            ),
            Digest::of(b"before"),
            Digest::of(b"script"),
        );
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }

    #[test]
    fn only_one_spelling_is_a_line() {
        let text = String::from_utf8(line().encode()).unwrap();
        let other = [
            text.replace(",\"seq\"", ", \"seq\""),
            text.replace("\"seq\":3", "\"seq\":3,\"shadow\":1"),
            text.replace("\"document\"", "\"document2\":1,\"document\""),
            text.replace('ü', "\\u00fc"),
            text.replace(
                "\"step\":\"attendance\"",
                "\"step\":null,\"step\":\"attendance\"",
            ),
            text.replace(":00Z", ":00.0Z"),
            text.replace(":00Z", ":00.5Z"),
            format!("{text} "),
            text.replace("\"seq\":3,", ""),
        ];
        for other in other {
            assert_ne!(other, text);
            assert!(Line::parse(other.as_bytes()).is_err(), "{other}");
        }
    }
}
