//! Counts the signatures over a root for the roles that must sign it.

use super::check::{Check, Remark};
use super::document::RootDocument;
use super::key::Key;
use super::message::Message;
use super::role::RoleKind;
use super::root_file::{RootFile, SignatureEntry};
use crate::certificate::PublicKey;

/// How many distinct public keys of a root role have signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Keys whose signature verifies, each public key once.
    pub have: u64,
    /// The threshold.
    pub need: u64,
}

impl Count {
    /// Whether the threshold is reached.
    #[must_use]
    pub const fn is_reached(self) -> bool {
        self.have >= self.need
    }
}

#[derive(Debug)]
pub(super) struct Tally<const N: usize> {
    pub(super) counts: [Count; N],
    pub(super) remarks: Vec<Remark>,
}

/// Checks each signature of a file once, those beyond the thresholds too, and
/// counts it for the root role of each authority.
pub(super) fn tally<const N: usize>(file: &RootFile, authorities: [&RootDocument; N]) -> Tally<N> {
    let mut message = Message::new(file.document().signed_bytes());
    let mut signers: [Vec<&PublicKey>; N] = std::array::from_fn(|_| Vec::new());
    let mut remarks = Vec::new();
    for entry in file.signatures() {
        let keys = authorities.map(|authority| authority.root_key(entry.key_id()));
        if keys.iter().all(Option::is_none) {
            remarks.push(Remark::new(
                Check::SignatureUnknownKey,
                format!("{} is no root key here", entry.key_id().short()),
            ));
            continue;
        }
        let mut verified = Verified::new(&mut message, entry);
        for (key, signers) in keys.iter().zip(&mut signers) {
            if let Some(key) = key
                && let Some(public) = key.public()
                && verified.by(key)
                && !signers.contains(&public)
            {
                signers.push(public);
            }
        }
        remarks.extend(verified.objection());
    }
    let counts = std::array::from_fn(|index| Count {
        have: signers[index].len() as u64,
        need: authorities[index].role(RoleKind::Root).threshold(),
    });
    Tally { counts, remarks }
}

/// One signature, verified at most once by each key that it may be from.
struct Verified<'a, 'm> {
    message: &'a mut Message<'m>,
    entry: &'a SignatureEntry,
    bytes: Option<Vec<u8>>,
    answers: Vec<(&'a Key, bool)>,
}

impl<'a, 'm> Verified<'a, 'm> {
    fn new(message: &'a mut Message<'m>, entry: &'a SignatureEntry) -> Self {
        Self {
            message,
            entry,
            bytes: entry.bytes().filter(|bytes| !bytes.is_empty()),
            answers: Vec::new(),
        }
    }

    fn by(&mut self, key: &'a Key) -> bool {
        if let Some((_, answer)) = self.answers.iter().find(|(asked, _)| *asked == key) {
            return *answer;
        }
        let answer = self
            .bytes
            .as_ref()
            .is_some_and(|bytes| self.entry.is_by(key, self.message, bytes));
        self.answers.push((key, answer));
        answer
    }

    /// What is to be said of the signature, if no key verifies it.
    fn objection(&self) -> Option<Remark> {
        // No answer: the key itself is unusable, and was reported as such.
        if self.answers.is_empty() || self.answers.iter().any(|(_, answer)| *answer) {
            return None;
        }
        let id = self.entry.key_id().short();
        Some(if self.entry.text().is_empty() {
            Remark::new(Check::SignatureEmpty, format!("key {id} has not signed"))
        } else if self.bytes.is_none() {
            Remark::new(
                Check::SignatureInvalid,
                format!("the signature of key {id} is not {}", self.entry.encoding()),
            )
        } else {
            Remark::new(
                Check::SignatureInvalid,
                format!("the signature of key {id} does not verify"),
            )
        })
    }
}
