//! The parts of every screen: the bar at the top, the witness lines, the keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::ceremony::Mode;
use crate::tui::keys::{self, Action};
use crate::tui::model::{Model, Overlay, Play};
use crate::tui::text::{escape, shorten, width};
use crate::words::Digest;

/// Rows of the witness lines: a rule and two digests.
const WITNESS_ROWS: u16 = 3;

/// The area between the bar and the witness lines.
pub(super) fn body(model: &Model, area: Rect) -> Rect {
    let below = if matches!(model.overlay, Some(Overlay::Digests { .. })) {
        1
    } else {
        1 + WITNESS_ROWS
    };
    Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1 + below),
        ..area
    }
}

/// The bar: the mode, the repository and the time.
pub(super) fn header(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.settings.theme;
    let row = Rect { height: 1, ..area };
    let Some(ceremony) = model.shown() else {
        buffer.set_string(row.x + 1, row.y, "CONCLAVE", theme.strong());
        return;
    };
    let mode = ceremony.mode();
    let style = theme.banner(mode);
    buffer.set_style(row, style);
    let script = ceremony.script();
    let time = ceremony.time(model.clock).to_string().replace('T', " ");
    let right = format!("{} UTC ", time.trim_end_matches('Z'));
    let banner = format!(" {} ", escape(&ceremony.banner(), theme.charset));
    let strong = style.patch(theme.strong());
    let (after_banner, _) = buffer.set_stringn(row.x, row.y, &banner, width(&banner), strong);
    let room = usize::from(row.width).saturating_sub(width(&banner) + width(&right) + 2);
    let mut about = format!(
        "{} · {}",
        escape(script.repository(), theme.charset),
        script.kind()
    );
    let warning = " · do not trust the results";
    if mode == Mode::Rehearsal && width(&about) + width(warning) <= room {
        about.push_str(warning);
    }
    buffer.set_stringn(after_banner + 1, row.y, shorten(&about, room), room, style);
    let x = row
        .right()
        .saturating_sub(u16::try_from(width(&right)).unwrap_or(0));
    buffer.set_string(x, row.y, right, style);
}

/// The digests that a witness compares with paper.
pub(super) fn witness(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.settings.theme;
    let y = area.bottom().saturating_sub(1 + WITNESS_ROWS);
    let exceptions = model
        .shown()
        .map_or(0, |ceremony| ceremony.exceptions().len());
    let title = match exceptions {
        0 => "Witness".to_owned(),
        1 => "Witness · 1 exception".to_owned(),
        count => format!("Witness · {count} exceptions"),
    };
    rule(
        model,
        Rect {
            y,
            height: 1,
            ..area
        },
        &title,
        Some("F2 full digests"),
        buffer,
    );
    let room = usize::from(area.width.saturating_sub(2));
    let quiet = theme.quiet();
    if let Some(ceremony) = model.shown() {
        let digest = ceremony.script().sha256();
        let line = digest_line("script", &digest, room, theme.strong(), quiet);
        buffer.set_line(area.x + 1, y + 1, &line, area.width - 2);
    }
    if let Some(last) = model.last_line() {
        let name = format!("transcript {}", last.number);
        let line = digest_line(&name, &last.digest, room, theme.strong(), quiet);
        buffer.set_line(area.x + 1, y + 2, &line, area.width - 2);
    }
}

fn digest_line(
    name: &str,
    digest: &Digest,
    room: usize,
    strong: Style,
    quiet: Style,
) -> Line<'static> {
    let lead = format!("{name:<16}");
    let hex = format!("{}  ", digest.short_hex());
    let left = room.saturating_sub(width(&lead) + width(&hex) + 2);
    let words = (1..=8)
        .rev()
        .map(|count| digest.first_words(count))
        .find(|words| width(words) <= left)
        .unwrap_or_default();
    Line::from(vec![
        Span::styled(lead, quiet),
        Span::styled(hex, strong),
        Span::styled(words, strong),
        Span::styled(" …", quiet),
    ])
}

/// A horizontal line, with a title on the left and a remark on the right.
pub(super) fn rule(
    model: &Model,
    row: Rect,
    title: &str,
    remark: Option<&str>,
    buffer: &mut Buffer,
) {
    let theme = model.settings.theme;
    for x in row.left()..row.right() {
        buffer.set_string(x, row.y, "─", theme.rule());
    }
    let room =
        usize::from(row.width).saturating_sub(remark.map_or(0, |remark| width(remark) + 4) + 4);
    let title = format!(" {} ", shorten(title, room));
    buffer.set_string(row.x + 1, row.y, &title, theme.heading());
    if let Some(remark) = remark {
        let remark = format!(" {remark} ");
        let cells = u16::try_from(width(&remark)).unwrap_or(0);
        buffer.set_string(
            row.right().saturating_sub(cells + 1),
            row.y,
            remark,
            theme.quiet(),
        );
    }
}

/// The keys of the screen, as many as fit.
pub(super) fn hints(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.settings.theme;
    let row = Rect {
        y: area.bottom().saturating_sub(1),
        height: 1,
        ..area
    };
    if let Play::On { .. } = model.play {
        let line = Line::from(vec![
            Span::styled(" ▸ autoplay", theme.now()),
            Span::raw("   press any key to take over"),
        ]);
        buffer.set_line(row.x, row.y, &line, row.width);
        return;
    }
    let bindings = keys::bindings(model);
    let hints: Vec<(&str, &str, bool)> = bindings
        .iter()
        .enumerate()
        .filter_map(|(at, binding)| {
            // The main action, the help and the abort are always shown.
            let is_needed = at == 0 || matches!(binding.action, Action::Help | Action::Abort);
            let (keys, hint) = binding.hint?;
            Some((keys, hint, is_needed))
        })
        .collect();
    let cells = |hint: &(&str, &str, bool)| width(hint.0) + width(hint.1) + 3;
    let needed: usize = hints.iter().filter(|hint| hint.2).map(cells).sum();
    // One space before the first, none after the last.
    let mut room = (usize::from(row.width) + 1).saturating_sub(needed);
    let mut spans = vec![Span::raw(" ")];
    for hint in &hints {
        if !hint.2 {
            if cells(hint) > room {
                continue;
            }
            room -= cells(hint);
        }
        spans.push(Span::styled(hint.0, theme.heading()));
        spans.push(Span::raw(format!(" {}  ", hint.1)));
    }
    buffer.set_line(row.x, row.y, &Line::from(spans), row.width);
}
