//! A root file: the signed part and the signatures over it.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::canonical_json::{self, JsonError};
use super::check::{Check, Remark};
use super::document::RootDocument;
use super::key_cache::KeyCache;
use super::key_id::KeyId;
use super::limits::{CLIENT_FILE_BYTES, MAX_FILE_BYTES, MAX_SIGNATURES};

/// A root file that was read. Nothing in it is verified yet.
#[derive(Debug, Clone)]
pub struct RootFile {
    document: RootDocument,
    signatures: Vec<SignatureEntry>,
    remarks: Vec<Remark>,
    size: usize,
}

/// An entry of `signatures`. No two of one file have the same key ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureEntry {
    key_id: KeyId,
    text: String,
}

/// What a file holds of one of its root keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureState {
    /// A signature that verifies.
    Verified,
    /// A signature that does not verify.
    Invalid,
    /// No signature, or an empty place-holder.
    Missing,
}

impl SignatureState {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Invalid => "invalid",
            Self::Missing => "missing",
        }
    }
}

impl SignatureEntry {
    /// The key that is said to have signed.
    #[must_use]
    pub const fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// The text of `sig`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature; `None` if the text is not hex.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        hex::decode(&self.text).ok()
    }
}

impl RootFile {
    /// Reads a root file.
    ///
    /// # Errors
    /// With the first check that refuses it.
    pub fn read(bytes: &[u8]) -> Result<Self, Remark> {
        Self::read_with(bytes, &mut KeyCache::default())
    }

    pub(super) fn read_with(bytes: &[u8], cache: &mut KeyCache) -> Result<Self, Remark> {
        if bytes.len() > MAX_FILE_BYTES {
            return Err(Remark::new(
                Check::FileSize,
                format!("the file is larger than {MAX_FILE_BYTES} bytes"),
            ));
        }
        let value = canonical_json::parse(bytes).map_err(|error| refuse_json(&error))?;
        let Value::Object(mut envelope) = value else {
            return Err(Remark::new(
                Check::FileForm,
                "the file is not a JSON object",
            ));
        };
        let Some(Value::Object(signed)) = envelope.shift_remove("signed") else {
            return Err(Remark::new(
                Check::FileForm,
                "there is no object \"signed\"",
            ));
        };
        let Some(Value::Array(entries)) = envelope.shift_remove("signatures") else {
            return Err(Remark::new(
                Check::FileForm,
                "there is no list \"signatures\"",
            ));
        };
        let signatures = read_signatures(entries)?;
        let document = RootDocument::read_with(signed, cache)?;
        let mut remarks = note_envelope(bytes.len(), &envelope);
        remarks.extend_from_slice(document.remarks());
        Ok(Self {
            document,
            signatures,
            remarks,
            size: bytes.len(),
        })
    }

    /// The signed part.
    #[must_use]
    pub const fn document(&self) -> &RootDocument {
        &self.document
    }

    /// The signed part, alone.
    #[must_use]
    pub fn into_document(self) -> RootDocument {
        self.document
    }

    /// The signatures, in the order of the file.
    #[must_use]
    pub fn signatures(&self) -> &[SignatureEntry] {
        &self.signatures
    }

    /// What the file holds of one of its own root keys. Whether the version before
    /// it lets that key sign is for the chain to say.
    #[must_use]
    pub fn signature_of(&self, id: &KeyId) -> SignatureState {
        let entry = self.signatures.iter().find(|entry| entry.key_id == *id);
        let Some(entry) = entry.filter(|entry| !entry.text.is_empty()) else {
            return SignatureState::Missing;
        };
        let message = self.document.signed_bytes();
        let verified = self.document.root_key(id).is_some_and(|key| {
            entry
                .bytes()
                .is_some_and(|bytes| key.verifies(message, &bytes))
        });
        if verified {
            SignatureState::Verified
        } else {
            SignatureState::Invalid
        }
    }

    /// How many bytes the file has.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Oddities that decide nothing, those of the document included.
    #[must_use]
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }
}

fn refuse_json(error: &JsonError) -> Remark {
    let check = match error {
        JsonError::ByteOrderMark => Check::JsonBom,
        JsonError::Utf8 { .. } => Check::JsonUtf8,
        JsonError::DuplicateMember { .. } => Check::JsonDuplicateMember,
        JsonError::Number { .. } => Check::JsonNumber,
        JsonError::Depth => Check::JsonDepth,
        JsonError::Trailing { .. } => Check::JsonTrailing,
        JsonError::Syntax { .. } => Check::JsonSyntax,
    };
    Remark::new(check, error.to_string())
}

fn note_envelope(size: usize, others: &Map<String, Value>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    if size > CLIENT_FILE_BYTES {
        remarks.push(Remark::new(
            Check::FileLarge,
            format!("the file has {size} bytes; clients download at most {CLIENT_FILE_BYTES}"),
        ));
    }
    for name in others.keys() {
        remarks.push(Remark::new(
            Check::FileUnsignedMember,
            format!("the member {name:?} is not covered by any signature"),
        ));
    }
    remarks
}

fn read_signatures(entries: Vec<Value>) -> Result<Vec<SignatureEntry>, Remark> {
    if entries.len() > MAX_SIGNATURES {
        return Err(Remark::new(
            Check::SignatureLimit,
            format!(
                "there are {} signatures; at most {MAX_SIGNATURES} are read",
                entries.len()
            ),
        ));
    }
    let mut signatures = Vec::with_capacity(entries.len());
    for (index, mut entry) in entries.into_iter().enumerate() {
        let mut take = |name: &str| match entry.get_mut(name).map(Value::take) {
            Some(Value::String(text)) => Ok(text),
            _ => Err(Remark::new(
                Check::SignatureForm,
                format!("signature {} has no text {name:?}", index + 1),
            )),
        };
        let key_id = KeyId::new(take("keyid")?);
        let text = take("sig")?;
        signatures.push(SignatureEntry { key_id, text });
    }
    let mut seen = HashSet::with_capacity(signatures.len());
    match signatures.iter().find(|entry| !seen.insert(&entry.key_id)) {
        None => Ok(signatures),
        Some(twice) => Err(Remark::new(
            Check::SignatureDuplicateKeyId,
            format!(
                "key {} stands twice in \"signatures\"",
                twice.key_id.short()
            ),
        )),
    }
}
