//! The signatures of a root, key by key, with the required number; in a change of a root, also for the previous root.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::ceremony::{Ceremony, Owed};
use crate::metadata::Count;
use crate::script::{KeyChange, Place};
use crate::tui::model::{Model, Request};
use crate::tui::text::{escape, shorten, width};
use crate::tui::theme::Theme;

/// The width of a column of signatures, in cells.
const COLUMN: usize = 8;

struct Row {
    title: String,
    id: String,
    fingerprint: String,
    status: SignatureStatus,
    /// Whether the key is in the previous root, and in the new root.
    roots: (bool, bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SignatureStatus {
    Signed,
    Next,
    Later,
    Owed,
    Lost,
    Away,
}

pub(super) fn table(model: &Model, room: u16) -> Vec<Line<'static>> {
    let theme = model.settings.theme;
    let Some(ceremony) = model.shown() else {
        return Vec::new();
    };
    let rows = rows(model, ceremony);
    let is_change = ceremony.base_root().is_some();
    // A prompt contains the counts.
    let mut lines = match &model.request {
        Request::Ask(_) => Vec::new(),
        _ => vec![heading(ceremony, theme), Line::default()],
    };
    let longest = rows.iter().map(|row| width(&row.title)).max().unwrap_or(0);
    let names = rows
        .iter()
        .map(|row| width(&row.id))
        .max()
        .unwrap_or(0)
        .max(8);
    if is_change {
        let version = ceremony.script().root_version();
        let before = format!("root {}", version.saturating_sub(1));
        lines.push(Line::styled(
            format!(
                "{:pad$}{before:<COLUMN$} root {version}",
                "",
                pad = longest + names + 4
            ),
            theme.quiet(),
        ));
    }
    for row in rows {
        let is_waiting = matches!(model.request, Request::Waiting(_));
        let (mark, mark_style) = match row.status {
            SignatureStatus::Signed => ("[ok]  ", theme.ok()),
            SignatureStatus::Next if is_waiting => ("[wait]", theme.now()),
            SignatureStatus::Next => ("[now] ", theme.now()),
            SignatureStatus::Owed => ("[owed]", theme.now()),
            SignatureStatus::Later => ("[    ]", theme.quiet()),
            SignatureStatus::Lost => ("[lost]", theme.quiet()),
            SignatureStatus::Away => ("[away]", theme.quiet()),
        };
        let style = if row.status == SignatureStatus::Next {
            theme.strong()
        } else {
            Style::new()
        };
        let pad = " ".repeat(longest - width(&row.title));
        let name = format!("{}{pad}  {:<names$}", row.title, row.id);
        let line = if is_change {
            let cell = |is_in_root: bool| {
                if is_in_root {
                    (mark, mark_style)
                } else {
                    ("  –   ", theme.quiet())
                }
            };
            let (before, after) = (cell(row.roots.0), cell(row.roots.1));
            Line::from(vec![
                Span::styled(format!("{name}  "), style),
                Span::styled(format!("{:<COLUMN$} ", before.0), before.1),
                Span::styled(after.0.to_owned(), after.1),
            ])
        } else {
            Line::from(vec![
                Span::styled(mark, mark_style),
                Span::styled(format!("  {name}"), style),
                Span::styled(format!("  {}", row.fingerprint), theme.quiet()),
            ])
        };
        debug_assert!(line.width() <= usize::from(room).max(60), "{line}");
        lines.push(line);
    }
    lines
}

fn heading(ceremony: &Ceremony, theme: Theme) -> Line<'static> {
    let progress = ceremony.progress();
    let version = ceremony.script().root_version();
    let mut spans = Vec::new();
    let mut counter = |version: u64, count: Count| {
        if !spans.is_empty() {
            spans.push(Span::raw("   "));
        }
        let reached = if count.is_reached() {
            Span::styled("[ok] ", theme.ok())
        } else {
            Span::styled("[wait] ", theme.now())
        };
        let text = if progress.previous.is_some() {
            format!("keys {}/{}", count.have, count.need)
        } else {
            format!("{} of {} signatures", count.have, count.need)
        };
        spans.extend([
            Span::styled(format!("root {version}  "), theme.strong()),
            reached,
            Span::styled(text, theme.strong()),
        ]);
    };
    if let Some(previous) = progress.previous {
        counter(version.saturating_sub(1), previous);
    }
    counter(version, progress.own);
    Line::from(spans)
}

/// The keys in the ceremony, then those at other sites.
fn rows(model: &Model, ceremony: &Ceremony) -> Vec<Row> {
    let charset = model.settings.theme.charset;
    let script = ceremony.script();
    let next = ceremony
        .key_states()
        .position(|(plan, _)| ceremony.owes_signature(&plan.id));
    let here = ceremony
        .key_states()
        .enumerate()
        .map(|(index, (plan, state))| {
            let name = ceremony.name(&plan.holder);
            let fingerprint = state.generated();
            Row {
                title: shorten(&escape(name, charset), 24),
                id: plan.id.to_string(),
                fingerprint: fingerprint
                    .map(|generated| generated.key.id().short())
                    .unwrap_or_default(),
                status: match (ceremony.has_signed(&plan.id), Some(index) == next) {
                    (true, _) => SignatureStatus::Signed,
                    _ if state.skipped().is_some() => SignatureStatus::Away,
                    (false, true) => SignatureStatus::Next,
                    (false, false) => SignatureStatus::Later,
                },
                roots: (plan.change != KeyChange::Add, plan.change.stays()),
            }
        });
    let distant = script.distant_keys().iter().map(|key| {
        let title = match &key.place {
            Place::Site(site) | Place::Elsewhere(site) => format!("site {site}"),
            Place::Absent | Place::Lost => key.held_by.clone().unwrap_or_default(),
        };
        Row {
            title: shorten(&escape(&title, charset), 24),
            id: key.id.to_string(),
            fingerprint: String::new(),
            status: match ceremony.owed().get(&key.id) {
                Some(Owed::Collected) => SignatureStatus::Signed,
                Some(Owed::Waited | Owed::Expected) => SignatureStatus::Owed,
                None if key.place == Place::Lost => SignatureStatus::Lost,
                Some(Owed::Skipped { .. }) | None => SignatureStatus::Away,
            },
            roots: (key.change.before().is_some(), key.change.stays()),
        }
    });
    here.chain(distant).collect()
}
