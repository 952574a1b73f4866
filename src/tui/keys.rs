//! The keys of each screen, declared once: what they do, what the line of hints says, what the help says.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::ceremony::WaitingOn;

use super::model::{Entering, Focus, Input, Model, Overlay, Request, Screen, Stage};
use super::screens;

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Submit,
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
    NextField,
    PreviousField,
    Steps,
    Exception,
    Transcript,
    Words,
    Help,
    Abort,
    Back,
    GiveUp,
    Play,
    PlayOn,
}

/// Keys that do the same thing.
#[derive(Debug)]
pub(super) struct Binding {
    pub keys: &'static [Key],
    pub action: Action,
    /// For the line of hints; none where the help is enough.
    pub hint: Option<&'static str>,
    pub help: &'static str,
}

/// A key, as it is pressed and as it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    code: KeyCode,
    is_control: bool,
    pub name: &'static str,
}

impl Key {
    const fn new(code: KeyCode, name: &'static str) -> Self {
        Self {
            code,
            is_control: false,
            name,
        }
    }

    const fn is(self, event: KeyEvent) -> bool {
        let KeyEvent {
            code, modifiers, ..
        } = event;
        let same = match (self.code, code) {
            (KeyCode::Char(a), KeyCode::Char(b)) => a == b,
            (KeyCode::F(a), KeyCode::F(b)) => a == b,
            (KeyCode::Enter, KeyCode::Enter)
            | (KeyCode::Esc, KeyCode::Esc)
            | (KeyCode::Tab, KeyCode::Tab)
            | (KeyCode::BackTab, KeyCode::BackTab)
            | (KeyCode::Up, KeyCode::Up)
            | (KeyCode::Down, KeyCode::Down)
            | (KeyCode::PageUp, KeyCode::PageUp)
            | (KeyCode::PageDown, KeyCode::PageDown)
            | (KeyCode::Home, KeyCode::Home)
            | (KeyCode::End, KeyCode::End) => true,
            _ => false,
        };
        same && modifiers.contains(KeyModifiers::CONTROL) == self.is_control
            && !modifiers.contains(KeyModifiers::ALT)
    }
}

const ENTER: Key = Key::new(KeyCode::Enter, "Enter");
const ESC: Key = Key::new(KeyCode::Esc, "Esc");
const TAB: Key = Key::new(KeyCode::Tab, "Tab");
const BACK_TAB: Key = Key::new(KeyCode::BackTab, "Shift-Tab");
const UP: Key = Key::new(KeyCode::Up, "Up");
const DOWN: Key = Key::new(KeyCode::Down, "Down");
const K: Key = Key::new(KeyCode::Char('k'), "k");
const J: Key = Key::new(KeyCode::Char('j'), "j");
const PAGE_UP: Key = Key::new(KeyCode::PageUp, "PgUp");
const PAGE_DOWN: Key = Key::new(KeyCode::PageDown, "PgDn");
const HOME: Key = Key::new(KeyCode::Home, "Home");
const END: Key = Key::new(KeyCode::End, "End");
const F1: Key = Key::new(KeyCode::F(1), "F1");
const F2: Key = Key::new(KeyCode::F(2), "F2");
const F3: Key = Key::new(KeyCode::F(3), "F3");
const F4: Key = Key::new(KeyCode::F(4), "F4");
const F5: Key = Key::new(KeyCode::F(5), "F5");
const F6: Key = Key::new(KeyCode::F(6), "F6");
const E: Key = Key::new(KeyCode::Char('e'), "e");
const G: Key = Key::new(KeyCode::Char('g'), "g");
const P: Key = Key::new(KeyCode::Char('p'), "p");
const CAPITAL_P: Key = Key::new(KeyCode::Char('P'), "P");
const SPACE: Key = Key::new(KeyCode::Char(' '), "Space");
const T: Key = Key::new(KeyCode::Char('t'), "t");
const QUESTION: Key = Key::new(KeyCode::Char('?'), "?");
const CONTROL_C: Key = Key {
    code: KeyCode::Char('c'),
    is_control: true,
    name: "Ctrl-C",
};

/// The action of a key on the screen as it is; none when it is not bound there.
pub(super) fn action(model: &Model, event: KeyEvent) -> Option<Action> {
    bindings(model)
        .iter()
        .find(|binding| binding.keys.iter().any(|key| key.is(event)))
        .map(|binding| binding.action)
}

/// The keys of the screen as it is, the most important ones first.
pub(super) fn bindings(model: &Model) -> Vec<Binding> {
    match model.screen() {
        Screen::TooSmall => Vec::new(),
        Screen::Overlay => model.overlay.as_ref().map_or_else(Vec::new, of_overlay),
        Screen::End => of_end(model),
        Screen::Work => of_work(model),
    }
}

/// The keys of the screen below the help, for the help to explain.
pub(super) fn bindings_below_help(model: &Model) -> Vec<Binding> {
    match model.screen() {
        Screen::TooSmall => Vec::new(),
        Screen::Overlay | Screen::Work if model.end.is_none() => of_work(model),
        _ => of_end(model),
    }
}

const fn bind(
    keys: &'static [Key],
    action: Action,
    hint: Option<&'static str>,
    help: &'static str,
) -> Binding {
    Binding {
        keys,
        action,
        hint,
        help,
    }
}

fn of_work(model: &Model) -> Vec<Binding> {
    let mut all = Vec::new();
    if let Focus::Steps(_) = model.focus {
        all.extend([
            bind(
                &[UP, K],
                Action::Up,
                Some("back"),
                "looks at the step before",
            ),
            bind(
                &[DOWN, J],
                Action::Down,
                Some("ahead"),
                "looks at the step after",
            ),
            bind(&[PAGE_UP], Action::PageUp, None, "looks ten steps back"),
            bind(
                &[PAGE_DOWN],
                Action::PageDown,
                None,
                "looks ten steps ahead",
            ),
            bind(&[HOME], Action::Top, None, "looks at the first step"),
            bind(&[END], Action::Bottom, None, "looks at the last step"),
            bind(
                &[ESC, TAB, ENTER],
                Action::Back,
                Some("to the step at hand"),
                "goes back to the step at hand",
            ),
        ]);
    } else if model.is_answered {
        // Nothing is asked at this moment.
    } else {
        of_request(model, &mut all);
    }
    let is_typing = model.is_typing();
    if model.is_rehearsal() && !model.is_answered {
        of_rehearsal(is_typing, &mut all);
    }
    everywhere(is_typing, &mut all);
    if model.focus == Focus::Work {
        all.push(bind(
            &[TAB],
            Action::Steps,
            None,
            "looks through the steps of the script",
        ));
    }
    all
}

fn of_request(model: &Model, all: &mut Vec<Binding>) {
    let mut scrolls_with_arrows = true;
    match &model.request {
        Request::None => {}
        Request::Ask(asking) => match &asking.input {
            Input::Enter => all.push(bind(
                &[ENTER],
                Action::Submit,
                Some("go on"),
                "does what the screen offers, and goes on",
            )),
            Input::Text(_) => {
                scrolls_with_arrows = screens::work::is_unread(model);
                if scrolls_with_arrows {
                    all.push(bind(
                        &[PAGE_DOWN],
                        Action::PageDown,
                        Some("read on"),
                        "shows what follows",
                    ));
                } else {
                    all.push(bind(
                        &[ENTER],
                        Action::Submit,
                        Some("go on"),
                        "takes what was typed",
                    ));
                }
            }
            Input::Choice {
                is_remark: false, ..
            } => {
                scrolls_with_arrows = false;
                all.extend([
                    bind(&[ENTER], Action::Submit, Some("take"), "takes the choice"),
                    bind(&[UP, K], Action::Up, Some("up"), "goes to the choice above"),
                    bind(
                        &[DOWN, J],
                        Action::Down,
                        Some("down"),
                        "goes to the choice below",
                    ),
                ]);
            }
            Input::Choice { .. } => all.extend([
                bind(
                    &[ENTER],
                    Action::Submit,
                    Some("go on"),
                    "takes what was typed",
                ),
                bind(
                    &[ESC],
                    Action::Back,
                    Some("back"),
                    "goes back to the choices",
                ),
            ]),
        },
        Request::Secret(Entering { stage, .. }) => {
            scrolls_with_arrows = false;
            all.push(bind(
                &[ENTER],
                Action::Submit,
                Some("go on"),
                "takes what was typed",
            ));
            all.push(match stage {
                Stage::LastTry(_) => bind(
                    &[ESC],
                    Action::GiveUp,
                    Some("keep the last try"),
                    "keeps the last try, and gives up what was asked",
                ),
                _ => bind(
                    &[ESC],
                    Action::GiveUp,
                    Some("not now"),
                    "types nothing: the room decides how to go on",
                ),
            });
        }
        // What people are waited for needs no giving up: they do it, or stop the ceremony.
        Request::Waiting(waiting) if waiting.on == WaitingOn::People => {}
        Request::Waiting(_) => all.push(bind(
            &[ESC, G],
            Action::GiveUp,
            Some("give up"),
            "stops waiting: the room decides how to go on",
        )),
    }
    if scrolls_with_arrows && !model.is_typing() {
        all.push(bind(&[UP, K], Action::Up, None, "scrolls up"));
        all.push(bind(&[DOWN, J], Action::Down, None, "scrolls down"));
    } else if scrolls_with_arrows {
        all.push(bind(&[UP], Action::Up, None, "scrolls up"));
        all.push(bind(&[DOWN], Action::Down, None, "scrolls down"));
    }
    all.push(bind(
        &[PAGE_UP],
        Action::PageUp,
        None,
        "shows what is above",
    ));
    all.push(bind(
        &[PAGE_DOWN],
        Action::PageDown,
        None,
        "shows what is below",
    ));
}

fn of_rehearsal(is_typing: bool, all: &mut Vec<Binding>) {
    const PLAY: &str = "rehearsal: gives the usual answer";
    const PLAY_ON: &str = "rehearsal: plays on by itself, until any key is pressed";
    if is_typing {
        all.push(bind(&[F5], Action::Play, Some("play"), PLAY));
        all.push(bind(&[F6], Action::PlayOn, Some("play on"), PLAY_ON));
    } else {
        all.push(bind(&[P, F5], Action::Play, Some("play"), PLAY));
        all.push(bind(
            &[CAPITAL_P, SPACE, F6],
            Action::PlayOn,
            Some("play on"),
            PLAY_ON,
        ));
    }
}

fn everywhere(is_typing: bool, all: &mut Vec<Binding>) {
    const EXCEPTION: &str = "fills in an exception sheet";
    const TRANSCRIPT: &str = "shows the record so far";
    const HELP: &str = "shows this";
    if is_typing {
        all.extend([
            bind(&[F4], Action::Exception, Some("exception"), EXCEPTION),
            bind(&[F3], Action::Transcript, Some("transcript"), TRANSCRIPT),
            bind(&[F1], Action::Help, Some("help"), HELP),
        ]);
    } else {
        all.extend([
            bind(&[E, F4], Action::Exception, Some("exception"), EXCEPTION),
            bind(&[T, F3], Action::Transcript, Some("transcript"), TRANSCRIPT),
            bind(&[QUESTION, F1], Action::Help, Some("help"), HELP),
        ]);
    }
    all.push(bind(
        &[CONTROL_C],
        Action::Abort,
        Some("abort"),
        "stops: for good, or to resume later; asks first",
    ));
    all.push(bind(
        &[F2],
        Action::Words,
        None,
        "shows the digests of script and record in full",
    ));
}

fn of_end(_model: &Model) -> Vec<Binding> {
    vec![
        bind(
            &[ENTER],
            Action::Submit,
            Some("leave"),
            "leaves this screen",
        ),
        bind(&[UP, K], Action::Up, None, "scrolls up"),
        bind(&[DOWN, J], Action::Down, None, "scrolls down"),
        bind(&[PAGE_UP], Action::PageUp, None, "a page up"),
        bind(
            &[PAGE_DOWN, SPACE],
            Action::PageDown,
            Some("more"),
            "a page down",
        ),
        bind(
            &[T, F3],
            Action::Transcript,
            Some("transcript"),
            "shows the record",
        ),
        bind(
            &[F2],
            Action::Words,
            Some("all words"),
            "shows the digests of script and record in full",
        ),
        bind(&[QUESTION, F1], Action::Help, Some("help"), "shows this"),
    ]
}

fn of_overlay(overlay: &Overlay) -> Vec<Binding> {
    let scrolling = |more: &mut Vec<Binding>| {
        more.extend([
            bind(&[UP, K], Action::Up, Some("up"), "scrolls up"),
            bind(&[DOWN, J], Action::Down, Some("down"), "scrolls down"),
            bind(&[PAGE_UP], Action::PageUp, Some("page up"), "a page up"),
            bind(
                &[PAGE_DOWN, SPACE],
                Action::PageDown,
                Some("page down"),
                "a page down",
            ),
            bind(&[HOME], Action::Top, Some("first"), "to the beginning"),
            bind(&[END], Action::Bottom, Some("last"), "to the end"),
        ]);
    };
    const BACK: &str = "goes back";
    let mut all = Vec::new();
    match overlay {
        Overlay::Help { .. } => {
            all.push(bind(
                &[ESC, QUESTION, F1, ENTER],
                Action::Back,
                Some("back"),
                BACK,
            ));
            scrolling(&mut all);
        }
        Overlay::Words { .. } => all.extend([
            bind(&[ESC, F2, ENTER], Action::Back, Some("back"), BACK),
            bind(
                &[TAB],
                Action::NextField,
                Some("the other digest"),
                "shows the other digest first",
            ),
        ]),
        Overlay::Transcript { .. } => {
            all.push(bind(&[ESC, T, F3, ENTER], Action::Back, Some("back"), BACK));
            scrolling(&mut all);
        }
        Overlay::Exception(form) => {
            all.push(bind(
                &[ENTER],
                Action::Submit,
                Some(if form.at + 1 == super::model::ExceptionForm::LINES {
                    "record"
                } else {
                    "next line"
                }),
                "goes to the next line; on the last one, records the sheet",
            ));
            if form.at >= 3 {
                all.push(bind(&[UP, K], Action::Up, Some("person"), "another person"));
                all.push(bind(&[DOWN, J], Action::Down, None, "another person"));
            }
            all.extend([
                bind(&[TAB], Action::NextField, Some("next line"), "next line"),
                bind(
                    &[BACK_TAB],
                    Action::PreviousField,
                    Some("line before"),
                    "the line before",
                ),
                bind(
                    &[ESC],
                    Action::Back,
                    Some("throw away"),
                    "throws the sheet away",
                ),
            ]);
        }
        Overlay::Abort(form) => {
            all.push(bind(
                &[ENTER],
                Action::Submit,
                Some("confirm"),
                "takes what was typed",
            ));
            if form.is_reason {
                all.push(bind(
                    &[TAB, BACK_TAB],
                    Action::PreviousField,
                    None,
                    "to the other line",
                ));
            }
            all.push(bind(
                &[ESC],
                Action::Back,
                Some("go on with the ceremony"),
                BACK,
            ));
        }
    }
    all
}
