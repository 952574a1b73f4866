//! The exception report: a departure from the script, recorded before the ceremony continues.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::lines::Lines;
use super::{cursor_in, draw_lines, frame, inside};
use crate::ceremony::Check;
use crate::script::PersonId;
use crate::tui::field::TextField;
use crate::tui::model::{ExceptionForm, Model};
use crate::tui::text::{escape, width, wrap};

const LABELS: [(&str, &str); ExceptionForm::MOST_LINES] = [
    ("expected", "what should have happened"),
    ("happened", "what happened instead"),
    ("decided", "what was decided, and why it is safe"),
    ("by", "first person who approves"),
    ("and by", "second person who approves"),
    ("waives", "failed check"),
];
const LABEL_CELLS: usize = 12;

pub(super) fn draw(
    model: &Model,
    form: &ExceptionForm,
    body: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let theme = model.settings.theme;
    frame::rule(model, body, "Exception report", None, buffer);
    let area = inside(body);
    let mut lines = Lines::new(theme, area.width);
    let step = model.shown().and_then(|ceremony| {
        let step = ceremony.current_step()?;
        Some(format!(
            "{} ({})",
            step.act.title(ceremony.script()),
            step.id
        ))
    });
    lines.entry(
        "  step      ",
        LABEL_CELLS,
        &step.unwrap_or_default(),
        theme.strong(),
    );
    let mut cursor = None;
    let deciders = model.deciders();
    for (at, (name, purpose)) in LABELS.into_iter().take(form.lines()).enumerate() {
        if at < 4 {
            lines.gap();
        }
        let is_here = at == form.at;
        let label_style = if is_here {
            theme.heading()
        } else {
            theme.quiet()
        };
        let label = vec![
            Span::styled(if is_here { "▸ " } else { "  " }, theme.heading()),
            Span::styled(format!("{name:<10}"), label_style),
        ];
        if let Some(field) = form.text(at) {
            let in_field = text_line(field, purpose, label, area.width, &mut lines);
            if is_here {
                cursor = Some(in_field);
            }
        } else if at == ExceptionForm::CHECK {
            let check = form
                .waives
                .and_then(|index| model.waivable().get(index).copied());
            lines.push(check_line(model, check, label, is_here));
        } else {
            let chosen = form.people.get(at.saturating_sub(3)).copied().flatten();
            let person = chosen.and_then(|index| deciders.get(index));
            lines.push(person_line(model, person, label, is_here));
        }
    }
    lines.gap();
    match form.notice {
        Some(notice) => lines.failure(notice, ""),
        None => lines.paragraph(
            "Two people approve the exception; the ceremony administrator cannot. Each enters their approval code. Before codes exist, both sign on paper.",
            Style::new(),
        ),
    }
    draw_lines(&lines.into_vec(), 0, area, buffer);
    cursor.map(|cursor| cursor_in(area, cursor))
}

/// A wrapped text; returns the position of its cursor.
fn text_line(
    field: &TextField,
    purpose: &'static str,
    label: Vec<Span<'static>>,
    width: u16,
    lines: &mut Lines,
) -> (u16, u16) {
    let theme = lines.theme;
    let room = usize::from(width).saturating_sub(LABEL_CELLS + 1);
    let before = escape(field.before_cursor(), theme.charset);
    let cursor = cursor_in_text(&before, room, lines.rows());
    let (text, style) = if field.is_empty() {
        (purpose.to_owned(), theme.quiet())
    } else {
        (escape(field.text(), theme.charset), theme.strong())
    };
    let mut lead = label;
    for line in wrap(&text, room, 0) {
        lead.push(Span::styled(line, style));
        let indent = vec![Span::raw(" ".repeat(LABEL_CELLS))];
        lines.push(std::mem::replace(&mut lead, indent));
    }
    cursor
}

fn person_line(
    model: &Model,
    person: Option<&PersonId>,
    mut line: Vec<Span<'static>>,
    is_here: bool,
) -> Line<'static> {
    let theme = model.settings.theme;
    let named = person.zip(model.shown()).and_then(|(id, ceremony)| {
        let roles = &ceremony.script().person(id)?.roles;
        let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        let name = escape(ceremony.name(id), theme.charset);
        Some(format!("{name} ({})", roles.join(", ")))
    });
    let name = named.unwrap_or_else(|| "no one".to_owned());
    if is_here {
        line.push(Span::styled(format!(" {name} "), theme.selected()));
        line.push(Span::styled("  Up Down to change", theme.quiet()));
    } else {
        line.push(Span::styled(format!(" {name}"), theme.strong()));
    }
    Line::from(line)
}

fn check_line(
    model: &Model,
    check: Option<Check>,
    mut line: Vec<Span<'static>>,
    is_here: bool,
) -> Line<'static> {
    let theme = model.settings.theme;
    let text = match check {
        Some(check) => check.id(),
        None => "no check: only records what happened",
    };
    if is_here {
        line.push(Span::styled(format!(" {text} "), theme.selected()));
        if !model.waivable().is_empty() {
            line.push(Span::styled("  Up Down to change", theme.quiet()));
        }
    } else {
        line.push(Span::styled(format!(" {text}"), theme.strong()));
    }
    Line::from(line)
}

/// The position of the cursor in a wrapped text that begins in `row`.
fn cursor_in_text(before: &str, room: usize, row: usize) -> (u16, u16) {
    // A space at the end is not part of a wrapped line, but the cursor is after it.
    let lines = wrap(&format!("{before}_"), room, 0);
    let last = lines.last().map_or(0, |line| width(line).saturating_sub(1));
    let y = row + lines.len() - 1;
    (
        u16::try_from(LABEL_CELLS + last).unwrap_or(0),
        u16::try_from(y).unwrap_or(0),
    )
}
