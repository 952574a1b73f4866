//! The register of keys: holder, token and evidence of each key.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ceremony::{Ceremony, Former, FormerDisposition, KeyState, Mode, Owed};
use crate::metadata::{Key, KeyType};
use crate::record::{AttestationSummary, KeyAttributes, Provenance, TokenId};
use crate::script::{KeyId, PersonId, SpareId};
use crate::words::Digest;

/// `keys/register.json`.
#[derive(Serialize)]
struct Register<'a> {
    schema: u64,
    mode: Mode,
    repository: &'a str,
    script: Digest,
    keys: Vec<Entry<'a>>,
    /// Enrolled keys of other sites.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remote: Vec<RemoteEntry<'a>>,
}

/// The enrollment file of a key.
#[derive(Serialize)]
struct EnrolledEntry<'a> {
    file: &'a str,
    sha256: Digest,
}

impl<'a> EnrolledEntry<'a> {
    fn of(ceremony: &'a Ceremony, id: &KeyId) -> Option<Self> {
        let enrolled = ceremony.enrolled_by(id)?;
        Some(Self {
            file: &enrolled.file().file,
            sha256: enrolled.file().sha256,
        })
    }
}

/// One key of another site.
#[derive(Serialize)]
struct RemoteEntry<'a> {
    id: &'a KeyId,
    held_by: String,
    key_id: &'a str,
    public_key: String,
    /// SHA-256 over the DER SubjectPublicKeyInfo.
    fingerprint: Digest,
    fingerprint_words: String,
    enrollment: Option<EnrolledEntry<'a>>,
    /// Whether two people compared the fingerprint with the one that the key holder read aloud.
    compared: bool,
}

impl<'a> RemoteEntry<'a> {
    fn all(ceremony: &'a Ceremony) -> Vec<Self> {
        let entries = ceremony.remote_keys().filter_map(|(distant, key)| {
            let fingerprint = key.public()?.fingerprint();
            Some(Self {
                id: &distant.id,
                held_by: distant.title(),
                key_id: key.id().as_str(),
                public_key: public_key_path(&distant.id),
                fingerprint,
                fingerprint_words: fingerprint.words().join(" "),
                enrollment: EnrolledEntry::of(ceremony, &distant.id),
                compared: ceremony.is_enrolled(&distant.id),
            })
        });
        entries.collect()
    }
}

/// One key of the ceremony.
#[derive(Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a separate fact, and all combinations are possible"
)]
struct Entry<'a> {
    id: &'a KeyId,
    holder: &'a PersonId,
    holder_name: &'a str,
    #[serde(rename = "type")]
    key_type: KeyType,
    /// The ID in metadata.
    key_id: &'a str,
    public_key: String,
    /// SHA-256 over the DER SubjectPublicKeyInfo.
    fingerprint: Digest,
    fingerprint_words: String,
    token: Option<&'a TokenId>,
    /// `None` for a key that was generated before this ceremony.
    provenance: Option<Provenance>,
    /// `None` for a key that was generated before this ceremony.
    attributes: Option<KeyAttributes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enrollment: Option<EnrolledEntry<'a>>,
    /// The attestation of the device, if it is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    attestation: Option<&'a AttestationSummary>,
    /// Whether a simulated token replaces a token that would attest the key.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    attestation_simulated: bool,
    proven: bool,
    reinserted: bool,
    has_signed: bool,
    /// The spare that replaces the token in the script.
    #[serde(skip_serializing_if = "Option::is_none")]
    spare: Option<&'a SpareId>,
    /// Why the ceremony continued without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<&'a str>,
    /// The evidence that the key was destroyed.
    #[serde(skip_serializing_if = "Option::is_none")]
    destroyed: Option<DestroyedEntry<'a>>,
    /// Keys that it replaced during the ceremony.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    former: Vec<FormerEntry<'a>>,
}

/// A root key that was destroyed.
#[derive(Serialize)]
struct DestroyedEntry<'a> {
    /// Whether Conclave verified it; otherwise people attested it for some files.
    proven: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    erased: &'a [String],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attested: BTreeMap<&'a String, &'a Vec<PersonId>>,
}

impl<'a> DestroyedEntry<'a> {
    fn of(state: &'a KeyState) -> Option<Self> {
        let destruction = state.destruction();
        let attested: BTreeMap<_, _> = destruction.attested().collect();
        destruction.is_done().then(|| Self {
            proven: attested.is_empty(),
            erased: destruction.erased(),
            attested,
        })
    }
}

/// A key that was replaced during the ceremony.
#[derive(Serialize)]
struct FormerEntry<'a> {
    /// SHA-256 over the DER SubjectPublicKeyInfo.
    fingerprint: Digest,
    token: &'a TokenId,
    /// `destroyed`, `orphan`, or `pending`.
    disposition: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> FormerEntry<'a> {
    fn of(former: &'a Former) -> Self {
        let (disposition, reason) = match &former.disposition {
            FormerDisposition::Pending => ("pending", None),
            FormerDisposition::Destroyed => ("destroyed", None),
            FormerDisposition::Orphan { reason } => ("orphan", Some(reason.as_str())),
        };
        Self {
            fingerprint: former.public_key.fingerprint(),
            token: &former.token,
            disposition,
            reason,
        }
    }
}

/// The path of a public key in a ceremony directory.
pub(super) fn public_key_path(key: &KeyId) -> String {
    format!("keys/{key}.pub.pem")
}

/// The keys at other sites whose signatures were collected.
pub(super) fn collected_keys(ceremony: &Ceremony) -> impl Iterator<Item = (&KeyId, &Key)> {
    ceremony
        .owed()
        .iter()
        .filter(|(_, owed)| **owed == Owed::Collected)
        .filter_map(|(id, _)| Some((id, ceremony.distant_key(id)?)))
}

/// The register as JSON, indented with two spaces, with a line feed at the end.
pub(super) fn register(ceremony: &Ceremony) -> Vec<u8> {
    let script = ceremony.script();
    let keys = ceremony
        .key_states()
        .filter_map(|(plan, state)| {
            let generated = state.generated()?;
            let fingerprint = generated.public_key.fingerprint();
            Some(Entry {
                id: &plan.id,
                holder: &plan.holder,
                holder_name: ceremony.name(&plan.holder),
                key_type: plan.key_type,
                key_id: generated.key.id().as_str(),
                public_key: public_key_path(&plan.id),
                fingerprint,
                fingerprint_words: fingerprint.words().join(" "),
                token: state.token(),
                provenance: generated.provenance,
                attributes: generated.attributes,
                enrollment: EnrolledEntry::of(ceremony, &plan.id),
                attestation: generated.attested(),
                attestation_simulated: generated.attestation_simulated,
                proven: state.is_proven(),
                reinserted: state.is_reinserted(),
                has_signed: ceremony.has_signed(&plan.id),
                spare: state.spare(),
                skipped: state.skipped(),
                destroyed: DestroyedEntry::of(state),
                former: state.former().iter().map(FormerEntry::of).collect(),
            })
        })
        .collect();
    let register = Register {
        schema: 1,
        mode: ceremony.mode(),
        repository: script.repository(),
        script: script.sha256(),
        keys,
        remote: RemoteEntry::all(ceremony),
    };
    // Texts, numbers and truth values cannot fail to be JSON.
    let mut bytes = serde_json::to_vec_pretty(&register).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
