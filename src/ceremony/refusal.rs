//! Why an input is refused, and what to do next.

use strum::{EnumDiscriminants, EnumIter};

use super::check::Check;
use super::replay::ReplayError;

/// Why an input was refused. The ceremony did not change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, EnumDiscriminants)]
#[strum_discriminants(name(StepErrorKind), derive(EnumIter))]
pub enum StepError {
    #[error("the typed text is not the required confirmation")]
    NotTheWord { expected: String },
    #[error("an answer is required")]
    Empty,
    /// It could make a transcript look like another one.
    #[error("the typed text contains a control character")]
    Control,
    #[error("{0:?} is not a valid time")]
    NotATime(String),
    #[error("these are not digest words: {0}")]
    NotADigest(crate::words::DigestError),
    #[error("the answer does not fit the prompt")]
    NotAnAnswer,
    #[error("no such operation is pending")]
    NotAsked,
    #[error("this option is not available now")]
    NotOffered,
    #[error("the script was not amended: {0}")]
    NotAmended(String),
    #[error("not a valid approval code")]
    Code,
    /// Rows are numbered from 1.
    #[error("word {number}: {why}")]
    ShareWord { number: usize, why: WordError },
    #[error("the test line was received as {typed:?}")]
    Keyboard { typed: String },
    #[error("not approved: {0}")]
    NotApproved(String),
    #[error(transparent)]
    Rule(#[from] ReplayError),
}

/// Why a typed word of a share is refused. The word is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WordError {
    #[error("this does not identify a unique share word")]
    NoWord,
    #[error("this is not the word in that row")]
    OtherWord,
}

impl StepError {
    /// The next safe action.
    pub fn hint(&self) -> String {
        let hint = match self {
            Self::NotTheWord { expected } => {
                return format!("if you agree, type exactly: {expected}; otherwise stop and check");
            }
            Self::Control => "type the text again without control characters",
            Self::Empty => "enter a short text",
            Self::NotADigest(_) => "type all 32 words from the card, with a space between them",
            Self::NotATime(_) => "enter the date and time in UTC, for example 2026-12-01T09:41:00Z",
            Self::NotAnAnswer | Self::NotAsked => "answer the prompt on the screen",
            Self::NotOffered => "choose one of the listed options",
            Self::NotAmended(_) => {
                "only names, notes, minutes, bag numbers and listed substitutes can be amended; for other changes, abort, write a new script with conclave script new --adopt, and rehearse it"
            }
            Self::Code => "choose a code of at least four characters",
            Self::ShareWord {
                why: WordError::NoWord,
                ..
            } => {
                "the words typed so far are kept; read the word in that row of the sheet and type its first four letters"
            }
            Self::ShareWord {
                why: WordError::OtherWord,
                ..
            } => {
                "read the word in that row of the sheet again; if it was written down wrongly, press Ctrl-C to leave and continue with conclave resume: new shares are made and written on a new sheet"
            }
            Self::Keyboard { .. } => {
                "the keyboard layout does not match the keys, or a key was missed; type the line again, or use PINs of digits only"
            }
            Self::NotApproved(_) => "nothing was changed; ask two people to approve",
            Self::Rule(ReplayError::Check { check, .. }) => hint_of(*check),
            Self::Rule(_) => "nothing was changed; continue with the prompt on the screen",
        };
        hint.to_owned()
    }
}

/// The next safe action after a check refused something.
fn hint_of(check: Check) -> &'static str {
    if check == Check::TwoPeople {
        "name two people who are present, other than the ceremony administrator"
    } else if check == Check::ClockNotBefore {
        "check the clocks again; if the date in the script is wrong, abort and write a new script"
    } else if check == Check::ClockForward {
        "check the clocks again; if the time is right, or an earlier attested time was wrong, abort"
    } else if check == Check::CustodyBag {
        "read the number from the bag again; if the number in the script is wrong, two people correct it under \"options\"; if the bag is wrong, they decide on an exception"
    } else if check == Check::CustodySealed {
        "use a new tamper-evident bag, and read the number that is printed on it: up to 40 letters, digits, spaces and . / -"
    } else if check == Check::CustodyDigest {
        "read the digest from the paper again; if it differs, compare this transcript with its mirror before two people decide on an exception"
    } else if check.is_waivable() {
        "nothing was changed; correct this, or have two people waive the check by an exception"
    } else {
        "this check cannot be waived; fix the cause, or abort and start a new ceremony"
    }
}
