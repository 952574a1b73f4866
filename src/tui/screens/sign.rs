//! The counters of a signing: how many signatures there are and how many there must be, key by key.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::tui::model::{Model, Request};
use crate::tui::text::{escape, shorten, width};

pub(super) fn table(model: &Model, room: u16) -> Vec<Line<'static>> {
    let theme = model.settings.theme;
    let Some(ceremony) = model.shown() else {
        return Vec::new();
    };
    let script = ceremony.script();
    let count = ceremony.signatures();
    let version = script.root_version();
    let reached = if count.is_reached() {
        Span::styled("[ok] ", theme.ok())
    } else {
        Span::styled("[wait] ", theme.wait())
    };
    let mut heading = vec![
        Span::styled(format!("root {version}  "), theme.strong()),
        reached,
        Span::styled(
            format!("{} signed, {} needed", count.have, count.need),
            theme.strong(),
        ),
    ];
    if let Some(previous) = ceremony
        .signed()
        .and_then(|signed| signed.progress().previous)
    {
        heading.push(Span::raw(format!(
            "   root {}  {} signed, {} needed",
            version.saturating_sub(1),
            previous.have,
            previous.need
        )));
    }
    // A prompt says the count itself.
    let mut lines = match &model.request {
        Request::Ask(_) => Vec::new(),
        _ => vec![Line::from(heading), Line::default()],
    };
    let holders: Vec<String> = ceremony
        .key_states()
        .map(|(plan, _)| {
            let name = ceremony.name(&plan.holder);
            shorten(&escape(name, theme.charset), 24)
        })
        .collect();
    let longest = holders.iter().map(|name| width(name)).max().unwrap_or(0);
    let next = ceremony
        .key_states()
        .position(|(_, state)| !state.has_signed());
    for (index, ((plan, state), holder)) in ceremony.key_states().zip(&holders).enumerate() {
        let is_next = Some(index) == next;
        let (mark, mark_style) = match (&model.request, state.has_signed(), is_next) {
            (_, true, _) => ("[ok]  ", theme.ok()),
            (Request::Waiting(_), _, true) => ("[wait]", theme.wait()),
            (_, _, true) => ("[now] ", theme.now()),
            _ => ("[    ]", theme.quiet()),
        };
        let style = if is_next {
            theme.strong()
        } else {
            Style::new()
        };
        let id = state
            .generated()
            .map(|generated| generated.key.id().short())
            .unwrap_or_default();
        let pad = " ".repeat(longest - width(holder));
        let line = Line::from(vec![
            Span::styled(mark, mark_style),
            Span::styled(format!("  {holder}{pad}  {:<8}", plan.id.as_str()), style),
            Span::styled(format!("  {id}"), theme.quiet()),
        ]);
        debug_assert!(line.width() <= usize::from(room).max(60), "{line}");
        lines.push(line);
    }
    lines
}
