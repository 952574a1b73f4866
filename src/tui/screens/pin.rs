//! A prompt for a secret, which is not shown.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::ask::field_line;
use super::lines::Lines;
use super::question::Question;
use crate::ceremony::SecretPurpose;
use crate::record::Tries;
use crate::tui::model::{Entering, Model, Stage};

/// The same for a secret of any length.
const MASK: &str = "••••••••";

pub(super) fn question(model: &Model, entering: &Entering, room: u16) -> Question {
    let theme = model.settings.theme;
    let prompt = &entering.prompt;
    let purpose = prompt.purpose.title();
    let who = model.shown().map_or_else(String::new, |ceremony| {
        ceremony.name(&prompt.who).to_owned()
    });
    let mut lines = Lines::new(theme, room);
    match prompt.purpose {
        SecretPurpose::NewApprovalCode => lines.paragraph(
            "A code of at least four characters, for decisions that two people must approve. It is only kept in memory.",
            Style::new(),
        ),
        SecretPurpose::ApprovalCode => {
            lines.entry("approves  ", 10, &prompt.about, theme.strong());
        }
        _ if prompt.purpose.of_token().is_some() => {
            lines.entry("token  ", 7, &prompt.about, theme.strong());
        }
        _ => lines.entry("for  ", 5, &prompt.about, theme.strong()),
    }
    lines.gap();
    lines.paragraph("Everyone else: look away.", theme.now());
    lines.paragraph(&format!("{who}: type the {purpose}."), theme.strong());
    if let Some(tries) = prompt.tries {
        let is_low = !matches!(tries, Tries::Unknown | Tries::Exactly(3..));
        let style = if is_low { theme.fail() } else { Style::new() };
        lines.entry("tries  ", 7, &tries.to_string(), style);
    }
    if prompt.digits_only {
        lines.paragraph(
            "Use digits only: the keyboard layout was not tested.",
            Style::new(),
        );
    }
    if let Some(given) = &prompt.given {
        lines.gap();
        lines.paragraph(
            &format!("Rehearsal: it is {given}. Press Enter on the empty line to use it."),
            theme.now(),
        );
    }
    let mut question = Question {
        title: format!("{who} · {purpose}"),
        text: lines.into_vec(),
        input: Vec::new(),
        cursor: None,
        room: usize::from(room),
    };
    let label = match &entering.stage {
        Stage::LastTry(field) => {
            let mut lines = Lines::new(theme, room);
            lines.paragraph(
                "This is the last try before the token locks. Press Esc to keep it.",
                theme.fail(),
            );
            question.input = lines.into_vec();
            let label = vec![
                Span::raw("Type "),
                Span::styled(
                    entering.prompt.word_first().unwrap_or_default(),
                    theme.heading(),
                ),
                Span::raw(" to use it: "),
            ];
            field_line(model, label, field, None, &mut question);
            return question;
        }
        Stage::First => format!("{purpose}: "),
        Stage::Again(_) => format!("{purpose}, again: "),
    };
    let mask = if entering.field.is_empty() { "" } else { MASK };
    let cursor = label.chars().count() + mask.chars().count();
    let line = vec![
        Span::styled(label, theme.strong()),
        Span::styled(mask, theme.strong()),
    ];
    question.input.push(line.into());
    question.cursor = Some((u16::try_from(cursor).unwrap_or(0), 0));
    if let Some(remark) = entering.field.remark(prompt.purpose) {
        question.input.push(Line::raw(remark));
    }
    question
}
