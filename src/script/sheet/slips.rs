//! Slips of paper: the card of a key holder, and the label on a bag. They identify a token and its key; they never contain
//! a hint to a PIN, or how many signatures a root needs.

use crate::document::{Block, Cell, Document};
use crate::script::{Act, KeyId, Medium, Script};
use crate::words::Digest;

/// What is known of a key and its token. Unknown fields are left blank, to be written by hand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SlipFacts {
    pub serial: Option<String>,
    pub bag: Option<String>,
    pub place: Option<String>,
    pub receiver: Option<String>,
    pub sealed_on: Option<String>,
    pub sealed_by: Option<String>,
    /// SHA-256 of the public key.
    pub fingerprint: Option<Digest>,
    /// SHA-256 of the signed part of the root.
    pub root: Option<Digest>,
    pub ceremony_on: Option<String>,
}

/// A card for each key, for its holder.
pub fn cards(
    script: &Script,
    banner: Option<&str>,
    facts: impl Fn(&KeyId) -> SlipFacts,
) -> Document {
    let title = format!("Key holder cards: {}", script.title());
    let mut page = Document::new(&title);
    page.title(title);
    for plan in script.keys() {
        let facts = facts(&plan.id);
        let of_root = |name, value| script.makes_root().then_some((name, value));
        let expires = script.root().expires.to_string();
        let fields = [
            Some(("Repository", script.repository().into())),
            Some(("Key", Cell::from(&plan.id))),
            Some(("Token, serial", known(facts.serial))),
            Some(("Bag", known(facts.bag))),
            Some(("Place", known(facts.place))),
            Some(("Ceremony on", known(facts.ceremony_on))),
            of_root("Root expires", day(&expires).into()),
            Some(("Key digest", words(facts.fingerprint))),
            of_root("Root digest", words(facts.root)),
        ];
        let holder = script.holder(&plan.id).map_or("", |holder| &holder.name);
        let heading = format!("Key holder card: {holder}");
        slip(&mut page, banner, &heading, fields.into_iter().flatten());
    }
    page
}

/// A label for the bag of each token and of each medium.
pub fn bag_labels(
    script: &Script,
    banner: Option<&str>,
    facts: impl Fn(&KeyId) -> SlipFacts,
    of_medium: impl Fn(&Medium) -> SlipFacts,
) -> Document {
    let title = format!("Bag labels: {}", script.title());
    let mut page = Document::new(&title);
    page.title(title);
    let custody = |facts: SlipFacts| {
        [
            ("Bag", known(facts.bag)),
            ("Received by", known(facts.receiver)),
            ("Place", known(facts.place)),
            ("Sealed on", known(facts.sealed_on)),
            ("Number read by", known(facts.sealed_by)),
        ]
    };
    for plan in script.keys() {
        let facts = facts(&plan.id);
        let holder = script.holder(&plan.id).map_or("", |holder| &holder.name);
        let whose = [
            ("Repository", script.repository().into()),
            ("Holder", holder.into()),
            ("Token, serial", known(facts.serial.clone())),
        ];
        let key = [("Key digest", words(facts.fingerprint))];
        let heading = format!("Bag label: token for {}", plan.id);
        let fields = whose.into_iter().chain(custody(facts)).chain(key);
        slip(&mut page, banner, &heading, fields);
    }
    for medium in script.media() {
        let whose = [
            ("Repository", script.repository().into()),
            ("Holds", medium.holds.title().into()),
            ("Medium, serial", known(medium.serial.clone())),
        ];
        let heading = format!("Bag label: medium {}", medium.id);
        let fields = whose.into_iter().chain(custody(of_medium(medium)));
        slip(&mut page, banner, &heading, fields);
    }
    page
}

fn slip(
    page: &mut Document,
    banner: Option<&str>,
    heading: &str,
    fields: impl Iterator<Item = (&'static str, Cell)>,
) {
    let banner = banner.map(|text| Block::Banner {
        text: text.into(),
        is_alarm: true,
    });
    let fields = fields.map(|(name, value)| (name.into(), value));
    let rest = [
        Block::Subheading(heading.into()),
        Block::Facts(fields.collect()),
    ];
    page.push(Block::Slip(banner.into_iter().chain(rest).collect()));
}

fn known(value: Option<String>) -> Cell {
    value.map_or(Cell::Blank(1), Cell::from)
}

fn words(digest: Option<Digest>) -> Cell {
    digest.map_or(Cell::Blank(4), |digest| digest.words().join(" ").into())
}

/// What is known of a key and its token from the script alone.
pub fn planned(script: &Script, key: &KeyId) -> SlipFacts {
    let sealed = script.steps().iter().find_map(|step| {
        let Act::Seal {
            key: of,
            place,
            receiver,
        } = &step.act
        else {
            return None;
        };
        (of == key).then_some((place, receiver))
    });
    let receiver = sealed.and_then(|(_, receiver)| {
        let receiver = receiver.as_ref().and_then(|id| script.person(id));
        receiver.or_else(|| script.holder(key))
    });
    SlipFacts {
        serial: script.key(key).and_then(|plan| plan.token.serial.clone()),
        place: sealed.map(|(place, _)| place.clone()),
        receiver: receiver.map(|person| person.name.clone()),
        ..SlipFacts::default()
    }
}

/// What is known of a medium from the script alone.
pub fn planned_medium(script: &Script, medium: &Medium) -> SlipFacts {
    let sealed = script.steps().iter().find_map(|step| {
        let Act::SealMedium {
            medium: of,
            place,
            receiver,
        } = &step.act
        else {
            return None;
        };
        (*of == medium.id).then_some((place, receiver))
    });
    let receiver = sealed.and_then(|(_, receiver)| script.person(receiver.as_ref()?));
    SlipFacts {
        place: sealed.map(|(place, _)| place.clone()),
        receiver: receiver.map(|person| person.name.clone()),
        ..SlipFacts::default()
    }
}

/// The day of a time.
fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or(time)
}
