//! Something is being waited for: a token, or its answer.

use std::time::Duration;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::lines::Lines;
use super::question::Question;
use crate::ceremony::Waiting;
use crate::tui::model::{Model, Postponed};

/// A spinner's turn, in milliseconds: as often as the executor tells of the wait.
const TURN: u128 = 250;

pub(super) fn question(model: &Model, waiting: &Waiting, room: u16) -> Question {
    let theme = model.settings.theme;
    let mut lines = Lines::new(theme, room);
    lines.paragraph(&waiting.what, theme.strong());
    if let Some(left) = waiting.touch {
        lines.gap();
        lines.paragraph(
            &format!(
                "TOUCH THE TOKEN: it blinks, and waits for a finger. {} s left.",
                left.as_secs()
            ),
            theme.now(),
        );
        lines.paragraph(
            "A touch that is missed costs no try: it is asked for again.",
            Style::new(),
        );
    }
    for seen in &waiting.seen {
        lines.gap();
        lines.paragraph(seen, Style::new());
    }
    if model.is_giving_up && model.interrupt.is_none() {
        lines.gap();
        lines.paragraph(
            "Give up? The token may still do what it was asked. No token is asked again before the ceremony is resumed: leave with Ctrl-C, take the token out and put it in again, then resume. Any other key waits on.",
            theme.fail(),
        );
    }
    if let Some(deferred) = model.deferred {
        lines.gap();
        lines.paragraph(
            match deferred {
                Postponed::Exception => {
                    "The exception is recorded as soon as the token has answered."
                }
                Postponed::Request => "What was asked for comes as soon as the token has answered.",
                Postponed::Abort => "The ceremony is broken off as soon as the token has answered.",
            },
            theme.now(),
        );
    }
    let spinner = theme.spinner(waiting.elapsed.as_millis() / TURN);
    let status = if model.interrupt.is_some() {
        "one moment"
    } else if waiting.touch.is_some() {
        "waiting for a touch"
    } else {
        "waiting"
    };
    Question {
        title: "Waiting".to_owned(),
        text: lines.into_vec(),
        input: vec![Line::from(vec![
            Span::styled(format!("[wait] {spinner} {status}  "), theme.wait()),
            Span::styled(clock(waiting.elapsed), theme.strong()),
        ])],
        cursor: None,
        room: usize::from(room),
    }
}

/// Minutes and seconds: `00:12`.
fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}
