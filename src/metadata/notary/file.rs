//! The root file of Notary: one line, with base64 signatures, ECDSA as raw r‖s.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::metadata::ecdsa::{ecdsa_der_from_raw, ecdsa_raw_from_der};
use crate::metadata::scheme::Scheme;

/// The `method` of a signature entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub(in crate::metadata) enum Method {
    Ecdsa,
    EdDsa,
    RsaPss,
    #[strum(serialize = "rsapkcs1v15")]
    RsaPkcs1,
}

impl Method {
    pub(in crate::metadata) const fn of(scheme: Scheme) -> Self {
        match scheme {
            Scheme::Ed25519 => Self::EdDsa,
            Scheme::RsaPkcs1Sha256 | Scheme::RsaPkcs1Sha384 | Scheme::RsaPkcs1Sha512 => {
                Self::RsaPkcs1
            }
            Scheme::RsaPssSha256 | Scheme::RsaPssSha384 | Scheme::RsaPssSha512 => Self::RsaPss,
            _ => Self::Ecdsa,
        }
    }

    /// The scheme for verifying a signature with this method by a key of the given scheme; `None` if they do not match.
    pub(in crate::metadata) fn scheme_for(self, key: Scheme) -> Option<Scheme> {
        match self {
            Self::RsaPkcs1 if key.is_rsa() => Some(Scheme::RsaPkcs1Sha256),
            method => (method == Self::of(key)).then_some(key),
        }
    }

    /// The signature of an entry in TUF's encoding.
    pub(in crate::metadata) fn decode(self, text: &str) -> Option<Vec<u8>> {
        let bytes = STANDARD.decode(text).ok()?;
        match self {
            Self::Ecdsa => ecdsa_der_from_raw(&bytes),
            _ => Some(bytes),
        }
    }

    /// The text for a signature in TUF's encoding. `half` is the length of r and s.
    fn encode(self, signature: &[u8], half: usize) -> Option<String> {
        Some(STANDARD.encode(match self {
            Self::Ecdsa => ecdsa_raw_from_der(signature, half)?,
            _ => signature.to_vec(),
        }))
    }
}

/// The length of r and s.
const fn half_of(scheme: Scheme) -> usize {
    match scheme {
        Scheme::EcdsaP384 | Scheme::EcdsaP384Sha256 => 48,
        Scheme::EcdsaP521 | Scheme::EcdsaP521Sha256 => 66,
        _ => 32,
    }
}

/// The file exactly as Go's `json.Marshal` writes it. Notary keeps the signed part in canonical form.
pub(in crate::metadata) fn to_file_bytes<'s>(
    signed: &[u8],
    signatures: impl Iterator<Item = (&'s str, Scheme, &'s [u8])>,
) -> Vec<u8> {
    let mut entries = Vec::new();
    for (key_id, scheme, signature) in signatures {
        let method = Method::of(scheme);
        let Some(text) = method.encode(signature, half_of(scheme)) else {
            continue;
        };
        entries.push(json!({"keyid": key_id, "method": method.into_str(), "sig": text}));
    }
    with_entries(signed, &entries)
}

pub(in crate::metadata) fn with_entries(signed: &[u8], entries: &[serde_json::Value]) -> Vec<u8> {
    let mut file = b"{\"signed\":".to_vec();
    file.extend_from_slice(signed);
    file.extend_from_slice(b",\"signatures\":");
    file.extend_from_slice(serde_json::Value::from(entries).to_string().as_bytes());
    file.push(b'}');
    file
}
