//! The sheet of a share, which the custodian keeps on paper. It contains everything in the encrypted file except the
//! words, and the file itself as QR codes in case the medium fails.

use super::instructions;
use super::label::ShareLabel;
use super::plan::Custodian;
use super::share_text::public_lines;
use super::{CHECK_WORDS, Protection, WORDS};
use crate::document::{Block, Cell, Document, QrCodes, QrError, Table};
use crate::words::Digest;

/// Rows for recording checks.
const CHECKS: usize = 5;

/// The sheet for a custodian, without secrets. `file` is the armored share file; `None` if the share is on paper only.
///
/// # Errors
/// If the file does not fit into QR codes.
pub fn share_sheet(
    label: &ShareLabel,
    custodian: &Custodian,
    file: Option<&[u8]>,
) -> Result<Document, QrError> {
    let title = format!("Backup share of {}", label.who());
    let mut page = Document::new(&title);
    page.title(title);
    if label.is_rehearsal {
        page.alarm("REHEARSAL: not a production share");
    }
    page.facts(facts(label, custodian, file));
    page.heading(if custodian.on_paper {
        "Words, written by the custodian"
    } else {
        "Words (leave empty unless the share is kept on paper)"
    });
    page.paragraph(
        "Anyone who has a quorum of sheets with words can restore the key. Seal this sheet in a tamper-evident bag if it \
         contains words.",
    );
    page.push(Block::WordRows(WORDS));
    if custodian.on_paper {
        page.paragraph("Check words, which confirm that this is the right share:");
        page.push(Block::WordRows(CHECK_WORDS));
    }
    instructions::both(&mut page, label);
    page.heading("Checks");
    let mut checks = Table::new(&[("Date", 14), ("By", 34), ("Result", 28)]);
    for _ in 0..CHECKS {
        checks.row([1; 3].map(Cell::Blank));
    }
    page.push(Block::Table(checks));
    if let Some(file) = file {
        page.push(Block::PageBreak);
        page.heading(format!("{} as QR codes", label.share_file()));
        page.paragraph(
            "A copy of the encrypted file, in case the medium is lost. Read the codes in order, for example with \
             zbarimg --raw, and join the texts, each on a new line. The SHA-256 of the result is printed above.",
        );
        page.push(Block::Codes(QrCodes::of(file)?));
    }
    Ok(page)
}

fn facts(
    label: &ShareLabel,
    custodian: &Custodian,
    file: Option<&[u8]>,
) -> Vec<(&'static str, String)> {
    let mut facts = public_lines(label);
    facts.push(("Set, in words:", label.set.first_words(8)));
    match file {
        None => facts.push(("File:", "none; the words are on paper only".to_owned())),
        Some(file) => {
            facts.push(("File:", label.share_file()));
            facts.push(("SHA-256:", Digest::of(file).to_string()));
        }
    }
    let openers = match &custodian.protection {
        None => Vec::new(),
        Some(Protection::Passphrase) => vec!["the custodian's passphrase".to_owned()],
        Some(Protection::Recipients(recipients)) => {
            recipients.iter().map(ToString::to_string).collect()
        }
    };
    facts.extend(openers.into_iter().map(|opener| ("Opened by:", opener)));
    facts
}
