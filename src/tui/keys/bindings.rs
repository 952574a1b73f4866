//! The keys of each screen: what they do, and how the key line and the help describe them.

use std::time::Duration;

use crate::ceremony::{Waiting, WaitingOn};
use crate::tui::model::{
    ExceptionForm, Focus, Input, Model, OfferForm, Overlay, Request, Screen, Stage, Turn,
};

use super::{
    Action, BACK_TAB, Binding, CAPITAL_P, CONTROL_C, DOWN, E, END, ENTER, ESC, F1, F2, F3, F4, F5,
    F6, F7, G, HOME, J, K, Key, O, P, PAGE_DOWN, PAGE_UP, QUESTION, SPACE, T, TAB, UP,
};

/// How long a token may take before the option to give up appears.
const PATIENCE: Duration = Duration::from_secs(5);

/// Adds bindings to a list, most important first: the keys, their action, what the key line shows, what the help shows.
/// The key line shows nothing for `()`, the first key for `(text)`, and other names for `(names, text)`.
macro_rules! bind {
    ($all:expr; $([$($key:expr),+] $action:ident ($($hint:expr),*) $help:expr;)+) => {
        $all.extend([$(Binding {
            keys: &[$($key),+],
            action: Action::$action,
            hint: hint(&[$($key),+], &[$($hint),*]),
            help: $help,
        }),+])
    };
}

fn hint(keys: &[Key], text: &[&'static str]) -> Option<(&'static str, &'static str)> {
    match text {
        [names, text] => Some((names, text)),
        [text] => Some((keys.first()?.name, text)),
        _ => None,
    }
}

/// The keys of the current screen.
pub(in crate::tui) fn bindings(model: &Model) -> Vec<Binding> {
    match model.screen() {
        Screen::TooSmall => Vec::new(),
        Screen::Overlay => model.overlay.as_ref().map_or_else(Vec::new, of_overlay),
        Screen::End => of_end(),
        Screen::Work => of_work(model),
    }
}

/// The keys of the screen below the help.
pub(in crate::tui) fn bindings_below_help(model: &Model) -> Vec<Binding> {
    if model.end.is_some() {
        of_end()
    } else {
        of_work(model)
    }
}

const STOP: &str = "stop: abort, or leave and resume later (with confirmation)";
const DIGESTS: &str = "show the digests of script and transcript in full";

fn of_work(model: &Model) -> Vec<Binding> {
    let mut all = Vec::new();
    let is_typing = model.is_typing();
    if let Focus::Steps(_) = model.focus {
        bind! { all;
            [ESC, TAB, ENTER] Back ("current step") "return to the current step";
            [UP, K] Up ("Up Down", "browse") "previous step";
            [DOWN, J] Down () "next step";
            [PAGE_UP] PageUp () "ten steps back";
            [PAGE_DOWN] PageDown () "ten steps forward";
            [HOME] Top () "first step";
            [END] Bottom () "last step";
        }
    } else {
        if model.turn == Turn::Room {
            of_request(model, &mut all);
            if model.is_rehearsal() && !matches!(model.request, Request::Waiting(_)) {
                of_rehearsal(is_typing, &mut all);
            }
        }
        bind! { all; [TAB] Steps () "browse the steps of the script"; }
    }
    of_everything(is_typing, &mut all);
    all
}

fn of_request(model: &Model, all: &mut Vec<Binding>) {
    const TYPED: &str = "submit the typed text";
    let mut has_lines = true;
    match &model.request {
        Request::None => {}
        Request::Ask(asking) => match &asking.input {
            Input::Enter => bind! { all; [ENTER] Submit ("continue") "do what the screen shows"; },
            Input::Text(_) if model.is_unread => {
                bind! { all; [PAGE_DOWN] PageDown ("read on") "show the next lines"; }
            }
            Input::Text(_) => bind! { all; [ENTER] Submit ("continue") TYPED; },
            Input::Choice {
                is_remark: false, ..
            } => {
                has_lines = false;
                bind! { all;
                    [ENTER] Submit ("select") "select the choice";
                    [UP, K] Up ("Up Down", "choose") "previous choice";
                    [DOWN, J] Down () "next choice";
                }
            }
            Input::Choice { .. } => bind! { all;
                [ENTER] Submit ("continue") TYPED;
                [ESC] Back ("back") "return to the choices";
            },
        },
        Request::Secret(entering) => {
            let (hint, help) = match entering.stage {
                Stage::LastTry(_) => ("keep it", "keep the last try; the ceremony can wait"),
                Stage::First | Stage::Again(_) => ("start over", "discard the typed text"),
            };
            bind! { all;
                [ENTER] Submit ("continue") TYPED;
                [ESC] Back (hint) help;
            }
        }
        Request::Show(showing) if showing.is_open => bind! { all;
            [ENTER] Submit ("written down") "remove the secret from the screen permanently";
            [ESC] Back ("hide") "hide the secret";
        },
        Request::Show(_) => bind! { all;
            [ENTER] Submit ("show it") "show the secret to the person who writes it down";
        },
        Request::Waiting(waiting) => of_wait(model, waiting, all),
    }
    if has_lines && model.is_typing() {
        bind! { all; [UP] Up () "scroll up"; [DOWN] Down () "scroll down"; }
    } else if has_lines {
        bind! { all; [UP, K] Up () "scroll up"; [DOWN, J] Down () "scroll down"; }
    }
    bind! { all; [PAGE_UP] PageUp () "page up"; [PAGE_DOWN] PageDown () "page down"; }
}

/// Waiting for people and for a token that is merely slow is not given up.
fn of_wait(model: &Model, waiting: &Waiting, all: &mut Vec<Binding>) {
    if waiting.on == WaitingOn::People || waiting.elapsed < PATIENCE {
    } else if model.is_giving_up {
        bind! { all;
            [G] GiveUp ("give up") "give up; no token can be used until the ceremony is resumed";
        }
    } else {
        bind! { all;
            [G, ESC] GiveUp ("give up") "stop waiting for the token (with confirmation)";
        }
    }
}

fn of_rehearsal(is_typing: bool, all: &mut Vec<Binding>) {
    const PLAY: &str = "rehearsal: give the usual answer";
    const AUTOPLAY: &str = "rehearsal: continue automatically until a key is pressed";
    if is_typing {
        bind! { all; [F5] Play ("play") PLAY; [F6] PlayOn ("autoplay") AUTOPLAY; }
    } else {
        bind! { all;
            [P, F5] Play ("play") PLAY;
            [CAPITAL_P, SPACE, F6] PlayOn ("autoplay") AUTOPLAY;
        }
    }
}

/// What can be done at any time. While a line is typed, letters are text.
fn of_everything(is_typing: bool, all: &mut Vec<Binding>) {
    const EXCEPTION: &str = "fill in an exception report";
    const OPTIONS: &str = "more options: corrections, people who arrive or leave";
    const TRANSCRIPT: &str = "show the transcript so far";
    const HELP: &str = "show this help";
    if is_typing {
        bind! { all;
            [F4] Exception ("exception") EXCEPTION;
            [F7] Options ("options") OPTIONS;
            [F3] Transcript ("transcript") TRANSCRIPT;
            [F1] Help ("help") HELP;
        }
    } else {
        bind! { all;
            [E, F4] Exception ("exception") EXCEPTION;
            [O, F7] Options ("options") OPTIONS;
            [T, F3] Transcript ("transcript") TRANSCRIPT;
            [QUESTION, F1] Help ("help") HELP;
        }
    }
    bind! { all;
        [CONTROL_C] Abort ("abort") STOP;
        [F2] Digests () DIGESTS;
    }
}

fn of_end() -> Vec<Binding> {
    let mut all = Vec::new();
    bind! { all;
        [ENTER] Submit ("leave") "leave this screen";
        [UP, K] Up () "scroll up";
        [DOWN, J] Down () "scroll down";
        [PAGE_DOWN, SPACE] PageDown ("PgUp PgDn", "page") "page down";
        [PAGE_UP] PageUp () "page up";
        [T, F3] Transcript ("transcript") "show the transcript";
        [F2] Digests ("full digests") DIGESTS;
        [QUESTION, F1] Help ("help") "show this help";
    }
    all
}

fn of_overlay(overlay: &Overlay) -> Vec<Binding> {
    const BACK: &str = "return";
    let mut all = Vec::new();
    match overlay {
        Overlay::Help { .. } => {
            bind! { all; [ESC, QUESTION, F1, ENTER] Back ("back") BACK; }
            of_reading(&mut all);
        }
        Overlay::Transcript { .. } => {
            bind! { all; [ESC, T, F3, ENTER] Back ("back") BACK; }
            of_reading(&mut all);
        }
        Overlay::Digests { .. } => bind! { all;
            [ESC, F2, ENTER] Back ("back") BACK;
            [TAB] NextField ("other digest first") "show the other digest first";
        },
        Overlay::Exception(form) => of_exception(form, &mut all),
        Overlay::Offers(form) => of_offers(form, &mut all),
        Overlay::Abort(form) => {
            bind! { all;
                [ENTER] Submit ("confirm") "submit the typed text";
                [ESC] Back ("continue the ceremony") BACK;
            }
            if form.is_reason {
                bind! { all; [TAB, BACK_TAB] PreviousField () "other line"; }
            }
            return all;
        }
    }
    bind! { all; [CONTROL_C] Abort () STOP; }
    all
}

fn of_offers(form: &OfferForm, all: &mut Vec<Binding>) {
    bind! { all;
        [ENTER] Submit ("select") "select the line";
        [ESC] Back ("back") "return to the previous line";
    }
    if !form.is_text() {
        bind! { all;
            [UP, K] Up ("Up Down", "choose") "previous line";
            [DOWN, J] Down () "next line";
        }
    }
}

fn of_reading(all: &mut Vec<Binding>) {
    bind! { all;
        [UP, K] Up ("Up Down", "scroll") "scroll up";
        [DOWN, J] Down () "scroll down";
        [PAGE_UP] PageUp ("PgUp PgDn", "page") "page up";
        [PAGE_DOWN, SPACE] PageDown () "page down";
        [HOME] Top ("Home End", "first, last") "go to the beginning";
        [END] Bottom () "go to the end";
    }
}

fn of_exception(form: &ExceptionForm, all: &mut Vec<Binding>) {
    let is_last = form.at + 1 == form.lines();
    let hint = if is_last { "record it" } else { "next line" };
    bind! { all;
        [ENTER] Submit (hint) "go to the next line; on the last line, record the report";
        [ESC] Back ("discard") "discard the report";
    }
    if form.at >= 3 {
        bind! { all;
            [UP, K] Up ("Up Down", "change") "previous person or check";
            [DOWN, J] Down () "next person or check";
        }
    }
    bind! { all;
        [TAB] NextField ("next") "next line";
        [BACK_TAB] PreviousField ("previous") "previous line";
    }
}
