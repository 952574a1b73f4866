//! A terminal that is too small.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::draw_lines;
use super::lines::Lines;
use crate::tui::model::Model;

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.settings.theme;
    let (columns, rows) = Model::SMALLEST;
    let mut lines = Lines::new(theme, area.width);
    lines.paragraph(
        &format!(
            "Conclave requires a terminal of at least {columns}×{rows}; this one has {}×{}. Nothing is lost: enlarge it to continue.",
            model.size.0, model.size.1
        ),
        theme.strong(),
    );
    draw_lines(&lines.into_vec(), 0, area, buffer);
}
