//! The custody log after a ceremony: the pinned log of the previous ceremony, and a line for each bag since.

use crate::ceremony::{Ceremony, CustodyEvent, EventKind, FormerDisposition};
use crate::certificate::PublicKey;
use crate::record::{CustodyLine, CustodyList, Moved, TokenId};
use crate::script::{ItemId, PersonId};
use crate::transcript::Transcript;

/// The path of the custody log in a ceremony directory.
pub const CUSTODY: &str = "keys/custody.jsonl";

/// The custody log, which the next ceremony continues.
pub fn custody(ceremony: &Ceremony, transcript: &Transcript) -> CustodyList {
    let script = ceremony.script();
    let mut list = script.custody().clone();
    let of_script = script.sha256().to_string();
    let name = |id: &PersonId| ceremony.name(id).to_owned();
    let mut first_reader = Vec::new();
    for (entry, time) in transcript.entries().iter().zip(transcript.attested_times()) {
        let EventKind::Custody(event) = &entry.line.kind else {
            continue;
        };
        let (item, bag, moved, holder, place) = match event {
            CustodyEvent::NewBagRead { .. } => {
                first_reader.clone_from(&entry.line.people);
                continue;
            }
            CustodyEvent::BagOpened { item, bag } => (item, bag, Moved::Opened, None, None),
            CustodyEvent::Sealed {
                item,
                bag,
                receiver,
                place,
                ..
            } => (item, bag, Moved::Sealed, Some(receiver), place.clone()),
            CustodyEvent::BagReadingsDiffered { .. }
            | CustodyEvent::PauseBegun { .. }
            | CustodyEvent::TokensRemoved
            | CustodyEvent::Paused { .. }
            | CustodyEvent::DigestCompared { .. } => continue,
        };
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
            contents: ceremony.item_title(item),
            fingerprint: key_in(ceremony, item).map(|key| key.fingerprint().to_string()),
            holder: holder.map(&name),
            mode: ceremony.mode().to_string(),
            moved,
            people: readers.iter().map(&name).collect(),
            place,
            repository: script.repository().to_owned(),
            script: of_script.clone(),
            seq: 0,
            time,
            token: token_in(ceremony, item),
        });
    }
    list
}

/// The token in a bag; `None` for a medium, and for a token that was never connected.
fn token_in(ceremony: &Ceremony, item: &ItemId) -> Option<TokenId> {
    let state = ceremony.key(ceremony.key_of_item(item)?)?;
    let replaced = state.replaced().iter().find(|(other, _)| other == item);
    match replaced {
        Some((_, token)) => token.clone(),
        None => state.token().cloned(),
    }
}

/// The key on the token in a bag; on a token that was set aside, the key that was not destroyed.
fn key_in<'c>(ceremony: &'c Ceremony, item: &ItemId) -> Option<&'c PublicKey> {
    let state = ceremony.key(ceremony.key_of_item(item)?)?;
    let is_given_up = state.replaced().iter().any(|(other, _)| other == item);
    if !is_given_up {
        return state.generated().map(|generated| &generated.public_key);
    }
    let token = token_in(ceremony, item)?;
    let mut former = state.former().iter().rev();
    former
        .find(|former| former.token == token && former.disposition != FormerDisposition::Destroyed)
        .map(|former| &former.public_key)
}
