//! The manifest of a share set: everything that is known about it without opening a share. It is part of the transcript
//! and is stored with the wrapped key. `docs/formats/backup-manifest.md` specifies it.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use super::check::{Check, Refusal, by_meaning};
use super::key_encryption::KeyEncryptionKey;
use super::label::ShareLabel;
use super::plan::{Custodian, CustodianGroup, SetFacts, SetPlan, SupersededSet, wrapped_file};
use super::private_key::public_half;
use super::share_text::{check_words_commitment, check_words_differ};
use crate::certificate::PublicKey;
use crate::metadata::{Key, canonical};
use crate::record::{Provenance, visible};
use crate::secret::PrivateKey;
use crate::transfer::form::Kind;
use crate::words::Digest;

const KIND: Kind<Check> = Kind {
    name: "backup-manifest",
    limit: 1 << 20,
    size: Check::ManifestSize,
    form: Check::ManifestForm,
    format: Check::ManifestFormat,
};

const SET_DOMAIN: &[u8] = b"conclave share set v1\n";

/// The public facts of a share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareEntry {
    pub(super) label: ShareLabel,
    pub(super) custodian: Custodian,
    pub(super) file: Option<Digest>,
    pub(super) commitment: Digest,
    pub(super) check_words: Digest,
}

impl ShareEntry {
    pub const fn label(&self) -> &ShareLabel {
        &self.label
    }

    pub const fn custodian(&self) -> &Custodian {
        &self.custodian
    }

    /// SHA-256 of the file; `None` if the share is on paper only.
    pub const fn file(&self) -> Option<Digest> {
        self.file
    }
}

/// The file of the wrapped key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrappedKey {
    pub sha256: Digest,
    pub bytes: u64,
}

/// The public facts of a share set. Nothing in it is secret, and no secret can be derived from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    pub(super) facts: SetFacts,
    pub(super) identifier: u16,
    pub(super) commitment: Digest,
    pub(super) set: Digest,
    pub(super) shares: Vec<ShareEntry>,
    pub(super) wrapped: WrappedKey,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    repository: String,
    key: String,
    public_key: PublicKey,
    fingerprint: Digest,
    provenance: Provenance,
    rehearsal: bool,
    made_at: Timestamp,
    id: String,
    set: Digest,
    identifier: u16,
    commitment: Digest,
    groups_needed: u8,
    groups: Vec<GroupInFile>,
    wrapped: WrappedInFile,
    supersedes: Vec<SupersededSet>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupInFile {
    threshold: u8,
    shares: Vec<ShareInFile>,
}

#[derive(Serialize, Deserialize)]
struct ShareInFile {
    #[serde(flatten)]
    custodian: Custodian,
    file: Option<NamedFile>,
    commitment: Digest,
    check_words: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedFile {
    name: String,
    sha256: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrappedInFile {
    file: String,
    sha256: Digest,
    bytes: u64,
}

impl Manifest {
    pub const fn facts(&self) -> &SetFacts {
        &self.facts
    }

    /// The fingerprint of the set.
    pub const fn set(&self) -> Digest {
        self.set
    }

    /// The SLIP-39 identifier of the shares. Other sets can have the same.
    pub const fn identifier(&self) -> u16 {
        self.identifier
    }

    /// The shares in the order of the groups.
    pub fn shares(&self) -> &[ShareEntry] {
        &self.shares
    }

    pub fn share_of(&self, custodian: &str) -> Option<&ShareEntry> {
        let mut shares = self.shares.iter();
        shares.find(|share| share.label.custodian == custodian)
    }

    /// The share with this exact file.
    pub fn share_in(&self, file: &[u8]) -> Option<&ShareEntry> {
        let digest = Digest::of(file);
        let mut shares = self.shares.iter();
        shares.find(|share| share.file == Some(digest))
    }

    pub const fn wrapped(&self) -> WrappedKey {
        self.wrapped
    }

    /// This set in the manifest of a set that replaces it.
    pub const fn as_superseded(&self) -> SupersededSet {
        SupersededSet {
            set: self.set,
            identifier: self.identifier,
            created_at: self.facts.created_at,
        }
    }

    /// Checks the check words that a custodian reads aloud.
    ///
    /// # Errors
    /// If they do not match, or the custodian does not have a share.
    pub fn check_words(&self, custodian: &str, read_aloud: &str) -> Result<&ShareEntry, Refusal> {
        let entry = self.share_of(custodian).ok_or_else(|| {
            let text = format!("{} does not have a share of this set", visible(custodian));
            Refusal::new(Check::ShareCustodian, text)
        })?;
        if check_words_commitment(self.set, read_aloud) == entry.check_words {
            Ok(entry)
        } else {
            Err(check_words_differ(&entry.label.who()))
        }
    }

    /// # Errors
    /// If this is not the key-encryption key of the set.
    pub fn check_key(&self, key: &KeyEncryptionKey) -> Result<(), Refusal> {
        if key.commitment() == self.commitment {
            return Ok(());
        }
        Err(by_meaning(Check::RestoreCommitment))
    }

    /// # Errors
    /// If this is not the exact wrapped key of the set.
    pub fn check_wrapped(&self, wrapped: &[u8]) -> Result<(), Refusal> {
        if Digest::of(wrapped) == self.wrapped.sha256 {
            return Ok(());
        }
        let text = format!(
            "the wrapped key was changed, or does not belong to set {}",
            self.set.short_hex()
        );
        Err(Refusal::new(Check::RestoreWrapped, text))
    }

    /// Unwraps the private key and checks it against the public key.
    ///
    /// # Errors
    /// If the key-encryption key, the wrapped key or the private key does not belong to the set.
    pub fn unwrap(&self, key: &KeyEncryptionKey, wrapped: &[u8]) -> Result<PrivateKey, Refusal> {
        self.check_key(key)?;
        self.check_wrapped(wrapped)?;
        let private = key
            .unwrap(wrapped)
            .map_err(|error| Refusal::new(Check::RestoreUnwrap, error.to_string()))?;
        let public = public_half(&private, self.facts.public_key.algorithm());
        if public.as_ref() == Some(&self.facts.public_key) {
            return Ok(private);
        }
        Err(by_meaning(Check::RestoreKey))
    }

    /// # Errors
    /// The first check that refuses the file.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        Self::of_file(KIND.read(bytes)?)
    }

    pub fn to_file_bytes(&self) -> Vec<u8> {
        KIND.write(&self.to_file())
    }

    /// The content of the file.
    pub fn to_json(&self) -> Value {
        KIND.to_value(&self.to_file())
    }

    fn to_file(&self) -> File {
        let facts = self.facts.clone();
        let mut shares = self.shares.iter().map(|share| ShareInFile {
            custodian: share.custodian.clone(),
            file: share.file.map(|sha256| NamedFile {
                name: share.label.share_file(),
                sha256,
            }),
            commitment: share.commitment,
            check_words: share.check_words,
        });
        let groups = facts.groups.iter().map(|group| GroupInFile {
            threshold: group.threshold,
            shares: shares.by_ref().take(group.custodians.len()).collect(),
        });
        File {
            groups: groups.collect(),
            fingerprint: facts.public_key.fingerprint(),
            wrapped: WrappedInFile {
                file: wrapped_file(&facts.key, &facts.id),
                sha256: self.wrapped.sha256,
                bytes: self.wrapped.bytes,
            },
            repository: facts.repository,
            key: facts.key,
            public_key: facts.public_key,
            provenance: facts.provenance,
            rehearsal: facts.is_rehearsal,
            made_at: facts.created_at,
            id: facts.id,
            set: self.set,
            identifier: self.identifier,
            commitment: self.commitment,
            groups_needed: facts.groups_needed,
            supersedes: facts.supersedes,
        }
    }

    fn of_file(file: File) -> Result<Self, Refusal> {
        let key = Key::from_public(&file.public_key)
            .map_err(|error| Refusal::new(Check::ManifestKey, error.to_string()))?;
        if key.public().map(PublicKey::fingerprint) != Some(file.fingerprint) {
            let text = "the fingerprint does not match the public key";
            return Err(Refusal::new(Check::ManifestKey, text));
        }
        let group = |group: &GroupInFile| CustodianGroup {
            threshold: group.threshold,
            custodians: group
                .shares
                .iter()
                .map(|share| share.custodian.clone())
                .collect(),
        };
        let plan = SetPlan::new(SetFacts {
            id: file.id,
            repository: file.repository,
            key: file.key,
            public_key: file.public_key,
            provenance: file.provenance,
            groups_needed: file.groups_needed,
            groups: file.groups.iter().map(group).collect(),
            created_at: file.made_at,
            is_rehearsal: file.rehearsal,
            supersedes: file.supersedes,
        })
        .map_err(|error| Refusal::new(Check::ManifestGroups, visible(&error.to_string())))?;
        let facts = plan.facts().clone();
        if set_fingerprint(&facts, file.identifier, file.commitment) != file.set {
            return Err(by_meaning(Check::ManifestSet));
        }
        if file.identifier >= 1 << 15 {
            return Err(KIND.refuse(&format!("{} is not a valid identifier", file.identifier)));
        }
        if file.wrapped.file != plan.wrapped_file() {
            let text = format!("{:?} is not the name of the wrapped key", file.wrapped.file);
            return Err(KIND.refuse(&text));
        }
        Ok(Self {
            shares: entries(&facts, file.set, file.groups)?,
            facts,
            identifier: file.identifier,
            commitment: file.commitment,
            set: file.set,
            wrapped: WrappedKey {
                sha256: file.wrapped.sha256,
                bytes: file.wrapped.bytes,
            },
        })
    }
}

/// The fingerprint covers everything that is known before the files are created.
pub(super) fn set_fingerprint(facts: &SetFacts, identifier: u16, commitment: Digest) -> Digest {
    let about = json!({
        "repository": facts.repository,
        "key": facts.key,
        "fingerprint": facts.public_key.fingerprint(),
        "provenance": facts.provenance,
        "rehearsal": facts.is_rehearsal,
        "made_at": facts.created_at,
        "id": facts.id,
        "identifier": identifier,
        "commitment": commitment,
        "groups_needed": facts.groups_needed,
        "groups": facts.groups,
        "supersedes": facts.supersedes,
    });
    let mut message = SET_DOMAIN.to_vec();
    // Strings and small numbers always have a canonical form.
    message.extend(canonical(&about).unwrap_or_default());
    Digest::of(&message)
}

fn entries(
    facts: &SetFacts,
    set: Digest,
    groups: Vec<GroupInFile>,
) -> Result<Vec<ShareEntry>, Refusal> {
    let mut entries: Vec<ShareEntry> = Vec::new();
    for (group, shares) in groups.into_iter().enumerate() {
        for (member, share) in shares.shares.into_iter().enumerate() {
            let label = ShareLabel::of(facts, set, group, member)
                .ok_or_else(|| KIND.refuse("the set has too many shares"))?;
            let expected = share.custodian.protection.as_ref();
            let expected = expected.map(|_| label.share_file());
            if share.file.as_ref().map(|file| &file.name) != expected.as_ref() {
                let text = format!("{:?} is listed with the wrong file", label.custodian);
                return Err(KIND.refuse(&text));
            }
            let file = share.file.map(|file| file.sha256);
            let mut known = entries.iter();
            if let Some(same) = known.find(|known| {
                known.commitment == share.commitment || (file.is_some() && known.file == file)
            }) {
                let (one, other) = (same.label.who(), label.who());
                let text = visible(&format!("{one} and {other} have the same share"));
                return Err(Refusal::new(Check::ManifestGroups, text));
            }
            entries.push(ShareEntry {
                label,
                custodian: share.custodian,
                file,
                commitment: share.commitment,
                check_words: share.check_words,
            });
        }
    }
    Ok(entries)
}

impl Serialize for Manifest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

/// As strict as reading a file.
impl<'de> Deserialize<'de> for Manifest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let file = KIND.of_value(value).map_err(serde::de::Error::custom)?;
        Self::of_file(file).map_err(serde::de::Error::custom)
    }
}
