//! The help for the keys of the screen below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::lines::Lines;
use super::{draw_lines, frame, inside};
use crate::tui::keys;
use crate::tui::model::Model;

pub(super) fn draw(model: &Model, scroll: u16, body: Rect, buffer: &mut Buffer) {
    frame::rule(model, body, "Help", None, buffer);
    let area = inside(body);
    draw_lines(&lines(model, area.width), scroll, area, buffer);
}

pub(super) fn lines(model: &Model, width: u16) -> Vec<Line<'static>> {
    let theme = model.settings.theme;
    let mut lines = Lines::new(theme, width);
    lines.heading("Keys on this screen");
    for binding in keys::bindings_below_help(model) {
        let names: Vec<&str> = binding.keys.iter().map(|key| key.name).collect();
        lines.hanging(
            &format!("{:<16}", names.join(" ")),
            binding.help,
            theme.heading(),
            Style::new(),
        );
    }
    lines.gap();
    lines.heading("Marks");
    for (mark, style, meaning) in [
        ("[ok]", theme.ok(), "done"),
        ("[now]", theme.now(), "current step"),
        ("[wait]", theme.now(), "waiting for people or a token"),
        ("[FAIL]", theme.fail(), "failed; nothing was lost"),
        ("[    ]", theme.quiet(), "later"),
    ] {
        lines.hanging(&format!("{mark:<16}"), meaning, style, Style::new());
    }
    lines.gap();
    lines.paragraph(
        "While you type text, letters are not commands: use the function keys, or press Tab first.",
        theme.quiet(),
    );
    lines.into_vec()
}
