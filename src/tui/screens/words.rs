//! The digests of script and record in full, to be compared with paper.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::lines::Lines;
use super::{draw_lines, frame, inside};
use crate::tui::model::Model;

pub(super) fn draw(model: &Model, is_record_first: bool, body: Rect, buffer: &mut Buffer) {
    let theme = model.settings.theme;
    let area = inside(body);
    frame::rule(model, body, "All words", None, buffer);
    let script = model
        .shown()
        .map(|ceremony| ("The script".to_owned(), ceremony.script().sha256()));
    let record = model
        .head()
        .map(|head| (format!("The record, line {}", head.number), head.head));
    let mut digests = [script, record];
    if is_record_first {
        digests.reverse();
    }
    let mut lines = Lines::new(theme, area.width);
    let columns = if area.width < 120 { 5 } else { 8 };
    for (title, digest) in digests.into_iter().flatten() {
        if !lines.is_empty() {
            lines.gap();
        }
        lines.heading(&title);
        lines.digest(&digest, Some(columns));
    }
    draw_lines(&lines.into_vec(), 0, area, buffer);
}
