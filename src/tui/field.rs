//! Input fields: a line of text, and a secret that is not shown.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use zeroize::{Zeroize as _, Zeroizing};

use crate::ceremony::SecretPurpose;
use crate::secret::{Pin, PinError};

/// Longer than any typed answer.
const LONGEST_TEXT: usize = 1000;

/// Longer than any PIN, so that the buffer never moves in memory.
const LONGEST_SECRET: usize = 256;

/// A line of text with a cursor in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TextField {
    text: String,
    /// In bytes, always between two characters.
    cursor: usize,
}

impl TextField {
    pub(super) const fn new() -> Self {
        Self {
            text: String::new(),
            cursor: 0,
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn before_cursor(&self) -> &str {
        &self.text[..self.cursor]
    }

    pub(super) fn after_cursor(&self) -> &str {
        &self.text[self.cursor..]
    }

    /// Handles a key; false if it does not edit text.
    pub(super) fn edit(&mut self, key: KeyEvent) -> bool {
        match Edit::of(key) {
            Some(Edit::Insert(c)) => self.insert(c),
            Some(Edit::Clear) => *self = Self::default(),
            Some(Edit::DeleteBefore) => {
                if let Some(c) = self.before_cursor().chars().next_back() {
                    self.cursor -= c.len_utf8();
                    self.text.remove(self.cursor);
                }
            }
            Some(Edit::Delete) => {
                if self.cursor < self.text.len() {
                    self.text.remove(self.cursor);
                }
            }
            Some(Edit::Left) => {
                if let Some(c) = self.before_cursor().chars().next_back() {
                    self.cursor -= c.len_utf8();
                }
            }
            Some(Edit::Right) => {
                if let Some(c) = self.text[self.cursor..].chars().next() {
                    self.cursor += c.len_utf8();
                }
            }
            Some(Edit::Start) => self.cursor = 0,
            Some(Edit::End) => self.cursor = self.text.len(),
            None => return false,
        }
        true
    }

    /// Inserts text from the clipboard as one line.
    pub(super) fn paste(&mut self, text: &str) {
        for c in text.trim_end_matches(['\r', '\n']).chars() {
            self.insert(if c.is_control() { ' ' } else { c });
        }
    }

    fn insert(&mut self, c: char) {
        if self.text.len() + c.len_utf8() <= LONGEST_TEXT {
            self.text.insert(self.cursor, c);
            self.cursor += c.len_utf8();
        }
    }
}

/// A secret while it is typed. It is wiped when it is taken or dropped, and only shows whether something was typed.
pub(super) struct SecretField(Zeroizing<String>);

impl Default for SecretField {
    fn default() -> Self {
        Self(Zeroizing::new(String::with_capacity(LONGEST_SECRET)))
    }
}

impl SecretField {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What may be shown while it is typed; nothing for most secrets.
    pub(super) fn remark(&self, purpose: SecretPurpose) -> Option<&'static str> {
        purpose.while_typed(&self.0)
    }

    /// Handles a key; false if it does not edit text.
    pub(super) fn edit(&mut self, key: KeyEvent) -> bool {
        match Edit::of(key) {
            // Never beyond the capacity: growing would leave a copy.
            Some(Edit::Insert(c)) if self.0.len() + c.len_utf8() <= LONGEST_SECRET => {
                self.0.push(c);
            }
            Some(Edit::DeleteBefore) => {
                self.0.pop();
            }
            Some(Edit::Clear) => self.0.zeroize(),
            Some(_) => {}
            None => return false,
        }
        true
    }

    /// The typed PIN. The field is empty afterwards.
    pub(super) fn take(&mut self) -> Result<Pin, PinError> {
        Pin::new(std::mem::take(self).0)
    }

    /// Whether it looks like a one-time password, which a security key types when it is touched.
    pub(super) fn is_one_time_password(&self) -> bool {
        self.0.len() >= 32 && self.0.chars().all(|c| "cbdefghijklnrtuv".contains(c))
    }
}

impl fmt::Debug for SecretField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretField(…)")
    }
}

enum Edit {
    Insert(char),
    DeleteBefore,
    Delete,
    Clear,
    Left,
    Right,
    Start,
    End,
}

impl Edit {
    fn of(key: KeyEvent) -> Option<Self> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        Some(match key.code {
            KeyCode::Char('u') if control => Self::Clear,
            KeyCode::Char('h') if control => Self::DeleteBefore,
            // Some terminals report AltGr as both.
            KeyCode::Char(c) if control == alt && !c.is_control() => Self::Insert(c),
            KeyCode::Backspace => Self::DeleteBefore,
            KeyCode::Delete => Self::Delete,
            KeyCode::Left => Self::Left,
            KeyCode::Right => Self::Right,
            KeyCode::Home => Self::Start,
            KeyCode::End => Self::End,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    fn typed(text: &str) -> impl Iterator<Item = KeyEvent> + '_ {
        text.chars().map(|c| key(KeyCode::Char(c)))
    }

    #[test]
    fn a_line_is_edited_at_its_cursor() {
        let mut field = TextField::default();
        for event in typed("Zoë") {
            assert!(field.edit(event));
        }
        field.edit(key(KeyCode::Left));
        field.edit(key(KeyCode::Backspace));
        field.edit(key(KeyCode::Char('i')));
        assert_eq!((field.text(), field.before_cursor()), ("Zië", "Zi"));
        field.edit(key(KeyCode::Home));
        field.edit(key(KeyCode::Delete));
        field.edit(key(KeyCode::End));
        field.paste("!\n?\r\n");
        assert_eq!(field.text(), "ië! ?");
        field.edit(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
        assert!(field.is_empty());
        assert!(!field.edit(key(KeyCode::Enter)));
    }

    #[test]
    fn a_secret_is_taken_once_and_never_printed() {
        let mut field = SecretField::default();
        for event in typed("canary-31415") {
            field.edit(event);
        }
        field.edit(key(KeyCode::Backspace));
        field.edit(key(KeyCode::Char('6')));
        assert_eq!(format!("{field:?}"), "SecretField(…)");
        assert_eq!(field.take().unwrap().expose(), "canary-31416");
        assert!(field.is_empty());
        assert_eq!(field.take().unwrap_err(), PinError::Empty);
    }

    #[test]
    fn a_long_secret_never_moves() {
        let mut field = SecretField::default();
        let before = field.0.as_ptr();
        for event in typed(&"9".repeat(LONGEST_SECRET + 50)) {
            field.edit(event);
        }
        assert_eq!(field.0.as_ptr(), before);
        assert_eq!(field.0.len(), LONGEST_SECRET);
    }

    #[test]
    fn a_one_time_password_is_recognized() {
        for (text, expected) in [
            ("ccccccbcgujhingjrdejhgfnuetrgigvejhhgbkugded", true),
            ("123456", false),
            ("12345678901234567890123456789012", false),
        ] {
            let mut field = SecretField::default();
            for event in typed(text) {
                field.edit(event);
            }
            assert_eq!(field.is_one_time_password(), expected, "{text}");
        }
    }
}
