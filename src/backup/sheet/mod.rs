//! The sheet of a share: what a custodian has on paper. It says all that is inside the encrypted file but the words, and
//! has the file itself as QR codes, so that paper survives the medium.

mod page;
mod qr;
mod text;

pub use qr::{QrError, qr_parts};

use super::instructions;
use super::label::ShareLabel;
use super::plan::Custodian;
use super::share_text::public_lines;
use super::{Closing, WORDS};
use crate::record::visible;
use crate::words::Digest;

/// How often a custodian may write down on it that the share was checked.
const CHECKS: usize = 5;

/// What is printed for a custodian. No secret is on it.
#[derive(Debug)]
pub struct ShareSheet<'s> {
    label: &'s ShareLabel,
    custodian: &'s Custodian,
    /// Armored, as it lies on the medium; none if the share lies on paper alone.
    file: Option<&'s [u8]>,
}

impl<'s> ShareSheet<'s> {
    /// The sheet of a share, whose encrypted file is given if there is one.
    #[must_use]
    pub const fn new(
        label: &'s ShareLabel,
        custodian: &'s Custodian,
        file: Option<&'s [u8]>,
    ) -> Self {
        Self {
            label,
            custodian,
            file,
        }
    }

    /// The name of the sheet as text; the page has `.html` in place of `.txt`.
    #[must_use]
    pub fn file_name(&self) -> String {
        let ShareLabel {
            key, id, custodian, ..
        } = self.label;
        format!("{key}.{id}.{custodian}.sheet.txt")
    }

    /// The sheet in both forms, by their names.
    ///
    /// # Errors
    /// When the file of the share fits into no QR code.
    pub fn files(&self) -> Result<[(String, String); 2], QrError> {
        let name = self.file_name();
        let page = name.replace(".txt", ".html");
        Ok([(name, self.to_text()?), (page, self.to_html()?)])
    }

    /// As plain text, at most 80 columns wide.
    ///
    /// # Errors
    /// When the file of the share fits into no QR code.
    pub fn to_text(&self) -> Result<String, QrError> {
        text::write(self)
    }

    /// As a page of HTML for A4 paper: no scripts, nothing loaded, foreign text escaped.
    ///
    /// # Errors
    /// When the file of the share fits into no QR code.
    pub fn to_html(&self) -> Result<String, QrError> {
        page::write(self)
    }

    fn title(&self) -> String {
        format!("Backup share of {}", visible(&self.label.who()))
    }

    fn banner(&self) -> Option<&'static str> {
        self.label
            .is_rehearsal
            .then_some("REHEARSAL: this share protects nothing")
    }

    /// What is known of the share and of its file.
    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts: Vec<(&'static str, String)> = public_lines(self.label)
            .into_iter()
            .map(|(name, value)| (name, visible(&value)))
            .collect();
        facts.push(("Set, in words:", self.label.set.first_words(8)));
        match self.file {
            None => facts.push(("File:", "none: the words are on paper alone".to_owned())),
            Some(file) => {
                facts.push(("File:", self.label.share_file()));
                facts.push(("SHA-256:", Digest::of(file).to_string()));
            }
        }
        match &self.custodian.closing {
            None => {}
            Some(Closing::Passphrase) => {
                facts.push((
                    "Opens with:",
                    "the passphrase that the custodian typed".to_owned(),
                ));
            }
            Some(Closing::Recipients(recipients)) => {
                for recipient in recipients {
                    facts.push(("Opens with:", visible(&recipient.to_string())));
                }
            }
        }
        facts
    }

    /// What the rows for the words are for.
    fn rows_heading(&self) -> &'static str {
        if self.custodian.by_hand {
            "Words, written by the custodian's own hand"
        } else {
            "Words: leave empty, unless the share is to be kept on paper"
        }
    }

    fn instructions(&self) -> String {
        instructions::both(self.label)
    }
}

/// What is said of the QR codes.
const CODES: &str = "The encrypted file again, for the day when the medium is gone. Read the codes in their order, \
                     for example with zbarimg --raw, and write the texts one below the other: that is the file, of \
                     which SHA-256 stands above.";

/// What is said of the rows.
const ROWS: &str = "Whoever has a quorum of such sheets with their words has the key: with words on it, this sheet goes \
                    into a sealed bag.";

/// Above the rows for the check words.
const CHECK_WORDS_ROWS: &str = "Check words, by which one knows that this is the share:";

/// The numbers of the rows for words.
fn rows() -> impl Iterator<Item = usize> {
    1..=WORDS
}
