//! PEM (RFC 7468) as tools write it: text around the blocks, header lines, lines of any length.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use der::pem::{LineEnding, encode_string};

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

/// One block of a text. Its content is decoded on request, so that a private key that is only passed over is not copied.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// What stands after BEGIN: `CERTIFICATE`.
    pub label: &'a str,
    /// From the first dash to the last one.
    pub text: &'a str,
    /// Between the boundaries, headers included; none if there is no END.
    inside: Option<&'a str>,
}

/// Why the content of a block cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// BEGIN without the END of the same label.
    #[error("a PEM block has no end")]
    NoEnd,
    /// Something else than base64 between the boundaries.
    #[error("{0}")]
    Base64(String),
}

/// The blocks of a text in their order.
pub fn blocks(text: &str) -> impl Iterator<Item = Block<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let start = &rest[rest.find(BEGIN)?..];
            let after = &start[BEGIN.len()..];
            rest = after;
            // A label does not go beyond its line.
            let Some((label, body)) = after.split_once(DASHES).filter(|(l, _)| !l.contains('\n'))
            else {
                continue;
            };
            let end = format!("-----END {label}-----");
            let (inside, text) = match body.find(&end) {
                Some(length) => {
                    rest = &body[length + end.len()..];
                    (Some(&body[..length]), &start[..start.len() - rest.len()])
                }
                None => (None, start),
            };
            return Some(Block {
                label,
                text,
                inside,
            });
        }
    })
}

impl<'a> Block<'a> {
    /// The lines `name: value` before the content, which RFC 7468 does not know, but OpenSSL and Docker write.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let lines = self.inside.unwrap_or_default().trim_start().lines();
        lines.map_while(|line| {
            let (name, value) = line.split_once(": ")?;
            Some((name, value.trim()))
        })
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// The content, wrapped at any column, with any line ends.
    ///
    /// # Errors
    /// When the block has no end, or holds something else than headers and base64.
    pub fn decode(&self) -> Result<Vec<u8>, PemError> {
        let lines = self.inside.ok_or(PemError::NoEnd)?.trim_start().lines();
        let packed: String = lines
            .skip(self.headers().count())
            .flat_map(str::chars)
            .filter(|character| !character.is_ascii_whitespace())
            .collect();
        STANDARD
            .decode(packed)
            .map_err(|error| PemError::Base64(error.to_string()))
    }
}

/// A block with LF, 64 characters a line, and the final newline.
pub fn encode(label: &'static str, der: &[u8]) -> String {
    match encode_string(label, LineEnding::LF, der) {
        Ok(pem) => pem,
        Err(error) => unreachable!("the labels here are those of RFC 7468: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_content_are_told_apart() {
        let text = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nrole: root\n\nAAEC\nAwQF\n-----END ENCRYPTED PRIVATE KEY-----\n";
        let block = blocks(text).next().unwrap();
        assert_eq!(block.label, "ENCRYPTED PRIVATE KEY");
        assert_eq!(block.text, text.trim_end());
        assert_eq!(block.header("role"), Some("root"));
        assert_eq!(block.header("gun"), None);
        assert_eq!(block.decode().unwrap(), [0, 1, 2, 3, 4, 5]);
        assert!(blocks("no key").next().is_none());
        for (wrong, error) in [
            ("-----BEGIN X-----\nAAEC\n", "a PEM block has no end"),
            (
                "-----BEGIN X-----\nA?EC\n-----END X-----\n",
                "Invalid symbol 63, offset 1.",
            ),
        ] {
            let found = blocks(wrong).next().unwrap().decode().unwrap_err();
            assert_eq!(found.to_string(), error);
        }
    }

    #[test]
    fn blocks_are_found_behind_text_and_behind_one_without_an_end() {
        let text = format!(
            "-----BEGIN \n-----BEGIN A-----\nAA==\nSubject: one\n{0}and\r\n{0}",
            encode("B", &[7; 50])
        );
        let found: Vec<_> = blocks(&text).collect();
        let labels: Vec<_> = found.iter().map(|block| block.label).collect();
        assert_eq!(labels, ["A", "B", "B"]);
        assert_eq!(found[0].decode(), Err(PemError::NoEnd));
        assert_eq!(found[1].decode(), found[2].decode());
        assert_eq!(found[2].decode().unwrap(), [7; 50]);
    }
}
