//! A secret: who types while the others turn away, and nothing of what is typed.

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
            "A code of four characters or more, by which to approve what two people decide. It is kept in memory alone.",
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
    lines.hanging(
        "Others turn away. ",
        &format!("{who} alone types."),
        theme.now(),
        theme.strong(),
    );
    if let Some(tries) = prompt.tries {
        let is_low = !matches!(tries, Tries::Unknown | Tries::Exactly(3..));
        let style = if is_low { theme.fail() } else { Style::new() };
        lines.entry("tries  ", 7, &tries.to_string(), style);
    }
    if prompt.digits_only {
        lines.paragraph(
            "Digits only: letters move with the keyboard's layout, and this one was not tested.",
            Style::new(),
        );
    }
    if let Some(given) = &prompt.given {
        lines.gap();
        lines.paragraph(
            &format!("This rehearsal gives it: {given}. Enter on the empty line takes it."),
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
                "This is the last try before the token locks. Esc keeps it.",
                theme.fail(),
            );
            question.input = lines.into_vec();
            let label = vec![
                Span::raw("Type "),
                Span::styled(
                    entering.prompt.word_first().unwrap_or_default(),
                    theme.key(),
                ),
                Span::raw(" to use it: "),
            ];
            field_line(model, label, field, None, &mut question);
            return question;
        }
        Stage::First => format!("{purpose}: "),
        Stage::Again(_) => format!("{purpose}, once more: "),
    };
    let mask = if entering.field.is_empty() { "" } else { MASK };
    let cursor = label.chars().count() + mask.chars().count();
    let line = vec![
        Span::styled(label, theme.strong()),
        Span::styled(mask, theme.strong()),
    ];
    question.input.push(line.into());
    question.cursor = Some((u16::try_from(cursor).unwrap_or(0), 0));
    if let Some(said) = entering.field.remark(prompt.purpose) {
        question.input.push(Line::raw(said));
    }
    question
}
