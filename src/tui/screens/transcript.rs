//! The transcript so far, one sentence for each entry.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::lines::Lines;
use super::{draw_lines, frame, inside, scrolling};
use crate::tui::model::Model;

pub(super) fn draw(model: &Model, from_end: usize, body: Rect, buffer: &mut Buffer) {
    let area = inside(body);
    let lines = lines(model, area.width);
    let (most, _) = scrolling(lines.len(), area.height);
    let from = most.saturating_sub(u16::try_from(from_end).unwrap_or(u16::MAX));
    let remark = match (from, most) {
        (_, 0) => None,
        (0, _) => Some("↓ more below"),
        (from, most) if from == most => Some("↑ more above"),
        _ => Some("↑ ↓ more"),
    };
    frame::rule(model, body, "Transcript", remark, buffer);
    draw_lines(&lines, from, area, buffer);
}

pub(super) fn lines(model: &Model, width: u16) -> Vec<Line<'static>> {
    let theme = model.settings.theme;
    let mut all = Vec::new();
    for entry in &model.transcript {
        let mut lines = Lines::new(theme, width);
        let time = entry.time.to_string();
        let time = time.get(11..19).unwrap_or_default();
        lines.hanging(
            &format!("{:>4}  {time}  ", entry.number),
            &entry.text,
            theme.quiet(),
            Style::new(),
        );
        all.extend(lines.into_vec());
    }
    if all.is_empty() {
        all.push(Line::from(Span::styled(
            "The transcript is empty.",
            theme.quiet(),
        )));
    }
    all
}
