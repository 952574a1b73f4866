//! No PIN in a script: it is printed, read aloud and kept permanently.

use toml::de::{DeTable, DeValue};

use super::log::{Log, Span};

const HINT: &str = "remove it, and never use that PIN again: scripts are printed and kept. \
                    Conclave asks for PINs at the terminal";

/// Words that name a secret in the name of a field.
const FIELD_WORDS: [&str; 10] = [
    "pin",
    "pins",
    "puk",
    "passcode",
    "passphrase",
    "password",
    "passwd",
    "secret",
    "sopin",
    "userpin",
];

/// Words that announce a secret in running text.
const TEXT_WORDS: [&str; 6] = ["pin", "puk", "passcode", "passphrase", "password", "passwd"];

/// Any field that is named like a secret, at any depth.
pub(super) fn in_fields(log: &Log<'_>, table: &DeTable<'_>) {
    for (key, value) in table {
        if names_secret(key.get_ref()) {
            error(log, &key.span());
        }
        in_value(log, value.get_ref());
    }
}

fn in_value(log: &Log<'_>, value: &DeValue<'_>) {
    match value {
        DeValue::Table(table) => in_fields(log, table),
        DeValue::Array(items) => items.iter().for_each(|item| in_value(log, item.get_ref())),
        _ => {}
    }
}

/// Any line, also in comments and invalid TOML, that evidently contains one: `PIN: 271828`.
pub(super) fn in_text(log: &Log<'_>) {
    let mut start = 0;
    for line in log.text().split_inclusive('\n') {
        if let Some(at) = tells_secret(line) {
            error(log, &(start + at..start + at));
        }
        start += line.len();
    }
}

fn error(log: &Log<'_>, span: &Span) {
    if !log.has("script.pin", span) {
        log.error(
            "script.pin",
            span,
            "a script must not contain a PIN or password",
            HINT,
        );
    }
}

/// When a key requires its PIN is not a secret; the value is one of a few words.
const POLICY: &str = "pin_policy";

fn names_secret(name: &str) -> bool {
    if name == POLICY {
        return false;
    }
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (after_lower && c.is_uppercase()) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        after_lower = c.is_lowercase();
    }
    words.iter().any(|w| FIELD_WORDS.contains(&w.as_str()))
}

/// The byte at which a line names a secret and then gives it.
fn tells_secret(line: &str) -> Option<usize> {
    let mut at = 0;
    for piece in line.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let names = TEXT_WORDS.contains(&word.to_ascii_lowercase().as_str());
        if names && gives_value(&line[at + word.len()..]) {
            return Some(at);
        }
        at += piece.len();
    }
    None
}

/// What follows the word `PIN`: `: 271828`, ` is hunter2`, ` 271828` — but not ` of 4 to 8 digits`.
fn gives_value(rest: &str) -> bool {
    let rest = rest.trim_start_matches([' ', '\t', '"', '\'']);
    let (announced, rest) = match rest.strip_prefix([':', '=']) {
        Some(rest) => (true, rest),
        None => match rest.strip_prefix("is ") {
            Some(rest) => (true, rest),
            None => (false, rest),
        },
    };
    let rest = rest.trim_start_matches([' ', '\t', '"', '\'']);
    let value: &str = rest
        .split(|c: char| c.is_whitespace() || "\"',;)".contains(c))
        .next()
        .unwrap_or_default()
        .trim_end_matches('.');
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let length = value.chars().count();
    length >= 4 && (digits == length || (announced && digits > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_names() {
        for secret in [
            "pin",
            "PIN",
            "so_pin",
            "so-pin",
            "soPin",
            "userPin",
            "user_pin",
            "puk",
            "password",
            "passphrase",
            "pin_code",
            "sopin",
            "secret",
        ] {
            assert!(names_secret(secret), "{secret}");
        }
        for harmless in [
            "pinned",
            "spinning",
            "title",
            "opinion",
            "key",
            "pine-cone",
            "pin_policy",
        ] {
            assert!(!names_secret(harmless), "{harmless}");
        }
    }

    #[test]
    fn running_text() {
        for secret in [
            "text = \"The PIN is 271828.\"",
            "# PIN: 1234",
            "SO PIN 12345678",
            "label = 'puk=99887766'",
            "password: hunter2",
            "pin = \"0000\"",
        ] {
            assert!(tells_secret(secret).is_some(), "{secret}");
        }
        for harmless in [
            "# A PIN of 4 to 8 digits",
            "# the key holder types the PIN, twice",
            "text = \"PIN: each use\"",
            "set-pin",
            "act = \"set-pin\"",
            "The PIN is typed by the holder.",
            "sha256 = \"123456\"",
        ] {
            assert_eq!(tells_secret(harmless), None, "{harmless}");
        }
    }
}
