//! PEM (RFC 7468) in the variants that tools write: with text around the blocks, header lines, and any line length.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use der::pem::{LineEnding, encode_string};

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

/// One block of a text. The content is decoded on request, so that skipped private keys are not copied.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// The label after BEGIN: `CERTIFICATE`.
    pub label: &'a str,
    /// From the first to the last dash.
    pub text: &'a str,
    /// The text between the boundaries, with headers; `None` without END.
    inside: Option<&'a str>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    #[error("the PEM block does not have an END line with the same label")]
    NoEnd,
    #[error("the PEM block is not valid base64: {0}")]
    Base64(String),
}

pub fn blocks(text: &str) -> impl Iterator<Item = Block<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let start = &rest[rest.find(BEGIN)?..];
            let after = &start[BEGIN.len()..];
            rest = after;
            // A label ends on the same line.
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
    /// The lines `name: value` before the content, which OpenSSL and Docker write. They are not in RFC 7468.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let lines = self.inside.unwrap_or_default().trim_start().lines();
        lines.map_while(|line| {
            let (name, value) = line.split_once(": ")?;
            Some((name, value.trim()))
        })
    }

    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Accepts any line length and any line ends.
    ///
    /// # Errors
    /// [`PemError`].
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

/// A block with LF, 64 characters per line, and a final newline.
pub fn encode(label: &'static str, der: &[u8]) -> String {
    match encode_string(label, LineEnding::LF, der) {
        Ok(pem) => pem,
        Err(error) => unreachable!("all labels are valid: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_content_are_separated() {
        let text = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nrole: root\n\nAAEC\nAwQF\n-----END ENCRYPTED PRIVATE KEY-----\n";
        let block = blocks(text).next().unwrap();
        assert_eq!(block.label, "ENCRYPTED PRIVATE KEY");
        assert_eq!(block.text, text.trim_end());
        assert_eq!(block.header("role"), Some("root"));
        assert_eq!(block.header("gun"), None);
        assert_eq!(block.decode().unwrap(), [0, 1, 2, 3, 4, 5]);
        assert!(blocks("no key").next().is_none());
        for (wrong, error) in [
            ("-----BEGIN X-----\nAAEC\n", "does not have an END line"),
            (
                "-----BEGIN X-----\nA?EC\n-----END X-----\n",
                "Invalid symbol 63, offset 1.",
            ),
        ] {
            let found = blocks(wrong).next().unwrap().decode().unwrap_err();
            assert!(found.to_string().contains(error), "{found}");
        }
    }

    #[test]
    fn blocks_are_found_after_text_and_after_incomplete_blocks() {
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
