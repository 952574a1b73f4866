//! The custody list that a ceremony leaves: the one that was carried in, and a line for each bag since.

use crate::ceremony::{Ceremony, Fact};
use crate::record::{CustodyLine, CustodyList, Moved};
use crate::script::PersonId;
use crate::transcript::Transcript;

/// Where the list lies in a ceremony directory.
pub const CUSTODY: &str = "keys/custody.jsonl";

/// The list, to be carried into the next ceremony.
pub(super) fn custody(ceremony: &Ceremony, transcript: &Transcript) -> CustodyList {
    let script = ceremony.script();
    let mut list = script.custody().clone();
    let name = |id: &PersonId| ceremony.name(id).to_owned();
    let mut first_reader = Vec::new();
    for (entry, time) in transcript.entries().iter().zip(transcript.attested_times()) {
        let (key, bag, moved, holder, place) = match &entry.line.fact {
            Fact::NewBagRead { .. } => {
                first_reader.clone_from(&entry.line.people);
                continue;
            }
            Fact::BagOpened { key, bag } => (key, bag, Moved::Opened, None, None),
            Fact::Sealed {
                key,
                bag,
                receiver,
                place,
                ..
            } => (key, bag, Moved::Sealed, Some(receiver), place.clone()),
            _ => continue,
        };
        let state = ceremony.key(key);
        let mut readers = match moved {
            Moved::Sealed => first_reader.clone(),
            Moved::Opened => Vec::new(),
        };
        for person in &entry.line.people {
            if !readers.contains(person) {
                readers.push(person.clone());
            }
        }
        list.push(CustodyLine {
            bag: bag.clone(),
            contents: script.token_title(key),
            fingerprint: state
                .and_then(|state| state.generated())
                .map(|generated| generated.public_key.fingerprint().to_string()),
            holder: holder.map(&name),
            mode: ceremony.mode().to_string(),
            moved,
            people: readers.iter().map(&name).collect(),
            place,
            repository: script.repository().to_owned(),
            script: script.sha256().to_string(),
            seq: 0,
            time,
            token: state.and_then(|state| state.token().cloned()),
        });
    }
    list
}
