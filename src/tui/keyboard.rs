//! Keys, decoded from the bytes of the terminal.
//!
//! The bytes of a PIN pass through one buffer here, which is wiped as soon as it was read.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use zeroize::{Zeroize as _, Zeroizing};

const ESCAPE: u8 = 0x1b;
const PASTE_END: &[u8] = b"\x1b[201~";

/// Longer than any key, and any reasonable pasted text.
const LONGEST: usize = 16 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Typed {
    Key(KeyEvent),
    /// Text from the clipboard.
    Paste(String),
}

/// A terminal in raw mode.
pub(super) struct Keyboard {
    device: File,
    /// Bytes that are not a complete key yet. The buffer never moves in memory.
    pending: Zeroizing<Vec<u8>>,
}

impl Keyboard {
    pub(super) fn new(device: File) -> Self {
        Self {
            device,
            pending: Zeroizing::new(Vec::with_capacity(LONGEST)),
        }
    }

    /// Whether an incomplete key was read. A single Escape is one, too.
    pub(super) fn has_beginning(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Reads available bytes, and returns the complete keys. An error means that the terminal is gone.
    pub(super) fn read(&mut self) -> io::Result<Vec<Typed>> {
        let mut bytes = Zeroizing::new([0; 1024]);
        let count = match self.device.read(&mut bytes[..]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        if self.pending.len() + count > LONGEST {
            self.pending.zeroize();
        }
        self.pending.extend_from_slice(&bytes[..count]);
        Ok(self.take_whole())
    }

    /// Ends an incomplete key, because no more bytes arrived.
    pub(super) fn flush(&mut self) -> Option<Typed> {
        let is_escape = self.pending.as_slice() == [ESCAPE];
        self.pending.zeroize();
        is_escape.then(|| key(KeyCode::Esc, KeyModifiers::NONE))
    }

    fn take_whole(&mut self) -> Vec<Typed> {
        let mut all = Vec::new();
        let mut used = 0;
        while let Some((typed, count)) = parse(&self.pending[used..]) {
            used += count;
            all.extend(typed);
        }
        if used == self.pending.len() {
            self.pending.zeroize();
        } else {
            self.pending[..used].zeroize();
            self.pending.drain(..used);
        }
        all
    }
}

impl AsFd for Keyboard {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.device.as_fd()
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Typed {
    Typed::Key(KeyEvent::new(code, modifiers))
}

/// The first key, and its number of bytes; `None` if it is incomplete. Other bytes are skipped.
fn parse(bytes: &[u8]) -> Option<(Option<Typed>, usize)> {
    let plain = |code| Some((Some(key(code, KeyModifiers::NONE)), 1));
    match *bytes.first()? {
        ESCAPE => parse_escape(bytes),
        b'\r' | b'\n' => plain(KeyCode::Enter),
        b'\t' => plain(KeyCode::Tab),
        0x08 | 0x7f => plain(KeyCode::Backspace),
        byte @ 0x01..=0x1a => {
            let letter = char::from(byte - 1 + b'a');
            Some((Some(key(KeyCode::Char(letter), KeyModifiers::CONTROL)), 1))
        }
        0x00..=0x1f => Some((None, 1)),
        _ => parse_char(bytes),
    }
}

fn parse_char(bytes: &[u8]) -> Option<(Option<Typed>, usize)> {
    let length = match *bytes.first()? {
        0x00..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Some((None, 1)),
    };
    let (valid, is_cut) = match std::str::from_utf8(&bytes[..length.min(bytes.len())]) {
        Ok(text) => (text.chars().next(), false),
        Err(error) => (None, error.error_len().is_none()),
    };
    match valid {
        Some(c) => Some((Some(key(KeyCode::Char(c), KeyModifiers::NONE)), length)),
        None if is_cut => None,
        None => Some((None, 1)),
    }
}

fn parse_escape(bytes: &[u8]) -> Option<(Option<Typed>, usize)> {
    match *bytes.get(1)? {
        b'[' => parse_sequence(bytes),
        b'O' => {
            let code = by_letter(*bytes.get(2)?);
            Some((code.map(|code| key(code, KeyModifiers::NONE)), 3))
        }
        // Alt with Control is not used: Escape was pressed before.
        0x00..=0x1f | 0x7f => Some((Some(key(KeyCode::Esc, KeyModifiers::NONE)), 1)),
        _ => {
            let (typed, count) = parse(&bytes[1..])?;
            let typed = typed.map(|typed| match typed {
                Typed::Key(mut event) => {
                    event.modifiers |= KeyModifiers::ALT;
                    Typed::Key(event)
                }
                paste @ Typed::Paste(_) => paste,
            });
            Some((typed, count + 1))
        }
    }
}

/// A sequence that begins with `ESC [`.
fn parse_sequence(bytes: &[u8]) -> Option<(Option<Typed>, usize)> {
    // The Linux console's F1 to F5.
    if bytes.get(2) == Some(&b'[') {
        let number = bytes.get(3)?.wrapping_sub(b'A');
        let code = (number < 5).then(|| KeyCode::F(number + 1));
        return Some((code.map(|code| key(code, KeyModifiers::NONE)), 4));
    }
    let body = &bytes[2..];
    let length = body.iter().position(|byte| !(0x20..=0x3f).contains(byte))?;
    let (parameters, last) = (&body[..length], body[length]);
    let count = length + 3;
    if !(0x40..=0x7e).contains(&last) {
        // An incomplete sequence; the byte that ended it is parsed separately.
        return Some((None, count - 1));
    }
    if parameters
        .first()
        .is_some_and(|byte| (b'<'..=b'?').contains(byte))
    {
        // A response of the terminal, not a key.
        return Some((None, count));
    }
    let mut numbers = parameters.split(|byte| *byte == b';').map(number);
    let (first, second) = (numbers.next().flatten(), numbers.next().flatten());
    let modifiers = modifiers(second.unwrap_or(1));
    let code = match (last, first) {
        (b'~', Some(200)) => return parse_paste(bytes, count),
        (b'~', Some(number)) => by_number(number),
        (b'Z', _) => Some(KeyCode::BackTab),
        (letter, _) => by_letter(letter),
    };
    Some((code.map(|code| key(code, modifiers)), count))
}

fn parse_paste(bytes: &[u8], begin: usize) -> Option<(Option<Typed>, usize)> {
    let body = &bytes[begin..];
    let length = body
        .windows(PASTE_END.len())
        .position(|window| window == PASTE_END)?;
    let text = String::from_utf8_lossy(&body[..length]).into_owned();
    Some((Some(Typed::Paste(text)), begin + length + PASTE_END.len()))
}

fn number(digits: &[u8]) -> Option<u16> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn modifiers(number: u16) -> KeyModifiers {
    let bits = number.saturating_sub(1);
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
    ] {
        modifiers.set(modifier, bits & bit != 0);
    }
    modifiers
}

const fn by_letter(letter: u8) -> Option<KeyCode> {
    Some(match letter {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'M' => KeyCode::Enter,
        b'P'..=b'S' => KeyCode::F(letter - b'P' + 1),
        _ => return None,
    })
}

fn by_number(number: u16) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(u8::try_from(number - 10).ok()?),
        17..=21 => KeyCode::F(u8::try_from(number - 11).ok()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyboard() -> Keyboard {
        Keyboard::new(File::open("/dev/null").unwrap())
    }

    fn typed(bytes: &[u8]) -> Vec<Typed> {
        let mut keyboard = keyboard();
        keyboard.pending.extend_from_slice(bytes);
        let mut all = keyboard.take_whole();
        all.extend(keyboard.flush());
        all
    }

    fn plain(code: KeyCode) -> Typed {
        key(code, KeyModifiers::NONE)
    }

    #[test]
    fn keys_of_many_terminals_are_recognized() {
        for (bytes, code) in [
            ("a", KeyCode::Char('a')),
            ("P", KeyCode::Char('P')),
            ("ë", KeyCode::Char('ë')),
            ("狐", KeyCode::Char('狐')),
            ("\r", KeyCode::Enter),
            ("\n", KeyCode::Enter),
            ("\t", KeyCode::Tab),
            ("\x7f", KeyCode::Backspace),
            ("\x08", KeyCode::Backspace),
            ("\x1b", KeyCode::Esc),
            ("\x1b[A", KeyCode::Up),
            ("\x1bOB", KeyCode::Down),
            ("\x1b[H", KeyCode::Home),
            ("\x1b[1~", KeyCode::Home),
            ("\x1bOF", KeyCode::End),
            ("\x1b[8~", KeyCode::End),
            ("\x1b[3~", KeyCode::Delete),
            ("\x1b[5~", KeyCode::PageUp),
            ("\x1b[6~", KeyCode::PageDown),
            ("\x1b[Z", KeyCode::BackTab),
            ("\x1bOP", KeyCode::F(1)),
            ("\x1b[[A", KeyCode::F(1)),
            ("\x1b[11~", KeyCode::F(1)),
            ("\x1bOQ", KeyCode::F(2)),
            ("\x1b[[E", KeyCode::F(5)),
            ("\x1b[15~", KeyCode::F(5)),
            ("\x1b[17~", KeyCode::F(6)),
            ("\x1b[21~", KeyCode::F(10)),
        ] {
            assert_eq!(typed(bytes.as_bytes()), [plain(code)], "{bytes:?}");
        }
    }

    #[test]
    fn modifiers_are_recognized() {
        for (bytes, code, modifiers) in [
            ("\x03", KeyCode::Char('c'), KeyModifiers::CONTROL),
            ("\x15", KeyCode::Char('u'), KeyModifiers::CONTROL),
            ("\x1bq", KeyCode::Char('q'), KeyModifiers::ALT),
            ("\x1b[1;5A", KeyCode::Up, KeyModifiers::CONTROL),
            ("\x1b[1;2P", KeyCode::F(1), KeyModifiers::SHIFT),
        ] {
            assert_eq!(typed(bytes.as_bytes()), [key(code, modifiers)], "{bytes:?}");
        }
    }

    #[test]
    fn keys_are_decoded_from_any_chunks() {
        let keys = "1\x1b[B\x1b[6~ë\r".as_bytes();
        let expected = [
            plain(KeyCode::Char('1')),
            plain(KeyCode::Down),
            plain(KeyCode::PageDown),
            plain(KeyCode::Char('ë')),
            plain(KeyCode::Enter),
        ];
        assert_eq!(typed(keys), expected);
        let mut keyboard = keyboard();
        let mut all = Vec::new();
        for byte in keys {
            keyboard.pending.push(*byte);
            all.extend(keyboard.take_whole());
        }
        assert_eq!(all, expected);
        assert!(!keyboard.has_beginning());
    }

    #[test]
    fn other_bytes_are_skipped() {
        for bytes in [
            &b"\x1b[99~"[..],
            b"\x1b[?1;2c",
            b"\x1b[<0;10;10M",
            b"\x1b[1;",
            b"\x1bO",
            b"\xff\xfe",
            b"\xc3",
            b"\x00\x1c",
            b"\x1b[200~no end",
        ] {
            assert_eq!(typed(bytes), [], "{bytes:?}");
        }
        assert_eq!(
            typed(b"\x1b\x03"),
            [
                plain(KeyCode::Esc),
                key(KeyCode::Char('c'), KeyModifiers::CONTROL)
            ]
        );
        // The byte that ends an incomplete sequence is a key.
        assert_eq!(typed(b"\x1b[1\r"), [plain(KeyCode::Enter)]);
    }

    #[test]
    fn pasted_text_is_not_keys() {
        let text = "SIGN ROOT 1\r\x1b[A".to_owned();
        let bytes = format!("a\x1b[200~{text}\x1b[201~b");
        assert_eq!(
            typed(bytes.as_bytes()),
            [
                plain(KeyCode::Char('a')),
                Typed::Paste(text),
                plain(KeyCode::Char('b'))
            ]
        );
    }

    #[test]
    fn what_was_typed_is_wiped() {
        let mut keyboard = keyboard();
        let place = keyboard.pending.as_ptr();
        keyboard.pending.extend_from_slice(b"31415\x1b[");
        assert_eq!(keyboard.take_whole().len(), 5);
        assert_eq!(keyboard.pending.as_slice(), b"\x1b[");
        keyboard.flush();
        assert_eq!(keyboard.pending.as_ptr(), place);
        // The whole buffer is wiped.
        keyboard.pending.resize(LONGEST, 0xff);
        assert_eq!(keyboard.pending.as_ptr(), place);
        keyboard.flush();
        assert!(keyboard.pending.is_empty());
    }
}
