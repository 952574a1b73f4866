//! Keys and their actions.

mod bindings;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::model::Model;

pub(super) use bindings::{bindings, bindings_below_help};

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
    Options,
    Transcript,
    Digests,
    Help,
    Abort,
    Back,
    GiveUp,
    Play,
    PlayOn,
}

/// The scroll position after an action, in lines from the top.
pub(super) fn scrolled(scroll: u16, most: u16, page: u16, action: Action) -> u16 {
    let scroll = scroll.min(most);
    match action {
        Action::Up => scroll.saturating_sub(1),
        Action::Down => scroll.saturating_add(1).min(most),
        Action::PageUp => scroll.saturating_sub(page),
        Action::PageDown => scroll.saturating_add(page).min(most),
        Action::Top => 0,
        Action::Bottom => most,
        _ => scroll,
    }
}

/// Keys that do the same thing.
#[derive(Debug)]
pub(super) struct Binding {
    pub keys: &'static [Key],
    pub action: Action,
    /// The names of the keys and what they do, for the key line; `None` if only the help shows them.
    pub hint: Option<(&'static str, &'static str)>,
    pub help: &'static str,
}

/// A key and its name.
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

    fn is(self, event: KeyEvent) -> bool {
        self.code == event.code
            && event.modifiers.contains(KeyModifiers::CONTROL) == self.is_control
            && !event.modifiers.contains(KeyModifiers::ALT)
    }
}

/// The action of a key on the current screen.
pub(super) fn action(model: &Model, event: KeyEvent) -> Option<Action> {
    bindings(model)
        .iter()
        .find(|binding| binding.keys.iter().any(|key| key.is(event)))
        .map(|binding| binding.action)
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
const F7: Key = Key::new(KeyCode::F(7), "F7");
const E: Key = Key::new(KeyCode::Char('e'), "e");
const G: Key = Key::new(KeyCode::Char('g'), "g");
const O: Key = Key::new(KeyCode::Char('o'), "o");
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
