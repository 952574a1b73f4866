//! The state of the screen. It determines everything that is drawn, and only `update` changes it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::ceremony::{
    Answer, Ask, Ceremony, Check, Ending, EventKind, Field, Interrupt, Offer, Prompt, SecretPrompt,
    SecretShown, TypedSecret, Waiting, WaitingOn,
};
use crate::script::{PersonId, Script};
use crate::secret::Pin;
use crate::transcript::Transcript;
use crate::words::Digest;

use super::field::{SecretField, TextField};
use super::theme::Theme;

/// The settings of the screen.
#[derive(Debug, Clone)]
pub struct Settings {
    pub theme: Theme,
    /// The ceremony directory, as the operator knows it.
    pub place: Option<String>,
    /// The entries that the transcript already has when a ceremony is resumed.
    history: Vec<TranscriptLine>,
}

impl Settings {
    pub const fn new(theme: Theme) -> Self {
        Self {
            theme,
            place: None,
            history: Vec::new(),
        }
    }

    /// Adds the entries that were recorded before this process.
    pub fn history(mut self, transcript: &Transcript, script: &Script) -> Self {
        self.history = transcript
            .entries()
            .iter()
            .zip(transcript.narrated(script))
            .map(|(entry, text)| TranscriptLine {
                number: entry.line.seq,
                time: entry.line.time,
                digest: entry.digest,
                text,
            })
            .collect();
        self
    }
}

/// What the executor sends to the screen.
#[derive(Debug)]
pub enum Call {
    Ask(Arc<Ceremony>, Prompt),
    Secret(Arc<Ceremony>, SecretPrompt),
    /// A secret is shown to the person who writes it down.
    Show(Arc<Ceremony>, SecretShown),
    Waiting(Arc<Ceremony>, Waiting),
    Recorded(Arc<Ceremony>, TranscriptLine, Box<EventKind>),
    /// An answer was not accepted.
    NotAccepted {
        what: String,
        hint: String,
    },
}

/// The answer of the screen to the last [`Call`] that asks.
#[derive(Debug)]
pub enum Reply {
    Answer(Result<Answer, Interrupt>),
    Secret(Result<TypedSecret, Interrupt>),
    Shown(Result<(), Interrupt>),
    Waiting(Result<(), Interrupt>),
}

/// An entry of the transcript, as the screen shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranscriptLine {
    /// From 1.
    pub number: u64,
    pub time: Timestamp,
    /// The digest of the transcript up to this entry.
    pub digest: Digest,
    /// The event as a sentence.
    pub text: String,
}

/// The state of the screen.
#[derive(Debug)]
pub struct Model {
    pub(super) settings: Settings,
    /// Columns and rows.
    pub(super) size: (u16, u16),
    /// Since an arbitrary moment in the past.
    pub(super) now: Duration,
    /// The machine's clock.
    pub(super) clock: Timestamp,
    pub(super) ceremony: Option<Arc<Ceremony>>,
    pub(super) transcript: Vec<TranscriptLine>,
    pub(super) request: Request,
    pub(super) turn: Turn,
    /// Why the last answer was not accepted.
    pub(super) notice: Option<Notice>,
    /// What the participants requested instead of an answer; for the next request if none is open.
    pub(super) interrupt: Option<Interrupt>,
    /// A request that is handled when the token responds.
    pub(super) deferred: Option<Postponed>,
    /// Giving up was requested, and must be confirmed.
    pub(super) is_giving_up: bool,
    pub(super) overlay: Option<Overlay>,
    /// The ceremony that ended, until the participants have seen it.
    pub(super) end: Option<End>,
    pub(super) focus: Focus,
    /// The first visible line of the prompt.
    pub(super) scroll: u16,
    /// Whether some text was not on the screen yet, so that the word cannot be typed.
    pub(super) is_unread: bool,
    pub(super) play: Play,
    /// A signal arrived or the terminal is gone: every request is answered with [`Interrupt::Leave`].
    pub(super) is_leaving: bool,
}

/// Who acts next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// The last request was answered.
    Executor,
    /// A request is open.
    Room,
    /// The executor has returned.
    Nobody,
}

/// What happens when the token responds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Postponed {
    Exception,
    Abort,
    Request,
}

impl Postponed {
    /// The postponed form of an interrupt that does not end the wait.
    pub(super) fn of(interrupt: &Interrupt, waiting: &Waiting) -> Option<Self> {
        if waiting.on == WaitingOn::People {
            return None;
        }
        match interrupt {
            Interrupt::Exception { .. } => Some(Self::Exception),
            Interrupt::Abort { .. } => Some(Self::Abort),
            Interrupt::Request(_) => Some(Self::Request),
            Interrupt::Cancel | Interrupt::Leave => None,
        }
    }
}

/// The target of the arrow keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Focus {
    Work,
    /// The list of steps, at the step of this index.
    Steps(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notice {
    pub what: String,
    pub hint: String,
}

/// The open request of the executor.
#[derive(Debug)]
pub(super) enum Request {
    None,
    Ask(Asking),
    Secret(Entering),
    Show(Showing),
    Waiting(Waiting),
}

#[derive(Debug)]
pub(super) struct Asking {
    pub prompt: Prompt,
    pub input: Input,
    /// The end of the text was on the screen.
    pub is_read: bool,
}

#[derive(Debug)]
pub(super) enum Input {
    Enter,
    Text(TextField),
    Choice {
        at: usize,
        remark: TextField,

        is_remark: bool,
    },
}

impl Asking {
    pub(super) fn new(prompt: Prompt) -> Self {
        let input = match &prompt.ask {
            Ask::Enter { .. } => Input::Enter,
            Ask::Word { .. } | Ask::Clock | Ask::Reading { .. } | Ask::Text { .. } => {
                Input::Text(TextField::default())
            }
            Ask::Choice { .. } => Input::Choice {
                at: 0,
                remark: TextField::default(),
                is_remark: false,
            },
        };
        Self {
            prompt,
            input,
            is_read: false,
        }
    }
}

#[derive(Debug)]
pub(super) struct Entering {
    pub prompt: SecretPrompt,
    pub stage: Stage,
    pub field: SecretField,
    /// The typed confirmation of the last try.
    pub word: Option<String>,
}

/// A secret that a person writes down.
#[derive(Debug)]
pub(super) struct Showing {
    pub shown: SecretShown,
    /// The secret is on the screen.
    pub is_open: bool,
}

#[derive(Debug)]
pub(super) enum Stage {
    /// Before the last try, an exact word is typed.
    LastTry(TextField),
    First,
    /// A new secret is typed again.
    Again(Pin),
}

impl Entering {
    pub(super) fn new(prompt: SecretPrompt) -> Self {
        let stage = match prompt.word_first() {
            Some(_) => Stage::LastTry(TextField::default()),
            None => Stage::First,
        };
        Self {
            prompt,
            stage,
            word: None,
            field: SecretField::default(),
        }
    }
}

/// What covers the ceremony.
#[derive(Debug)]
pub(super) enum Overlay {
    Help {
        scroll: u16,
    },
    /// Both digests in full.
    Digests {
        is_transcript_first: bool,
    },
    /// Scrolled by lines from the end.
    Transcript {
        from_end: usize,
    },
    Exception(ExceptionForm),
    Offers(OfferForm),
    Abort(AbortForm),
}

/// An exception report that is being filled in.
#[derive(Debug, Default)]
pub(super) struct ExceptionForm {
    pub expected: TextField,
    pub happened: TextField,
    pub decided: TextField,
    /// For each of two lines, the index of the person who approves.
    pub people: [Option<usize>; 2],
    /// The index of the check that is waived, if any.
    pub waives: Option<usize>,
    /// Whether there is a check that may be waived.
    pub has_check: bool,
    /// 0 to 5: the three texts, the two people, the check.
    pub at: usize,
    pub notice: Option<&'static str>,
}

impl ExceptionForm {
    /// The line for the check, which only exists if there is one.
    pub(super) const CHECK: usize = 5;
    pub(super) const MOST_LINES: usize = 6;

    pub(super) const fn lines(&self) -> usize {
        if self.has_check {
            Self::MOST_LINES
        } else {
            Self::CHECK
        }
    }

    pub(super) const fn text(&self, at: usize) -> Option<&TextField> {
        match at {
            0 => Some(&self.expected),
            1 => Some(&self.happened),
            2 => Some(&self.decided),
            _ => None,
        }
    }

    pub(super) const fn text_mut(&mut self) -> Option<&mut TextField> {
        match self.at {
            0 => Some(&mut self.expected),
            1 => Some(&mut self.happened),
            2 => Some(&mut self.decided),
            _ => None,
        }
    }
}

/// More options: a menu, and then a form, line by line.
#[derive(Debug)]
pub(super) struct OfferForm {
    pub offers: Vec<Offer>,
    /// The chosen option and the values of its form so far; `None` in the menu.
    pub chosen: Option<(usize, Vec<String>)>,
    /// The cursor in the list.
    pub at: usize,
    pub text: TextField,
    pub notice: Option<&'static str>,
}

impl OfferForm {
    pub(super) const fn new(offers: Vec<Offer>) -> Self {
        Self {
            offers,
            chosen: None,
            at: 0,
            text: TextField::new(),
            notice: None,
        }
    }

    /// The current line of the form; `None` in the menu.
    pub(super) fn field(&self) -> Option<&Field> {
        let (offer, values) = self.chosen.as_ref()?;
        self.offers.get(*offer)?.fields.get(values.len())
    }

    /// The list to choose from; empty if text is typed.
    pub(super) fn list(&self) -> Vec<&str> {
        if let Some(field) = self.field() {
            let picks = field.choices.iter();
            return picks.map(|pick| pick.text.as_str()).collect();
        }
        let titles = self.offers.iter().map(|offer| offer.kind.title());
        titles.collect()
    }

    pub(super) fn is_text(&self) -> bool {
        self.field().is_some_and(|field| field.choices.is_empty())
    }
}

/// Aborting or leaving, until it is confirmed.
#[derive(Debug, Default)]
pub(super) struct AbortForm {
    pub word: TextField,
    pub reason: TextField,
    pub is_reason: bool,
    pub notice: Option<&'static str>,
}

impl AbortForm {
    pub(super) const ABORT: &'static str = "ABORT";
    pub(super) const LEAVE: &'static str = "LEAVE";
}

#[derive(Debug)]
pub(super) struct End {
    pub ceremony: Arc<Ceremony>,
    pub ending: Ending,
    pub scroll: u16,
}

/// Autoplay in a rehearsal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Play {
    Off,
    /// Answers prompts at this time.
    On {
        due: Duration,
    },
}

/// The topmost part of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Screen {
    TooSmall,
    Overlay,
    End,
    Work,
}

impl Model {
    /// The smallest supported terminal.
    pub const SMALLEST: (u16, u16) = (80, 24);

    pub fn new(mut settings: Settings, size: (u16, u16), clock: Timestamp) -> Self {
        let transcript = std::mem::take(&mut settings.history);
        Self {
            settings,
            size,
            now: Duration::ZERO,
            clock,
            ceremony: None,
            transcript,
            request: Request::None,
            turn: Turn::Executor,
            notice: None,
            interrupt: None,
            deferred: None,
            is_giving_up: false,
            overlay: None,
            end: None,
            focus: Focus::Work,
            scroll: 0,
            is_unread: false,
            play: Play::Off,
            is_leaving: false,
        }
    }

    /// Columns and rows of the terminal.
    pub const fn size(&self) -> (u16, u16) {
        self.size
    }

    /// When autoplay acts, on the clock of [`super::Msg::Tick`].
    pub fn wakes_at(&self) -> Option<Duration> {
        match self.play {
            Play::On { due } if self.plays_now() => Some(due),
            _ => None,
        }
    }

    /// Whether the executor has returned and the participants have seen the end.
    pub const fn is_over(&self) -> bool {
        matches!(self.turn, Turn::Nobody) && (self.end.is_none() || self.is_leaving)
    }

    /// Whether autoplay can answer the open request.
    pub(super) fn plays_now(&self) -> bool {
        matches!(self.play, Play::On { .. })
            && self.turn == Turn::Room
            && self.screen() == Screen::Work
            && matches!(
                self.request,
                Request::Ask(_) | Request::Secret(_) | Request::Show(_)
            )
    }

    pub(super) const fn is_too_small(&self) -> bool {
        self.size.0 < Self::SMALLEST.0 || self.size.1 < Self::SMALLEST.1
    }

    pub(super) const fn screen(&self) -> Screen {
        if self.is_too_small() {
            Screen::TooSmall
        } else if self.overlay.is_some() {
            Screen::Overlay
        } else if self.end.is_some() {
            Screen::End
        } else {
            Screen::Work
        }
    }

    /// The ceremony on the screen.
    pub(super) fn shown(&self) -> Option<&Arc<Ceremony>> {
        self.end
            .as_ref()
            .map(|end| &end.ceremony)
            .or(self.ceremony.as_ref())
    }

    pub(super) fn is_rehearsal(&self) -> bool {
        self.shown()
            .is_some_and(|ceremony| ceremony.mode() == crate::ceremony::Mode::Rehearsal)
    }

    /// The last entry, with the transcript digest.
    pub(super) fn last_line(&self) -> Option<&TranscriptLine> {
        self.transcript.last()
    }

    /// The people who may approve an exception.
    pub(super) fn deciders(&self) -> Vec<PersonId> {
        self.shown()
            .map_or_else(Vec::new, |ceremony| ceremony.deciders())
    }

    /// The failed checks that an exception may waive.
    pub(super) fn waivable(&self) -> Vec<Check> {
        self.shown()
            .map_or_else(Vec::new, |ceremony| ceremony.waivable())
    }

    /// Whether a line of text is being typed, so that letters are not commands.
    pub(super) fn is_typing(&self) -> bool {
        match &self.overlay {
            Some(Overlay::Exception(form)) => return form.at < 3,
            Some(Overlay::Offers(form)) => return form.is_text(),
            Some(Overlay::Abort(_)) => return true,
            Some(_) => return false,
            None => {}
        }
        if self.end.is_some()
            || !matches!(self.turn, Turn::Room)
            || matches!(self.focus, Focus::Steps(_))
        {
            return false;
        }
        match &self.request {
            Request::Ask(asking) => {
                let is_line = matches!(
                    asking.input,
                    Input::Text(_)
                        | Input::Choice {
                            is_remark: true,
                            ..
                        }
                );
                is_line && !self.is_unread
            }
            Request::Secret(_) => true,
            Request::None | Request::Show(_) | Request::Waiting(_) => false,
        }
    }
}
