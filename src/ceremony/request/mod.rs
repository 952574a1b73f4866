//! Requests that people can make instead of answering: offers, each with a short form. Front ends show all offers.

pub(super) mod amend;
pub(super) mod decide;
pub(super) mod offers;
pub(super) mod payload;
pub(super) mod restore;
pub(super) mod tokens;

/// A request that is possible now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub kind: RequestKind,
    pub fields: Vec<Field>,
}

/// One line of an offer's form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub label: String,
    /// Empty if a text is typed.
    pub choices: Vec<Pick>,
}

/// A choice in a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    /// The value in a request.
    pub value: String,
    pub text: String,
}

/// An offer with its form filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub kind: RequestKind,
    /// The values of the form, in order.
    pub values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumIter)]
pub enum RequestKind {
    /// An absent person arrives.
    Arrive,
    /// A person leaves.
    Leave,
    /// A name is corrected.
    AmendName,
    /// The substitute named in the script replaces a person.
    AmendSubstitute,
    /// The text of a note is corrected.
    AmendNote,
    /// The minutes of a step are corrected.
    AmendMinutes,
    /// The number of a bag is corrected.
    AmendBag,
    /// The number of the bag for a secret of a token is corrected.
    AmendEnvelope,
    /// The steps of a key holder are postponed.
    Postpone,
    /// A key holder's block is done now.
    BringForward,
    /// A key is regenerated on its token.
    Regenerate,
    /// A spare replaces a token.
    TakeSpare,
    /// A former key is not destroyed.
    Orphan,
    /// Key files that are gone after an interruption were erased before it.
    AttestKeyFiles,
    /// Nothing more is asked of a key.
    Skip,
    /// The keyboard's test line is typed.
    TestKeyboard,
    /// A person whose approval token is missing approves with a code.
    CodeInstead,
    /// A payload that was signed earlier is abandoned, so that another takes its version.
    AbandonPayload,
    /// A share counts as lost.
    DeclareShareLost,
    /// A drill ends without a restored key.
    FailDrill,
    /// Everything is sealed, and the ceremony is resumed later.
    Pause,
}

impl RequestKind {
    /// The title in a menu.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Arrive => "A person arrives",
            Self::Leave => "A person leaves",
            Self::AmendName => "Correct a name",
            Self::AmendSubstitute => "Use a substitute",
            Self::AmendNote => "Correct the text of a note",
            Self::AmendMinutes => "Correct the minutes of a step",
            Self::AmendBag => "Correct the number of a bag",
            Self::AmendEnvelope => "Correct the bag number of an envelope",
            Self::Postpone => "Postpone the steps of a key",
            Self::BringForward => "Bring forward the steps of another key",
            Self::Regenerate => "Regenerate a key on its token",
            Self::TakeSpare => "Use a spare token",
            Self::Orphan => "List a former key as an orphan",
            Self::AttestKeyFiles => "Attest that missing key files were erased",
            Self::Skip => "Continue without a key",
            Self::CodeInstead => "Approve by code: the approval token is missing",
            Self::TestKeyboard => "Test the keyboard, to allow letters in PINs",
            Self::AbandonPayload => "Abandon a conflicting root",
            Self::DeclareShareLost => "Declare a share lost",
            Self::FailDrill => "End the drill as failed",
            Self::Pause => "Pause the ceremony",
        }
    }

    /// Whether it is a way out when a token fails.
    pub const fn is_way_out(self) -> bool {
        matches!(
            self,
            Self::Postpone
                | Self::Regenerate
                | Self::TakeSpare
                | Self::Orphan
                | Self::AttestKeyFiles
                | Self::Skip
                | Self::DeclareShareLost
                | Self::FailDrill
                | Self::TestKeyboard
                | Self::CodeInstead
        )
    }

    /// Whether two people must approve it.
    pub const fn needs_approval(self) -> bool {
        match self {
            Self::Arrive
            | Self::Leave
            | Self::Postpone
            | Self::BringForward
            | Self::TestKeyboard
            | Self::CodeInstead => false,
            Self::AmendName
            | Self::AmendSubstitute
            | Self::AmendNote
            | Self::AmendMinutes
            | Self::AmendBag
            | Self::AmendEnvelope
            | Self::Regenerate
            | Self::TakeSpare
            | Self::Orphan
            | Self::AttestKeyFiles
            | Self::Skip
            | Self::AbandonPayload
            | Self::DeclareShareLost
            | Self::FailDrill
            | Self::Pause => true,
        }
    }
}

impl Offer {
    /// The offer with its form filled in.
    pub const fn with(&self, values: Vec<String>) -> Request {
        Request {
            kind: self.kind,
            values,
        }
    }
}

impl Field {
    pub(super) fn typed(label: &str) -> Self {
        Self::chosen(label, Vec::new())
    }

    pub(super) fn chosen(label: &str, choices: Vec<Pick>) -> Self {
        Self {
            label: label.to_owned(),
            choices,
        }
    }
}

impl Pick {
    pub(super) fn new(value: &(impl ToString + ?Sized), text: impl Into<String>) -> Self {
        Self {
            value: value.to_string(),
            text: text.into(),
        }
    }
}
