//! The run sheet as a page of HTML for A4 paper.

use std::fmt::Write as _;

use super::{DEVIATION, DEVIATIONS, Row, VERDICTS, Who, facts, groups, title};
use crate::script::Script;

const STYLE: &str = include_str!("run-sheet.css");
/// The style of slips of paper.
pub(super) const SLIPS_STYLE: &str = include_str!("slips.css");

pub(super) fn write(script: &Script) -> String {
    let mut page = Page::default();
    page.begin(script);
    page.head(script);
    page.approval();
    page.people(script);
    page.root(script);
    page.hardware(script);
    page.steps(script);
    page.storage(script);
    page.deviations();
    page.sign_off(script);
    page.html.push_str("</body>\n</html>\n");
    page.html
}

#[derive(Default)]
pub(super) struct Page {
    html: String,
}

impl Page {
    /// Markup of ours.
    pub(super) fn raw(&mut self, html: &str) {
        self.html.push_str(html);
    }

    /// Text that may be anyone's.
    fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.html.push_str("&amp;"),
                '<' => self.html.push_str("&lt;"),
                '>' => self.html.push_str("&gt;"),
                '"' => self.html.push_str("&quot;"),
                '\'' => self.html.push_str("&#39;"),
                c => self.html.push(c),
            }
        }
    }

    pub(super) fn element(&mut self, name: &str, class: &str, text: &str) {
        self.raw(&format!("<{name}"));
        if !class.is_empty() {
            self.raw(&format!(" class=\"{class}\""));
        }
        self.raw(">");
        self.text(text);
        self.raw(&format!("</{name}>"));
    }

    fn section(&mut self, heading: &str) {
        self.element("h2", "", heading);
        self.raw("\n");
    }

    /// A page with nothing on it but its heading.
    pub(super) fn bare(title: &str, style: &str) -> Self {
        let mut page = Self::default();
        page.open(title, style);
        page.raw("</style>\n</head>\n<body>\n");
        page.element("h1", "", title);
        page.raw("\n");
        page
    }

    /// The whole page.
    pub(super) fn end(mut self) -> String {
        self.raw("</body>\n</html>\n");
        self.html
    }

    fn open(&mut self, title: &str, style: &str) {
        self.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        self.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
        self.element("title", "", title);
        self.raw("\n<style>\n");
        self.raw(style);
    }

    fn begin(&mut self, script: &Script) {
        self.open(&format!("Run sheet: {}", script.title()), STYLE);
        // Page margins can only be written by the style sheet.
        let running = format!("{} · {}", script.repository(), script.title());
        let words = format!("script {} …", script.sha256().first_words(4));
        let rule = format!(
            "@page {{ @top-left {{ content: {} }} @top-right {{ content: {} }} }}\n",
            css_string(&running),
            css_string(&words)
        );
        self.raw(&rule);
        self.raw("</style>\n</head>\n<body>\n");
    }

    fn facts(&mut self, facts: &[facts::EventKind]) {
        self.raw("<table class=\"facts\">\n");
        for (name, value) in facts {
            self.raw("<tr>");
            self.element("th", "", name);
            self.element("td", "", value);
            self.raw("</tr>\n");
        }
        self.raw("</table>\n");
    }

    /// The head of a table.
    fn columns(&mut self, names: &[&str]) {
        self.raw("<thead><tr>");
        for name in names {
            self.element("th", "", name);
        }
        self.raw("</tr></thead>\n");
    }

    fn head(&mut self, script: &Script) {
        self.raw("<header>\n");
        self.element("p", "kind", "Run sheet of a root key ceremony");
        self.element("h1", "", script.title());
        self.raw("\n");
        for banner in facts::banners(script) {
            self.element("p", "banner", banner);
            self.raw("\n");
        }
        self.raw("</header>\n");
        self.facts(&facts::ceremony(script));
        self.element(
            "p",
            "",
            "SHA-256 of the script, to be read aloud and compared:",
        );
        let digest = script.sha256();
        let [first, second] = digest.grouped_hex();
        self.raw("\n<p class=\"hex\">");
        self.text(&first);
        self.raw("<br>");
        self.text(&second);
        self.raw("</p>\n<ol class=\"words\">\n");
        for word in digest.words() {
            self.element("li", "", word);
        }
        self.raw("\n</ol>\n");
    }

    fn approval(&mut self) {
        self.section("Approval");
        self.element("p", "", "This script was read, rehearsed and approved by:");
        self.raw("\n<table class=\"grid open approval\">\n");
        self.columns(&["Name", "Date", "Signature"]);
        self.raw(&"<tr><td></td><td></td><td></td></tr>\n".repeat(2));
        self.raw("</table>\n");
    }

    fn people(&mut self, script: &Script) {
        self.section("People");
        self.raw("<table class=\"grid people\">\n");
        self.columns(&["Name", "Roles", "Initials", "Signature"]);
        for person in script.people() {
            self.raw("<tr>");
            self.element("td", "", &facts::name(person));
            self.element("td", "", &facts::roles(person));
            self.raw("<td></td><td></td></tr>\n");
        }
        self.raw("</table>\n");
    }

    fn root(&mut self, script: &Script) {
        self.section("The root that is to be made");
        self.facts(&facts::root(script));
        self.element("p", "", "Files carried in, each bound by its SHA-256:");
        self.raw("\n<table class=\"facts files\">\n");
        for file in script.carried_files() {
            let [first, second] = file.sha256.grouped_hex();
            self.raw("<tr>");
            self.element("th", "", &file.name);
            self.raw("<td class=\"hex\">");
            self.text(&first);
            self.raw("<br>");
            self.text(&second);
            self.raw("</td></tr>\n");
        }
        self.raw("</table>\n");
    }

    fn hardware(&mut self, script: &Script) {
        self.section("Hardware and activation");
        self.raw("<table class=\"grid machine\">\n");
        for label in facts::MACHINE {
            self.raw("<tr>");
            self.element("th", "", label);
            self.raw("<td></td></tr>\n");
        }
        self.raw("</table>\n");
        self.element(
            "p",
            "",
            "Tokens, and what opens them. Nobody types or sees what another sets.",
        );
        self.raw("\n<table class=\"grid tokens\">\n");
        self.columns(&["Key", "Holder", "Type", "Token", "What opens it"]);
        for plan in script.keys() {
            let holder = script.holder(&plan.id).map_or("", |person| &person.name);
            self.raw("<tr>");
            self.element("td", "", plan.id.as_str());
            self.element("td", "", holder);
            self.element("td", "", &plan.key_type.to_string());
            self.element("td", "", &facts::token(&plan.token));
            self.element("td", "", &facts::activation(script, plan).join("; "));
            self.raw("</tr>\n");
        }
        for spare in script.spares() {
            self.raw("<tr>");
            self.element("td", "", spare.id.as_str());
            self.element("td", "", &facts::spare(spare));
            self.element("td", "", "");
            self.element("td", "", &facts::token(&spare.token));
            self.element("td", "", "");
            self.raw("</tr>\n");
        }
        for medium in script.media() {
            self.raw("<tr>");
            self.element("td", "", medium.id.as_str());
            self.element("td", "", medium.holds.title());
            self.element("td", "", "");
            self.element("td", "", &facts::medium(medium));
            self.element("td", "", "");
            self.raw("</tr>\n");
        }
        self.raw("</table>\n");
    }

    fn steps(&mut self, script: &Script) {
        self.raw("<h2 class=\"new-page\">Steps</h2>\n<table class=\"grid steps\">\n");
        self.columns(&["No", "Step and activity", "Who", "Initials", "Time"]);
        for group in groups(script) {
            self.raw("<tbody>\n");
            if let Some(heading) = &group.heading {
                self.raw("<tr class=\"heading\"><th colspan=\"5\">");
                self.text(heading);
                self.raw("</th></tr>\n");
            }
            for row in &group.rows {
                self.step(script, row);
            }
            self.raw("</tbody>\n");
        }
        self.raw("</table>\n");
    }

    fn step(&mut self, script: &Script, row: &Row<'_>) {
        let act = &row.step.act;
        self.raw("<tr>");
        self.element("td", "number", &row.number.to_string());
        self.raw("<td class=\"activity\">");
        if let Some(minutes) = row.step.minutes {
            self.element("span", "minutes", &format!("{minutes} min"));
        }
        self.element("h3", "", &title(act, script));
        for line in act.instructions(script) {
            self.element("p", "", &line);
        }
        for line in act.proves(script) {
            self.element("p", "proves", &line);
        }
        for (label, lines) in act.blanks(script) {
            self.element("p", "label", &label);
            self.raw(&"<div class=\"rule\"></div>".repeat(lines));
        }
        self.raw("</td>");
        let names = match &row.who {
            Who::Everyone => &vec!["everyone"],
            Who::Some(names) => names,
        };
        // Names and boxes are one list each, so that they stand side by side.
        self.raw("<td class=\"who\" colspan=\"2\">");
        for name in names {
            self.raw("<div class=\"initials\">");
            self.element("span", "", name);
            self.raw("<i></i></div>");
        }
        self.raw("</td><td class=\"time\"></td></tr>\n");
    }

    fn storage(&mut self, script: &Script) {
        self.section("Storage afterwards");
        self.element(
            "p",
            "",
            "Where each token goes, in which bag, and who received it.",
        );
        self.raw("\n<table class=\"grid open storage\">\n");
        self.columns(&["Key", "Holder", "Bag", "Place", "Received by"]);
        for plan in script.keys() {
            let holder = script.holder(&plan.id).map_or("", |person| &person.name);
            self.raw("<tr>");
            self.element("td", "", plan.id.as_str());
            self.element("td", "", holder);
            self.raw("<td></td><td></td><td></td></tr>\n");
        }
        for medium in script.media() {
            self.raw("<tr>");
            self.element("td", "", medium.id.as_str());
            self.element("td", "", medium.holds.title());
            self.raw("<td></td><td></td><td></td></tr>\n");
        }
        self.raw("</table>\n");
    }

    fn deviations(&mut self) {
        self.section("Deviations from the script");
        self.element(
            "p",
            "",
            "Whatever was done or amended otherwise than printed. None: cross out.",
        );
        self.raw("\n");
        for _ in 0..DEVIATIONS {
            self.raw("<table class=\"grid deviation\">\n");
            for label in DEVIATION {
                self.raw("<tr>");
                self.element("th", "", label);
                self.raw("<td></td></tr>\n");
            }
            self.raw("</table>\n");
        }
    }

    fn sign_off(&mut self, script: &Script) {
        self.section("Sign-off");
        self.raw("<table class=\"grid open verdict\">\n");
        self.columns(&["Name", "Verdict", "Signature", "Time"]);
        for person in script.people() {
            self.raw("<tr>");
            self.element("td", "", &person.name);
            self.raw("<td class=\"verdicts\">");
            for word in VERDICTS {
                self.raw("<i></i>");
                self.element("span", "", word);
            }
            self.raw("</td><td></td><td></td></tr>\n");
        }
        self.raw("</table>\n");
    }
}

/// A CSS string in which nothing but letters and digits stands for itself, so that it
/// can end neither the string nor the style sheet.
fn css_string(text: &str) -> String {
    let mut css = String::from("\"");
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            css.push(c);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(css, "\\{:06x}", u32::from(c));
        }
    }
    css.push('"');
    css
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_ends_neither_elements_nor_style() {
        let mut page = Page::default();
        page.element("td", "", "</td><script>\"'&");
        assert_eq!(
            page.html,
            "<td>&lt;/td&gt;&lt;script&gt;&quot;&#39;&amp;</td>"
        );
        assert_eq!(css_string("a\"</b"), "\"a\\000022\\00003c\\00002fb\"");
    }
}
