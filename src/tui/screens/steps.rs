//! The list of steps.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::ceremony::{Ceremony, StepState};
use crate::document::capitalized;
use crate::script::{Block, Step};
use crate::tui::model::{Focus, Model};
use crate::tui::text::shorten;
use crate::tui::theme::Theme;

/// The width of the list in cells, including the line on its right.
pub(super) const WIDTH: u16 = 28;

struct Row {
    state: StepState,
    /// The number of the step, from 1; `None` for the heading of a block.
    number: Option<usize>,
    /// The index of its first step.
    step: usize,
    label: String,
}

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.settings.theme;
    for y in area.top()..area.bottom() {
        buffer.set_string(area.right().saturating_sub(1), y, "│", theme.rule());
    }
    buffer.set_string(area.right().saturating_sub(1), area.y, "┬", theme.rule());
    let Some(ceremony) = model.shown() else {
        return;
    };
    let at = match model.focus {
        Focus::Steps(at) => Some(at),
        Focus::Work => None,
    };
    let rows = rows(ceremony, at);
    let room = usize::from(area.height.saturating_sub(1));
    let here = rows
        .iter()
        .position(|row| match at {
            Some(at) => row.step == at && row.number.is_some(),
            None => row.state == StepState::Now && row.number.is_some(),
        })
        .unwrap_or_else(|| rows.len().saturating_sub(1));
    let from = here
        .saturating_sub(room * 2 / 5)
        .min(rows.len().saturating_sub(room));
    let failed = ceremony.failure().is_some();
    let shown = rows.iter().enumerate().skip(from).take(room);
    for ((index, row), y) in shown.zip(area.y + 1..) {
        let is_selected = at.is_some() && index == here;
        let cells = area.width.saturating_sub(1);
        let above = index == from && from > 0;
        let below = index + 1 == from + room && index + 1 < rows.len();
        let line = if above || below {
            let (arrow, count) = if above {
                ("↑", from + 1)
            } else {
                ("↓", rows.len() - index)
            };
            Line::from(Span::styled(
                format!("       {arrow} {count} more"),
                theme.quiet(),
            ))
        } else {
            line_of(row, failed, theme)
        };
        buffer.set_line(area.x + 1, y, &line, cells.saturating_sub(1));
        if is_selected {
            buffer.set_style(Rect::new(area.x, y, cells, 1), theme.selected());
        }
    }
}

/// The current or selected block shows its steps; each other block is one line.
fn rows(ceremony: &Ceremony, looked_at: Option<usize>) -> Vec<Row> {
    let script = ceremony.script();
    let steps = script.steps();
    let mut rows = Vec::new();
    for Block { key, steps: range } in script.blocks() {
        let Some(of_block) = steps.get(range.clone()) else {
            continue;
        };
        let state = state_of(ceremony, of_block);
        let is_long = of_block.len() > 1;
        let label = match (&key, of_block) {
            (Some(key), _) if is_long => capitalized(&script.holder_title(key)),
            (Some(key), [step]) => {
                format!(
                    "{} {}",
                    step.act.label(),
                    number_in(&script.holder_title(key))
                )
            }
            (_, [step, ..]) => numbered(steps, range.start, step),
            _ => String::new(),
        };
        let is_open =
            is_long && (state == StepState::Now || looked_at.is_some_and(|at| range.contains(&at)));
        rows.push(Row {
            state,
            number: (!is_open).then_some(range.start + 1),
            step: range.start,
            label,
        });
        if is_open {
            for (step, index) in of_block.iter().zip(range) {
                rows.push(Row {
                    state: ceremony.step_state(&step.id),
                    number: Some(index + 1),
                    step: index,
                    label: format!("  {}", step.act.label()),
                });
            }
        }
    }
    rows
}

/// The label of a step without a key, numbered if several steps have the same label.
fn numbered(steps: &[Step], index: usize, step: &Step) -> String {
    let label = step.act.label();
    let alike = |steps: &[Step]| {
        let alike = |step: &&Step| step.act.key().is_none() && step.act.label() == label;
        steps.iter().filter(alike).count()
    };
    if alike(steps) < 2 {
        return label.to_owned();
    }
    format!("{label} {}", alike(steps.get(..=index).unwrap_or(steps)))
}

fn state_of(ceremony: &Ceremony, steps: &[Step]) -> StepState {
    let mut states = steps.iter().map(|step| ceremony.step_state(&step.id));
    if states.clone().all(|state| state == StepState::Done) {
        StepState::Done
    } else if states.any(|state| state == StepState::Now) {
        StepState::Now
    } else {
        StepState::Later
    }
}

fn line_of(row: &Row, failed: bool, theme: Theme) -> Line<'static> {
    let is_here = row.state == StepState::Now;
    let (mark, mark_style) = match row.state {
        StepState::Done => ("[ok]  ", theme.ok()),
        StepState::Now if failed && row.number.is_some() => ("[FAIL]", theme.fail()),
        StepState::Now => ("[now] ", theme.now()),
        StepState::Later => ("[    ]", theme.quiet()),
    };
    let number = row
        .number
        .map_or_else(|| "  ".to_owned(), |number| format!("{number:>2}"));
    let style = if is_here {
        theme.strong()
    } else {
        Style::new()
    };
    Line::from(vec![
        Span::styled(mark, mark_style),
        Span::styled(format!(" {number} "), theme.quiet()),
        Span::styled(shorten(&row.label, 16), style),
    ])
}

/// `3` of `key holder 3`.
fn number_in(holder: &str) -> &str {
    holder.rsplit(' ').next().unwrap_or_default()
}
