//! Waiting for people or a token.

use std::time::Duration;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::lines::Lines;
use super::question::Question;
use crate::ceremony::Waiting;
use crate::tui::model::{Model, Postponed};

/// The time between frames of the spinner in milliseconds: the interval at which the executor reports the wait.
const TURN: u128 = 250;

pub(super) fn question(model: &Model, waiting: &Waiting, room: u16) -> Question {
    let theme = model.settings.theme;
    let mut lines = Lines::new(theme, room);
    lines.paragraph(&waiting.what, theme.strong());
    if let Some(left) = waiting.touch {
        lines.gap();
        lines.paragraph(
            &format!("TOUCH THE TOKEN that blinks. {} s left.", left.as_secs()),
            theme.now(),
        );
        lines.paragraph(
            "A missed touch does not use a try. You will be asked again.",
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
            "Give up? The token may still complete the operation. No token can be used until the ceremony is resumed: leave with Ctrl-C, remove the token and insert it again, then resume. Press g to give up, or any other key to keep waiting.",
            theme.fail(),
        );
    }
    if let Some(deferred) = model.deferred {
        lines.gap();
        lines.paragraph(
            match deferred {
                Postponed::Exception => "The exception will be recorded when the token responds.",
                Postponed::Request => "Your request will be handled when the token responds.",
                Postponed::Abort => "The ceremony will be aborted when the token responds.",
            },
            theme.now(),
        );
    }
    let spinner = theme.spinner(waiting.elapsed.as_millis() / TURN);
    let status = if model.interrupt.is_some() {
        "please wait"
    } else if waiting.touch.is_some() {
        "waiting for a touch"
    } else {
        "waiting"
    };
    Question {
        title: "Waiting".to_owned(),
        text: lines.into_vec(),
        input: vec![Line::from(vec![
            Span::styled(format!("[wait] {spinner} {status}  "), theme.now()),
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
