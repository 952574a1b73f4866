//! One payload of the register, and who signed it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::metadata::{KeyId, RoleKind, RootDocument, SignedRoot};
use crate::transfer::check::Refusal;
use crate::transfer::form::Members;
use crate::words::Digest;

/// One payload, and who signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayloadEntry {
    /// The line of roots.
    pub repository: String,
    /// The version.
    pub version: u64,
    /// SHA-256 over the canonical form.
    pub sha256: Digest,
    /// The thresholds that clients ask for: that of the root before it, where there is one, and its own.
    pub needs: Vec<Threshold>,
    /// Who signed it. A signature that was announced, and may have been made, counts.
    pub signed: BTreeSet<SignedBy>,
    /// Keys at other sites that were asked to sign it: for all that is known here, they did.
    pub owed: BTreeSet<KeyId>,
    /// That it was given up before clients could have accepted it.
    pub abandoned: Option<Abandoned>,
}

/// How many of which keys must sign.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Threshold {
    /// How many.
    pub count: u64,
    /// Of these, by ID. Two IDs of one public key stand here as two.
    pub key_ids: BTreeSet<KeyId>,
}

/// A signature that was made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SignedBy {
    /// By which key.
    pub key_id: KeyId,
    /// When.
    pub at: Timestamp,
}

/// That a payload was given up by two people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Abandoned {
    /// When.
    pub at: Timestamp,
    /// Why, in their words.
    pub why: String,
}

impl Threshold {
    /// What the root role of a root asks for.
    pub fn of(document: &RootDocument) -> Self {
        let role = document.role(RoleKind::Root);
        Self {
            count: role.threshold(),
            key_ids: role.key_ids().iter().cloned().collect(),
        }
    }

    fn is_reached(&self, signers: &BTreeSet<&KeyId>) -> bool {
        let have = self
            .key_ids
            .iter()
            .filter(|id| signers.contains(id))
            .count();
        have as u64 >= self.count
    }
}

impl PayloadEntry {
    /// A payload that nobody has signed yet.
    pub fn of(repository: &str, root: &SignedRoot) -> Self {
        let frozen = root.frozen();
        Self {
            repository: repository.to_owned(),
            version: frozen.version(),
            sha256: frozen.digest(),
            needs: root.authorities().map(Threshold::of).collect(),
            signed: BTreeSet::new(),
            owed: BTreeSet::new(),
            abandoned: None,
        }
    }

    /// Whether clients accept it, as far as signatures go.
    pub fn is_reached(&self) -> bool {
        self.reached_by(self.signers())
    }

    /// Whether clients may come to accept it: signatures that are owed by other sites count as made.
    pub fn may_be_reached(&self) -> bool {
        self.reached_by(self.signers().chain(&self.owed))
    }

    fn reached_by<'a>(&self, signers: impl Iterator<Item = &'a KeyId>) -> bool {
        let signers: BTreeSet<_> = signers.collect();
        !self.needs.is_empty() && self.needs.iter().all(|need| need.is_reached(&signers))
    }

    fn signers(&self) -> impl Iterator<Item = &KeyId> {
        self.signed.iter().map(|signed| &signed.key_id)
    }

    /// Whether anybody signed it, or was asked to.
    pub fn is_begun(&self) -> bool {
        !self.signed.is_empty() || !self.owed.is_empty()
    }

    /// Whether it stands in the way of another payload of its version: it was begun, and not given up while that
    /// was possible.
    pub fn holds_its_version(&self) -> bool {
        self.is_begun() && (self.abandoned.is_none() || self.is_reached())
    }

    /// Whether somebody who has it can still have clients accept it, though it was given up: signatures that
    /// came later reach the thresholds, and the chain has not gone beyond its version yet.
    pub fn is_live(&self, trusted_version: u64) -> bool {
        self.abandoned.is_some() && self.is_reached() && trusted_version <= self.version
    }

    /// When it was signed first.
    pub fn first_signed(&self) -> Option<Timestamp> {
        self.signed.iter().map(|signed| signed.at).min()
    }

    /// One sentence for people: what exists and when it was signed.
    pub fn describe(&self) -> String {
        let when = match self.first_signed() {
            Some(at) => format!("signed first at {at}"),
            None => "asked for, and not known to be signed".to_owned(),
        };
        let signers: BTreeSet<_> = self.signers().map(KeyId::short).collect();
        let by = if signers.is_empty() {
            String::new()
        } else {
            let signers: Vec<_> = signers.into_iter().collect();
            format!(", by {}", signers.join(", "))
        };
        let state = match (self.is_reached(), &self.abandoned) {
            (true, None) => "; clients accept it",
            (true, Some(_)) => "; it was given up, but clients accept it",
            (false, Some(_)) => "; it was given up, and its signatures are void",
            (false, None) => "; below its threshold",
        };
        format!(
            "version {} with the digest {} was {when}{by}{state}",
            self.version,
            self.sha256.short_hex()
        )
    }

    pub(super) fn join(&mut self, other: Self) {
        // The same payload follows the same root in every honest record; a register that says otherwise adds its own.
        for need in other.needs {
            if !self.needs.contains(&need) {
                self.needs.push(need);
            }
        }
        self.needs.sort();
        for signed in other.signed {
            let earlier = self
                .signed
                .iter()
                .find(|known| known.key_id == signed.key_id)
                .cloned();
            match earlier {
                Some(known) if known.at <= signed.at => {}
                Some(known) => {
                    self.signed.remove(&known);
                    self.signed.insert(signed);
                }
                None => {
                    self.signed.insert(signed);
                }
            }
        }
        self.owed.extend(other.owed);
        self.abandoned = match (self.abandoned.take(), other.abandoned) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }

    pub(super) fn read(members: &mut Members) -> Result<Self, Refusal> {
        let entry = Self {
            repository: members.line("repository")?,
            version: members.version("version")?,
            sha256: members.digest("sha256")?,
            needs: members.objects("needs", |members| {
                Ok(Threshold {
                    count: members.version("threshold")?,
                    key_ids: key_ids(members, "keyids")?,
                })
            })?,
            signed: signers(members)?,
            owed: key_ids(members, "owed")?,
            abandoned: members.optional("abandoned", |members| {
                Ok(Abandoned {
                    at: members.time("at")?,
                    why: members.line("why")?,
                })
            })?,
        };
        if entry.needs.is_empty() {
            return Err(members.refuse("has nothing in \"needs\""));
        }
        Ok(entry)
    }

    pub(super) fn to_json(&self) -> Value {
        let needs: Vec<Value> = self
            .needs
            .iter()
            .map(|need| json!({"threshold": need.count, "keyids": need.key_ids}))
            .collect();
        let signed: Vec<Value> = self
            .signed
            .iter()
            .map(|signed| json!({"keyid": signed.key_id, "at": signed.at.to_string()}))
            .collect();
        json!({
            "repository": self.repository,
            "version": self.version,
            "sha256": self.sha256,
            "needs": needs,
            "signed": signed,
            "owed": self.owed,
            "abandoned": self.abandoned.as_ref().map(|abandoned| {
                json!({"at": abandoned.at.to_string(), "why": abandoned.why})
            }),
        })
    }
}

fn signers(members: &mut Members) -> Result<BTreeSet<SignedBy>, Refusal> {
    let signed = members.objects("signed", |members| {
        Ok(SignedBy {
            key_id: KeyId::new(members.line("keyid")?),
            at: members.time("at")?,
        })
    })?;
    let distinct: BTreeSet<_> = signed.iter().map(|signed| &signed.key_id).collect();
    if distinct.len() != signed.len() {
        return Err(members.refuse("has a key twice in \"signed\""));
    }
    Ok(signed.into_iter().collect())
}

fn key_ids(members: &mut Members, name: &str) -> Result<BTreeSet<KeyId>, Refusal> {
    let texts = members.texts(name)?;
    let count = texts.len();
    let ids: BTreeSet<_> = texts.into_iter().map(KeyId::new).collect();
    if ids.len() != count {
        return Err(members.refuse(format!("has a key twice in {name:?}")));
    }
    Ok(ids)
}
