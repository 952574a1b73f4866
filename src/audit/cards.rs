//! The cards and labels of a ceremony, completed with facts from the transcript.

use crate::ceremony::{Ceremony, CustodyEvent, EventKind, Mode};
use crate::record::{CustodyList, Moved};
use crate::script::{self, KeyId, Medium, SlipFacts};
use crate::transcript::Transcript;

use super::custody::custody;

/// Cards and labels as text and as HTML.
pub(super) fn cards(ceremony: &Ceremony, transcript: &Transcript) -> [(String, String); 2] {
    let of = ceremony.script();
    let banner = (ceremony.mode() == Mode::Rehearsal)
        .then_some("REHEARSAL: do not trust anything on this page");
    let list = custody(ceremony, transcript);
    let facts = |key: &KeyId| facts(ceremony, transcript, &list, key);
    let mut cards = script::cards(of, banner, facts);
    let of_medium = |medium: &Medium| SlipFacts {
        serial: medium.serial.clone(),
        ..sealed(transcript, &list, medium.id.as_str())
    };
    let labels = script::bag_labels(of, banner, facts, of_medium);
    cards.append(labels);
    [
        ("cards.txt".to_owned(), cards.to_text()),
        ("cards.html".to_owned(), cards.to_html()),
    ]
}

fn facts(
    ceremony: &Ceremony,
    transcript: &Transcript,
    list: &CustodyList,
    key: &KeyId,
) -> SlipFacts {
    let state = ceremony.key(key);
    let times = transcript.attested_times();
    SlipFacts {
        serial: state
            .and_then(|state| state.token())
            .map(|token| token.serial.clone()),
        fingerprint: state
            .and_then(|state| state.generated())
            .map(|generated| generated.public_key.fingerprint()),
        root: ceremony.frozen().map(|root| root.digest()),
        ceremony_on: times.first().map(day),
        ..sealed(transcript, list, ceremony.token_name(key))
    }
}

/// The tamper-evident bag that contains an item at the end, by the name of the item in the script.
fn sealed(transcript: &Transcript, list: &CustodyList, name: &str) -> SlipFacts {
    // An item that was sealed for a pause was taken out again.
    let sealed = transcript.entries().iter().rev().find_map(|entry| {
        let EventKind::Custody(CustodyEvent::Sealed { item, bag, .. }) = &entry.line.kind else {
            return None;
        };
        (item.as_str() == name).then_some(bag)
    });
    let line = list
        .lines()
        .iter()
        .rev()
        .find(|line| sealed == Some(&line.bag))
        .filter(|line| line.moved == Moved::Sealed);
    SlipFacts {
        bag: line.map(|line| line.bag.clone()),
        place: line.and_then(|line| line.place.clone()),
        receiver: line.and_then(|line| line.holder.clone()),
        sealed_on: line.map(|line| day(&line.time)),
        sealed_by: line.map(|line| line.people.join(", ")),
        ..SlipFacts::default()
    }
}

fn day(time: &jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}
