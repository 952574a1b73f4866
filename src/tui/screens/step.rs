//! A step of the script: participants, instructions, and what it proves.

use ratatui::style::Style;
use ratatui::text::Line;

use super::lines::Lines;
use crate::ceremony::Ceremony;
use crate::script::Step;
use crate::tui::theme::Theme;

pub(super) fn lines(
    ceremony: &Ceremony,
    step: &Step,
    theme: Theme,
    width: u16,
) -> Vec<Line<'static>> {
    let script = ceremony.script();
    let mut lines = Lines::new(theme, width);
    lines.entry("Who  ", 5, &who(ceremony, step), theme.strong());
    lines.gap();
    for instruction in step.act.instructions(script) {
        lines.item(&instruction);
    }
    for amended in ceremony.amended(step) {
        lines.hanging("! ", &amended, theme.now(), theme.strong());
    }
    let claims = step.act.proves(script);
    if !claims.is_empty() {
        lines.gap();
        lines.heading("This step proves");
        for claim in claims {
            lines.item(&claim);
        }
    }
    lines.into_vec()
}

/// The result of a step that people write down.
pub(super) fn made(
    ceremony: &Ceremony,
    step: &Step,
    theme: Theme,
    width: u16,
) -> Vec<Line<'static>> {
    let mut lines = Lines::new(theme, width);
    if let Some(key) = step.act.makes()
        && let Some(generated) = ceremony.key(key).and_then(|state| state.generated())
    {
        lines.heading(&format!(
            "Fingerprint of {}, for the run sheet",
            ceremony.script().key_title(key)
        ));
        lines.digest(&generated.public_key.fingerprint(), None);
        lines.entry("provenance  ", 12, generated.origin(), Style::new());
        if let Some(summary) = generated.attested() {
            lines.entry("attested    ", 12, &summary.to_string(), Style::new());
            for finding in &summary.findings {
                lines.hanging("! ", &finding.to_string(), theme.now(), Style::new());
            }
        }
    }
    lines.into_vec()
}

/// The same in brief, shown while the next step begins.
pub(super) fn just_made(
    ceremony: &Ceremony,
    step: &Step,
    theme: Theme,
    width: u16,
) -> Vec<Line<'static>> {
    let mut lines = Lines::new(theme, width);
    if let Some(key) = step.act.makes()
        && let Some(generated) = ceremony.key(key).and_then(|state| state.generated())
    {
        let title = ceremony.script().key_title(key);
        let text = format!("Done: {title}. Fingerprint words for the run sheet:");
        lines.hanging("[ok] ", &text, theme.ok(), Style::new());
        let words = generated.public_key.fingerprint().first_words(6);
        lines.hanging("     ", &format!("{words} …"), Style::new(), theme.strong());
        lines.gap();
    }
    lines.into_vec()
}

fn who(ceremony: &Ceremony, step: &Step) -> String {
    let script = ceremony.script();
    let people: Vec<_> = step.act.who(script).iter().map(|p| p.id.clone()).collect();
    if people.len() == script.people().len() {
        return "everyone".to_owned();
    }
    ceremony.names(&people)
}
