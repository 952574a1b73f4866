//! More options: a menu, then a short form.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::ask::field_line;
use super::lines::Lines;
use super::question::Question;
use super::{cursor_in, draw_lines, frame, inside};
use crate::tui::model::{Model, OfferForm};
use crate::tui::text::{escape, shorten};

pub(super) fn draw(
    model: &Model,
    form: &OfferForm,
    body: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let theme = model.settings.theme;
    frame::rule(model, body, "More options", None, buffer);
    let area = inside(body);
    let mut lines = Lines::new(theme, area.width);
    if let Some((chosen, values)) = &form.chosen
        && let Some(offer) = form.offers.get(*chosen)
    {
        lines.heading(offer.kind.title());
        for (field, value) in offer.fields.iter().zip(values) {
            let picked = field.choices.iter().find(|pick| pick.value == *value);
            let text = picked.map_or(value.as_str(), |pick| pick.text.as_str());
            lines.entry(&format!("{}  ", field.label), 0, text, theme.strong());
        }
        lines.gap();
    }
    if let Some(notice) = form.notice {
        lines.failure(notice, "");
        lines.gap();
    }
    let needs_approval = form
        .chosen
        .as_ref()
        .and_then(|(chosen, _)| form.offers.get(*chosen))
        .is_some_and(|offer| offer.kind.needs_approval());
    if needs_approval {
        lines.paragraph(
            "It is then read aloud, and two people approve it with their codes.",
            theme.quiet(),
        );
        lines.gap();
    }
    let mut question = Question {
        title: String::new(),
        text: Vec::new(),
        input: lines.into_vec(),
        cursor: None,
        room: usize::from(area.width),
    };
    if let Some(field) = form.field() {
        let label = Span::styled(format!("{}:", field.label), theme.strong());
        question.input.push(Line::from(label));
    }
    if form.is_text() {
        let label = vec![Span::styled("▸ ", theme.heading())];
        field_line(model, label, &form.text, None, &mut question);
    } else {
        let used = u16::try_from(question.input.len()).unwrap_or(u16::MAX);
        let rows = usize::from(area.height.saturating_sub(used)).max(1);
        question.input.extend(list(model, form, rows, area.width));
    }
    draw_lines(&question.input, 0, area, buffer);
    question.cursor.map(|cursor| cursor_in(area, cursor))
}

/// As many lines of the list as fit, including the current line.
fn list(model: &Model, form: &OfferForm, rows: usize, width: u16) -> Vec<Line<'static>> {
    let theme = model.settings.theme;
    let all = form.list();
    let from = (form.at + 1).saturating_sub(rows);
    let visible = all.iter().enumerate().skip(from).take(rows);
    visible
        .map(|(index, text)| {
            let is_here = index == form.at;
            let (mark, style) = if is_here {
                ("▸ ", theme.selected())
            } else {
                ("  ", Style::new())
            };
            let text = escape(text, theme.charset);
            let text = shorten(&text, usize::from(width).saturating_sub(4));
            Line::from(vec![
                Span::styled(mark, theme.heading()),
                Span::styled(format!(" {text} "), style),
            ])
        })
        .collect()
}
