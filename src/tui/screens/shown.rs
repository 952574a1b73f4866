//! A secret that one person writes down.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::lines::Lines;
use super::question::Question;
use crate::tui::model::{Model, Showing};

pub(super) fn question(model: &Model, showing: &Showing, room: u16) -> Question {
    let theme = model.settings.theme;
    let shown = &showing.shown;
    let who = model
        .shown()
        .map_or_else(String::new, |ceremony| ceremony.name(&shown.who).to_owned());
    let mut lines = Lines::new(theme, room);
    lines.entry("for  ", 5, &shown.about, theme.strong());
    if showing.is_open {
        // The secret comes first, so that it fits on the smallest screen; advice that was already shown is omitted.
        for line in &shown.lines {
            let mut spans = vec![Span::raw("    ")];
            // Letter by letter: a copy of the line would be left in memory when the text is dropped.
            spans.extend(
                line.chars()
                    .map(|letter| Span::styled(letter.to_string(), theme.strong())),
            );
            lines.push(Line::from(spans));
        }
        for advice in shown.advice.iter().skip(1) {
            lines.paragraph(advice, Style::new());
        }
    } else {
        lines.gap();
        lines.paragraph("Everyone else: look away.", theme.now());
        lines.paragraph(
            &format!("{who}: write the secret down by hand."),
            theme.strong(),
        );
        for advice in &shown.advice {
            lines.gap();
            lines.paragraph(advice, Style::new());
        }
    }
    let input = if showing.is_open {
        "Written down? Press Enter to remove it."
    } else {
        "Press Enter to show it."
    };
    Question {
        title: format!("{who} · {}", shown.title),
        text: lines.into_vec(),
        input: vec![Line::from(Span::styled(input, theme.strong()))],
        cursor: None,
        room: usize::from(room),
    }
}
