//! The way out: what stays, what does not, and the word that confirms it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Span;

use super::ask::field_line;
use super::lines::Lines;
use super::question::Question;
use super::{draw_lines, frame, inside};
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
    lines.entry("ABORT  ", 7, &abort(model), Style::new());
    lines.gap();
    lines.heading("What exists now");
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
    let mark = |is_here| Span::styled(if is_here { "▸ " } else { "  " }, theme.key());
    let label = vec![
        mark(!form.is_reason),
        Span::raw("Type "),
        Span::styled(AbortForm::LEAVE, theme.key()),
        Span::raw(" or "),
        Span::styled(AbortForm::ABORT, theme.key()),
        Span::raw(": "),
    ];
    field_line(model, label, &form.word, None, &mut question);
    let cursor = question.cursor;
    if form.is_reason || !form.reason.is_empty() {
        let label = vec![mark(form.is_reason), Span::raw("Why, for the record: ")];
        field_line(model, label, &form.reason, None, &mut question);
    }
    if !form.is_reason {
        question.cursor = cursor;
    }
    draw_lines(&question.input, 0, area, buffer);
    question.cursor.map(|(x, y)| {
        Position::new(
            (area.x + x).min(area.right().saturating_sub(1)),
            (area.y + y).min(area.bottom().saturating_sub(1)),
        )
    })
}

fn leave(model: &Model) -> String {
    let how = model.settings.place.as_ref().map_or_else(
        || "It can be resumed.".to_owned(),
        |place| format!("Resume it with: conclave resume {place}"),
    );
    format!("stops here. The record is kept; tokens stay as they are. {how}")
}

fn abort(_model: &Model) -> String {
    "breaks the ceremony off for good, with a reason in the record. It cannot be resumed. Nothing is destroyed: keys stay in their tokens. A new script takes them in (conclave script new --adopt), or they must be wiped or accounted for."
        .to_owned()
}

fn existing(model: &Model) -> Vec<String> {
    let Some(ceremony) = model.shown() else {
        return vec!["nothing yet".to_owned()];
    };
    let keys = ceremony.key_states().count();
    let made = ceremony
        .key_states()
        .filter(|(_, state)| state.generated().is_some())
        .count();
    let mut facts = vec![
        format!("{} lines of the record", model.record.len()),
        format!("{made} of {keys} keys, in their tokens"),
    ];
    if ceremony.frozen().is_some() {
        let count = ceremony.signatures();
        facts.push(format!(
            "root {}, with {} signatures of {} needed",
            ceremony.script().root_version(),
            count.have,
            count.need
        ));
    }
    if !ceremony.exported().is_empty() {
        facts.push("the exported files: they count, and stay where they are".to_owned());
    }
    facts
}
