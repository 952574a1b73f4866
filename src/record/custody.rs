//! The custody list: which token or medium lies in which bag, who has it, and where.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::TokenId;

/// One line of a custody list: a bag was opened or sealed. Digests are 64 lower-case hex characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodyLine {
    pub bag: String,
    /// What is in it, in words.
    pub contents: String,
    /// SHA-256 of the public key, in hex; null as long as the token has none.
    pub fingerprint: Option<String>,
    /// Who has had the token since: the name of the person who received it. Null when a bag was opened.
    pub holder: Option<String>,
    /// `rehearsal` or `production`.
    pub mode: String,
    pub moved: Moved,
    /// The names of those who read its number.
    pub people: Vec<String>,
    /// Where it is kept. Null when a bag was opened.
    pub place: Option<String>,
    /// The name of the line of roots.
    pub repository: String,
    /// SHA-256 of the script of the ceremony, in hex.
    pub script: String,
    /// The number of the line, from 1.
    pub seq: u64,
    /// When, by the attested clock.
    pub time: Timestamp,
    /// The token; null when it never showed itself.
    pub token: Option<TokenId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moved {
    /// Its number was read and matched, and it was opened.
    Opened,
    /// It was closed over its contents, and its number was read by two people.
    Sealed,
}

/// A custody list that was carried from ceremony to ceremony.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustodyList {
    lines: Vec<CustodyLine>,
}

/// Why a text is not a custody list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustodyError {
    /// A line is not one, or could be written in another way.
    #[error("line {number} is not a line of a custody list: {what}")]
    Line { number: u64, what: String },
    /// A bag is opened that is not closed, or is used a second time.
    #[error("line {number}: bag {bag:?} {what}")]
    Bag {
        /// Counted from 1.
        number: u64,
        bag: String,
        what: &'static str,
    },
}

impl CustodyList {
    /// Reads a list. Each line must be written as [`CustodyList::to_bytes`] writes it.
    ///
    /// # Errors
    /// When a line is malformed, a number is out of its order, or a bag is used twice.
    pub fn parse(bytes: &[u8]) -> Result<Self, CustodyError> {
        let mut list = Self::default();
        for (number, text) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
            let fault = |what: String| CustodyError::Line { number, what };
            let text = text
                .strip_suffix(b"\n")
                .ok_or_else(|| fault("it is cut short".to_owned()))?;
            let line: CustodyLine =
                serde_json::from_slice(text).map_err(|error| fault(error.to_string()))?;
            if encode(&line) != text {
                return Err(fault("it is not in canonical form".to_owned()));
            }
            if line.seq != number {
                return Err(fault(format!("its number is {}", line.seq)));
            }
            if let Some(what) = list.objection(&line) {
                let bag = line.bag;
                return Err(CustodyError::Bag { number, bag, what });
            }
            list.lines.push(line);
        }
        Ok(list)
    }

    /// Adds a line, which gets the next number.
    pub fn push(&mut self, mut line: CustodyLine) {
        line.seq = self.lines.len() as u64 + 1;
        self.lines.push(line);
    }

    /// What speaks against a line: a bag is sealed once, and opened once after that.
    fn objection(&self, line: &CustodyLine) -> Option<&'static str> {
        let last = self.lines.iter().rev().find(|other| other.bag == line.bag);
        match (line.moved, last.map(|last| last.moved)) {
            (Moved::Sealed, None) | (Moved::Opened, None | Some(Moved::Sealed)) => None,
            (Moved::Sealed, Some(_)) => Some("was used before"),
            (Moved::Opened, Some(Moved::Opened)) => Some("is open already"),
        }
    }

    pub fn lines(&self) -> &[CustodyLine] {
        &self.lines
    }

    /// Whether a bag of that number was ever used.
    pub fn knows_bag(&self, bag: &str) -> bool {
        self.lines.iter().any(|line| line.bag == bag)
    }

    /// The bags that are closed, by number, each with the line that says so.
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

    /// The closed bag in which the token with that serial number lies.
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

    /// A line for each, ended by a line feed; members in the order of the format, no white space.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for line in &self.lines {
            bytes.extend(encode(line));
            bytes.push(b'\n');
        }
        bytes
    }
}

/// The members stand in the order in which the structs have them.
fn encode(line: &CustodyLine) -> Vec<u8> {
    // Texts and numbers cannot fail to be JSON.
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
    fn a_list_reads_back_and_tells_where_things_are() {
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
    fn no_other_spelling_and_no_bag_twice() {
        use Moved::{Opened, Sealed};
        let text = String::from_utf8(list(&[("A1", Sealed)]).to_bytes()).unwrap();
        for bad in [
            text.replace(",\"seq\"", ", \"seq\""),
            text.replace("\"seq\":1", "\"seq\":2"),
            text.replace("\"bag\"", "\"sack\""),
            text.trim_end().to_owned(),
            format!("{text}\n"),
        ] {
            assert!(
                matches!(
                    CustodyList::parse(bad.as_bytes()),
                    Err(CustodyError::Line { .. })
                ),
                "{bad}"
            );
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
