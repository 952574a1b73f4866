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

/// A root file that was read. Nothing in it is verified yet.
#[derive(Debug, Clone)]
pub struct RootFile {
    document: RootDocument,
    signatures: Vec<SignatureEntry>,
    remarks: Vec<Remark>,
    size: usize,
    is_exact: bool,
}

/// An entry of `signatures`. No two of one file have the same key ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureEntry {
    key_id: KeyId,
    text: String,
    /// How it says that it was made, in Notary's form alone.
    method: Option<String>,
    format: RootFormat,
}

/// What a file holds of one of its root keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureState {
    Verified,
    Invalid,
    /// No signature, or an empty place-holder.
    Missing,
}

impl SignatureState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Invalid => "invalid",
            Self::Missing => "missing",
        }
    }
}

impl SignatureEntry {
    pub const fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature in the encoding of TUF; `None` if the text is not in the encoding of its format.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        if self.format == RootFormat::Notary {
            return self.method()?.decode(&self.text);
        }
        let mut bytes = vec![0; self.text.len() / 2];
        hex::decode_to_slice(&self.text, &mut bytes).ok()?;
        Some(bytes)
    }

    fn method(&self) -> Option<Method> {
        Method::from_name(self.method.as_deref()?)
    }

    /// What its text should be.
    pub(super) const fn encoding(&self) -> &'static str {
        match self.format {
            RootFormat::Tuf => "hex",
            RootFormat::Notary => "base64 of a signature by a known method",
        }
    }

    /// Whether its bytes are a signature by that key, made as the entry says.
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
            Some(other) => other.verify(public, message, bytes).is_ok(),
            None => false,
        }
    }

    /// The entry as Notary writes it.
    fn to_notary(&self) -> Value {
        json!({"keyid": self.key_id, "method": self.method, "sig": self.text})
    }
}

impl RootFile {
    /// Reads a root file.
    ///
    /// # Errors
    /// With the first check that refuses it.
    pub fn read(bytes: &[u8]) -> Result<Self, Remark> {
        Self::read_after(bytes, None)
    }

    /// [`RootFile::read`], see [`RootDocument::read_after`].
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
            .ok_or_else(|| form("there is no list \"signatures\""))?;
        let format = signed
            .as_ref()
            .and_then(|signed| RootFormat::of(signed.as_object()?))
            .unwrap_or_default();
        let signatures = read_signatures(format, entries)?;
        let Some(Value::Object(signed)) = signed else {
            return Err(form("there is no object \"signed\""));
        };
        let document = RootDocument::read_after(signed, previous)?;
        remarks.extend_from_slice(document.remarks());
        let is_exact = document.format() == RootFormat::Tuf || {
            let entries: Vec<Value> = signatures.iter().map(SignatureEntry::to_notary).collect();
            notary::with_entries(document.signed_bytes(), &entries) == bytes
        };
        if !is_exact {
            let why = "the file is not written as Notary's server writes it: what it lists of its hash is of another file";
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

    /// What the file holds of one of its own root keys. Whether the version before
    /// it lets that key sign is for the chain to say.
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

    /// Whether it is written, byte for byte, as the server of its format writes it. TUF 1.0 has no such form.
    pub const fn is_exact(&self) -> bool {
        self.is_exact
    }

    pub const fn size(&self) -> usize {
        self.size
    }

    /// Oddities that decide nothing, those of the document included.
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

fn note_envelope(size: usize, envelope: &Map<String, Value>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    if size > CLIENT_FILE_BYTES {
        let text =
            format!("the file has {size} bytes; clients download at most {CLIENT_FILE_BYTES}");
        remarks.push(Remark::new(Check::FileLarge, text));
    }
    let known = ["signed", "signatures"];
    for name in envelope
        .keys()
        .filter(|name| !known.contains(&name.as_str()))
    {
        let text = format!("the member {name:?} is not covered by any signature");
        remarks.push(Remark::new(Check::FileUnsignedMember, text));
    }
    remarks
}

fn read_signatures(format: RootFormat, entries: &[Value]) -> Result<Vec<SignatureEntry>, Remark> {
    let count = entries.len();
    if count > MAX_SIGNATURES {
        let why = format!("there are {count} signatures; at most {MAX_SIGNATURES} are read");
        return Err(Remark::new(Check::SignatureLimit, why));
    }
    let mut signatures = Vec::with_capacity(count);
    for (index, entry) in entries.iter().enumerate() {
        let text = |name: &str| {
            entry.get(name).and_then(Value::as_str).ok_or_else(|| {
                let why = format!("signature {} has no text {name:?}", index + 1);
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
            format!("key {} stands twice in \"signatures\"", twice[0].short()),
        )),
    }
}
