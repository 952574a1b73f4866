//! Autoplay: in a rehearsal, every prompt gets its usual answer. In a production, nothing here has an effect.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::ceremony::{Ask, Mode, TypedSecret};
use crate::secret::Pin;

use super::model::{Entering, Model, Notice, Play, Reply, Request, Turn};
use super::reply::{Cmd, answered};
use super::screens;

/// How long a prompt is shown before it is answered.
const GLANCE: Duration = Duration::from_millis(900);
/// How long a prompt with a digest is shown.
const LOOK: Duration = Duration::from_millis(3500);

/// Answers the open prompt.
pub(super) fn once(model: &mut Model) -> Vec<Cmd> {
    let is_rehearsal = model
        .ceremony
        .as_ref()
        .is_some_and(|ceremony| ceremony.mode() == Mode::Rehearsal);
    if !is_rehearsal || model.turn != Turn::Room {
        return Vec::new();
    }
    match &mut model.request {
        Request::Ask(asking) => {
            let answer = asking.prompt.ask.usual_answer();
            answered(model, Reply::Answer(Ok(answer)))
        }
        Request::Secret(entering) => match given(entering) {
            Ok(pin) => {
                let secret = TypedSecret::given(pin, &entering.prompt);
                answered(model, Reply::Secret(Ok(secret)))
            }
            Err(notice) => {
                model.notice = notice;
                model.play = Play::Off;
                Vec::new()
            }
        },
        Request::Show(_) => answered(model, Reply::Shown(Ok(()))),
        Request::None | Request::Waiting(_) => Vec::new(),
    }
}

/// The PIN of a simulated token.
pub(super) fn given(entering: &Entering) -> Result<Pin, Option<Notice>> {
    let given = entering.prompt.given.clone().map(Zeroizing::new);
    given.and_then(|given| Pin::new(given).ok()).ok_or_else(|| {
        Some(Notice {
            what: "the rehearsal does not know this PIN".to_owned(),
            hint: "type the PIN of the token".to_owned(),
        })
    })
}

/// Starts autoplay.
pub(super) fn on(model: &mut Model) {
    if model.is_rehearsal() {
        // The open prompt was already seen.
        model.play = Play::On { due: model.now };
    }
}

/// Sets the time at which a new prompt is answered. After a failure, autoplay stops.
pub(super) fn schedule(model: &mut Model) {
    let has_failed = model
        .ceremony
        .as_ref()
        .is_some_and(|ceremony| ceremony.failure().is_some());
    if has_failed || model.notice.is_some() {
        model.play = Play::Off;
    }
    if let Play::On { due } = &mut model.play {
        let holds_digest = matches!(
            &model.request,
            Request::Ask(asking)
                if asking.prompt.lines.len() > 4 || matches!(asking.prompt.ask, Ask::Word { .. })
        );
        *due = model.now + if holds_digest { LOOK } else { GLANCE };
    }
}

/// Answers the open prompt at its time; a long one is scrolled to its end first.
pub(super) fn tick(model: &mut Model) -> Vec<Cmd> {
    match model.play {
        Play::On { due } if model.now >= due && model.plays_now() => {
            if screens::work::is_unread(model) {
                let (most, page) = screens::work::scrolling(model);
                model.scroll = model.scroll.saturating_add(page).min(most);
                schedule(model);
                return Vec::new();
            }
            once(model)
        }
        _ => Vec::new(),
    }
}
