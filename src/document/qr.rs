//! QR codes of a file that is too large for a single code.

use qrcode::bits::Bits;
use qrcode::types::QrError as Unfit;
use qrcode::{Color, EcLevel, QrCode, Version};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text does not fit into a QR code: {0}")]
pub struct QrError(Unfit);

/// A code: dark and light modules, row by row, without the quiet zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Modules {
    pub(super) width: usize,
    dark: Vec<bool>,
}

impl Modules {
    pub(super) fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.width && y < self.width && self.dark[y * self.width + x]
    }
}

/// A file as codes, in the sizes that fit on each kind of page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QrCodes {
    pub(super) of_html: Vec<Modules>,
    pub(super) of_text: Vec<Modules>,
}

impl QrCodes {
    /// The codes of a file. An error if a line of it is too long for a code.
    pub fn of(file: &[u8]) -> Result<Self, QrError> {
        Ok(Self {
            of_html: codes(file, OF_HTML)?,
            of_text: codes(file, OF_TEXT)?,
        })
    }
}

/// The maximum size of a code, and its error correction.
#[derive(Debug, Clone, Copy)]
struct Size {
    /// The maximum version.
    version: i16,
    /// The capacity in bytes.
    bytes: usize,
    level: EcLevel,
}

/// For half the width of A4: 113 modules, of which 15 % may be unreadable.
const OF_HTML: Size = Size {
    version: 24,
    bytes: 911,
    level: EcLevel::M,
};

/// For 80 columns of text: 73 modules, of which 7 % may be unreadable.
const OF_TEXT: Size = Size {
    version: 14,
    bytes: 458,
    level: EcLevel::L,
};

/// Splits a text at ends of lines into parts of at most `bytes` bytes, without the line feed after each part. The parts as
/// consecutive lines are the text again.
pub fn qr_parts(text: &[u8], bytes: usize) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = text.strip_suffix(b"\n").unwrap_or(text);
    while rest.len() > bytes {
        // The line feed may follow directly after the last byte.
        let Some(end) = rest[..=bytes].iter().rposition(|byte| *byte == b'\n') else {
            break;
        };
        parts.push(&rest[..end]);
        rest = &rest[end + 1..];
    }
    parts.push(rest);
    parts
}

fn codes(text: &[u8], size: Size) -> Result<Vec<Modules>, QrError> {
    let code = |part: &&[u8]| {
        let code = smallest(part, size).map_err(QrError)?;
        Ok(Modules {
            width: code.width(),
            dark: code
                .to_colors()
                .into_iter()
                .map(|color| color == Color::Dark)
                .collect(),
        })
    };
    qr_parts(text, size.bytes).iter().map(code).collect()
}

/// The smallest code for a text in byte mode: other modes may need more space for such text, and every reader supports
/// this one.
fn smallest(text: &[u8], size: Size) -> Result<QrCode, Unfit> {
    for version in 1..=size.version {
        let mut bits = Bits::new(Version::Normal(version));
        let fits = bits
            .push_byte_data(text)
            .and_then(|()| bits.push_terminator(size.level));
        if fits.is_ok() {
            return QrCode::with_bits(bits, size.level);
        }
    }
    Err(Unfit::DataTooLong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_as_consecutive_lines_are_the_text() {
        let lines: Vec<String> = (0..40).map(|n| "x".repeat(n % 7)).collect();
        let text = lines.join("\n") + "\n";
        for bytes in 7..60 {
            let parts = qr_parts(text.as_bytes(), bytes);
            assert!(parts.iter().all(|part| part.len() <= bytes), "{bytes}");
            let mut again = Vec::new();
            for part in parts {
                again.extend_from_slice(part);
                again.push(b'\n');
            }
            assert_eq!(again, text.as_bytes(), "{bytes}");
        }
    }

    #[test]
    fn a_line_that_does_not_fit_into_a_code_is_refused() {
        assert!(codes(&[b'x'; 459], OF_TEXT).is_err());
        assert_eq!(codes(&[b'x'; 458], OF_TEXT).unwrap()[0].width, 73);
        assert_eq!(codes(&[b'x'; 911], OF_HTML).unwrap()[0].width, 113);
        let mixed = b"AB12cd/+".repeat(57);
        assert_eq!(codes(&mixed, OF_TEXT).unwrap()[0].width, 73);
    }
}
