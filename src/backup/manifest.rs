//! The manifest of a share set: what is known of it without opening anything. It goes into the transcript, and lies
//! with the wrapped key. `docs/formats/backup-manifest.md` is its specification.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use super::check::{Check, Refusal};
use super::key_encryption::KeyEncryptionKey;
use super::label::ShareLabel;
use super::plan::{Closing, Custodian, CustodianGroup, SetFacts, SetPlan, SupersededSet};
use super::private_key::public_half;
use super::share_text::{answer, check_words_differ};
use crate::certificate::PublicKey;
use crate::metadata::{Key, canonical};
use crate::record::{Provenance, visible};
use crate::secret::PrivateKey;
use crate::transfer::form::{FORMAT, Kind, Members, write};
use crate::words::Digest;

const KIND: Kind<Check> = Kind {
    name: "backup-manifest",
    limit: 1 << 20,
    size: Check::ManifestSize,
    form: Check::ManifestForm,
    format: Check::ManifestFormat,
};

const SET_DOMAIN: &[u8] = b"conclave share set v1\n";

/// A share, as the manifest knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareEntry {
    pub(super) label: ShareLabel,
    pub(super) custodian: Custodian,
    pub(super) file: Option<Digest>,
    pub(super) commitment: Digest,
    pub(super) answer: Digest,
}

impl ShareEntry {
    /// What stands on it.
    pub const fn label(&self) -> &ShareLabel {
        &self.label
    }

    /// Who keeps it, and how.
    pub const fn custodian(&self) -> &Custodian {
        &self.custodian
    }

    /// SHA-256 of its file; none if it lies on paper alone.
    pub const fn file(&self) -> Option<Digest> {
        self.file
    }
}

/// The wrapped key, as the manifest knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrappedKey {
    /// SHA-256 of its file.
    pub sha256: Digest,
    /// How long it is.
    pub bytes: u64,
}

/// What is known of a share set. Nothing of it is secret, and nothing of it can be guessed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    pub(super) facts: SetFacts,
    pub(super) identifier: u16,
    pub(super) commitment: Digest,
    pub(super) set: Digest,
    pub(super) shares: Vec<ShareEntry>,
    pub(super) wrapped: WrappedKey,
}

impl Manifest {
    /// How the set was planned.
    pub const fn facts(&self) -> &SetFacts {
        &self.facts
    }

    /// The fingerprint of the set.
    pub const fn set(&self) -> Digest {
        self.set
    }

    /// The number that its shares have in common. Other sets may have the same.
    pub const fn identifier(&self) -> u16 {
        self.identifier
    }

    /// The shares, group by group.
    pub fn shares(&self) -> &[ShareEntry] {
        &self.shares
    }

    /// The share of a custodian.
    pub fn share_of(&self, custodian: &str) -> Option<&ShareEntry> {
        let mut shares = self.shares.iter();
        shares.find(|share| share.label.custodian == custodian)
    }

    /// The share whose file that is, byte for byte.
    pub fn share_in(&self, file: &[u8]) -> Option<&ShareEntry> {
        let digest = Digest::of(file);
        let mut shares = self.shares.iter();
        shares.find(|share| share.file == Some(digest))
    }

    /// The wrapped key.
    pub const fn wrapped(&self) -> WrappedKey {
        self.wrapped
    }

    /// As what this set stands in a manifest that replaces it.
    pub const fn as_superseded(&self) -> SupersededSet {
        SupersededSet {
            set: self.set,
            identifier: self.identifier,
            made_at: self.facts.made_at,
        }
    }

    /// Whether the check words that a custodian reads out are those inside the share.
    ///
    /// # Errors
    /// When they are not, or the custodian keeps no share.
    pub fn check_words(&self, custodian: &str, read_out: &str) -> Result<&ShareEntry, Refusal> {
        let entry = self.share_of(custodian).ok_or_else(|| {
            let text = format!("{} keeps no share of this set", visible(custodian));
            Refusal::new(Check::ShareCustodian, text)
        })?;
        if answer(self.set, read_out) == entry.answer {
            Ok(entry)
        } else {
            Err(check_words_differ(&entry.label.who()))
        }
    }

    /// Whether that is the key-encryption key of this set.
    ///
    /// # Errors
    /// When it is another.
    pub fn check_key(&self, key: &KeyEncryptionKey) -> Result<(), Refusal> {
        if key.commitment() == self.commitment {
            return Ok(());
        }
        let check = Check::RestoreCommitment;
        Err(Refusal::new(check, check.meaning()))
    }

    /// Whether that is the wrapped key of this set, byte for byte.
    ///
    /// # Errors
    /// When it is something else.
    pub fn check_wrapped(&self, wrapped: &[u8]) -> Result<(), Refusal> {
        if Digest::of(wrapped) == self.wrapped.sha256 {
            return Ok(());
        }
        let text = format!(
            "the wrapped key is not the one of set {}: it was changed, or is of another set",
            self.set.short_hex()
        );
        Err(Refusal::new(Check::RestoreWrapped, text))
    }

    /// Unwraps the private key, which is given only if its public half is the one of this manifest.
    ///
    /// # Errors
    /// When key-encryption key, wrapped key or private key are not those of this set.
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
        let check = Check::RestoreKey;
        Err(Refusal::new(check, check.meaning()))
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// With the first check that refuses it.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        read(KIND.open(bytes)?)
    }

    /// The file. For the same manifest its bytes are always the same.
    pub fn to_file_bytes(&self) -> Vec<u8> {
        write(&self.to_json())
    }

    /// What stands in the file.
    pub fn to_json(&self) -> Value {
        let facts = &self.facts;
        let mut shares = self.shares.iter();
        let mut groups = Vec::with_capacity(facts.groups.len());
        for group in &facts.groups {
            let members: Vec<Value> = shares
                .by_ref()
                .take(group.custodians.len())
                .map(ShareEntry::to_json)
                .collect();
            groups.push(json!({"threshold": group.threshold, "shares": members}));
        }
        json!({
            "conclave": KIND.name,
            "format": FORMAT,
            "repository": facts.repository,
            "key": facts.key,
            "public_key": facts.public_key.to_pem(),
            "fingerprint": facts.public_key.fingerprint(),
            "provenance": facts.provenance,
            "rehearsal": facts.is_rehearsal,
            "made_at": facts.made_at.to_string(),
            "id": facts.id,
            "set": self.set,
            "identifier": self.identifier,
            "commitment": self.commitment,
            "groups_needed": facts.groups_needed,
            "groups": groups,
            "wrapped": {
                "file": super::plan::wrapped_file(&facts.key, &facts.id),
                "sha256": self.wrapped.sha256,
                "bytes": self.wrapped.bytes,
            },
            "supersedes": superseded(facts),
        })
    }
}

impl ShareEntry {
    fn to_json(&self) -> Value {
        let mut value = custodian_json(&self.custodian);
        value["file"] = match self.file {
            Some(sha256) => json!({"name": self.label.share_file(), "sha256": sha256}),
            None => Value::Null,
        };
        value["commitment"] = json!(self.commitment);
        value["check_words"] = json!(self.answer);
        value
    }
}

/// The fingerprint of a set: over all that is known of it before its files are made.
pub(super) fn set_fingerprint(facts: &SetFacts, identifier: u16, commitment: Digest) -> Digest {
    let group = |group: &CustodianGroup| {
        let custodians: Vec<Value> = group.custodians.iter().map(custodian_json).collect();
        json!({"threshold": group.threshold, "shares": custodians})
    };
    let about = json!({
        "repository": facts.repository,
        "key": facts.key,
        "fingerprint": facts.public_key.fingerprint(),
        "provenance": facts.provenance,
        "rehearsal": facts.is_rehearsal,
        "made_at": facts.made_at.to_string(),
        "id": facts.id,
        "identifier": identifier,
        "commitment": commitment,
        "groups_needed": facts.groups_needed,
        "groups": facts.groups.iter().map(group).collect::<Vec<_>>(),
        "supersedes": superseded(facts),
    });
    let mut message = SET_DOMAIN.to_vec();
    // Texts and small numbers always have a canonical form.
    message.extend(canonical(&about).unwrap_or_default());
    Digest::of(&message)
}

fn custodian_json(custodian: &Custodian) -> Value {
    let (closed, recipients) = match &custodian.closing {
        None => (Value::Null, Vec::new()),
        Some(Closing::Passphrase) => (json!("passphrase"), Vec::new()),
        Some(Closing::Recipients(recipients)) => (
            json!("recipients"),
            recipients.iter().map(ToString::to_string).collect(),
        ),
    };
    json!({
        "custodian": custodian.id,
        "name": custodian.name,
        "closed": closed,
        "recipients": recipients,
        "by_hand": custodian.by_hand,
    })
}

fn superseded(facts: &SetFacts) -> Vec<Value> {
    let old = |old: &SupersededSet| {
        json!({
            "set": old.set,
            "identifier": old.identifier,
            "made_at": old.made_at.to_string(),
        })
    };
    facts.supersedes.iter().map(old).collect()
}

/// What is read of a share before the whole set is known.
struct Read {
    custodian: Custodian,
    file: Option<(String, Digest)>,
    commitment: Digest,
    answer: Digest,
}

fn read(mut members: Members<Check>) -> Result<Manifest, Refusal> {
    let repository = members.line("repository")?;
    let key = members.line("key")?;
    let pem = members.text("public_key")?;
    let fingerprint = members.digest("fingerprint")?;
    let provenance = members.text("provenance")?;
    let provenance = Provenance::from_word(&provenance)
        .ok_or_else(|| members.refuse(format!("has an unknown provenance {provenance:?}")))?;
    let is_rehearsal = members.boolean("rehearsal")?;
    let made_at = members.time("made_at")?;
    let id = members.text("id")?;
    let set = members.digest("set")?;
    let identifier = read_identifier(&mut members)?;
    let commitment = members.digest("commitment")?;
    let groups_needed = small(&mut members, "groups_needed")?;
    let groups = members.objects("groups", |group| {
        let threshold = small(group, "threshold")?;
        Ok((threshold, group.objects("shares", share)?))
    })?;
    let (wrapped_name, wrapped) = members.object("wrapped", |wrapped| {
        let name = wrapped.text("file")?;
        let wrapped = WrappedKey {
            sha256: wrapped.digest("sha256")?,
            bytes: wrapped.number("bytes")?,
        };
        Ok((name, wrapped))
    })?;
    let supersedes = members.objects("supersedes", |old| {
        Ok(SupersededSet {
            set: old.digest("set")?,
            identifier: read_identifier(old)?,
            made_at: old.time("made_at")?,
        })
    })?;
    members.end()?;

    let public_key = public_key(&pem, fingerprint)?;
    let mut read_shares = Vec::new();
    let mut custodian_groups = Vec::new();
    for (threshold, shares) in groups {
        custodian_groups.push(CustodianGroup {
            threshold,
            custodians: shares.iter().map(|share| share.custodian.clone()).collect(),
        });
        read_shares.push(shares);
    }
    let facts = SetFacts {
        id,
        repository,
        key,
        public_key,
        provenance,
        groups_needed,
        groups: custodian_groups,
        made_at,
        is_rehearsal,
        supersedes,
    };
    let plan = SetPlan::new(facts)
        .map_err(|error| Refusal::new(Check::ManifestGroups, visible(&error.to_string())))?;
    let facts = plan.facts().clone();
    if set_fingerprint(&facts, identifier, commitment) != set {
        let check = Check::ManifestSet;
        return Err(Refusal::new(check, check.meaning()));
    }
    if wrapped_name != plan.wrapped_file() {
        return Err(members.refuse(format!("names the wrapped key {wrapped_name:?}")));
    }
    let shares = entries(&facts, set, read_shares, &members)?;
    Ok(Manifest {
        facts,
        identifier,
        commitment,
        set,
        shares,
        wrapped,
    })
}

fn entries(
    facts: &SetFacts,
    set: Digest,
    groups: Vec<Vec<Read>>,
    members: &Members<Check>,
) -> Result<Vec<ShareEntry>, Refusal> {
    let mut entries: Vec<ShareEntry> = Vec::new();
    for (group, shares) in groups.into_iter().enumerate() {
        for (member, share) in shares.into_iter().enumerate() {
            let label = ShareLabel::of(facts, set, group, member)
                .ok_or_else(|| members.refuse("has more shares than a set can have"))?;
            let name = share.file.as_ref().map(|(name, _)| name.as_str());
            let own_name = label.share_file();
            let expected = share.custodian.closing.as_ref().map(|_| own_name.as_str());
            if name != expected {
                return Err(members.refuse(format!(
                    "has in {:?} another file than that custodian keeps",
                    label.custodian
                )));
            }
            let file = share.file.map(|(_, sha256)| sha256);
            let simulated = entries.iter().find(|known| {
                known.commitment == share.commitment || (file.is_some() && known.file == file)
            });
            if let Some(simulated) = simulated {
                let text = format!(
                    "{} and {} have the same share",
                    simulated.label.who(),
                    label.who()
                );
                return Err(Refusal::new(Check::ManifestGroups, visible(&text)));
            }
            entries.push(ShareEntry {
                label,
                custodian: share.custodian,
                file,
                commitment: share.commitment,
                answer: share.answer,
            });
        }
    }
    Ok(entries)
}

fn share(members: &mut Members<Check>) -> Result<Read, Refusal> {
    let id = members.line("custodian")?;
    let name = members.line("name")?;
    let closed = members.text_or_null("closed")?;
    let recipients = members.texts("recipients")?;
    let by_hand = members.boolean("by_hand")?;
    let file = members.optional("file", |file| {
        Ok((file.text("name")?, file.digest("sha256")?))
    })?;
    let closing = match (closed.as_deref(), recipients.is_empty()) {
        (None, true) => None,
        (Some("passphrase"), true) => Some(Closing::Passphrase),
        (Some("recipients"), false) => {
            let mut read = Vec::with_capacity(recipients.len());
            for text in recipients {
                let recipient = text.parse().map_err(|error| {
                    members.refuse(format!("has a recipient of which: {error}"))
                })?;
                read.push(recipient);
            }
            Some(Closing::Recipients(read))
        }
        _ => return Err(members.refuse("does not say how the file is closed")),
    };
    Ok(Read {
        custodian: Custodian {
            id,
            name,
            closing,
            by_hand,
        },
        file,
        commitment: members.digest("commitment")?,
        answer: members.digest("check_words")?,
    })
}

fn public_key(pem: &str, fingerprint: Digest) -> Result<PublicKey, Refusal> {
    let refused = |text: String| Refusal::new(Check::ManifestKey, visible(&text));
    let key = PublicKey::from_pem(pem).map_err(|error| refused(error.to_string()))?;
    if key.to_pem() != pem || key.fingerprint() != fingerprint {
        return Err(refused(
            "the fingerprint is not that of the public key, or that has another form".to_owned(),
        ));
    }
    Key::from_public(&key).map_err(|error| refused(error.to_string()))?;
    Ok(key)
}

fn small(members: &mut Members<Check>, name: &str) -> Result<u8, Refusal> {
    let number = members.number(name)?;
    u8::try_from(number).map_err(|_| members.refuse(format!("has {number} as {name:?}")))
}

/// 15 bits.
fn read_identifier(members: &mut Members<Check>) -> Result<u16, Refusal> {
    let number = members.number("identifier")?;
    u16::try_from(number)
        .ok()
        .filter(|number| *number < 1 << 15)
        .ok_or_else(|| members.refuse(format!("has {number} as \"identifier\"")))
}

impl Serialize for Manifest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

/// Read as strictly as a file.
impl<'de> Deserialize<'de> for Manifest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let members = KIND.of_value(value).map_err(serde::de::Error::custom)?;
        read(members).map_err(serde::de::Error::custom)
    }
}
