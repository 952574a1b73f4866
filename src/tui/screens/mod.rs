//! Drawing: each screen depends on the model alone.

mod abort;
mod ask;
mod digests;
pub(super) mod end;
mod exception;
mod frame;
mod help;
mod lines;
mod offers;
mod pin;
mod question;
mod shown;
mod sign;
mod small;
mod step;
mod steps;
mod transcript;
mod waiting;

pub(super) mod work;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::model::{Model, Overlay, Screen};

pub fn view(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    let cursor = draw(model, area, frame.buffer_mut());
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
    model.settings.theme.degrade(frame.buffer_mut());
}

/// Draws the screen, and returns the position of the cursor.
fn draw(model: &Model, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    if model.screen() == Screen::TooSmall {
        small::draw(model, area, buffer);
        return None;
    }
    frame::header(model, area, buffer);
    frame::hints(model, area, buffer);
    let body = frame::body(model, area);
    if !matches!(model.overlay, Some(Overlay::Digests { .. })) {
        frame::witness(model, area, buffer);
    }
    match &model.overlay {
        Some(Overlay::Help { scroll }) => help::draw(model, *scroll, body, buffer),
        Some(Overlay::Digests {
            is_transcript_first,
        }) => digests::draw(model, *is_transcript_first, body, buffer),
        Some(Overlay::Transcript { from_end }) => {
            transcript::draw(model, *from_end, body, buffer);
        }
        Some(Overlay::Exception(form)) => return exception::draw(model, form, body, buffer),
        Some(Overlay::Offers(form)) => return offers::draw(model, form, body, buffer),
        Some(Overlay::Abort(form)) => return abort::draw(model, form, body, buffer),
        None if model.end.is_some() => end::draw(model, body, buffer),
        None => return work::draw(model, body, buffer),
    }
    None
}

/// The maximum scroll position of the overlay, and the size of a page.
pub(super) fn overlay_scrolling(model: &Model) -> (u16, u16) {
    let body = frame::body(model, Rect::new(0, 0, model.size.0, model.size.1));
    let inside = inside(body);
    let lines = match &model.overlay {
        Some(Overlay::Help { .. }) => help::lines(model, inside.width).len(),
        Some(Overlay::Transcript { .. }) => transcript::lines(model, inside.width).len(),
        _ => 0,
    };
    scrolling(lines, inside.height)
}

/// The maximum scroll position for a number of lines and rows, and the size of a page.
fn scrolling(lines: usize, rows: u16) -> (u16, u16) {
    let lines = u16::try_from(lines).unwrap_or(u16::MAX);
    (lines.saturating_sub(rows), rows.saturating_sub(1).max(1))
}

/// The area for text below a rule.
const fn inside(area: Rect) -> Rect {
    Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(1),
    }
}

/// The position of a cursor in an area, at most at its edge.
fn cursor_in(area: Rect, (x, y): (u16, u16)) -> Position {
    Position::new(
        (area.x + x).min(area.right().saturating_sub(1)),
        (area.y + y).min(area.bottom().saturating_sub(1)),
    )
}

/// Draws lines from the line `from` on, as many as fit.
fn draw_lines(lines: &[Line<'_>], from: u16, area: Rect, buffer: &mut Buffer) {
    let rows = lines.iter().skip(usize::from(from));
    for (line, y) in rows.zip(area.top()..area.bottom()) {
        buffer.set_line(area.x, y, line, area.width);
    }
}
