//! What the screen knows. Everything that is drawn follows from it, and it changes in `update` alone.

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

/// What the screen is told once, at its start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How things look on this terminal.
    pub theme: Theme,
    /// The ceremony directory, as the operator knows it: where things are, and what is resumed.
    pub place: Option<String>,
    /// The lines that the record has already, when a ceremony is resumed.
    history: Vec<RecordLine>,
}

impl Settings {
    /// With the theme of the terminal at hand, and nothing else.
    pub fn from_environment() -> Self {
        Self::with_theme(Theme::from_environment())
    }

    /// With a given theme, and nothing else.
    pub const fn with_theme(theme: Theme) -> Self {
        Self {
            theme,
            place: None,
            history: Vec::new(),
        }
    }

    /// Says where the ceremony directory is.
    pub fn place(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// Shows the lines that were recorded before this process.
    pub fn history(mut self, transcript: &Transcript, script: &Script) -> Self {
        self.history = transcript
            .entries()
            .iter()
            .zip(transcript.narrated(script))
            .map(|(entry, text)| RecordLine {
                number: entry.line.seq,
                time: entry.line.time,
                head: entry.digest,
                text,
            })
            .collect();
        self
    }
}

/// What the executor says to the screen.
#[derive(Debug)]
pub enum Call {
    /// The room is asked.
    Ask(Arc<Ceremony>, Prompt),
    /// A secret is asked for.
    Secret(Arc<Ceremony>, SecretPrompt),
    /// A secret is shown to the person who writes it down.
    Show(Arc<Ceremony>, SecretShown),
    /// Something is being waited for.
    Waiting(Arc<Ceremony>, Waiting),
    /// Something was recorded.
    Recorded(Arc<Ceremony>, RecordLine, Box<EventKind>),
    /// An answer was not accepted: what is wrong with it, and what to do.
    NotAccepted {
        /// What is wrong.
        what: String,
        /// The next safe act.
        hint: String,
    },
}

/// What the screen answers, always to the last [`Call`] that asks.
#[derive(Debug)]
pub enum Reply {
    /// To [`Call::Ask`].
    Answer(Result<Answer, Interrupt>),
    /// To [`Call::Secret`].
    Secret(Result<TypedSecret, Interrupt>),
    /// To [`Call::Show`].
    Shown(Result<(), Interrupt>),
    /// To [`Call::Waiting`].
    Waiting(Result<(), Interrupt>),
}

/// A line of the record, as the screen shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordLine {
    /// Its number, from 1.
    pub number: u64,
    /// When.
    pub time: Timestamp,
    /// The digest of the line.
    pub head: Digest,
    /// What happened, in a sentence.
    pub text: String,
}

/// The state of the screen.
#[derive(Debug)]
pub struct Model {
    pub(super) settings: Settings,
    /// Columns and rows.
    pub(super) size: (u16, u16),
    /// Since some moment in the past.
    pub(super) now: Duration,
    /// The machine's clock.
    pub(super) clock: Timestamp,
    pub(super) ceremony: Option<Arc<Ceremony>>,
    pub(super) record: Vec<RecordLine>,
    pub(super) request: Request,
    pub(super) turn: Turn,
    /// What was wrong with the last answer.
    pub(super) notice: Option<Notice>,
    /// What the room wants before it answers; for the next request, when none was open.
    pub(super) interrupt: Option<Interrupt>,
    /// What the room wanted first, and gets when the token has answered.
    pub(super) deferred: Option<Postponed>,
    /// Giving up a token's answer was asked for once, and has to be asked for again.
    pub(super) is_giving_up: bool,
    pub(super) overlay: Option<Overlay>,
    /// The ceremony that ended, until the room has seen it.
    pub(super) end: Option<End>,
    pub(super) focus: Focus,
    /// First visible line of what the screen asks.
    pub(super) scroll: u16,
    /// Whether something before the word that confirms it was not on the screen yet.
    pub(super) is_unread: bool,
    pub(super) play: Play,
    /// A signal came or the terminal is gone: every request is answered with [`Interrupt::Leave`].
    pub(super) is_leaving: bool,
}

/// Who has to do something next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// The executor: the last request was answered, and nothing new is wanted yet.
    Executor,
    /// The room: a request is open.
    Room,
    /// The executor has returned.
    Nobody,
}

/// What happens only when the token that is being waited for has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Postponed {
    Exception,
    Abort,
    Request,
}

impl Postponed {
    /// What becomes of an interrupt of a wait, if it does not end the wait.
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

/// Where the arrow keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Focus {
    /// What the screen asks.
    Work,
    /// The list of steps; the cursor stands on the step of that index.
    Steps(usize),
}

/// What is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notice {
    pub what: String,
    pub hint: String,
}

/// What the executor waits for.
#[derive(Debug)]
pub(super) enum Request {
    None,
    Ask(Asking),
    Secret(Entering),
    Show(Showing),
    Waiting(Waiting),
}

/// A prompt, and what was typed so far.
#[derive(Debug)]
pub(super) struct Asking {
    pub prompt: Prompt,
    pub input: Input,
    /// Its end was on the screen.
    pub is_read: bool,
}

#[derive(Debug)]
pub(super) enum Input {
    Enter,
    Text(TextField),
    Choice {
        at: usize,
        remark: TextField,
        /// The remark is being typed.
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

/// A secret prompt, and how far it is.
#[derive(Debug)]
pub(super) struct Entering {
    pub prompt: SecretPrompt,
    pub stage: Stage,
    pub field: SecretField,
    /// The word that came first.
    pub word: Option<String>,
}

/// A secret that is to be written down.
#[derive(Debug)]
pub(super) struct Showing {
    pub shown: SecretShown,
    /// The others have turned away: it is on the screen.
    pub is_open: bool,
}

#[derive(Debug)]
pub(super) enum Stage {
    /// The last try: an exact word first.
    LastTry(TextField),
    First,
    /// The same again.
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

/// What lies over the ceremony.
#[derive(Debug)]
pub(super) enum Overlay {
    Help {
        scroll: u16,
    },
    /// Both digests in full; the second one first where there is room for one only.
    Words {
        is_record_first: bool,
    },
    /// Lines from the end.
    Transcript {
        from_end: usize,
    },
    Exception(ExceptionForm),
    Offers(OfferForm),
    Abort(AbortForm),
}

/// The exception sheet while it is filled in.
#[derive(Debug, Default)]
pub(super) struct ExceptionForm {
    pub expected: TextField,
    pub happened: TextField,
    pub decided: TextField,
    /// The index of a person in the script who decided, for each of two lines.
    pub people: [Option<usize>; 2],
    /// The index of a check in the way that is waived; none where the sheet only notes what happened.
    pub waives: Option<usize>,
    /// Whether a check stands in the way.
    pub has_check: bool,
    /// 0 to 5: the three texts, the two people, the check.
    pub at: usize,
    pub notice: Option<&'static str>,
}

impl ExceptionForm {
    /// The line on which a check is waived: there only when one stands in the way.
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

/// What the room may ask for: a menu, and then a form, line by line.
#[derive(Debug)]
pub(super) struct OfferForm {
    pub offers: Vec<Offer>,
    /// The offer that was chosen, and what its form says so far; none in the menu.
    pub chosen: Option<(usize, Vec<String>)>,
    /// The cursor in the list at hand.
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

    /// The line of the form that is being filled in; none in the menu.
    pub(super) fn field(&self) -> Option<&Field> {
        let (offer, values) = self.chosen.as_ref()?;
        self.offers.get(*offer)?.fields.get(values.len())
    }

    /// What the list at hand has; nothing where a text is typed.
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

/// Breaking off, while it is confirmed.
#[derive(Debug, Default)]
pub(super) struct AbortForm {
    pub word: TextField,
    pub reason: TextField,
    pub is_reason: bool,
    pub notice: Option<&'static str>,
}

impl AbortForm {
    /// Breaks off for good.
    pub(super) const ABORT: &'static str = "ABORT";
    /// Stops here, to be resumed.
    pub(super) const LEAVE: &'static str = "LEAVE";
}

/// A ceremony that ended.
#[derive(Debug)]
pub(super) struct End {
    pub ceremony: Arc<Ceremony>,
    pub ending: Ending,
    pub scroll: u16,
}

/// A rehearsal that plays itself until somebody takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Play {
    Off,
    /// Answers at that time, when something is asked.
    On {
        due: Duration,
    },
}

/// What the room sees, from above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Screen {
    TooSmall,
    Overlay,
    End,
    Work,
}

impl Model {
    /// The smallest terminal on which everything has its place.
    pub const SMALLEST: (u16, u16) = (80, 24);

    /// A screen of so many columns and rows before anything happened.
    pub fn new(mut settings: Settings, size: (u16, u16), clock: Timestamp) -> Self {
        let record = std::mem::take(&mut settings.history);
        Self {
            settings,
            size,
            now: Duration::ZERO,
            clock,
            ceremony: None,
            record,
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

    /// When something happens by itself, on the clock of [`super::Msg::Tick`].
    pub fn wakes_at(&self) -> Option<Duration> {
        match self.play {
            Play::On { due } if self.plays_now() => Some(due),
            _ => None,
        }
    }

    /// Whether the screen has nothing more to show: the executor has returned, and the room has seen the end.
    pub const fn is_over(&self) -> bool {
        matches!(self.turn, Turn::Nobody) && (self.end.is_none() || self.is_leaving)
    }

    /// Whether the script plays itself and something is asked that it can answer.
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

    /// The ceremony that the screen shows: the one that ended, until it was seen.
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

    /// The digest of the last line of the record.
    pub(super) fn head(&self) -> Option<&RecordLine> {
        self.record.last()
    }

    /// Those of whom two decide on an exception.
    pub(super) fn deciders(&self) -> Vec<PersonId> {
        self.shown()
            .map_or_else(Vec::new, |ceremony| ceremony.deciders())
    }

    /// The checks in the way that an exception may waive.
    pub(super) fn waivable(&self) -> Vec<Check> {
        self.shown()
            .map_or_else(Vec::new, |ceremony| ceremony.waivable())
    }

    /// Whether a line of text is being typed, so that letters are letters and not commands.
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
