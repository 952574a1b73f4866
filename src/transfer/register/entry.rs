//! One payload of the register, and who signed it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::metadata::{KeyId, RoleKind, RootDocument, SignedRoot};
use crate::transfer::form;
use crate::words::Digest;

/// One payload, and who signed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayloadEntry {
    #[serde(deserialize_with = "form::line")]
    pub repository: String,
    #[serde(deserialize_with = "form::positive")]
    pub version: u64,
    /// SHA-256 of the canonical form.
    pub sha256: Digest,
    /// The thresholds of the previous root, if any, and of this root.
    pub thresholds: Vec<Threshold>,
    /// Includes announced signatures, because they may have been made.
    pub signed: BTreeSet<SignedBy>,
    /// Keys at other sites that were asked to sign and may have done so.
    pub outstanding: BTreeSet<KeyId>,
    pub abandoned: Option<Abandoned>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    #[serde(deserialize_with = "form::positive")]
    pub threshold: u64,
    /// Two IDs of the same public key count as two.
    #[serde(rename = "keyids")]
    pub key_ids: BTreeSet<KeyId>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedBy {
    #[serde(rename = "keyid", deserialize_with = "form::line")]
    pub key_id: KeyId,
    #[serde(deserialize_with = "form::time")]
    pub at: Timestamp,
}

/// Two people abandoned a payload before it had enough signatures.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abandoned {
    #[serde(deserialize_with = "form::time")]
    pub at: Timestamp,
    #[serde(deserialize_with = "form::line")]
    pub reason: String,
}

impl Threshold {
    /// The threshold of a root's root role.
    pub fn of(document: &RootDocument) -> Self {
        let role = document.role(RoleKind::Root);
        Self {
            threshold: role.threshold(),
            key_ids: role.key_ids().iter().cloned().collect(),
        }
    }

    fn is_reached(&self, signers: &BTreeSet<&KeyId>) -> bool {
        let have = self.key_ids.iter().filter(|id| signers.contains(id));
        have.count() as u64 >= self.threshold
    }
}

impl PayloadEntry {
    /// An unsigned payload.
    pub fn of(repository: &str, root: &SignedRoot) -> Self {
        let frozen = root.frozen();
        Self {
            repository: repository.to_owned(),
            version: frozen.version(),
            sha256: frozen.digest(),
            thresholds: root.authorities().map(Threshold::of).collect(),
            signed: BTreeSet::new(),
            outstanding: BTreeSet::new(),
            abandoned: None,
        }
    }

    pub(super) fn id(&self) -> super::Id {
        (self.repository.clone(), self.version, self.sha256)
    }

    pub(super) fn check(&self) -> Result<(), &'static str> {
        let signers: BTreeSet<_> = self.signers().collect();
        if self.thresholds.is_empty() {
            Err("a payload has no thresholds")
        } else if signers.len() != self.signed.len() {
            Err("a payload is signed twice by the same key")
        } else {
            Ok(())
        }
    }

    /// Whether the payload has enough signatures.
    pub fn is_reached(&self) -> bool {
        self.reached_by(self.signers())
    }

    /// Whether the payload has enough signatures if the outstanding ones were made.
    pub fn may_be_reached(&self) -> bool {
        self.reached_by(self.signers().chain(&self.outstanding))
    }

    fn reached_by<'a>(&self, signers: impl Iterator<Item = &'a KeyId>) -> bool {
        let signers: BTreeSet<_> = signers.collect();
        let mut thresholds = self.thresholds.iter();
        !self.thresholds.is_empty() && thresholds.all(|one| one.is_reached(&signers))
    }

    fn signers(&self) -> impl Iterator<Item = &KeyId> {
        self.signed.iter().map(|signed| &signed.key_id)
    }

    /// Whether a key signed the payload or was asked to sign it.
    pub fn is_begun(&self) -> bool {
        !self.signed.is_empty() || !self.outstanding.is_empty()
    }

    /// Whether a different payload with the same version must not be signed.
    pub fn blocks_its_version(&self) -> bool {
        self.is_begun() && (self.abandoned.is_none() || self.is_reached())
    }

    /// Whether clients still accept the payload although it was abandoned: later signatures reached the thresholds, and
    /// no later version is trusted yet.
    pub fn is_live(&self, trusted_version: u64) -> bool {
        self.abandoned.is_some() && self.is_reached() && trusted_version <= self.version
    }

    /// For people: what was signed, when and by whom.
    pub fn describe(&self) -> String {
        let signers: BTreeSet<_> = self.signers().map(KeyId::short).collect();
        let signers: Vec<_> = signers.into_iter().collect();
        let signed = match self.signed.iter().map(|signed| signed.at).min() {
            Some(at) => format!("first signed at {at}, by {}", signers.join(", ")),
            None => "requested, but not known to be signed".to_owned(),
        };
        let state = match (self.is_reached(), &self.abandoned) {
            (true, None) => "clients accept it",
            (true, Some(_)) => "it was abandoned, but clients accept it",
            (false, Some(_)) => "it was abandoned, and its signatures are void",
            (false, None) => "it is below the threshold",
        };
        let (version, digest) = (self.version, self.sha256.short_hex());
        format!("version {version} with the digest {digest} was {signed}; {state}")
    }

    pub(super) fn merge(&mut self, other: Self) {
        // Normally both are the same. A register that differs adds its own thresholds.
        let thresholds = other
            .thresholds
            .into_iter()
            .chain(self.thresholds.drain(..));
        let thresholds: BTreeSet<_> = thresholds.collect();
        self.thresholds = thresholds.into_iter().collect();
        // The earliest time of each key.
        let mut signed = BTreeMap::new();
        let both = self.signed.iter().cloned().chain(other.signed);
        for SignedBy { key_id, at } in both {
            let earliest = signed.entry(key_id).or_insert(at);
            *earliest = at.min(*earliest);
        }
        let signed = signed.into_iter();
        self.signed = signed.map(|(key_id, at)| SignedBy { key_id, at }).collect();
        self.outstanding.extend(other.outstanding);
        self.abandoned = match (self.abandoned.take(), other.abandoned) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}
