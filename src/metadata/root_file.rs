//! A root file: the signed part and the signatures over it.

use serde_json::{Map, Value, json};

use super::canonical_json::{JsonError, parse};
use super::check::{Check, Remark};
use super::document::RootDocument;
use super::format::RootFormat;
use super::key::Key;
use super::key_id::KeyId;
use super::limits::{CLIENT_FILE_BYTES, MAX_FILE_BYTES, MAX_SIGNATURES};
use super::notary::{self, Method};

/// A root file. Nothing in it is verified yet.
#[derive(Debug, Clone)]
pub struct RootFile {
    document: RootDocument,
    signatures: Vec<SignatureEntry>,
    remarks: Vec<Remark>,
    size: usize,
    is_exact: bool,
}

/// An entry of `signatures`. Key IDs are unique within a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureEntry {
    key_id: KeyId,
    text: String,
    /// The signature method, in Notary's format only.
    method: Option<String>,
    format: RootFormat,
}

/// The state of a root key's signature in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum SignatureState {
    Verified,
    Invalid,
    /// No signature, or an empty placeholder.
    Missing,
}

impl SignatureEntry {
    pub const fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature in TUF's encoding; `None` if the text is not in the encoding of its format.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        if self.format == RootFormat::Notary {
            return self.method()?.decode(&self.text);
        }
        let mut bytes = vec![0; self.text.len() / 2];
        hex::decode_to_slice(&self.text, &mut bytes).ok()?;
        Some(bytes)
    }

    fn method(&self) -> Option<Method> {
        self.method.as_deref()?.parse().ok()
    }

    /// The expected encoding of the text.
    pub(super) const fn encoding(&self) -> &'static str {
        match self.format {
            RootFormat::Tuf => "hex",
            RootFormat::Notary => "a base64 signature with a known method",
        }
    }

    /// Whether the bytes are a signature by this key with the method of the entry.
    pub(super) fn is_by(&self, key: &Key, message: &[u8], bytes: &[u8]) -> bool {
        if self.format == RootFormat::Tuf {
            return key.verifies(message, bytes);
        }
        let (Some(method), Some(scheme), Some(public)) =
            (self.method(), key.scheme(), key.public())
        else {
            return false;
        };
        match method.scheme_for(scheme) {
            Some(same) if same == scheme => key.verifies(message, bytes),
            Some(other) => other.verifies(public, message, bytes),
            None => false,
        }
    }

    fn to_notary(&self) -> Value {
        json!({"keyid": self.key_id, "method": self.method, "sig": self.text})
    }
}

impl RootFile {
    /// # Errors
    /// The first check that rejects the file.
    pub fn read(bytes: &[u8]) -> Result<Self, Remark> {
        Self::read_after(bytes, None)
    }

    /// See [`RootDocument::read_after`].
    pub(super) fn read_after(
        bytes: &[u8],
        previous: Option<&RootDocument>,
    ) -> Result<Self, Remark> {
        if bytes.len() > MAX_FILE_BYTES {
            let why = format!("the file is larger than {MAX_FILE_BYTES} bytes");
            return Err(Remark::new(Check::FileSize, why));
        }
        let form = |what: &str| Remark::new(Check::FileForm, what);
        let Value::Object(mut envelope) = parse(bytes).map_err(|error| refuse_json(&error))? else {
            return Err(form("the file is not a JSON object"));
        };
        let mut remarks = note_envelope(bytes.len(), &envelope);
        let signed = envelope.remove("signed");
        let entries = envelope
            .get("signatures")
            .and_then(Value::as_array)
            .ok_or_else(|| form("the file has no array \"signatures\""))?;
        let format = signed
            .as_ref()
            .and_then(|signed| RootFormat::of(signed.as_object()?))
            .unwrap_or_default();
        let signatures = read_signatures(format, entries)?;
        let Some(Value::Object(signed)) = signed else {
            return Err(form("the file has no object \"signed\""));
        };
        let document = RootDocument::read_after(signed, previous)?;
        remarks.extend_from_slice(document.remarks());
        let is_exact = document.format() == RootFormat::Tuf || {
            let entries: Vec<Value> = signatures.iter().map(SignatureEntry::to_notary).collect();
            notary::with_entries(document.signed_bytes(), &entries) == bytes
        };
        if !is_exact {
            let why = "the file differs from the form in which Notary's server writes it, so the hash that the server publishes does not match";
            remarks.push(Remark::new(Check::FileNotaryForm, why));
        }
        Ok(Self {
            document,
            signatures,
            remarks,
            size: bytes.len(),
            is_exact,
        })
    }

    pub const fn document(&self) -> &RootDocument {
        &self.document
    }

    pub fn into_document(self) -> RootDocument {
        self.document
    }

    pub fn signatures(&self) -> &[SignatureEntry] {
        &self.signatures
    }

    /// The state of the signature by one of this version's root keys. The previous version is not considered.
    pub fn signature_of(&self, id: &KeyId) -> SignatureState {
        let entry = self.signatures.iter().find(|entry| entry.key_id == *id);
        let Some(entry) = entry.filter(|entry| !entry.text.is_empty()) else {
            return SignatureState::Missing;
        };
        let message = self.document.signed_bytes();
        let verified = self.document.root_key(id).is_some_and(|key| {
            entry
                .bytes()
                .is_some_and(|bytes| entry.is_by(key, message, &bytes))
        });
        if verified {
            SignatureState::Verified
        } else {
            SignatureState::Invalid
        }
    }

    /// Whether the file is identical to what Notary's server writes. Always true for TUF 1.0.
    pub const fn is_exact(&self) -> bool {
        self.is_exact
    }

    pub const fn size(&self) -> usize {
        self.size
    }

    /// Findings that do not reject the file, including those of the document.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }
}

pub(super) fn refuse_json(error: &JsonError) -> Remark {
    let check = match error {
        JsonError::ByteOrderMark => Check::JsonBom,
        JsonError::Utf8 { .. } => Check::JsonUtf8,
        JsonError::DuplicateMember { .. } => Check::JsonDuplicateMember,
        JsonError::Number { .. } | JsonError::CanonicalNumber(_) => Check::JsonNumber,
        JsonError::Depth => Check::JsonDepth,
        JsonError::Trailing { .. } => Check::JsonTrailing,
        JsonError::Syntax { .. } | JsonError::NotCanonical => Check::JsonSyntax,
    };
    Remark::new(check, error.to_string())
}

fn note_envelope(size: usize, envelope: &Map<String, Value>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    if size > CLIENT_FILE_BYTES {
        let text =
            format!("the file is {size} bytes long; clients download at most {CLIENT_FILE_BYTES}");
        remarks.push(Remark::new(Check::FileLarge, text));
    }
    let known = ["signed", "signatures"];
    for name in envelope
        .keys()
        .filter(|name| !known.contains(&name.as_str()))
    {
        let text = format!("no signature covers the member {name:?}");
        remarks.push(Remark::new(Check::FileUnsignedMember, text));
    }
    remarks
}

fn read_signatures(format: RootFormat, entries: &[Value]) -> Result<Vec<SignatureEntry>, Remark> {
    let count = entries.len();
    if count > MAX_SIGNATURES {
        let why = format!("the file has {count} signatures; the limit is {MAX_SIGNATURES}");
        return Err(Remark::new(Check::SignatureLimit, why));
    }
    let mut signatures = Vec::with_capacity(count);
    for (index, entry) in entries.iter().enumerate() {
        let text = |name: &str| {
            entry.get(name).and_then(Value::as_str).ok_or_else(|| {
                let why = format!("signature {} has no string {name:?}", index + 1);
                Remark::new(Check::SignatureForm, why)
            })
        };
        signatures.push(SignatureEntry {
            key_id: KeyId::new(text("keyid")?),
            text: text("sig")?.to_owned(),
            method: match format {
                RootFormat::Tuf => None,
                RootFormat::Notary => Some(text("method")?.to_owned()),
            },
            format,
        });
    }
    let mut ids: Vec<&KeyId> = signatures.iter().map(SignatureEntry::key_id).collect();
    ids.sort_unstable();
    match ids.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(signatures),
        Some(twice) => Err(Remark::new(
            Check::SignatureDuplicateKeyId,
            format!("\"signatures\" contains key {} twice", twice[0].short()),
        )),
    }
}
