//! The current step: above the text of the script, below the prompt.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::frame;
use super::lines::Lines;
use super::question::Question;
use super::{
    ask, draw_lines, inside, pin, scrolling as scrolling_of, shown, sign, step, steps, waiting,
};
use crate::ceremony::Ask;
use crate::script::{Act, Step};
use crate::tui::model::{Asking, Focus, Model, Request, Turn};
use crate::tui::text::{escape, width};

/// From this width on, the list of steps always fits.
const ROOMY: u16 = 110;
/// The minimum number of rows for the text of the script.
const LEAST_ABOVE: u16 = 3;

/// The rows of each part of the work area.
struct Shares {
    above: u16,
    text: u16,
    input: u16,
}

/// Whether some text was not on the screen yet, so that the confirmation word cannot be typed.
pub(in crate::tui) fn is_unread(model: &Model) -> bool {
    match &model.request {
        Request::Ask(Asking {
            prompt,
            is_read: false,
            ..
        }) if matches!(prompt.ask, Ask::Word { .. }) && model.turn == Turn::Room => {
            model.scroll < scrolling(model).0
        }
        _ => false,
    }
}

/// The maximum scroll position of the prompt, and the size of a page.
pub(in crate::tui) fn scrolling(model: &Model) -> (u16, u16) {
    let screen = Rect::new(0, 0, model.size.0, model.size.1);
    let area = inside(work_area(model, frame::body(model, screen)));
    let question = question(model, area.width);
    let shares = share(&[], &question, area.height);
    scrolling_of(question.text.len(), shares.text)
}

pub(super) fn draw(model: &Model, body: Rect, buffer: &mut Buffer) -> Option<Position> {
    let area = work_area(model, body);
    frame::rule(model, area, &title(model), None, buffer);
    if area.x > body.x {
        let list = Rect {
            width: area.x - body.x,
            ..body
        };
        frame::rule(model, list, "Steps", None, buffer);
        steps::draw(model, list, buffer);
    }
    let area = inside(area);
    if let Focus::Steps(at) = model.focus {
        draw_lines(&looked_at(model, at, area.width), 0, area, buffer);
        return None;
    }
    let above = above(model, area.width);
    let mut question = question(model, area.width);
    if is_unread(model) {
        question.cursor = None;
        question.input.pop();
        question.input.push(Line::from(vec![
            Span::styled("PgDn", model.settings.theme.heading()),
            Span::raw("  read on; you can type the word when you have seen everything"),
        ]));
    }
    let shares = share(&above, &question, area.height);
    draw_above(
        model,
        &above,
        Rect {
            height: shares.above,
            ..area
        },
        buffer,
    );
    draw_question(model, &question, &shares, area, buffer)
}

/// The number and title of the step.
fn title(model: &Model) -> String {
    let Some(ceremony) = model.shown() else {
        return "Conclave".to_owned();
    };
    let script = ceremony.script();
    let (index, step) = match model.focus {
        Focus::Steps(at) => (at, script.steps().get(at)),
        Focus::Work => {
            let step = ceremony.current_step();
            let at = script.steps().iter().position(|other| Some(other) == step);
            (at.unwrap_or(script.steps().len()), step)
        }
    };
    let heading = step.map_or_else(
        || "Close the ceremony".to_owned(),
        |step| step.act.title(script),
    );
    format!(
        "{} of {} · {}",
        (index + 1).min(script.steps().len()),
        script.steps().len(),
        escape(&heading, model.settings.theme.charset)
    )
}

/// Steps that need much space use the whole width of a narrow screen.
fn work_area(model: &Model, body: Rect) -> Rect {
    let is_wide = model.focus == Focus::Work
        && body.width < ROOMY
        && current(model).is_some_and(|step| {
            matches!(step.act, Act::ReadScript | Act::ReviewRoot | Act::SignRoot)
        });
    let list = if is_wide { 0 } else { steps::WIDTH };
    Rect {
        x: body.x + list,
        width: body.width.saturating_sub(list),
        ..body
    }
}

fn current(model: &Model) -> Option<&Step> {
    model.shown()?.current_step()
}

/// The text of the current step, after the result of the previous step that is written down.
fn above(model: &Model, width: u16) -> Vec<Line<'static>> {
    let theme = model.settings.theme;
    let Some(ceremony) = model.shown() else {
        return Vec::new();
    };
    let steps = ceremony.script().steps();
    let Some(step) = ceremony.current_step() else {
        return Vec::new();
    };
    let at = steps.iter().position(|other| other == step);
    let before = at.and_then(|at| steps.get(at.checked_sub(1)?));
    let mut lines = before.map_or_else(Vec::new, |before| {
        step::just_made(ceremony, before, theme, width)
    });
    lines.extend(step::lines(ceremony, step, theme, width));
    lines
}

/// A step that is selected in the list.
fn looked_at(model: &Model, at: usize, width: u16) -> Vec<Line<'static>> {
    let theme = model.settings.theme;
    let Some(ceremony) = model.shown() else {
        return Vec::new();
    };
    let Some(step) = ceremony.script().steps().get(at) else {
        return Vec::new();
    };
    let mut lines = step::lines(ceremony, step, theme, width);
    let made = step::made(ceremony, step, theme, width);
    if !made.is_empty() {
        lines.push(Line::default());
        lines.extend(made);
    }
    let exceptions = ceremony.exceptions().iter();
    for (_, sheet) in exceptions.filter(|(of, _)| of.as_ref() == Some(&step.id)) {
        let mut more = Lines::new(theme, width);
        more.push(Line::default());
        more.heading("Exception");
        more.entry("expected  ", 10, &sheet.expected, Style::new());
        more.entry("happened  ", 10, &sheet.happened, Style::new());
        more.entry("decided   ", 10, &sheet.decided, Style::new());
        lines.extend(more.into_vec());
    }
    if let Some(minutes) = ceremony.minutes(&step.id) {
        let mut more = Lines::new(theme, width);
        more.push(Line::default());
        more.paragraph(&format!("Planned: {minutes} minutes."), theme.quiet());
        lines.extend(more.into_vec());
    }
    lines
}

fn question(model: &Model, width: u16) -> Question {
    let mut question = match &model.request {
        Request::None => Question {
            title: String::new(),
            text: Vec::new(),
            input: Vec::new(),
            cursor: None,
            room: usize::from(width),
        },
        Request::Ask(asking) => ask::question(model, asking, width),
        Request::Secret(entering) => pin::question(model, entering, width),
        Request::Show(showing) => shown::question(model, showing, width),
        Request::Waiting(waiting) => waiting::question(model, waiting, width),
    };
    let signs = |step: &Step| matches!(step.act, Act::SignRoot | Act::CollectSignatures);
    if current(model).is_some_and(signs) {
        let table = sign::table(model, width);
        let is_ask = matches!(model.request, Request::Ask(_));
        let at = if is_ask { question.text.len() } else { 0 };
        let mut rest = question.text.split_off(at);
        if is_ask {
            question.text.push(Line::default());
        } else {
            rest.insert(0, Line::default());
        }
        question.text.extend(table);
        question.text.append(&mut rest);
    }
    if model.turn != Turn::Room {
        question.cursor = None;
        question.input = vec![Line::from(Span::styled(
            "Please wait …",
            model.settings.theme.quiet(),
        ))];
    } else if let Some(notice) = &model.notice {
        let mut lines = Lines::new(model.settings.theme, width);
        lines.failure(&notice.what, &notice.hint);
        lines.gap();
        let mut lines = lines.into_vec();
        let rows = u16::try_from(lines.len()).unwrap_or(0);
        question.cursor = question.cursor.map(|(x, y)| (x, y + rows));
        lines.append(&mut question.input);
        question.input = lines;
    }
    question
}

/// The prompt comes first, then as much of the text of the script as fits.
fn share(above: &[Line<'_>], question: &Question, rows: u16) -> Shares {
    let count = |lines: &[Line<'_>]| u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let input = count(&question.input).min(rows.saturating_sub(2));
    // A rule above the prompt, and an empty line between its text and the answer.
    let rest = rows.saturating_sub(input.saturating_add(2));
    let text = count(&question.text).min(rest);
    let left = rest - text;
    let wanted = count(above).saturating_add(1);
    let above = if left < LEAST_ABOVE.min(count(above)) {
        0
    } else {
        // The prompt begins in the same row for the whole step.
        left.min(wanted)
    };
    Shares { above, text, input }
}

fn draw_above(model: &Model, lines: &[Line<'_>], area: Rect, buffer: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    draw_lines(lines, 0, area, buffer);
    if lines.len() > usize::from(area.height) {
        let last = Rect {
            y: area.bottom() - 1,
            height: 1,
            ..area
        };
        for x in last.left()..last.right() {
            buffer[(x, last.y)].reset();
        }
        let more = Line::from(vec![
            Span::styled("… ", model.settings.theme.quiet()),
            Span::styled("Tab", model.settings.theme.heading()),
            Span::styled(" shows the whole step", model.settings.theme.quiet()),
        ]);
        buffer.set_line(last.x, last.y, &more, last.width);
    }
}

fn draw_question(
    model: &Model,
    question: &Question,
    shares: &Shares,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let theme = model.settings.theme;
    let mut y = area.y + shares.above;
    if shares.above > 0 && !question.title.is_empty() {
        let row = Rect {
            y,
            height: 1,
            ..area
        };
        for x in row.left()..row.right() {
            buffer.set_string(x, y, "─", theme.rule());
        }
        let title = escape(&question.title, theme.charset);
        buffer.set_stringn(
            row.x,
            y,
            format!("{title} "),
            usize::from(row.width),
            theme.now(),
        );
    } else if !question.title.is_empty() {
        let title = escape(&question.title, theme.charset);
        buffer.set_stringn(area.x, y, title, usize::from(area.width), theme.now());
    }
    y += 1;
    let text = Rect {
        y,
        height: shares.text,
        ..area
    };
    let (most, _) = scrolling_of(question.text.len(), shares.text);
    let from = model.scroll.min(most);
    draw_lines(&question.text, from, text, buffer);
    let more_y = y + shares.text;
    if most > 0 {
        let below = usize::from(most - from);
        let words = match (from, below) {
            (0, 1) => "↓ 1 more line: PgDn".to_owned(),
            (0, _) => format!("↓ {below} more lines: PgDn"),
            (_, 0) => "↑ more above: PgUp".to_owned(),
            _ => format!("↓ {below} more lines: PgDn   ↑ PgUp"),
        };
        let x = area
            .right()
            .saturating_sub(u16::try_from(width(&words)).unwrap_or(0));
        buffer.set_string(x, more_y, words, theme.now());
    }
    let input = Rect {
        y: more_y + 1,
        height: shares.input,
        ..area
    };
    draw_lines(&question.input, 0, input, buffer);
    question.cursor.map(|(x, row)| {
        Position::new(
            (input.x + x).min(input.right().saturating_sub(1)),
            input.y + row,
        )
    })
}
