//! Replies to the executor.

use crate::ceremony::Interrupt;

use super::field::SecretField;
use super::model::{Model, Postponed, Reply, Request, Stage, Turn};

#[derive(Debug)]
pub enum Cmd {
    Reply(Reply),
}

/// Answers the open request with the interrupt. Without an open request, it is kept for the next one.
pub(super) fn give_interrupt(model: &mut Model) -> Vec<Cmd> {
    if model.turn != Turn::Room {
        return Vec::new();
    }
    let Some(interrupt) = model.interrupt.take() else {
        return Vec::new();
    };
    let reply = match &model.request {
        Request::None => {
            model.interrupt = Some(interrupt);
            return Vec::new();
        }
        Request::Ask(_) => Reply::Answer(Err(interrupt)),
        Request::Secret(_) => Reply::Secret(Err(interrupt)),
        Request::Show(_) => Reply::Shown(Err(interrupt)),
        Request::Waiting(waiting) => {
            model.deferred = Postponed::of(&interrupt, waiting);
            Reply::Waiting(Err(interrupt))
        }
    };
    answered(model, reply)
}

/// Answers the open or the next request with an interrupt.
pub(super) fn interrupt(model: &mut Model, interrupt: Interrupt) -> Vec<Cmd> {
    model.interrupt = Some(interrupt);
    // A wait is answered when the executor asks again.
    if matches!(model.request, Request::Waiting(_)) {
        return Vec::new();
    }
    give_interrupt(model)
}

pub(super) fn answered(model: &mut Model, reply: Reply) -> Vec<Cmd> {
    model.turn = Turn::Executor;
    model.notice = None;
    // What was typed is no longer needed, least of all a PIN.
    if let Request::Secret(entering) = &mut model.request {
        entering.field = SecretField::default();
        entering.stage = Stage::First;
    }
    if matches!(model.request, Request::Show(_)) {
        model.request = Request::None;
    }
    vec![Cmd::Reply(reply)]
}
