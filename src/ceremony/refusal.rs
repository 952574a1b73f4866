//! Why an input is refused, and what to do then.

use jiff::Timestamp;

use super::replay::ReplayError;

/// Why an input was refused. The ceremony is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StepError {
    /// The exact word was not typed.
    #[error("what was typed is not the word that the screen asks for")]
    NotTheWord {
        /// The word.
        expected: String,
    },
    /// The answer is empty where it may not be.
    #[error("an empty answer is no answer here")]
    Empty,
    /// A control character, which could make a record look like another one.
    #[error("a control character stands in what was typed")]
    Control,
    /// The time cannot be read.
    #[error("{0:?} is not a time like 2026-12-01T09:41:00Z")]
    NotATime(String),
    /// The time is before the one for which the script was written.
    #[error("{time} is earlier than {not_before}, for which the script was written")]
    TooEarly {
        /// What the clock says, or the people say.
        time: Timestamp,
        /// What the script says.
        not_before: Timestamp,
    },
    /// The digest words of a card cannot be read.
    #[error("these are no digest words: {0}")]
    NotADigest(crate::words::DigestError),
    /// Something is on record for a later time.
    #[error("{time} is earlier than {latest}, when something happened that is on record already")]
    Backwards {
        /// What the clock says, or the people say.
        time: Timestamp,
        /// When that happened.
        latest: Timestamp,
    },
    /// The root would have expired before it is signed.
    #[error("{time} is not before {expires}, when the root of the script expires")]
    TooLate {
        /// What the clock says, or the people say.
        time: Timestamp,
        /// What the script says.
        expires: Timestamp,
    },
    /// The bag is not the one on record.
    #[error("bag {read:?} is not the one on record")]
    AnotherBag {
        /// What was read.
        read: String,
    },
    /// What was read cannot stand on a bag.
    #[error("that is no number of a bag")]
    NotABag,
    /// A bag is used once.
    #[error("bag {bag:?} was used before")]
    UsedBag {
        /// Its number.
        bag: String,
    },
    /// The ink and the record differ.
    #[error("those are not the words of this record's head at the pause")]
    WrongDigest,
    /// The answer does not belong to the question.
    #[error("that is no answer to what was asked")]
    NotAnAnswer,
    /// The outcome does not belong to the effect that was asked for.
    #[error("nothing of the kind was under way")]
    NotAsked,
    /// An exception is decided by two people who are not the ceremony administrator.
    #[error("an exception is decided by two people, neither of them the ceremony administrator")]
    TwoPeople,
    /// The room asked for something that is not offered here.
    #[error("that is not offered here")]
    NotOffered,
    /// An amendment that the room may not make.
    #[error("the script is not amended: {0}")]
    NotAmended(String),
    /// A code that nobody may choose.
    #[error("that cannot be a code")]
    Code,
    /// A word of a share was not typed back as it was shown.
    #[error("word {number}: {why}")]
    ShareWord {
        /// Counted from 1, as the rows are numbered.
        number: usize,
        /// What is the matter.
        why: WordFault,
    },
    /// The keyboard's test line came out otherwise.
    #[error("the test line came out as {typed:?}")]
    Keyboard {
        /// What came.
        typed: String,
    },
    /// Somebody did not approve, or could not.
    #[error("it was not approved: {0}")]
    NotApproved(String),
    /// The rules of the fold refuse it.
    #[error(transparent)]
    Rule(#[from] ReplayError),
}

/// Why a typed word of a share is not taken. No word is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WordFault {
    /// It is in no list of words, or not typed so far that it can be no other.
    #[error("no word of shares begins so, or more than one does")]
    NoWord,
    /// It was not the one that was shown.
    #[error("it is another word than the one in that row")]
    OtherWord,
}

impl StepError {
    /// The next safe act.
    pub fn hint(&self) -> String {
        match self {
            Self::NotTheWord { expected } => {
                format!("type exactly {expected}; if something else stands before you, stop and look again")
            }
            Self::Control => "type it again, plain letters only".to_owned(),
            Self::Empty => "say it in a few words".to_owned(),
            Self::NotADigest(_) => {
                "type all 32 words as they stand on the card, with a space between".to_owned()
            }
            Self::NotATime(_) => {
                "give date and time in UTC to the second, with a T between and a Z at the end"
                    .to_owned()
            }
            Self::TooEarly { .. } => {
                "look at the clocks again; if the script's date is wrong, break off and write a new script"
                    .to_owned()
            }
            Self::AnotherBag { .. } => {
                "read the number again, from the bag; if the script is wrong, two people correct it, and if the bag is, they decide upon an exception".to_owned()
            }
            Self::NotABag => {
                "read the number that is printed on the bag: letters, digits, and . / - between them".to_owned()
            }
            Self::UsedBag { .. } => "take a new bag: a tamper-evident bag is used once".to_owned(),
            Self::WrongDigest => {
                "read the ink again; if it differs, this may be another record: compare it with its mirror before two people decide upon an exception".to_owned()
            }
            Self::Backwards { .. } => {
                "look at the clocks again: either this time is wrong, or the one that was attested before; if it was that one, break off".to_owned()
            }
            Self::TooLate { .. } => {
                "look at the clocks again; if the time is right, break off and write a new script".to_owned()
            }
            Self::NotAnAnswer | Self::NotAsked => "answer what the screen asks for".to_owned(),
            Self::TwoPeople => "name two witnesses or key holders".to_owned(),
            Self::Keyboard { .. } => "this keyboard has another layout than its keys show, or a key was missed: type it once more, or choose PINs of digits".to_owned(),
            Self::Code => "choose another, of at least four characters".to_owned(),
            Self::ShareWord { why: WordFault::NoWord, .. } => "nothing that was typed before is lost; read the word in that row of the sheet, and type its first four letters".to_owned(),
            Self::ShareWord { why: WordFault::OtherWord, .. } => "read the word in that row of the sheet once more; if it was written down wrongly, leave with Ctrl-C and take the ceremony up again: shares are made anew, and a fresh sheet gets their words".to_owned(),
            Self::NotOffered => "choose from what the screen lists".to_owned(),
            Self::NotAmended(_) => "only names, note texts, minutes, bag numbers and listed substitutes can be amended; for anything else break off, write a new script that adopts the proven keys (conclave script new --adopt), and rehearse it".to_owned(),
            Self::NotApproved(_) => "nothing was changed; two people approve, or it does not happen".to_owned(),
            Self::Rule(ReplayError::Check { check, .. }) if !check.is_waivable() => {
                "no exception waives this; put it right, or break off and begin anew".to_owned()
            }
            Self::Rule(_) => "nothing was changed; go on with what the screen asks for".to_owned(),
        }
    }
}
