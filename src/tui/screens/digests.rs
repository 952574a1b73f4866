//! The digests of script and transcript in full.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::lines::Lines;
use super::{draw_lines, frame, inside};
use crate::tui::model::Model;

pub(super) fn draw(model: &Model, is_transcript_first: bool, body: Rect, buffer: &mut Buffer) {
    let theme = model.settings.theme;
    let area = inside(body);
    frame::rule(model, body, "Full digests", None, buffer);
    let script = model
        .shown()
        .map(|ceremony| ("Script".to_owned(), ceremony.script().sha256()));
    let transcript = model
        .last_line()
        .map(|last| (format!("Transcript, {} entries", last.number), last.digest));
    let mut digests = [script, transcript];
    if is_transcript_first {
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
