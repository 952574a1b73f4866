//! The end: the results, their location, and what is written on paper.

use std::path::{Component, Path, PathBuf};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::lines::Lines;
use super::{draw_lines, frame, inside, scrolling as scrolling_of};
use crate::ceremony::{DrillResult, Ending, Mode};
use crate::tui::model::{End, Model};

const NAME_CELLS: usize = 13;

pub(super) fn draw(model: &Model, body: Rect, buffer: &mut Buffer) {
    let area = inside(body);
    let lines = lines(model, area.width);
    let (most, _) = scrolling_of(lines.len(), area.height);
    let from = model.end.as_ref().map_or(0, |end| end.scroll.min(most));
    let remark = match (from, most) {
        (_, 0) => None,
        (from, most) if from == most => Some("↑ more above"),
        _ => Some("↓ more below: PgDn"),
    };
    let title = match model.end.as_ref().map(|end| &end.ending) {
        Some(Ending::Closed(_)) => "The ceremony is closed",
        Some(Ending::Aborted { .. }) => "The ceremony was aborted",
        None => "The end",
    };
    frame::rule(model, body, title, remark, buffer);
    draw_lines(&lines, from, area, buffer);
}

/// The maximum scroll position, and the size of a page.
pub(in crate::tui) fn scrolling(model: &Model) -> (u16, u16) {
    let body = frame::body(model, Rect::new(0, 0, model.size.0, model.size.1));
    let area = inside(body);
    scrolling_of(lines(model, area.width).len(), area.height)
}

fn lines(model: &Model, width: u16) -> Vec<Line<'static>> {
    let theme = model.settings.theme;
    let mut lines = Lines::new(theme, width);
    let Some(End {
        ceremony, ending, ..
    }) = &model.end
    else {
        return Vec::new();
    };
    if ceremony.mode() == Mode::Rehearsal {
        lines.paragraph(
            "This was a rehearsal: do not trust its results.",
            theme.now(),
        );
        lines.gap();
    }
    match ending {
        Ending::Closed(verdict) => lines.hanging(
            "[ok]   ",
            &format!("All steps are done. Overall verdict: {verdict}."),
            theme.ok(),
            theme.strong(),
        ),
        Ending::Aborted { reason } => lines.hanging(
            "[FAIL] ",
            &format!("Aborted: {reason}."),
            theme.fail(),
            theme.strong(),
        ),
    }
    if let Some(result) = ceremony.drill_result() {
        let (mark, style) = match &result {
            DrillResult::Passed => ("[ok]   ", theme.ok()),
            DrillResult::PassedWithLosses { .. } => ("[warn] ", theme.now()),
            DrillResult::Failed { .. } => ("[FAIL] ", theme.fail()),
        };
        lines.hanging(mark, &format!("Drill: {result}."), style, theme.strong());
    }
    lines.gap();
    if let Some(last) = model.last_line() {
        lines.heading(&format!(
            "Write on paper: the transcript digest of {} entries",
            last.number
        ));
        lines.digest(&last.digest, None);
        lines.gap();
    }
    made(model, &mut lines);
    lines.into_vec()
}

fn made(model: &Model, lines: &mut Lines) {
    let Some(ceremony) = model.shown() else {
        return;
    };
    let theme = lines.theme;
    let script = ceremony.script();
    lines.heading("Results");
    let mut nothing = true;
    for (plan, state) in ceremony.key_states() {
        let Some(generated) = state.generated() else {
            continue;
        };
        nothing = false;
        let holder = script.holder_title(&plan.id);
        lines.entry(
            &format!("{:<NAME_CELLS$}", plan.id.as_str()),
            NAME_CELLS,
            &format!(
                "{holder}, {}, fingerprint {}",
                generated.origin(),
                generated.public_key.fingerprint().short_hex()
            ),
            Style::new(),
        );
    }
    if let Some(root) = ceremony.frozen() {
        let count = ceremony.signatures();
        lines.entry(
            &format!("{:<NAME_CELLS$}", format!("root {}", root.version())),
            NAME_CELLS,
            &format!(
                "{} signatures ({} required), digest {}; renew before {}",
                count.have,
                count.need,
                root.digest().short_hex(),
                script.root().expires
            ),
            theme.strong(),
        );
        nothing = false;
    }
    if ceremony.drill_result().is_some() {
        lines.entry(
            &format!("{:<NAME_CELLS$}", "certificate"),
            NAME_CELLS,
            "certificate.txt, .html and .json, with the status of every share",
            theme.strong(),
        );
        nothing = false;
    }
    if nothing {
        lines.item("only the transcript");
    }
    if !ceremony.exported().is_empty() {
        lines.gap();
        lines.heading("Take to the online machine");
        for file in ceremony.exported() {
            lines.entry(
                &format!("{:<NAME_CELLS$}", file.name),
                NAME_CELLS,
                &format!("{} bytes, SHA-256 {}", file.size, file.sha256.short_hex()),
                theme.strong(),
            );
        }
        if let Some(opening) = ceremony.opening() {
            let place = match &model.settings.place {
                Some(place) => joined(place, &opening.export),
                None => opening.export.clone(),
            };
            lines.entry("in", NAME_CELLS, &place, theme.strong());
        }
    }
    if let Some(place) = &model.settings.place {
        lines.gap();
        lines.entry("directory", NAME_CELLS, place, theme.strong());
    }
    if !ceremony.exceptions().is_empty() {
        lines.gap();
        lines.paragraph(
            &format!(
                "Exceptions in the transcript: {}. Read them before you sign.",
                ceremony.exceptions().len()
            ),
            theme.now(),
        );
    }
}

/// A path relative to a directory, without `..`.
fn joined(directory: &str, path: &str) -> String {
    let mut whole = PathBuf::from(directory);
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => {
                whole.pop();
            }
            Component::CurDir => {}
            part => whole.push(part),
        }
    }
    whole.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_without_parent_components() {
        for (path, expected) in [
            ("../export", "/tmp/r/export"),
            ("export", "/tmp/r/genesis/export"),
            ("/media/stick", "/media/stick"),
            ("./a/../b", "/tmp/r/genesis/b"),
        ] {
            assert_eq!(joined("/tmp/r/genesis", path), expected);
        }
    }
}
