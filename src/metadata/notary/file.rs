//! The file of a root of Notary: one line, signatures in base64, ECDSA as raw r‖s.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::metadata::ecdsa::{ecdsa_der_from_raw, ecdsa_raw_from_der};
use crate::metadata::scheme::Scheme;

/// How a signature was made, as its entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::metadata) enum Method {
    Ecdsa,
    EdDsa,
    RsaPss,
    RsaPkcs1,
}

impl Method {
    const ALL: [Self; 4] = [Self::Ecdsa, Self::EdDsa, Self::RsaPss, Self::RsaPkcs1];

    pub(in crate::metadata) const fn as_str(self) -> &'static str {
        match self {
            Self::Ecdsa => "ecdsa",
            Self::EdDsa => "eddsa",
            Self::RsaPss => "rsapss",
            Self::RsaPkcs1 => "rsapkcs1v15",
        }
    }

    pub(in crate::metadata) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }

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

    /// The scheme by which a signature is verified that says so, with a key of that scheme; `None` if the two do not
    /// fit each other.
    pub(in crate::metadata) fn scheme_for(self, key: Scheme) -> Option<Scheme> {
        match self {
            Self::RsaPkcs1 if key.is_rsa() => Some(Scheme::RsaPkcs1Sha256),
            method => (method == Self::of(key)).then_some(key),
        }
    }

    /// The signature in an entry, in the encoding of TUF.
    pub(in crate::metadata) fn decode(self, text: &str) -> Option<Vec<u8>> {
        let bytes = STANDARD.decode(text).ok()?;
        match self {
            Self::Ecdsa => ecdsa_der_from_raw(&bytes).ok(),
            _ => Some(bytes),
        }
    }

    /// The text of an entry, of a signature in the encoding of TUF. `half` is how long r and s are.
    fn encode(self, signature: &[u8], half: usize) -> Option<String> {
        Some(STANDARD.encode(match self {
            Self::Ecdsa => ecdsa_raw_from_der(signature, half)?,
            _ => signature.to_vec(),
        }))
    }
}

/// How long r and s are in a signature of a scheme.
const fn half_of(scheme: Scheme) -> usize {
    match scheme {
        Scheme::EcdsaP384 | Scheme::EcdsaP384Sha256 => 48,
        Scheme::EcdsaP521 | Scheme::EcdsaP521Sha256 => 66,
        _ => 32,
    }
}

/// The file, byte for byte as Go's `json.Marshal` prints it. The canonical form is what it prints of the signed part:
/// Notary keeps that as it was signed.
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
        entries.push(json!({"keyid": key_id, "method": method.as_str(), "sig": text}));
    }
    with_entries(signed, &entries)
}

/// The file of these entries.
pub(in crate::metadata) fn with_entries(signed: &[u8], entries: &[serde_json::Value]) -> Vec<u8> {
    let mut file = b"{\"signed\":".to_vec();
    file.extend_from_slice(signed);
    file.extend_from_slice(b",\"signatures\":");
    file.extend_from_slice(serde_json::Value::from(entries).to_string().as_bytes());
    file.push(b'}');
    file
}
