//! Counting the signatures over a root for both root roles.

use std::collections::HashSet;

use crate::metadata::check::{Check, Remark};
use crate::metadata::document::RootDocument;
use crate::metadata::key::Key;
use crate::metadata::role::RoleKind;
use crate::metadata::root_file::{RootFile, SignatureEntry};

/// The distinct public keys of a root role that have signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub have: u64,
    pub need: u64,
}

impl Count {
    pub const fn is_reached(self) -> bool {
        self.have >= self.need
    }
}

/// The signatures over one version.
#[derive(Debug)]
pub(super) struct Tally {
    /// For the root role of the previous version; `None` for the trust anchor.
    old: Option<Count>,
    /// For the root role of this version.
    new: Count,
    pub(super) remarks: Vec<Remark>,
}

impl Tally {
    /// The thresholds that are not reached.
    pub(super) fn refusals(&self) -> Vec<Remark> {
        let new = match self.old {
            Some(_) => Check::ChainNewThreshold,
            None => Check::ChainAnchorThreshold,
        };
        let counts = [
            (self.old, Check::ChainOldThreshold, "the previous version"),
            (Some(self.new), new, "this version"),
        ];
        counts
            .into_iter()
            .filter_map(|(count, check, whose)| {
                let Count { have, need } = count.filter(|count| !count.is_reached())?;
                let text = format!("{have} of {need} required signatures by root keys of {whose}");
                Some(Remark::new(check, text))
            })
            .collect()
    }
}

/// Verifies all signatures of a file, including those beyond the thresholds, and counts them for the root roles of this
/// version and of the previous version.
pub(super) fn tally(file: &RootFile, previous: Option<&RootDocument>) -> Tally {
    let own = file.document();
    let message = own.signed_bytes();
    let mut remarks = Vec::new();
    let (mut old, mut new) = (HashSet::new(), HashSet::new());
    for entry in file.signatures() {
        let id = entry.key_id();
        let keys = [
            previous.and_then(|previous| previous.root_key(id)),
            own.root_key(id),
        ];
        if keys == [None, None] {
            let text = format!(
                "key {} is not a root key of this version or of the previous version",
                id.short()
            );
            remarks.push(Remark::new(Check::SignatureUnknownKey, text));
            continue;
        }
        let bytes = entry.bytes().filter(|bytes| !bytes.is_empty());
        let verifies = |key: &Key| {
            bytes
                .as_ref()
                .is_some_and(|bytes| entry.is_by(key, message, bytes))
        };
        // Unusable keys were reported already.
        let usable = keys.map(|key| key.and_then(|key| Some((key, key.public()?))));
        let by_old = usable[0].is_some_and(|(key, _)| verifies(key));
        // Usually it is the same key, and the signature is verified once.
        let by_new = usable[1].is_some_and(|(key, _)| match usable[0] {
            Some((old, _)) if old == key => by_old,
            _ => verifies(key),
        });
        for (by, key, signers) in [(by_old, usable[0], &mut old), (by_new, usable[1], &mut new)] {
            signers.extend(key.filter(|_| by).map(|(_, public)| public));
        }
        if !by_old && !by_new && usable.iter().any(Option::is_some) {
            remarks.push(objection(entry, bytes.is_some()));
        }
    }
    let count = |document: &RootDocument, signers: HashSet<_>| Count {
        have: signers.len() as u64,
        need: document.role(RoleKind::Root).threshold(),
    };
    Tally {
        old: previous.map(|previous| count(previous, old)),
        new: count(own, new),
        remarks,
    }
}

/// The finding for a signature that does not verify.
fn objection(entry: &SignatureEntry, is_encoded: bool) -> Remark {
    let id = entry.key_id().short();
    if entry.text().is_empty() {
        return Remark::new(Check::SignatureEmpty, format!("key {id} has not signed"));
    }
    let text = if is_encoded {
        format!("the signature by key {id} does not verify")
    } else {
        format!("the signature by key {id} is not {}", entry.encoding())
    };
    Remark::new(Check::SignatureInvalid, text)
}
