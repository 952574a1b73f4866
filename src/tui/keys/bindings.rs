//! Which keys each screen has, what they do, and what is said of them.

use std::time::Duration;

use crate::ceremony::{Waiting, WaitingOn};
use crate::tui::model::{
    ExceptionForm, Focus, Input, Model, OfferForm, Overlay, Request, Screen, Stage, Turn,
};

use super::{
    Action, BACK_TAB, Binding, CAPITAL_P, CONTROL_C, DOWN, E, END, ENTER, ESC, F1, F2, F3, F4, F5,
    F6, F7, G, HOME, J, K, Key, O, P, PAGE_DOWN, PAGE_UP, QUESTION, SPACE, T, TAB, UP,
};

/// How long a token may take before it is offered to give it up.
const PATIENCE: Duration = Duration::from_secs(5);

/// The keys of the screen as it is, the most important ones first.
pub(in crate::tui) fn bindings(model: &Model) -> Vec<Binding> {
    match model.screen() {
        Screen::TooSmall => Vec::new(),
        Screen::Overlay => model.overlay.as_ref().map_or_else(Vec::new, of_overlay),
        Screen::End => of_end(),
        Screen::Work => of_work(model),
    }
}

/// The keys of the screen below the help, for the help to explain.
pub(in crate::tui) fn bindings_below_help(model: &Model) -> Vec<Binding> {
    if model.end.is_some() {
        of_end()
    } else {
        of_work(model)
    }
}

/// Keys that the line of hints names.
const fn hinted(
    keys: &'static [Key],
    action: Action,
    hint: &'static str,
    help: &'static str,
) -> Binding {
    Binding {
        keys,
        action,
        hint: Some((keys[0].name, hint)),
        help,
    }
}

/// Keys that the line of hints names together with those of the next binding.
const fn paired(
    keys: &'static [Key],
    action: Action,
    hint: (&'static str, &'static str),
    help: &'static str,
) -> Binding {
    Binding {
        keys,
        action,
        hint: Some(hint),
        help,
    }
}

/// Keys that the help alone names.
const fn bound(keys: &'static [Key], action: Action, help: &'static str) -> Binding {
    Binding {
        keys,
        action,
        hint: None,
        help,
    }
}

fn of_work(model: &Model) -> Vec<Binding> {
    let mut all = Vec::new();
    let is_typing = model.is_typing();
    if let Focus::Steps(_) = model.focus {
        all.extend([
            hinted(
                &[ESC, TAB, ENTER],
                Action::Back,
                "to the step at hand",
                "goes back to the step at hand",
            ),
            paired(
                &[UP, K],
                Action::Up,
                ("Up Down", "look"),
                "looks at the step before",
            ),
            bound(&[DOWN, J], Action::Down, "looks at the step after"),
            bound(&[PAGE_UP], Action::PageUp, "looks ten steps back"),
            bound(&[PAGE_DOWN], Action::PageDown, "looks ten steps ahead"),
            bound(&[HOME], Action::Top, "looks at the first step"),
            bound(&[END], Action::Bottom, "looks at the last step"),
        ]);
    } else {
        if model.turn == Turn::Room {
            of_request(model, &mut all);
            if model.is_rehearsal() && !matches!(model.request, Request::Waiting(_)) {
                of_rehearsal(is_typing, &mut all);
            }
        }
        let help = "looks through the steps of the script, up and down";
        all.push(bound(&[TAB], Action::Steps, help));
    }
    of_everything(is_typing, &mut all);
    all
}

fn of_request(model: &Model, all: &mut Vec<Binding>) {
    const TYPED: &str = "takes what was typed";
    let mut has_lines = true;
    match &model.request {
        Request::None => {}
        Request::Ask(asking) => match &asking.input {
            Input::Enter => {
                all.push(hinted(
                    &[ENTER],
                    Action::Submit,
                    "go on",
                    "does what the screen offers",
                ));
            }
            Input::Text(_) if model.is_unread => {
                all.push(hinted(
                    &[PAGE_DOWN],
                    Action::PageDown,
                    "read on",
                    "shows what follows",
                ));
            }
            Input::Text(_) => all.push(hinted(&[ENTER], Action::Submit, "go on", TYPED)),
            Input::Choice {
                is_remark: false, ..
            } => {
                has_lines = false;
                all.extend([
                    hinted(&[ENTER], Action::Submit, "take", "takes the choice"),
                    paired(
                        &[UP, K],
                        Action::Up,
                        ("Up Down", "choose"),
                        "goes to the choice above",
                    ),
                    bound(&[DOWN, J], Action::Down, "goes to the choice below"),
                ]);
            }
            Input::Choice { .. } => all.extend([
                hinted(&[ENTER], Action::Submit, "go on", TYPED),
                hinted(&[ESC], Action::Back, "back", "goes back to the choices"),
            ]),
        },
        Request::Secret(entering) => {
            let (hint, help) = match entering.stage {
                Stage::LastTry(_) => ("keep it", "keeps the last try: the ceremony can wait"),
                _ => ("start over", "forgets what was typed"),
            };
            all.push(hinted(&[ENTER], Action::Submit, "go on", TYPED));
            all.push(hinted(&[ESC], Action::Back, hint, help));
        }
        Request::Show(showing) if showing.is_open => {
            let help = "takes it off the screen for good";
            all.push(hinted(&[ENTER], Action::Submit, "written down", help));
            all.push(hinted(&[ESC], Action::Back, "hide", "hides it"));
        }
        Request::Show(_) => all.push(hinted(
            &[ENTER],
            Action::Submit,
            "show it",
            "shows it to the one person who writes it down",
        )),
        Request::Waiting(waiting) => all.extend(of_wait(model, waiting)),
    }
    if has_lines && model.is_typing() {
        all.push(bound(&[UP], Action::Up, "scrolls up"));
        all.push(bound(&[DOWN], Action::Down, "scrolls down"));
    } else if has_lines {
        all.push(bound(&[UP, K], Action::Up, "scrolls up"));
        all.push(bound(&[DOWN, J], Action::Down, "scrolls down"));
    }
    all.push(bound(&[PAGE_UP], Action::PageUp, "shows what is above"));
    all.push(bound(&[PAGE_DOWN], Action::PageDown, "shows what is below"));
}

/// What people are waited for needs no giving up: they do it, or stop the ceremony. And a token that is merely
/// slow is not offered up.
fn of_wait(model: &Model, waiting: &Waiting) -> Option<Binding> {
    if waiting.on == WaitingOn::People || waiting.elapsed < PATIENCE {
        return None;
    }
    Some(if model.is_giving_up {
        let help = "gives up: no token is asked again before the ceremony is resumed";
        hinted(&[G], Action::GiveUp, "give up", help)
    } else {
        let help = "stops waiting for the token; asks first";
        hinted(&[G, ESC], Action::GiveUp, "give up", help)
    })
}

fn of_rehearsal(is_typing: bool, all: &mut Vec<Binding>) {
    const PLAY: &str = "rehearsal: gives the usual answer";
    const PLAY_ON: &str = "rehearsal: plays on by itself, until any key is pressed";
    if is_typing {
        all.push(hinted(&[F5], Action::Play, "play", PLAY));
        all.push(hinted(&[F6], Action::PlayOn, "play on", PLAY_ON));
    } else {
        all.push(hinted(&[P, F5], Action::Play, "play", PLAY));
        all.push(hinted(
            &[CAPITAL_P, SPACE, F6],
            Action::PlayOn,
            "play on",
            PLAY_ON,
        ));
    }
}

/// What can be done at any moment. While a line is typed, letters are letters.
fn of_everything(is_typing: bool, all: &mut Vec<Binding>) {
    let keys: [&'static [Key]; 4] = if is_typing {
        [&[F4], &[F7], &[F3], &[F1]]
    } else {
        [&[E, F4], &[O, F7], &[T, F3], &[QUESTION, F1]]
    };
    let [exception, other, transcript, help] = keys;
    all.extend([
        hinted(
            exception,
            Action::Exception,
            "exception",
            "fills in an exception sheet",
        ),
        hinted(
            other,
            Action::Other,
            "other",
            "what else the room may ask for: corrections, people who come and go",
        ),
        hinted(
            transcript,
            Action::Transcript,
            "transcript",
            "shows the record so far",
        ),
        hinted(help, Action::Help, "help", "shows this"),
        hinted(&[CONTROL_C], Action::Abort, "abort", STOP),
        bound(&[F2], Action::Words, WORDS),
    ]);
}

const STOP: &str = "stops: for good, or to resume later; asks first";
const WORDS: &str = "shows the digests of script and record in full";

fn of_end() -> Vec<Binding> {
    vec![
        hinted(&[ENTER], Action::Submit, "leave", "leaves this screen"),
        bound(&[UP, K], Action::Up, "scrolls up"),
        bound(&[DOWN, J], Action::Down, "scrolls down"),
        paired(
            &[PAGE_DOWN, SPACE],
            Action::PageDown,
            ("PgUp PgDn", "page"),
            "a page down",
        ),
        bound(&[PAGE_UP], Action::PageUp, "a page up"),
        hinted(
            &[T, F3],
            Action::Transcript,
            "transcript",
            "shows the record",
        ),
        hinted(&[F2], Action::Words, "all words", WORDS),
        hinted(&[QUESTION, F1], Action::Help, "help", "shows this"),
    ]
}

fn of_overlay(overlay: &Overlay) -> Vec<Binding> {
    const BACK: &str = "goes back";
    let mut all = Vec::new();
    match overlay {
        Overlay::Help { .. } => {
            all.push(hinted(
                &[ESC, QUESTION, F1, ENTER],
                Action::Back,
                "back",
                BACK,
            ));
            of_reading(&mut all);
        }
        Overlay::Transcript { .. } => {
            all.push(hinted(&[ESC, T, F3, ENTER], Action::Back, "back", BACK));
            of_reading(&mut all);
        }
        Overlay::Words { .. } => {
            let help = "shows the other digest first";
            all.push(hinted(&[ESC, F2, ENTER], Action::Back, "back", BACK));
            all.push(hinted(
                &[TAB],
                Action::NextField,
                "the other digest first",
                help,
            ));
        }
        Overlay::Exception(form) => of_exception(form, &mut all),
        Overlay::Offers(form) => of_offers(form, &mut all),
        Overlay::Abort(form) => {
            all.push(hinted(
                &[ENTER],
                Action::Submit,
                "confirm",
                "takes what was typed",
            ));
            all.push(hinted(
                &[ESC],
                Action::Back,
                "go on with the ceremony",
                BACK,
            ));
            if form.is_reason {
                all.push(bound(
                    &[TAB, BACK_TAB],
                    Action::PreviousField,
                    "to the other line",
                ));
            }
            return all;
        }
    }
    all.push(bound(&[CONTROL_C], Action::Abort, STOP));
    all
}

fn of_offers(form: &OfferForm, all: &mut Vec<Binding>) {
    all.push(hinted(&[ENTER], Action::Submit, "take", "takes the line"));
    all.push(hinted(&[ESC], Action::Back, "back", "goes back by a line"));
    if form.is_text() {
        return;
    }
    all.push(paired(
        &[UP, K],
        Action::Up,
        ("Up Down", "choose"),
        "goes to the line above",
    ));
    all.push(bound(&[DOWN, J], Action::Down, "goes to the line below"));
}

fn of_reading(all: &mut Vec<Binding>) {
    all.extend([
        paired(&[UP, K], Action::Up, ("Up Down", "scroll"), "scrolls up"),
        bound(&[DOWN, J], Action::Down, "scrolls down"),
        paired(
            &[PAGE_UP],
            Action::PageUp,
            ("PgUp PgDn", "page"),
            "a page up",
        ),
        bound(&[PAGE_DOWN, SPACE], Action::PageDown, "a page down"),
        paired(
            &[HOME],
            Action::Top,
            ("Home End", "first, last"),
            "to the beginning",
        ),
        bound(&[END], Action::Bottom, "to the end"),
    ]);
}

fn of_exception(form: &ExceptionForm, all: &mut Vec<Binding>) {
    let is_last = form.at + 1 == form.lines();
    let hint = if is_last { "record it" } else { "next line" };
    let help = "goes to the next line; on the last one, records the sheet";
    all.push(hinted(&[ENTER], Action::Submit, hint, help));
    all.push(hinted(
        &[ESC],
        Action::Back,
        "throw away",
        "throws the sheet away",
    ));
    if form.at >= 3 {
        all.push(paired(
            &[UP, K],
            Action::Up,
            ("Up Down", "another"),
            "another person, another check",
        ));
        all.push(bound(&[DOWN, J], Action::Down, "the one after"));
    }
    all.extend([
        hinted(&[TAB], Action::NextField, "next", "the next line"),
        hinted(
            &[BACK_TAB],
            Action::PreviousField,
            "before",
            "the line before",
        ),
    ]);
}
