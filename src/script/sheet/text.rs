//! The run sheet as plain text.

use super::{DEVIATION, DEVIATIONS, Row, VERDICTS, Who, facts, groups, title};
use crate::script::Script;

pub(super) const WIDTH: usize = 80;
/// The columns of the table of steps: number, activity, who, initials, time.
const COLUMNS: [usize; 5] = [3, 44, 16, 4, 5];

pub(super) fn write(script: &Script) -> String {
    let mut page = Page::default();
    page.head(script);
    page.approval();
    page.people(script);
    page.root(script);
    page.hardware(script);
    page.steps(script);
    page.storage(script);
    page.deviations();
    page.sign_off(script);
    page.text
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn section(&mut self, heading: &str) {
        self.line("");
        self.line("");
        self.line(&heading.to_uppercase());
        self.line(&"-".repeat(WIDTH));
    }

    /// A name, and a value that is wrapped beside it.
    fn facts(&mut self, facts: &[facts::EventKind]) {
        let width = facts
            .iter()
            .map(|(name, _)| length(name))
            .max()
            .unwrap_or(0)
            + 2;
        for (name, value) in facts {
            for (index, line) in wrap(value, WIDTH - width).iter().enumerate() {
                let name = if index == 0 { name } else { "" };
                self.line(&format!("{}{line}", pad(name, width)));
            }
        }
    }

    /// A name, and a line to write on.
    fn blank(&mut self, name: &str) {
        let rule = WIDTH.saturating_sub(length(name) + 2).max(20);
        self.line("");
        self.line(&format!("{name}  {}", "_".repeat(rule)));
    }

    fn head(&mut self, script: &Script) {
        self.line(&"=".repeat(WIDTH));
        for line in wrap(script.title(), WIDTH) {
            self.line(&line);
        }
        self.line("Run sheet of a root key ceremony");
        self.line(&"=".repeat(WIDTH));
        for banner in facts::banners(script) {
            self.line("");
            self.line(&format!("*** {banner} ***"));
        }
        self.line("");
        self.facts(&facts::ceremony(script));
        self.line("");
        self.line("SHA-256 of the script, to be read aloud and compared:");
        self.line("");
        let digest = script.sha256();
        for half in digest.grouped_hex() {
            self.line(&format!("    {half}"));
        }
        self.line("");
        for (row, words) in digest.words().chunks(4).enumerate() {
            let words: Vec<String> = words.iter().map(|word| pad(word, 14)).collect();
            self.line(&format!("    {:>2}  {}", row * 4 + 1, words.join(" ")));
        }
    }

    fn approval(&mut self) {
        self.section("Approval");
        self.line("This script was read, rehearsed and approved by:");
        for _ in 0..2 {
            self.blank("Name, date, signature");
        }
    }

    fn people(&mut self, script: &Script) {
        self.section("People");
        for person in script.people() {
            let roles = wrap(&facts::roles(person), 26);
            let names = wrap(&facts::name(person), 30);
            for index in 0..roles.len().max(names.len()) {
                let cell = |lines: &[String]| lines.get(index).cloned().unwrap_or_default();
                let initials = if index == 0 { "initials ______" } else { "" };
                let (name, roles) = (pad(&cell(&names), 32), pad(&cell(&roles), 28));
                self.line(&format!("{name}{roles}{initials}"));
            }
        }
    }

    fn root(&mut self, script: &Script) {
        self.section("The root that is to be made");
        self.facts(&facts::root(script));
        self.line("");
        self.line("Files carried in, each bound by its SHA-256:");
        for file in script.carried_files() {
            self.line("");
            self.line(&file.name);
            for half in file.sha256.grouped_hex() {
                self.line(&format!("    {half}"));
            }
        }
    }

    fn hardware(&mut self, script: &Script) {
        self.section("Hardware and activation");
        for label in facts::MACHINE {
            self.blank(label);
        }
        self.line("");
        self.line("Tokens, and what opens them. Nobody types or sees what another sets.");
        for plan in script.keys() {
            let holder = script.holder(&plan.id).map_or("", |person| &person.name);
            self.line("");
            for line in wrap(
                &format!("{} of {holder}, {}", plan.id, plan.key_type),
                WIDTH,
            ) {
                self.line(&line);
            }
            let token = facts::token(&plan.token);
            for fact in [token].into_iter().chain(facts::activation(script, plan)) {
                for line in wrap(&fact, WIDTH - 4) {
                    self.line(&format!("    {line}"));
                }
            }
        }
        for spare in script.spares() {
            self.line("");
            for line in wrap(&format!("{}, {}", spare.id, facts::spare(spare)), WIDTH) {
                self.line(&line);
            }
            for line in wrap(&facts::token(&spare.token), WIDTH - 4) {
                self.line(&format!("    {line}"));
            }
        }
        for medium in script.media() {
            self.line("");
            self.line(&format!("{}, {}", medium.id, medium.holds.title()));
            self.line(&format!("    {}", facts::medium(medium)));
        }
    }

    fn steps(&mut self, script: &Script) {
        self.section("Steps");
        self.row(["No", "Step and activity", "Who", "Init", "Time"]);
        let rules = COLUMNS.map(|width| "-".repeat(width));
        self.row(rules.each_ref().map(String::as_str));
        for group in groups(script) {
            if let Some(heading) = group.heading {
                self.line("");
                for line in wrap(&heading, WIDTH - 12) {
                    self.line(&format!("     == {line} =="));
                }
            }
            for row in group.rows {
                self.line("");
                self.step(script, &row);
            }
        }
    }

    fn row(&mut self, cells: [&str; 5]) {
        let cells: Vec<String> = cells
            .iter()
            .zip(COLUMNS)
            .map(|(cell, width)| pad(cell, width))
            .collect();
        self.line(&cells.join("  ").replace('\n', " "));
    }

    fn step(&mut self, script: &Script, row: &Row<'_>) {
        let act = &row.step.act;
        let width = COLUMNS[1];
        let mut heading = title(act, script);
        if let Some(minutes) = row.step.minutes {
            heading = format!("{heading} ({minutes} min)");
        }
        let mut activity = wrap(&heading, width);
        let mut points = |mark: &str, lines: Vec<String>| {
            for line in lines {
                let indent = length(mark) + 1;
                for (index, part) in wrap(&line, width - indent).into_iter().enumerate() {
                    let mark = if index == 0 { mark } else { "" };
                    activity.push(format!("{}{part}", pad(mark, indent)));
                }
            }
        };
        points("-", act.instructions(script));
        points("[ ]", act.proves(script));
        for (label, lines) in act.blanks(script) {
            activity.extend(wrap(&format!("{label}:"), width));
            activity.extend(std::iter::repeat_n("_".repeat(width), lines));
        }
        let mut who = Vec::new();
        let mut initials = Vec::new();
        match &row.who {
            Who::Everyone => {
                who.push("everyone".to_owned());
                initials.push("____".to_owned());
            }
            Who::Some(names) => {
                for name in names {
                    let lines = wrap(name, COLUMNS[2]);
                    initials.push("____".to_owned());
                    initials.resize(initials.len() + lines.len() - 1, String::new());
                    who.extend(lines);
                }
            }
        }
        for index in 0..activity.len().max(who.len()) {
            let cell = |lines: &[String]| lines.get(index).cloned().unwrap_or_default();
            let first = |text: String| if index == 0 { text } else { String::new() };
            self.row([
                &first(format!("{:>3}", row.number)),
                &cell(&activity),
                &cell(&who),
                &cell(&initials),
                &first("__:__".to_owned()),
            ]);
        }
    }

    fn storage(&mut self, script: &Script) {
        self.section("Storage afterwards");
        self.line("Where each token goes, in which bag, and who received it.");
        for plan in script.keys() {
            let holder = script.holder(&plan.id).map_or("", |person| &person.name);
            self.line("");
            for line in wrap(&format!("{} of {holder}", plan.id), WIDTH) {
                self.line(&line);
            }
            self.line(
                "    bag ______________  place ____________________  received ________________",
            );
        }
        for medium in script.media() {
            self.line("");
            self.line(&format!("{} with {}", medium.id, medium.holds.title()));
            self.line(
                "    bag ______________  place ____________________  received ________________",
            );
        }
    }

    fn deviations(&mut self) {
        self.section("Deviations from the script");
        self.line("Whatever was done or amended otherwise than printed. None: cross out.");
        for number in 1..=DEVIATIONS {
            self.line("");
            self.line(&format!("Deviation {number}"));
            for label in DEVIATION {
                self.line(&format!("    {}{}", pad(label, 10), "_".repeat(WIDTH - 14)));
            }
        }
    }

    fn sign_off(&mut self, script: &Script) {
        self.section("Sign-off");
        let boxes: Vec<String> = VERDICTS.iter().map(|word| format!("[ ] {word}")).collect();
        for person in script.people() {
            self.line("");
            self.line(&person.name);
            self.line(&format!("    {}", boxes.join("   ")));
            self.line("    signature ______________________________  time __:__");
        }
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

pub(super) fn pad(text: &str, width: usize) -> String {
    format!("{text:width$}")
}

/// Lines of at most `width` characters, broken at spaces; a longer word is broken anywhere.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word: Vec<char> = word.chars().collect();
        while let Some(line) = lines.last_mut() {
            let gap = usize::from(!line.is_empty());
            if length(line) + gap + word.len() <= width {
                line.push_str(&" ".repeat(gap));
                line.extend(word);
                break;
            }
            if line.is_empty() {
                line.extend(word.drain(..width));
            }
            lines.push(String::new());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_wrapped_and_long_words_broken() {
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a abcdefghij b", 4), ["a", "abcd", "efgh", "ij b"]);
        assert_eq!(wrap("äöü ß", 3), ["äöü", "ß"]);
    }
}
