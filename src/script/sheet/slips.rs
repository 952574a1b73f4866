//! Slips of paper: the card that a key holder takes along, and the label on a bag. They say whose a token is and how
//! to know its key again; never a hint to a PIN, and not how many signatures a root needs.

use crate::script::{KeyId, Medium, Script};
use crate::words::Digest;

use super::html::{Page as HtmlPage, SLIPS_STYLE};
use super::text::{WIDTH, pad, wrap};

/// What is known of a key and its token. What is not known is left open, to be written by hand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SlipFacts {
    /// The serial number of the token.
    pub serial: Option<String>,
    /// The number of the bag in which it lies.
    pub bag: Option<String>,
    /// Where it is kept.
    pub place: Option<String>,
    /// Who has it.
    pub receiver: Option<String>,
    /// The day on which it was sealed.
    pub sealed_on: Option<String>,
    /// Who read the number of the bag.
    pub sealed_by: Option<String>,
    /// SHA-256 of the public key.
    pub fingerprint: Option<Digest>,
    /// SHA-256 of what was signed of the root.
    pub root: Option<Digest>,
    /// The day of the ceremony.
    pub ceremony_on: Option<String>,
}

/// Slips to be printed and cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slips {
    title: String,
    banner: Option<&'static str>,
    pages: Vec<Slip>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Slip {
    heading: String,
    fields: Vec<(&'static str, Field)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Field {
    Known(String),
    Words(Digest),
    /// Lines to write on.
    Open(usize),
}

fn known(value: Option<&String>) -> Field {
    value.map_or(Field::Open(1), |value| Field::Known(value.clone()))
}

fn words(digest: Option<Digest>) -> Field {
    digest.map_or(Field::Open(4), Field::Words)
}

impl Slips {
    /// A card for each key, for its holder.
    #[must_use]
    pub fn cards(
        script: &Script,
        banner: Option<&'static str>,
        facts: impl Fn(&KeyId) -> SlipFacts,
    ) -> Self {
        let slip = |key: &KeyId, name: &str| {
            let facts = facts(key);
            let mut slip = Slip {
                heading: format!("Key holder's card: {name}"),
                fields: vec![
                    ("Repository", Field::Known(script.repository().to_owned())),
                    ("Key", Field::Known(key.to_string())),
                    ("Token, serial", known(facts.serial.as_ref())),
                    ("Bag", known(facts.bag.as_ref())),
                    ("Kept", known(facts.place.as_ref())),
                    ("Ceremony on", known(facts.ceremony_on.as_ref())),
                    (
                        "Root expires",
                        Field::Known(day(&script.root().expires.to_string())),
                    ),
                    ("Own key", words(facts.fingerprint)),
                    ("Root", words(facts.root)),
                ],
            };
            if !script.makes_root() {
                let of_root = ["Root expires", "Root"];
                slip.fields.retain(|(name, _)| !of_root.contains(name));
            }
            slip
        };
        Self::of(script, banner, "Key holders' cards", slip)
    }

    /// A label for the bag of each token, and of each medium.
    #[must_use]
    pub fn labels(
        script: &Script,
        banner: Option<&'static str>,
        facts: impl Fn(&KeyId) -> SlipFacts,
        of_medium: impl Fn(&Medium) -> SlipFacts,
    ) -> Self {
        let slip = |key: &KeyId, name: &str| {
            let facts = facts(key);
            Slip {
                heading: format!("Bag label: token for {key}"),
                fields: vec![
                    ("Repository", Field::Known(script.repository().to_owned())),
                    ("Holder", Field::Known(name.to_owned())),
                    ("Token, serial", known(facts.serial.as_ref())),
                    ("Bag", known(facts.bag.as_ref())),
                    ("Received by", known(facts.receiver.as_ref())),
                    ("Kept", known(facts.place.as_ref())),
                    ("Sealed on", known(facts.sealed_on.as_ref())),
                    ("Number read by", known(facts.sealed_by.as_ref())),
                    ("Key", words(facts.fingerprint)),
                ],
            }
        };
        let mut labels = Self::of(script, banner, "Labels of bags", slip);
        labels.pages.extend(script.media().iter().map(|medium| {
            let facts = of_medium(medium);
            Slip {
                heading: format!("Bag label: medium {}", medium.id),
                fields: vec![
                    ("Repository", Field::Known(script.repository().to_owned())),
                    ("Holds", Field::Known(medium.holds.title().to_owned())),
                    ("Medium, serial", known(medium.serial.as_ref())),
                    ("Bag", known(facts.bag.as_ref())),
                    ("Received by", known(facts.receiver.as_ref())),
                    ("Kept", known(facts.place.as_ref())),
                    ("Sealed on", known(facts.sealed_on.as_ref())),
                    ("Number read by", known(facts.sealed_by.as_ref())),
                ],
            }
        }));
        labels
    }

    fn of(
        script: &Script,
        banner: Option<&'static str>,
        title: &str,
        slip: impl Fn(&KeyId, &str) -> Slip,
    ) -> Self {
        let slips = script.keys().iter().map(|plan| {
            let holder = script.holder(&plan.id);
            slip(&plan.id, holder.map_or("", |holder| holder.name.as_str()))
        });
        Self {
            title: format!("{title}: {}", script.title()),
            banner,
            pages: slips.collect(),
        }
    }

    /// These slips and others, on one page.
    #[must_use]
    pub fn with(mut self, others: Self) -> Self {
        self.pages.extend(others.pages);
        self
    }

    /// What the script alone knows.
    #[must_use]
    pub fn planned(script: &Script, key: &KeyId) -> SlipFacts {
        let place = script.steps().iter().find_map(|step| match &step.act {
            crate::script::Act::Seal {
                key: of,
                place,
                receiver,
            } if of == key => Some((place.clone(), receiver.clone())),
            _ => None,
        });
        let receiver = place.as_ref().map(|(_, receiver)| {
            receiver
                .as_ref()
                .and_then(|receiver| script.person(receiver))
                .or_else(|| script.holder(key))
                .map_or_else(String::new, |person| person.name.clone())
        });
        SlipFacts {
            serial: script.key(key).and_then(|plan| plan.token.serial.clone()),
            place: place.map(|(place, _)| place),
            receiver,
            ..SlipFacts::default()
        }
    }

    /// What the script alone knows of a medium.
    #[must_use]
    pub fn planned_medium(script: &Script, medium: &Medium) -> SlipFacts {
        let place = script.steps().iter().find_map(|step| match &step.act {
            crate::script::Act::SealMedium {
                medium: of,
                place,
                receiver,
            } if *of == medium.id => Some((place.clone(), receiver.clone())),
            _ => None,
        });
        let receiver = place
            .as_ref()
            .and_then(|(_, receiver)| script.person(receiver.as_ref()?));
        SlipFacts {
            place: place.as_ref().map(|(place, _)| place.clone()),
            receiver: receiver.map(|person| person.name.clone()),
            ..SlipFacts::default()
        }
    }

    /// Plain text, at most 80 columns wide as long as no single word is wider.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n", self.title);
        for slip in &self.pages {
            text.push('\n');
            text.push_str("- ".repeat(WIDTH / 2).trim_end());
            text.push('\n');
            if let Some(banner) = self.banner {
                text.extend(["*** ", banner, " ***\n"]);
            }
            text.extend([slip.heading.as_str(), "\n\n"]);
            for (name, field) in &slip.fields {
                let lines = match field {
                    Field::Known(value) => wrap(value, WIDTH - 18),
                    Field::Words(digest) => rows(digest),
                    Field::Open(lines) => vec!["_".repeat(WIDTH - 18); *lines],
                };
                for (index, line) in lines.iter().enumerate() {
                    let name = if index == 0 { name } else { "" };
                    text.push_str(format!("  {}{line}", pad(name, 16)).trim_end());
                    text.push('\n');
                }
            }
        }
        text
    }

    /// A page of HTML for A4 paper: no scripts, nothing loaded, foreign text escaped.
    #[must_use]
    pub fn to_html(&self) -> String {
        let mut page = HtmlPage::bare(&self.title, SLIPS_STYLE);
        for slip in &self.pages {
            page.raw("<section class=\"slip\">\n");
            if let Some(banner) = self.banner {
                page.element("p", "banner", banner);
            }
            page.element("h2", "", &slip.heading);
            page.raw("\n<table class=\"facts\">\n");
            for (name, field) in &slip.fields {
                page.raw("<tr>");
                page.element("th", "", name);
                match field {
                    Field::Known(value) => page.element("td", "", value),
                    Field::Words(digest) => page.element("td", "", &rows(digest).join(" ")),
                    Field::Open(lines) => {
                        page.raw("<td>");
                        page.raw(&"<div class=\"rule\"></div>".repeat(*lines));
                        page.raw("</td>");
                    }
                }
                page.raw("</tr>\n");
            }
            page.raw("</table>\n</section>\n");
        }
        page.end()
    }
}

/// The words of a digest, as many in a line as fit.
fn rows(digest: &Digest) -> Vec<String> {
    wrap(&digest.words().join(" "), WIDTH - 18)
}

/// The day of a time.
fn day(time: &str) -> String {
    time.chars().take_while(|letter| *letter != 'T').collect()
}
