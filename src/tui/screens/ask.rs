//! A prompt and its answer.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::lines::Lines;
use super::question::Question;
use crate::ceremony::{Ask, Ceremony, Mode, Prompt};
use crate::tui::field::TextField;
use crate::tui::model::{Asking, Input, Model};
use crate::tui::text::{escape, width};
use crate::words::Digest;

pub(super) fn question(model: &Model, asking: &Asking, room: u16) -> Question {
    let prompt = &asking.prompt;
    let who = model
        .shown()
        .map_or_else(String::new, |ceremony| ceremony.names(&prompt.who));
    let mut question = Question {
        title: who,
        text: text(model, prompt, room),
        input: Vec::new(),
        cursor: None,
        room: usize::from(room),
    };
    match (&prompt.ask, &asking.input) {
        (Ask::Enter { action }, _) => question.input = vec![offer(model, action)],
        (Ask::Word { word }, Input::Text(field)) => {
            let label = vec![
                Span::raw("Type "),
                Span::styled(word.clone(), model.settings.theme.heading()),
                Span::raw(" to continue: "),
            ];
            field_line(model, label, field, None, &mut question);
        }
        (Ask::Clock, Input::Text(field)) => {
            let label = "If it is right within a minute, press Enter. Otherwise type the right time in UTC, for example 2026-12-01T09:41:00Z";
            text_input(model, label, None, field, room, &mut question);
        }
        (Ask::Reading { label, usual }, Input::Text(field)) => {
            // The bag of a simulated token has no number; in a production, the expected number is not shown.
            let is_rehearsal = model
                .shown()
                .is_some_and(|ceremony| ceremony.mode() == Mode::Rehearsal);
            let given = is_rehearsal.then_some(usual.as_str());
            text_input(model, label, given, field, room, &mut question);
        }
        (Ask::Text { label, default }, Input::Text(field)) => {
            text_input(model, label, default.as_deref(), field, room, &mut question);
        }
        (
            Ask::Choice { label, options },
            Input::Choice {
                at,
                remark,
                is_remark,
            },
        ) => {
            let theme = model.settings.theme;
            let mut lines = Lines::new(theme, room);
            lines.paragraph(label, theme.strong());
            for (index, option) in options.iter().enumerate() {
                let is_here = index == *at;
                let mark = if is_here { "▸ " } else { "  " };
                let style = if is_here {
                    theme.selected()
                } else {
                    Style::new()
                };
                let text = escape(&option.text, theme.charset);
                lines.push(Line::from(vec![
                    Span::styled(mark, theme.heading()),
                    Span::styled(format!(" {text} "), style),
                ]));
            }
            question.input = lines.into_vec();
            if *is_remark {
                let label = vec![Span::raw("Remark: ")];
                field_line(model, label, remark, None, &mut question);
            }
        }
        (
            Ask::Word { .. } | Ask::Clock | Ask::Reading { .. } | Ask::Text { .. },
            Input::Enter | Input::Choice { .. },
        )
        | (Ask::Choice { .. }, Input::Enter | Input::Text(_)) => {}
    }
    question
}

fn offer(model: &Model, action: &str) -> Line<'static> {
    let theme = model.settings.theme;
    Line::from(vec![
        Span::styled("Enter", theme.heading()),
        Span::raw("  "),
        Span::styled(escape(action, theme.charset), theme.strong()),
    ])
}

fn text_input(
    model: &Model,
    label: &str,
    default: Option<&str>,
    field: &TextField,
    room: u16,
    question: &mut Question,
) {
    let theme = model.settings.theme;
    let mut lines = Lines::new(theme, room);
    lines.paragraph(label, theme.strong());
    let default = default.filter(|default| !default.is_empty());
    let placeholder = default.map(|default| {
        let default = escape(default, theme.charset);
        let hint = format!("{default}  (press Enter to use it)");
        if width(&hint) + 3 <= question.room {
            return hint;
        }
        lines.paragraph("Press Enter to use this text:", Style::new());
        default
    });
    question.input = lines.into_vec();
    let label = vec![Span::styled("▸ ", theme.heading())];
    field_line(model, label, field, placeholder, question);
}

/// A line for typing, and its cursor. If the text is too long, the part at the cursor is shown.
pub(super) fn field_line(
    model: &Model,
    mut line: Vec<Span<'static>>,
    field: &TextField,
    placeholder: Option<String>,
    question: &mut Question,
) {
    let theme = model.settings.theme;
    let lead: usize = line.iter().map(Span::width).sum();
    let room = question.room.saturating_sub(lead + 1);
    let before = ending(&escape(field.before_cursor(), theme.charset), room);
    let y = u16::try_from(question.input.len()).unwrap_or(0);
    let x = u16::try_from(lead + width(&before)).unwrap_or(u16::MAX);
    let after = escape(field.after_cursor(), theme.charset);
    match placeholder {
        Some(placeholder) if field.is_empty() => {
            line.push(Span::styled(placeholder, theme.quiet()));
        }
        _ => line.push(Span::styled(before + &after, theme.strong())),
    }
    question.input.push(Line::from(line));
    question.cursor = Some((x, y));
}

/// As much of the end of a text as fits.
fn ending(text: &str, room: usize) -> String {
    let mut from = 0;
    for (at, c) in text.char_indices() {
        if width(&text[from..]) <= room {
            break;
        }
        from = at + c.len_utf8();
    }
    text[from..].to_owned()
}

fn text(model: &Model, prompt: &Prompt, room: u16) -> Vec<Line<'static>> {
    let theme = model.settings.theme;
    let mut lines = Lines::new(theme, room);
    let ceremony = model.shown();
    let failure = ceremony.and_then(|ceremony| ceremony.failure());
    let is_failure = failure.is_some() && prompt.lines.len() == 2;
    if let (true, [what, hint]) = (is_failure, prompt.lines.as_slice()) {
        lines.failure(what, hint);
        return lines.into_vec();
    }
    let digests: Vec<Digest> = ceremony.map_or_else(Vec::new, |ceremony| known_digests(ceremony));
    let mut rest = prompt.lines.as_slice();
    while let [line, after @ ..] = rest {
        if let Some((digest, after)) = digests
            .iter()
            .find_map(|digest| Some((digest, after_digest(digest, rest)?)))
        {
            lines.gap();
            lines.digest(digest, None);
            lines.gap();
            rest = after;
            continue;
        }
        lines.paragraph(line, Style::new());
        rest = after;
    }
    if let (Ask::Clock, Some(ceremony)) = (&prompt.ask, ceremony) {
        let clock = ceremony.machine_time(model.clock).to_string();
        lines.gap();
        lines.entry("Clock of this machine  ", 23, &clock, theme.strong());
    }
    let mut lines = lines.into_vec();
    while lines.last().is_some_and(|line| line.width() == 0) {
        lines.pop();
    }
    lines
}

/// The digests that prompts may contain: they are shown as a table, which is easier to read aloud.
fn known_digests(ceremony: &Ceremony) -> Vec<Digest> {
    let mut digests = vec![ceremony.script().sha256()];
    digests.extend(ceremony.frozen().map(|root| root.digest()));
    digests
}

/// The lines after a digest in hex and words, if the lines begin with it.
fn after_digest<'l>(digest: &Digest, mut lines: &'l [String]) -> Option<&'l [String]> {
    let hex = digest.grouped_hex();
    let words = digest.words();
    let words = words.chunks(8).map(|words| words.join(" "));
    for expected in hex.into_iter().chain(words) {
        let (line, after) = lines.split_first()?;
        if *line != expected {
            return None;
        }
        lines = after;
    }
    Some(lines)
}
