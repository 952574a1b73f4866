//! What a ceremony asks of people.

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

/// A question to the room. It says all that a front end must show; how it shows it is its own matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The step that asks; none when all steps are done.
    pub step: Option<StepId>,
    /// The IDs of the people who act or answer.
    pub who: Vec<PersonId>,
    /// What they need to know to answer, a paragraph each.
    pub lines: Vec<String>,
    /// What kind of answer is wanted.
    pub ask: Ask,
    /// Whether those who act approve it as well, each by an own code.
    pub approval: bool,
}

/// The kinds of answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Go on.
    Enter {
        /// What going on means: "Generate the key".
        action: String,
    },
    /// An exact word, so that nobody goes on by habit.
    Word {
        /// The word, in the case in which it must be typed.
        word: String,
    },
    /// One of several.
    Choice {
        /// What is chosen.
        label: String,
        /// The choices; the first one is what is usual.
        options: Vec<Choice>,
    },
    /// The right time, if the machine's clock does not have it: the front end shows that clock as it runs.
    /// An empty text says that it is right within a minute; otherwise a time like `2026-12-01T09:41:00Z`.
    Clock,
    /// What is written on a thing in the room, read off it: so it is not shown beforehand.
    Reading {
        /// What is read: "Number on the bag".
        label: String,
        /// What a rehearsal reads, by itself or for an empty answer. In a production nobody is shown it.
        usual: String,
    },
    /// A short text.
    Text {
        /// What it is.
        label: String,
        /// What an empty line means; none where an empty line is no answer.
        default: Option<String>,
    },
}

/// One of several things to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is decided; the text is only shown.
    pub id: &'static str,
    pub text: String,
    /// Whether the answer needs a few words.
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
    /// The answer that an unremarkable ceremony gives: what a rehearsal plays by itself.
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
    /// Go on.
    Enter,
    /// One of the choices.
    Choice {
        /// Its place among them.
        index: usize,
        /// The words that it wants; otherwise empty.
        remark: String,
    },
    /// What was typed: a word or a text.
    Text(String),
}

/// A question whose answer must not be seen, kept or recorded. It goes from the front end straight to the
/// effect that asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretPrompt {
    /// The ID of the person who types, while others turn away.
    pub who: PersonId,
    /// What is asked for.
    pub purpose: SecretPurpose,
    /// What it is for: the token, as people know it, or what is approved by a code.
    pub about: String,
    /// What is known of the tries left, where a wrong answer costs one.
    pub tries: Option<Tries>,
    /// The secret that a rehearsal gives, so that nobody types a real one.
    pub given: Option<String>,
    /// Whether digits alone are taken, for letters may come from this keyboard as others.
    pub digits_only: bool,
}

/// What is typed before the last try is used.
const LAST_TRY: &str = "LAST TRY";

impl SecretPrompt {
    /// The exact word that comes first: one more wrong answer locks the token.
    pub const fn word_first(&self) -> Option<&'static str> {
        match self.tries {
            Some(Tries::Last | Tries::Exactly(0 | 1)) if !self.purpose.is_new() => Some(LAST_TRY),
            _ => None,
        }
    }
}

/// A secret as it was typed.
#[derive(Debug)]
pub struct TypedSecret {
    /// The secret.
    pub secret: Pin,
    /// The word that was typed first, where [`SecretPrompt::word_first`] wants one.
    pub word: Option<String>,
}

impl TypedSecret {
    /// What a rehearsal gives by itself, with the word that the prompt wants first: it is right.
    pub fn given(secret: Pin, prompt: &SecretPrompt) -> Self {
        let word = prompt.word_first().map(str::to_owned);
        Self { secret, word }
    }
}

/// A secret that one person writes down by hand, while the others turn away. It goes from the effect that made it to
/// the front end, which shows it once, and is wiped when it is dropped.
pub struct SecretShown {
    /// The ID of the person who writes it down.
    pub who: PersonId,
    /// What it is: "management key".
    pub title: String,
    /// What it is for: the token, as people know it.
    pub about: String,
    /// What is to be known of it, a paragraph each: the first before it is shown, the others beside it as well.
    pub advice: Vec<String>,
    /// The secret, line by line, as it is to be written.
    pub lines: Vec<Zeroizing<String>>,
}

impl fmt::Debug for SecretShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretShown({:?} to {}, …)", self.title, self.who)
    }
}

/// Which secret is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretPurpose {
    /// The PIN that the token has.
    Pin,
    /// A new PIN: asked for twice.
    NewPin,
    /// The security officer's PIN of the token.
    SoPin,
    /// A new PIN of the security officer: asked for twice.
    NewSoPin,
    /// The PUK that the token has.
    Puk,
    /// A new PUK: asked for twice.
    NewPuk,
    /// The management key of the token, in hex.
    ManagementKey,
    /// What a key file is closed under.
    KeyFilePassphrase,
    /// The code that a person chose at attendance, to approve something.
    ApprovalCode,
    /// The code by which a person will approve: asked for twice.
    NewApprovalCode,
    /// The passphrase of a custodian's share.
    SharePassphrase,
    /// The passphrase under which a custodian's share will be closed: asked for twice.
    NewSharePassphrase,
    /// What opens the hardware identity of a custodian: its program asks for it.
    IdentityPin,
    /// A word of a share, typed back from paper.
    ShareWord,
}

impl SecretPurpose {
    /// Whether it is an approval code, and not the PIN of a token.
    pub const fn is_code(self) -> bool {
        matches!(self, Self::ApprovalCode | Self::NewApprovalCode)
    }

    /// Which secret of a token it is; none where it is a person's code.
    pub const fn of_token(self) -> Option<TokenSecret> {
        match self {
            Self::Pin | Self::NewPin | Self::KeyFilePassphrase => Some(TokenSecret::UserPin),
            Self::SoPin | Self::NewSoPin => Some(TokenSecret::SoPin),
            Self::Puk | Self::NewPuk => Some(TokenSecret::Puk),
            Self::ManagementKey => Some(TokenSecret::ManagementKey),
            _ => None,
        }
    }

    /// Whether it is being set, and so typed twice.
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

    /// What can be said of what is typed so far without repeating it: how many words of shares begin so.
    pub fn while_typed(self, typed: &str) -> Option<&'static str> {
        if self != Self::ShareWord || typed.trim().is_empty() {
            return None;
        }
        Some(match complete(typed) {
            Completion::None => "no word of shares begins so",
            Completion::One(_) => "one word of shares begins so: Enter takes it whole",
            Completion::Several => "more than one word of shares begins so",
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
            Self::IdentityPin => "PIN of the identity",
            Self::ShareWord => "word",
        }
    }
}

/// Something outside is being waited for: a token to be put in, or a token's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// What for: "Put in the token of key holder 3".
    pub what: String,
    /// What is seen meanwhile: "In the reader now: … Nothing was tried on it."
    pub seen: Vec<String>,
    /// For how long.
    pub elapsed: Duration,
    /// What has to come.
    pub on: WaitingOn,
    /// For how long the token will still wait for a finger, while it does.
    pub touch: Option<Duration>,
}

/// What has to come for a wait to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaitingOn {
    /// People, who put a token in or take it out: any interrupt ends the wait at once.
    People,
    /// A token's answer. [`Interrupt::Cancel`] and [`Interrupt::Leave`] end the wait, and then nothing is asked
    /// of any token again in this process; what else the room wants is done when the answer is there.
    Token,
}

/// Why a front end does not answer what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interrupt {
    /// A departure from the script is to be written down; then the question is asked again.
    Exception {
        /// The report.
        report: ExceptionReport,
        /// The check that it waives, if it does.
        waives: Option<Check>,
        /// The IDs of the people who decided.
        people: Vec<PersonId>,
    },
    /// The room asks for one of [`Ceremony::offers`].
    Request(Request),
    /// The ceremony is to be broken off for good.
    Abort {
        /// Why.
        reason: String,
    },
    /// The call that is being waited for is given up.
    Cancel,
    /// The process must end, and the ceremony waits to be resumed: the terminal is gone, or a signal came.
    Leave,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_told_to_be_one_and_nothing_is_told_of_other_secrets() {
        let of_word = |typed| SecretPurpose::ShareWord.while_typed(typed);
        assert_eq!(of_word(""), None);
        assert_eq!(
            of_word("ac"),
            Some("more than one word of shares begins so")
        );
        assert_eq!(
            of_word("acad"),
            Some("one word of shares begins so: Enter takes it whole")
        );
        assert_eq!(of_word("acax"), Some("no word of shares begins so"));
        assert_eq!(SecretPurpose::Pin.while_typed("acad"), None);
        assert_eq!(SecretPurpose::SharePassphrase.while_typed("acad"), None);
    }
}
