//! Prompts: what a ceremony asks people.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::backup::slip39::{Completion, complete};
use crate::record::Tries;
use crate::script::{PersonId, StepId, TokenSecret};
use crate::secret::Pin;

use super::check::Check;
use super::event::ExceptionReport;
use super::request::Request;

/// A question to the participants, with everything that a front end must show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The step that asks; none when all steps are done.
    pub step: Option<StepId>,
    /// The IDs of the people who act or answer.
    pub who: Vec<PersonId>,
    /// What they need to know to answer, one paragraph each.
    pub lines: Vec<String>,
    pub ask: Ask,
    /// Whether two people approve the answer, each by their code or approval token.
    pub approval: bool,
}

/// The kinds of answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    Enter {
        /// What Enter does: "Generate the key".
        action: String,
    },
    /// An exact text, so that nobody continues out of habit.
    Word { word: String },
    Choice {
        label: String,
        /// The usual choice is first.
        options: Vec<Choice>,
    },
    /// The front end shows the machine's clock as it runs. An empty text confirms it to within a minute; otherwise the
    /// answer is the right time, like `2026-12-01T09:41:00Z`.
    Clock,
    /// A text that is read from an object, and so is not shown.
    Reading {
        label: String,
        /// The answer of a rehearsal, by itself or for an empty line. A production never shows it.
        usual: String,
    },
    Text {
        label: String,
        /// The meaning of an empty line; none if an answer is required.
        default: Option<String>,
    },
}

/// One of several things to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The decision; the text is only shown.
    pub id: &'static str,
    pub text: String,
    /// Whether the answer needs a short text.
    pub wants_remark: bool,
}

impl Choice {
    pub fn new(id: &'static str, text: impl Into<String>) -> Self {
        Self {
            id,
            text: text.into(),
            wants_remark: false,
        }
    }

    pub fn with_remark(id: &'static str, text: impl Into<String>) -> Self {
        Self {
            wants_remark: true,
            ..Self::new(id, text)
        }
    }
}

impl Ask {
    /// The answer of a ceremony without incidents, which an automatic rehearsal gives.
    pub fn usual_answer(&self) -> Answer {
        match self {
            Self::Enter { .. } => Answer::Enter,
            Self::Word { word } => Answer::Text(word.clone()),
            Self::Choice { .. } => Answer::Choice {
                index: 0,
                remark: String::new(),
            },
            Self::Clock => Answer::Text(String::new()),
            Self::Reading { usual, .. } => Answer::Text(usual.clone()),
            Self::Text { default, label } => {
                Answer::Text(default.clone().unwrap_or_else(|| label.clone()))
            }
        }
    }
}

/// An answer to a [`Prompt`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Enter,
    Choice {
        index: usize,
        /// Empty if the choice does not need one.
        remark: String,
    },
    /// What was typed.
    Text(String),
}

/// A question whose answer must not be seen, stored or recorded. The answer goes from the front end directly to the effect
/// that asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretPrompt {
    /// The ID of the person who types, while everyone else looks away.
    pub who: PersonId,
    pub purpose: SecretPurpose,
    /// The token, as people know it, or what a code approves.
    pub about: String,
    /// The known number of attempts left, if a wrong answer uses one.
    pub tries: Option<Tries>,
    /// The secret that a rehearsal supplies, so that nobody types a real one.
    pub given: Option<String>,
    /// Whether only digits are accepted, because the keyboard layout may be wrong for other characters.
    pub digits_only: bool,
}

/// What is typed before the last attempt.
const LAST_TRY: &str = "LAST TRY";

impl SecretPrompt {
    /// The exact text that is typed first, if one more wrong answer locks the token.
    pub const fn word_first(&self) -> Option<&'static str> {
        match self.tries {
            Some(Tries::Last | Tries::Exactly(0 | 1)) if !self.purpose.is_new() => Some(LAST_TRY),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub struct TypedSecret {
    pub secret: Pin,
    /// The text that was typed first, if [`SecretPrompt::word_first`] requires one.
    pub word: Option<String>,
}

impl TypedSecret {
    /// The answer of a rehearsal, with the text that the prompt requires first.
    pub fn given(secret: Pin, prompt: &SecretPrompt) -> Self {
        let word = prompt.word_first().map(str::to_owned);
        Self { secret, word }
    }
}

/// A secret that one person writes down by hand, while everyone else looks away. It goes from the effect that made it to
/// the front end, which shows it once. It is wiped when it is dropped.
pub struct SecretShown {
    /// The ID of the person who writes it down.
    pub who: PersonId,
    /// `management key`
    pub title: String,
    /// The token, as people know it.
    pub about: String,
    /// One paragraph each: the first is shown before the secret, the others also with it.
    pub advice: Vec<String>,
    /// The secret, line by line, as it is written down.
    pub lines: Vec<Zeroizing<String>>,
}

impl fmt::Debug for SecretShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretShown({:?} to {}, …)", self.title, self.who)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumIter)]
pub enum SecretPurpose {
    /// The current PIN.
    Pin,
    /// Typed twice.
    NewPin,
    /// The PIN of the security officer.
    SoPin,
    /// Typed twice.
    NewSoPin,
    /// The current PUK.
    Puk,
    /// Typed twice.
    NewPuk,
    /// In hex.
    ManagementKey,
    KeyFilePassphrase,
    /// The code that a person chose at attendance.
    ApprovalCode,
    /// Typed twice.
    NewApprovalCode,
    SharePassphrase,
    /// Typed twice.
    NewSharePassphrase,
    /// Of the hardware identity of a custodian; its program asks for it.
    IdentityPin,
    /// A word of a share, typed back from paper.
    ShareWord,
}

impl SecretPurpose {
    pub const fn is_code(self) -> bool {
        matches!(self, Self::ApprovalCode | Self::NewApprovalCode)
    }

    /// None for secrets of people.
    pub const fn of_token(self) -> Option<TokenSecret> {
        match self {
            Self::Pin | Self::NewPin | Self::KeyFilePassphrase => Some(TokenSecret::UserPin),
            Self::SoPin | Self::NewSoPin => Some(TokenSecret::SoPin),
            Self::Puk | Self::NewPuk => Some(TokenSecret::Puk),
            Self::ManagementKey => Some(TokenSecret::ManagementKey),
            _ => None,
        }
    }

    /// Whether it is being set and typed twice.
    pub const fn is_new(self) -> bool {
        matches!(
            self,
            Self::NewPin
                | Self::NewSoPin
                | Self::NewPuk
                | Self::NewApprovalCode
                | Self::NewSharePassphrase
        )
    }

    /// How many share words begin with the typed text, which is not repeated.
    pub fn while_typed(self, typed: &str) -> Option<&'static str> {
        if self != Self::ShareWord || typed.trim().is_empty() {
            return None;
        }
        Some(match complete(typed) {
            Completion::None => "no share word starts with these letters",
            Completion::One(_) => "one word matches; press Enter to complete it",
            Completion::Several => "several share words match",
        })
    }

    /// "PIN", "new SO PIN" …
    pub const fn title(self) -> &'static str {
        match self {
            Self::Pin => "PIN",
            Self::NewPin => "new PIN",
            Self::SoPin => "SO PIN",
            Self::NewSoPin => "new SO PIN",
            Self::Puk => "PUK",
            Self::NewPuk => "new PUK",
            Self::ManagementKey => "management key",
            Self::KeyFilePassphrase => "key file passphrase",
            Self::ApprovalCode => "approval code",
            Self::NewApprovalCode => "new approval code",
            Self::SharePassphrase => "passphrase",
            Self::NewSharePassphrase => "new passphrase",
            Self::IdentityPin => "identity PIN",
            Self::ShareWord => "word",
        }
    }
}

/// The program waits for a token to be inserted, or for its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// "Insert the token of key holder 3"
    pub what: String,
    /// "In the reader now: …"
    pub seen: Vec<String>,
    pub elapsed: Duration,
    pub on: WaitingOn,
    /// How long the token still waits for a touch, if it does.
    pub touch: Option<Duration>,
}

/// What ends a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaitingOn {
    /// People, who insert or remove a token: any interrupt ends the wait immediately.
    People,
    /// A token. [`Interrupt::Cancel`] and [`Interrupt::Leave`] end the wait, and then this process does not use any token
    /// again. Other interrupts are handled when the answer arrives.
    Token,
}

/// Why a front end does not answer a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interrupt {
    /// An exception is recorded, and then the prompt is repeated.
    Exception {
        /// The report.
        report: ExceptionReport,
        /// The waived check, if any.
        waives: Option<Check>,
        /// Who decided.
        people: Vec<PersonId>,
    },
    /// One of [`Ceremony::offers`].
    Request(Request),
    /// The ceremony ends permanently.
    Abort { reason: String },
    /// The call to a token is canceled.
    Cancel,
    /// The process must end, and the ceremony can be resumed: the terminal is gone, or a signal was received.
    Leave,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_share_words_are_completed_while_they_are_typed() {
        let of_word = |typed| SecretPurpose::ShareWord.while_typed(typed);
        assert_eq!(of_word(""), None);
        assert_eq!(of_word("ac"), Some("several share words match"));
        assert_eq!(
            of_word("acad"),
            Some("one word matches; press Enter to complete it")
        );
        assert_eq!(
            of_word("acax"),
            Some("no share word starts with these letters")
        );
        assert_eq!(SecretPurpose::Pin.while_typed("acad"), None);
        assert_eq!(SecretPurpose::SharePassphrase.while_typed("acad"), None);
    }
}
