//! The sheet of a share: what a custodian has on paper. It says all that is inside the encrypted file but the words, and
//! has the file itself as QR codes, so that paper survives the medium.

use super::instructions;
use super::label::ShareLabel;
use super::plan::Custodian;
use super::share_text::public_lines;
use super::{CHECK_WORDS, Closing, WORDS};
use crate::document::{Block, Cell, Document, QrCodes, QrError, Table};
use crate::words::Digest;

/// How often a custodian may write down on it that the share was checked.
const CHECKS: usize = 5;

/// What is printed for a custodian. No secret is on it. `file` is the encrypted share, armored, as it lies on the medium;
/// none if the share lies on paper alone.
///
/// # Errors
/// When the file of the share fits into no QR code.
pub fn share_sheet(
    label: &ShareLabel,
    custodian: &Custodian,
    file: Option<&[u8]>,
) -> Result<Document, QrError> {
    let title = format!("Backup share of {}", label.who());
    let mut page = Document::new(&title);
    page.title(title);
    if label.is_rehearsal {
        page.alarm("REHEARSAL: this share protects nothing");
    }
    page.facts(facts(label, custodian, file));
    page.heading(if custodian.by_hand {
        "Words, written by the custodian's own hand"
    } else {
        "Words: leave empty, unless the share is to be kept on paper"
    });
    page.paragraph(
        "Whoever has a quorum of such sheets with their words has the key: with words on it, this sheet goes into a \
         sealed bag.",
    );
    page.push(Block::WordRows(WORDS));
    if custodian.by_hand {
        page.paragraph("Check words, by which one knows that this is the share:");
        page.push(Block::WordRows(CHECK_WORDS));
    }
    instructions::both(&mut page, label);
    page.heading("Checked");
    let mut checks = Table::new(&[("Date", 14), ("By", 34), ("Result", 28)]);
    for _ in 0..CHECKS {
        checks.row([1; 3].map(Cell::Blank));
    }
    page.push(Block::Table(checks));
    if let Some(file) = file {
        page.push(Block::PageBreak);
        page.heading(format!("{} as QR codes", label.share_file()));
        page.paragraph(
            "The encrypted file again, for the day when the medium is gone. Read the codes in their order, for example \
             with zbarimg --raw, and write the texts one below the other: that is the file, of which SHA-256 stands \
             above.",
        );
        page.push(Block::Codes(QrCodes::of(file)?));
    }
    Ok(page)
}

/// What is known of the share and of its file.
fn facts(
    label: &ShareLabel,
    custodian: &Custodian,
    file: Option<&[u8]>,
) -> Vec<(&'static str, String)> {
    let mut facts = public_lines(label);
    facts.push(("Set, in words:", label.set.first_words(8)));
    match file {
        None => facts.push(("File:", "none: the words are on paper alone".to_owned())),
        Some(file) => {
            facts.push(("File:", label.share_file()));
            facts.push(("SHA-256:", Digest::of(file).to_string()));
        }
    }
    let opens = match &custodian.closing {
        None => Vec::new(),
        Some(Closing::Passphrase) => vec!["the passphrase that the custodian typed".to_owned()],
        Some(Closing::Recipients(recipients)) => {
            recipients.iter().map(ToString::to_string).collect()
        }
    };
    facts.extend(opens.into_iter().map(|with| ("Opens with:", with)));
    facts
}
