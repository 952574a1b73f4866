//! Public key files from other sources.

use serde_json::Value;

use super::canonical_json::{JsonError, parse};
use super::key::{Key, KeyObjectError, UnwritableKey};
use super::scheme::Scheme;
use crate::certificate::{PublicKey, PublicKeyError};

/// The largest accepted key file, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// A file that does not contain a public key for root metadata.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// In the clear or encrypted.
    #[error("the file contains a PRIVATE key")]
    Private,
    #[error("the file is {found} bytes long; the limit for a public key file is {MAX_BYTES}")]
    Size { found: usize },
    #[error("the file is not a PEM block \"PUBLIC KEY\", DER, or a JSON key object")]
    Unrecognized,
    #[error(transparent)]
    PublicKey(#[from] PublicKeyError),
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error(transparent)]
    Object(#[from] KeyObjectError),
    #[error("the key is unusable: {reason}")]
    Unusable {
        /// Untrusted text in it is escaped.
        reason: String,
    },
    #[error(transparent)]
    Unwritable(#[from] UnwritableKey),
    #[error("the key is for scheme {found}, but Conclave writes {written} for such keys")]
    Scheme { found: Scheme, written: Scheme },
}

enum Content<'a> {
    Der(PublicKey),
    Pem(&'a str),
    /// Without a private key anywhere in it.
    Object(Value),
}

impl<'a> Content<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, KeyFileError> {
        if is_private(bytes) {
            return Err(KeyFileError::Private);
        }
        if bytes.len() > MAX_BYTES {
            return Err(KeyFileError::Size { found: bytes.len() });
        }
        if bytes.starts_with(&[0x30]) {
            return Ok(Self::Der(PublicKey::from_der(bytes)?));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| KeyFileError::Unrecognized)?;
        match text.trim_start().as_bytes() {
            [b'{', ..] => {
                let object = parse(bytes)?;
                if holds_private(&object) {
                    return Err(KeyFileError::Private);
                }
                Ok(Self::Object(object))
            }
            [b'-', ..] => Ok(Self::Pem(text)),
            _ => Err(KeyFileError::Unrecognized),
        }
    }
}

impl Key {
    /// Reads a public key (PEM, DER, or a JSON key object) in the form of [`Key::from_public`].
    ///
    /// # Errors
    /// If the file does not contain a public key that Conclave writes, or if it contains a private key.
    pub fn from_file(bytes: &[u8]) -> Result<Self, KeyFileError> {
        match Content::read(bytes)? {
            Content::Der(public) => Ok(Self::from_public(&public)?),
            Content::Pem(text) => Ok(Self::from_public(&PublicKey::from_pem(text)?)?),
            Content::Object(object) => written(&object),
        }
    }

    /// Reads a public key for a root of Notary: a key of the server (`timestamp.key`), DER, or PEM with or without the
    /// headers that Docker adds.
    ///
    /// # Errors
    /// As [`Key::from_file`].
    pub fn from_notary_file(bytes: &[u8]) -> Result<Self, KeyFileError> {
        let public = match Content::read(bytes)? {
            Content::Der(public) => public,
            Content::Pem(text) => PublicKey::from_pem(&without_headers(text))?,
            Content::Object(object) => {
                let key = if object.get("scheme").is_some() {
                    written(&object)?
                } else {
                    Self::from_notary_object(&object)?
                };
                key.public().cloned().ok_or_else(|| unusable(&key))?
            }
        };
        Ok(Self::notary(&public)?)
    }
}

/// The key of an object in the form that Conclave writes.
fn written(object: &Value) -> Result<Key, KeyFileError> {
    let received = Key::from_object(object)?;
    let (Some(public), Some(found)) = (received.public(), received.scheme()) else {
        return Err(unusable(&received));
    };
    let key = Key::from_public(public)?;
    match key.scheme() {
        Some(written) if written != found => Err(KeyFileError::Scheme { found, written }),
        _ => Ok(key),
    }
}

fn unusable(key: &Key) -> KeyFileError {
    let reason = key.unusable().unwrap_or_default().to_owned();
    KeyFileError::Unusable { reason }
}

/// Removes the `name: value` lines that Docker adds to PEM blocks.
fn without_headers(pem: &str) -> String {
    let lines = pem.lines().filter(|line| !line.contains(": "));
    lines.collect::<Vec<_>>().join("\n")
}

/// Searches for a private key before any parsing, so that a syntax error cannot hide one.
fn is_private(bytes: &[u8]) -> bool {
    let contains = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    // All kinds of PEM: PKCS#8, encrypted, SEC 1, PKCS#1, OpenSSH, Sigstore.
    contains(b"PRIVATE KEY-----")
        || contains(b"AGE-SECRET-KEY-")
        // Encrypted files of old securesystemslib versions: salt@@@@iterations@@@@…
        || bytes.windows(4).filter(|window| *window == b"@@@@").count() >= 4
        || is_private_der(bytes)
}

/// PKCS#8, SEC 1 and PKCS#1 private keys begin with a one-byte version; public keys do not.
/// An encrypted PKCS#8 key begins with the OID of PBES1 or PBES2 (1.2.840.113549.1.5).
fn is_private_der(bytes: &[u8]) -> bool {
    let body = match bytes {
        [0x30, 0x82, _, _, body @ ..] | [0x30, 0x81, _, body @ ..] => body,
        [0x30, length, body @ ..] if *length < 0x80 => body,
        _ => return false,
    };
    let encrypted: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05];
    body.starts_with(&[0x02, 0x01])
        || (body.first() == Some(&0x30) && body.get(2..12).is_some_and(|oid| oid == encrypted))
}

/// Whether a JSON value contains a private key: `keyval.private` of securesystemslib and go-tuf, encrypted files of
/// go-tuf, and `d` or `k` of a JWK.
fn holds_private(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            let filled = |name: &str| {
                members
                    .get(name)
                    .is_some_and(|member| !member.is_null() && member.as_str() != Some(""))
            };
            filled("private")
                || (filled("kty") && (filled("d") || filled("k")))
                || members.get("encrypted") == Some(&Value::Bool(true))
                || members.values().any(holds_private)
        }
        Value::Array(items) => items.iter().any(holds_private),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::testing::Signer;
    use serde_json::json;

    #[test]
    fn all_forms_of_a_public_key_file_give_the_same_key() {
        for signer in Signer::writable() {
            let key = signer.key();
            let public = signer.public();
            let mut decorated = key.object().clone();
            decorated["x-tuf-on-ci-keyowner"] = json!("@someone");
            decorated["keyid_hash_algorithms"] = json!(["sha256", "sha512"]);
            decorated["keyval"]["private"] = json!("");
            for file in [
                public.to_pem().into_bytes(),
                public.as_der().to_vec(),
                key.object().to_string().into_bytes(),
                serde_json::to_vec_pretty(&decorated).unwrap(),
            ] {
                assert_eq!(Key::from_file(&file), Ok(key.clone()));
            }
        }
    }

    #[test]
    fn private_keys_are_refused_in_every_form() {
        let pkcs8 = Signer::p256().pkcs8();
        let mut with_private = Signer::ed25519().key().object().clone();
        with_private["keyval"]["private"] = json!("00".repeat(32));
        let go_tuf = json!({"encrypted": true, "data": {"kdf": {}, "ciphertext": ""}});
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": "", "y": "", "d": "AA"});
        let mut both = Signer::p256().public().to_pem();
        both.push_str("-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n");
        for file in [
            pkcs8,
            with_private.to_string().into_bytes(),
            go_tuf.to_string().into_bytes(),
            jwk.to_string().into_bytes(),
            both.into_bytes(),
            b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n!".to_vec(),
            b"-----BEGIN OPENSSH PRIVATE KEY-----\n!".to_vec(),
            b"00@@@@100000@@@@00@@@@00@@@@00".to_vec(),
            [
                &[0x30, 0x0d, 0x30, 0x0b][..],
                b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d",
            ]
            .concat(),
        ] {
            assert_eq!(
                Key::from_file(&file),
                Err(KeyFileError::Private),
                "{}",
                String::from_utf8_lossy(&file)
            );
        }
    }

    #[test]
    fn unusable_public_keys_are_refused() {
        for public in [&Signer::weak_rsa_public(), Signer::p521().public()] {
            let refused = Key::from_file(public.to_pem().as_bytes());
            assert!(matches!(refused, Err(KeyFileError::Unwritable(_))));
        }
        let neutral = json!({"keytype": "ed25519", "scheme": "ed25519",
            "keyval": {"public": "01".to_owned() + &"00".repeat(31)}});
        assert!(matches!(
            Key::from_file(neutral.to_string().as_bytes()),
            Err(KeyFileError::Unusable { .. })
        ));
        let mut pkcs1 = Signer::rsa().key().object().clone();
        pkcs1["scheme"] = json!("rsa-pkcs1v15-sha256");
        assert_eq!(
            Key::from_file(pkcs1.to_string().as_bytes()),
            Err(KeyFileError::Scheme {
                found: Scheme::RsaPkcs1Sha256,
                written: Scheme::RsaPssSha256
            })
        );
        assert_eq!(Key::from_file(b""), Err(KeyFileError::Unrecognized));
        assert_eq!(Key::from_file(b"hello"), Err(KeyFileError::Unrecognized));
        let large = vec![b' '; MAX_BYTES + 1];
        assert!(matches!(
            Key::from_file(&large),
            Err(KeyFileError::Size { .. })
        ));
    }
}
