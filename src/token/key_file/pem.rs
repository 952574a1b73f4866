//! The file of a private key as Docker Content Trust keeps it: PEM with header lines, closed under a passphrase.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The most that a key file may be long.
pub(super) const MAX_BYTES: u64 = 64 * 1024;

/// The text of a file, taken apart.
#[derive(Debug)]
pub(super) struct Pem {
    /// What stands after BEGIN: `ENCRYPTED PRIVATE KEY`.
    pub(super) label: String,
    headers: Vec<(String, String)>,
    /// The content. It is closed: nothing in it is secret yet.
    pub(super) content: Vec<u8>,
}

impl Pem {
    /// Reads a file with one key.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().map(str::trim_end);
        let label = lines
            .by_ref()
            .find_map(|line| line.strip_prefix("-----BEGIN ")?.strip_suffix("-----"))
            .ok_or("is no PEM: it has no line -----BEGIN …-----")?
            .to_owned();
        let end = format!("-----END {label}-----");
        let (mut headers, mut body, mut is_ended) = (Vec::new(), String::new(), false);
        for line in lines {
            if line == end {
                is_ended = true;
                break;
            }
            match line.split_once(": ") {
                Some((name, value)) if body.is_empty() => {
                    headers.push((name.to_owned(), value.trim().to_owned()));
                }
                _ => body.push_str(line),
            }
        }
        if !is_ended {
            return Err(format!("is cut short: it has no line {end}"));
        }
        let content = STANDARD
            .decode(body)
            .map_err(|_| "is damaged: what stands between BEGIN and END is not base64")?;
        Ok(Self {
            label,
            headers,
            content,
        })
    }

    /// What a header line says.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_content_are_told_apart() {
        let text = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nrole: root\n\nAAEC\nAwQF\n-----END ENCRYPTED PRIVATE KEY-----\n";
        let pem = Pem::read(text).unwrap();
        assert_eq!(pem.label, "ENCRYPTED PRIVATE KEY");
        assert_eq!(pem.header("role"), Some("root"));
        assert_eq!(pem.header("gun"), None);
        assert_eq!(pem.content, [0, 1, 2, 3, 4, 5]);
        for (wrong, told) in [
            ("no key", "is no PEM"),
            ("-----BEGIN X-----\nAAEC\n", "is cut short"),
            ("-----BEGIN X-----\nA?EC\n-----END X-----\n", "is damaged"),
        ] {
            let why = Pem::read(wrong).unwrap_err();
            assert!(why.starts_with(told), "{why}");
        }
    }
}
