//! Leaving and aborting.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Span;

use super::ask::field_line;
use super::lines::Lines;
use super::question::Question;
use super::{cursor_in, draw_lines, frame, inside};
use crate::tui::model::{AbortForm, Model};

pub(super) fn draw(
    model: &Model,
    form: &AbortForm,
    body: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let theme = model.settings.theme;
    frame::rule(model, body, "Stop the ceremony", None, buffer);
    let area = inside(body);
    let mut lines = Lines::new(theme, area.width);
    lines.push(Span::raw(""));
    lines.entry("LEAVE  ", 7, &leave(model), Style::new());
    lines.gap();
    lines.entry("ABORT  ", 7, ABORT, Style::new());
    lines.gap();
    lines.heading("Current state");
    for fact in existing(model) {
        lines.item(&fact);
    }
    lines.gap();
    if let Some(notice) = form.notice {
        lines.failure(notice, "");
        lines.gap();
    }
    let mut question = Question {
        title: String::new(),
        text: Vec::new(),
        input: lines.into_vec(),
        cursor: None,
        room: usize::from(area.width),
    };
    let mark = |is_here| Span::styled(if is_here { "▸ " } else { "  " }, theme.heading());
    let label = vec![
        mark(!form.is_reason),
        Span::raw("Type "),
        Span::styled(AbortForm::LEAVE, theme.heading()),
        Span::raw(" or "),
        Span::styled(AbortForm::ABORT, theme.heading()),
        Span::raw(": "),
    ];
    field_line(model, label, &form.word, None, &mut question);
    let cursor = question.cursor;
    if form.is_reason || !form.reason.is_empty() {
        let label = vec![
            mark(form.is_reason),
            Span::raw("Reason, for the transcript: "),
        ];
        field_line(model, label, &form.reason, None, &mut question);
    }
    if !form.is_reason {
        question.cursor = cursor;
    }
    draw_lines(&question.input, 0, area, buffer);
    question.cursor.map(|cursor| cursor_in(area, cursor))
}

const ABORT: &str = "aborts the ceremony permanently; the transcript records the reason. An aborted ceremony cannot be resumed. Nothing is destroyed: keys remain in their tokens. A new script can use them (conclave script new --adopt); otherwise they must be erased or accounted for.";

fn leave(model: &Model) -> String {
    let how = model.settings.place.as_ref().map_or_else(
        || "The ceremony can be resumed.".to_owned(),
        |place| format!("To resume: conclave resume {place}"),
    );
    format!("stops now. The transcript is kept, and tokens are not changed. {how}")
}

fn existing(model: &Model) -> Vec<String> {
    let Some(ceremony) = model.shown() else {
        return vec!["not started yet".to_owned()];
    };
    let keys = ceremony.key_states().count();
    let made = ceremony
        .key_states()
        .filter(|(_, state)| state.generated().is_some())
        .count();
    let mut facts = vec![
        format!("{} transcript entries", model.transcript.len()),
        format!("{made} of {keys} keys, in their tokens"),
    ];
    if ceremony.frozen().is_some() {
        let count = ceremony.signatures();
        facts.push(format!(
            "root {}, with {} of {} required signatures",
            ceremony.script().root_version(),
            count.have,
            count.need
        ));
    }
    if !ceremony.exported().is_empty() {
        facts.push("exported files, which are valid and remain where they are".to_owned());
    }
    facts
}
