//! The custody log: which token or medium is in which bag, who has it, and where it is stored.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::TokenId;

/// One entry: a bag was opened or sealed. Digests are 64 lower-case hex characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodyLine {
    pub bag: String,
    /// For people.
    pub contents: String,
    /// SHA-256 of the public key, in hex; null if there is no key yet.
    pub fingerprint: Option<String>,
    /// The name of the person who received the bag; null when a bag was opened.
    pub holder: Option<String>,
    /// `rehearsal` or `production`.
    pub mode: String,
    pub moved: Moved,
    /// The names of the people who read the bag number.
    pub people: Vec<String>,
    /// Where the bag is stored; null when a bag was opened.
    pub place: Option<String>,
    pub repository: String,
    /// SHA-256 of the script of the ceremony, in hex.
    pub script: String,
    /// The number of the entry, from 1.
    pub seq: u64,
    /// By the attested clock.
    pub time: Timestamp,
    /// Null if the token was never read.
    pub token: Option<TokenId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moved {
    /// The bag number was read and matched, and the bag was opened.
    Opened,
    /// The bag was sealed, and two people read the bag number.
    Sealed,
}

/// A custody log, which is passed from ceremony to ceremony.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustodyList {
    lines: Vec<CustodyLine>,
}

/// Lines are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustodyError {
    #[error("line {number} is not a valid custody entry: {reason}")]
    Line { number: u64, reason: String },
    #[error("line {number}: bag {bag:?} {reason}")]
    Bag {
        number: u64,
        bag: String,
        reason: &'static str,
    },
}

impl CustodyList {
    /// Reads a log. Each line must be in the form of [`CustodyList::to_bytes`].
    ///
    /// # Errors
    /// If a line is malformed or out of order, or a bag is used twice.
    pub fn parse(bytes: &[u8]) -> Result<Self, CustodyError> {
        let mut list = Self::default();
        for (number, text) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
            let refuse = |reason: String| CustodyError::Line { number, reason };
            let text = text
                .strip_suffix(b"\n")
                .ok_or_else(|| refuse("the line is incomplete".to_owned()))?;
            let line: CustodyLine =
                serde_json::from_slice(text).map_err(|error| refuse(error.to_string()))?;
            if encode(&line) != text {
                return Err(refuse("the line is not in canonical form".to_owned()));
            }
            if line.seq != number {
                return Err(refuse(format!("\"seq\" is {}", line.seq)));
            }
            if let Some(reason) = list.objection(&line) {
                let bag = line.bag;
                return Err(CustodyError::Bag {
                    number,
                    bag,
                    reason,
                });
            }
            list.lines.push(line);
        }
        Ok(list)
    }

    /// Adds an entry with the next number.
    pub fn push(&mut self, mut line: CustodyLine) {
        line.seq = self.lines.len() as u64 + 1;
        self.lines.push(line);
    }

    /// A bag can be sealed once, and opened once after that.
    fn objection(&self, line: &CustodyLine) -> Option<&'static str> {
        let last = self.lines.iter().rev().find(|other| other.bag == line.bag);
        match (line.moved, last.map(|last| last.moved)) {
            (Moved::Sealed, None) | (Moved::Opened, None | Some(Moved::Sealed)) => None,
            (Moved::Sealed, Some(_)) => Some("was used before"),
            (Moved::Opened, Some(Moved::Opened)) => Some("is already open"),
        }
    }

    pub fn lines(&self) -> &[CustodyLine] {
        &self.lines
    }

    /// Whether the bag number was ever used.
    pub fn knows_bag(&self, bag: &str) -> bool {
        self.lines.iter().any(|line| line.bag == bag)
    }

    /// The sealed bags by bag number, with their last entries.
    pub fn closed(&self) -> BTreeMap<&str, &CustodyLine> {
        let mut closed = BTreeMap::new();
        for line in &self.lines {
            match line.moved {
                Moved::Sealed => closed.insert(line.bag.as_str(), line),
                Moved::Opened => closed.remove(line.bag.as_str()),
            };
        }
        closed
    }

    /// The sealed bag that contains the token with this serial number.
    pub fn bag_of(&self, serial: &str) -> Option<&str> {
        let of_token = |line: &&CustodyLine| {
            let token = line.token.as_ref();
            line.moved == Moved::Sealed && token.is_some_and(|token| token.serial == serial)
        };
        let last = self.lines.iter().rev().find(of_token)?;
        self.closed()
            .contains_key(last.bag.as_str())
            .then_some(last.bag.as_str())
    }

    /// One JSON object per line, without white space, with members in the order of the format.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for line in &self.lines {
            bytes.extend(encode(line));
            bytes.push(b'\n');
        }
        bytes
    }
}

fn encode(line: &CustodyLine) -> Vec<u8> {
    // Strings and numbers can always be serialized.
    serde_json::to_vec(line).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(bag: &str, moved: Moved) -> CustodyLine {
        CustodyLine {
            bag: bag.to_owned(),
            contents: "the token of key holder 1".to_owned(),
            fingerprint: None,
            holder: None,
            mode: "production".to_owned(),
            moved,
            people: vec!["Ada".to_owned()],
            place: None,
            repository: "example.com/updates".to_owned(),
            script: "00".repeat(32),
            seq: 0,
            time: "2026-12-01T09:41:00Z".parse().unwrap(),
            token: Some(TokenId {
                profile: "softhsm2".to_owned(),
                manufacturer: "m".to_owned(),
                model: "m".to_owned(),
                serial: format!("serial of {bag}"),
                label: "l".to_owned(),
            }),
        }
    }

    fn list(moves: &[(&str, Moved)]) -> CustodyList {
        let mut list = CustodyList::default();
        for (bag, moved) in moves {
            list.push(line(bag, *moved));
        }
        list
    }

    #[test]
    fn a_log_is_read_back_and_finds_bags() {
        use Moved::{Opened, Sealed};
        let written = list(&[("A1", Sealed), ("A1", Opened), ("A2", Sealed)]);
        let read = CustodyList::parse(&written.to_bytes()).unwrap();
        assert_eq!(read, written);
        assert_eq!(read.closed().into_keys().collect::<Vec<_>>(), ["A2"]);
        assert_eq!(read.bag_of("serial of A2"), Some("A2"));
        assert_eq!(read.bag_of("serial of A1"), None);
        assert!(read.knows_bag("A1") && !read.knows_bag("A3"));
        let text = String::from_utf8(written.to_bytes()).unwrap();
        assert!(text.starts_with("{\"bag\":\"A1\",\"contents\":"), "{text}");
    }

    #[test]
    fn other_forms_and_duplicate_bags_are_refused() {
        use Moved::{Opened, Sealed};
        let text = String::from_utf8(list(&[("A1", Sealed)]).to_bytes()).unwrap();
        for bad in [
            text.replace(",\"seq\"", ", \"seq\""),
            text.replace("\"seq\":1", "\"seq\":2"),
            text.replace("\"bag\"", "\"sack\""),
            text.trim_end().to_owned(),
            format!("{text}\n"),
        ] {
            let refused = CustodyList::parse(bad.as_bytes());
            assert!(matches!(refused, Err(CustodyError::Line { .. })), "{bad}");
        }
        for twice in [
            &[("A1", Sealed), ("A1", Sealed)][..],
            &[("A1", Sealed), ("A1", Opened), ("A1", Sealed)],
            &[("A1", Opened), ("A1", Opened)],
        ] {
            assert!(matches!(
                CustodyList::parse(&list(twice).to_bytes()),
                Err(CustodyError::Bag { .. })
            ));
        }
    }
}
