//! Changes of the model by keys, the clock and the executor. No input or output happens here.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyEvent, KeyEventKind};
use jiff::Timestamp;

use crate::ceremony::{Ask, Ceremony, EventKind, Interrupt, ProgressEvent};

use super::answer;
use super::field::TextField;
use super::forms;
use super::keys::{self, Action, scrolled};
use super::model::{
    AbortForm, Asking, Call, End, Entering, Focus, Input, Model, Notice, Overlay, Play, Reply,
    Request, Screen, Showing, Stage, TranscriptLine, Turn,
};
use super::play;
use super::reply::{Cmd, give_interrupt, interrupt};
use super::screens;

#[derive(Debug)]
pub enum Msg {
    /// A key was pressed, repeated or released.
    Key(KeyEvent),
    /// Text was pasted from the clipboard.
    Paste(String),
    /// Columns and rows of the terminal.
    Resize(u16, u16),
    Tick {
        /// Since an arbitrary moment in the past, the same for all ticks.
        now: Duration,
        /// The machine's clock.
        clock: Timestamp,
    },
    /// A call of the executor.
    Call(Call),
    /// A signal that ends the process arrived, or the terminal is gone.
    Terminate,
    /// The executor has returned.
    Finished,
}

pub fn update(model: &mut Model, msg: Msg) -> Vec<Cmd> {
    let commands = handle(model, msg);
    model.is_unread = screens::work::is_unread(model);
    commands
}

fn handle(model: &mut Model, msg: Msg) -> Vec<Cmd> {
    match msg {
        // Terminals with an enhanced keyboard protocol report released keys.
        Msg::Key(key) if key.kind == KeyEventKind::Release => Vec::new(),
        Msg::Key(key) => press(model, key),
        Msg::Paste(text) => {
            paste(model, &text);
            Vec::new()
        }
        Msg::Resize(columns, rows) => {
            model.size = (columns, rows);
            Vec::new()
        }
        Msg::Tick { now, clock } => {
            model.now = now;
            model.clock = clock;
            play::tick(model)
        }
        Msg::Call(call) => take_call(model, call),
        Msg::Terminate => {
            model.is_leaving = true;
            interrupt(model, Interrupt::Leave)
        }
        Msg::Finished => {
            model.turn = Turn::Nobody;
            model.request = Request::None;
            Vec::new()
        }
    }
}

fn take_call(model: &mut Model, call: Call) -> Vec<Cmd> {
    match call {
        Call::Ask(ceremony, prompt) => open_request(model, ceremony, |model| {
            // The same prompt after a refusal: the cursor does not move.
            let is_again = matches!(
                &model.request,
                Request::Ask(asking) if model.notice.is_some() && asking.prompt == prompt
            );
            if !is_again {
                model.scroll = 0;
                model.request = Request::Ask(Asking::new(prompt));
            }
        }),
        Call::Secret(ceremony, prompt) => open_request(model, ceremony, |model| {
            model.scroll = 0;
            model.request = Request::Secret(Entering::new(prompt));
        }),
        Call::Show(ceremony, shown) => open_request(model, ceremony, |model| {
            model.scroll = 0;
            model.request = Request::Show(Showing {
                shown,
                is_open: false,
            });
        }),
        Call::Waiting(ceremony, waiting) => open_request(model, ceremony, |model| {
            let is_same =
                matches!(&model.request, Request::Waiting(before) if before.what == waiting.what);
            if !is_same {
                model.scroll = 0;
                model.is_giving_up = false;
            }
            model.request = Request::Waiting(waiting);
        }),
        Call::Recorded(ceremony, line, event) => {
            record(model, ceremony, line, &event);
            Vec::new()
        }
        Call::NotAccepted { what, hint } => {
            model.notice = Some(Notice { what, hint });
            Vec::new()
        }
    }
}

/// Opens a request, and answers it at once if an interrupt is pending.
fn open_request(
    model: &mut Model,
    ceremony: Arc<Ceremony>,
    open: impl FnOnce(&mut Model),
) -> Vec<Cmd> {
    model.ceremony = Some(ceremony);
    open(model);
    model.turn = Turn::Room;
    let is_wait = matches!(model.request, Request::Waiting(_));
    if !is_wait {
        model.deferred = None;
    }
    if model.is_leaving {
        model.interrupt = Some(Interrupt::Leave);
    } else if !is_wait && model.interrupt == Some(Interrupt::Cancel) {
        // The wait ended before it was given up.
        model.interrupt = None;
    }
    let cmds = give_interrupt(model);
    if !cmds.is_empty() {
        return cmds;
    }
    if is_wait {
        // The executor asks again soon. This answer means that the wait continues.
        return vec![Cmd::Reply(Reply::Waiting(Ok(())))];
    }
    play::schedule(model);
    Vec::new()
}

fn record(model: &mut Model, ceremony: Arc<Ceremony>, line: TranscriptLine, event: &EventKind) {
    if matches!(event, EventKind::Progress(ProgressEvent::Opened(_))) {
        model.transcript.clear();
    }
    if let Some(ending) = ceremony.ending() {
        model.end = Some(End {
            ending: ending.clone(),
            ceremony: Arc::clone(&ceremony),
            scroll: 0,
        });
        model.play = Play::Off;
        model.focus = Focus::Work;
        model.overlay = None;
    }
    model.deferred = None;
    if model.turn == Turn::Room && matches!(model.request, Request::Waiting(_)) {
        model.turn = Turn::Executor;
    }
    model.ceremony = Some(ceremony);
    model.transcript.push(line);
}

fn press(model: &mut Model, key: KeyEvent) -> Vec<Cmd> {
    if model.screen() == Screen::TooSmall {
        return Vec::new();
    }
    let action = keys::action(model, key);
    if matches!(model.play, Play::On { .. }) {
        model.play = Play::Off;
        if action != Some(Action::Abort) {
            return Vec::new();
        }
    }
    if model.is_giving_up && action != Some(Action::GiveUp) {
        model.is_giving_up = false;
        return Vec::new();
    }
    if let Some(action) = action {
        return act(model, action);
    }
    edit(model, key);
    Vec::new()
}

/// The current line of text.
fn text_field(model: &mut Model) -> Option<&mut TextField> {
    if !model.is_typing() {
        return None;
    }
    match &mut model.overlay {
        Some(Overlay::Exception(form)) => return form.text_mut(),
        Some(Overlay::Offers(form)) => return Some(&mut form.text),
        Some(Overlay::Abort(form)) => {
            return Some(if form.is_reason {
                &mut form.reason
            } else {
                &mut form.word
            });
        }
        _ => {}
    }
    match &mut model.request {
        Request::Ask(asking) => match &mut asking.input {
            Input::Text(field) | Input::Choice { remark: field, .. } => Some(field),
            Input::Enter => None,
        },
        Request::Secret(entering) => match &mut entering.stage {
            Stage::LastTry(field) => Some(field),
            _ => None,
        },
        _ => None,
    }
}

fn edit(model: &mut Model, key: KeyEvent) {
    if let Some(field) = text_field(model) {
        field.edit(key);
    } else if model.is_typing()
        && let Request::Secret(entering) = &mut model.request
    {
        entering.field.edit(key);
    }
}

/// Only free text may be pasted: a person must type a PIN or a confirmation word.
fn paste(model: &mut Model, text: &str) {
    if model.screen() == Screen::TooSmall {
        return;
    }
    let is_free = match (&model.overlay, &model.request) {
        (Some(Overlay::Exception(_) | Overlay::Offers(_)), _) => true,
        (Some(Overlay::Abort(form)), _) => form.is_reason,
        (None, Request::Ask(asking)) => !matches!(asking.prompt.ask, Ask::Word { .. }),
        _ => false,
    };
    if !model.is_typing() {
        return;
    }
    if !is_free {
        model.notice = Some(Notice {
            what: "pasting is not allowed here".to_owned(),
            hint: "type it on the keyboard".to_owned(),
        });
    } else if let Some(field) = text_field(model) {
        field.paste(text);
    }
}

fn act(model: &mut Model, action: Action) -> Vec<Cmd> {
    match action {
        Action::Exception => model.overlay = Some(Overlay::Exception(forms::exception(model))),
        Action::Options => match forms::offers(model) {
            Some(form) => model.overlay = Some(Overlay::Offers(form)),
            None => {
                model.notice = Some(Notice {
                    what: "there are no more options until attendance is complete".to_owned(),
                    hint: "continue with the current step".to_owned(),
                });
            }
        },
        Action::Transcript => model.overlay = Some(Overlay::Transcript { from_end: 0 }),
        Action::Digests => {
            model.overlay = Some(Overlay::Digests {
                is_transcript_first: false,
            });
        }
        Action::Help => model.overlay = Some(Overlay::Help { scroll: 0 }),
        Action::Abort => model.overlay = Some(Overlay::Abort(AbortForm::default())),
        Action::Play => return play::once(model),
        Action::PlayOn => play::on(model),
        Action::GiveUp if model.is_giving_up => {
            model.is_giving_up = false;
            return interrupt(model, Interrupt::Cancel);
        }
        Action::GiveUp => model.is_giving_up = true,
        Action::Steps => model.focus = Focus::Steps(current_step(model)),
        _ if model.overlay.is_some() => return forms::act(model, action),
        _ if model.end.is_some() => return act_at_end(model, action),
        _ => match model.focus {
            Focus::Steps(at) => act_in_steps(model, at, action),
            Focus::Work => return act_at_work(model, action),
        },
    }
    Vec::new()
}

fn current_step(model: &Model) -> usize {
    model.shown().map_or(0, |ceremony| {
        let steps = ceremony.script().steps();
        let current = ceremony.current_step().map(|step| &step.id);
        steps
            .iter()
            .position(|step| Some(&step.id) == current)
            .unwrap_or(steps.len().saturating_sub(1))
    })
}

fn act_in_steps(model: &mut Model, at: usize, action: Action) {
    let last = model.shown().map_or(0, |ceremony| {
        ceremony.script().steps().len().saturating_sub(1)
    });
    let at = match action {
        Action::Up => at.saturating_sub(1),
        Action::Down => at + 1,
        Action::PageUp => at.saturating_sub(10),
        Action::PageDown => at + 10,
        Action::Top => 0,
        Action::Bottom => last,
        _ => {
            model.focus = Focus::Work;
            return;
        }
    };
    model.focus = Focus::Steps(at.min(last));
}

fn act_at_end(model: &mut Model, action: Action) -> Vec<Cmd> {
    if action == Action::Submit {
        model.end = None;
        return Vec::new();
    }
    let (most, page) = screens::end::scrolling(model);
    if let Some(end) = &mut model.end {
        end.scroll = scrolled(end.scroll, most, page, action);
    }
    Vec::new()
}

fn act_at_work(model: &mut Model, action: Action) -> Vec<Cmd> {
    match action {
        Action::Submit => return answer::submit(model),
        Action::Up | Action::Down
            if matches!(
                &model.request,
                Request::Ask(Asking {
                    input: Input::Choice { .. },
                    ..
                })
            ) =>
        {
            answer::choose(model, action);
        }
        Action::Back => answer::back(model),
        _ => {
            let (most, page) = screens::work::scrolling(model);
            model.scroll = scrolled(model.scroll, most, page, action);
            if let Request::Ask(asking) = &mut model.request {
                asking.is_read |= model.scroll >= most;
            }
        }
    }
    Vec::new()
}
