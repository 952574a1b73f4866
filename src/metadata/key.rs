//! A key of TUF metadata: the object as it was received, and the public key in it.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::ParsedPublicKey;
use serde_json::{Value, json};

use super::key_id::{KeyId, KeyIdRule};
use super::notary;
use super::scheme::Scheme;
use crate::certificate::{Algorithm, Certificate, PublicKey};

/// A key object. Cheap to clone.
///
/// The object is kept as it was received: its ID and every signature over a
/// document cover members that nobody here knows.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Arc<Inner>);

struct Inner {
    object: Value,
    key_type: String,
    scheme_name: String,
    id: KeyId,
    verifier: Result<Verifier, String>,
    /// The certificates that a key of Notary comes in, the leaf first; none elsewhere.
    certificates: Vec<Certificate>,
}

struct Verifier {
    public: PublicKey,
    scheme: Scheme,
    /// The same public key, ready to verify: a chain has thousands of signatures of few keys.
    ready: ParsedPublicKey,
}

impl Verifier {
    fn new(public: PublicKey, scheme: Scheme) -> Option<Self> {
        let ready = scheme.ready(&public)?;
        Some(Self {
            public,
            scheme,
            ready,
        })
    }

    fn read(public: PublicKey, scheme: Scheme) -> Result<Self, String> {
        let algorithm = public.algorithm();
        Self::new(public, scheme)
            .ok_or_else(|| format!("scheme {scheme} does not fit a key of type {algorithm}"))
    }
}

/// Everything else follows from the object.
impl PartialEq for Inner {
    fn eq(&self, other: &Self) -> bool {
        self.object == other.object
    }
}

impl Eq for Inner {}

/// Why a JSON value is not a key object at all (specification, section 4.2).
///
/// A key object of an unknown type, or with an impossible public key, is still a
/// key object: its signatures just never count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyObjectError {
    #[error("a key is an object")]
    NotAnObject,
    #[error("a key has a text {name:?}")]
    Text { name: &'static str },
    #[error("a key has an object \"keyval\"")]
    KeyValue,
}

/// Why Conclave writes no key object for a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Conclave writes no {algorithm} keys into root metadata")]
pub struct UnwritableKey {
    pub algorithm: Algorithm,
}

impl Key {
    /// The key object that Conclave writes for a public key: the members that
    /// the specification names and no other, so that every rule gives it the same ID.
    ///
    /// # Errors
    /// When Conclave writes no scheme for keys of this algorithm and length.
    pub fn from_public(public: &PublicKey) -> Result<Self, UnwritableKey> {
        let algorithm = public.algorithm();
        let scheme = Scheme::for_public_key(public).ok_or(UnwritableKey { algorithm })?;
        let verifier = Verifier::new(public.clone(), scheme).ok_or(UnwritableKey { algorithm })?;
        let (key_type, text) = match algorithm {
            Algorithm::P256 | Algorithm::P384 | Algorithm::P521 => ("ecdsa", public.to_pem()),
            Algorithm::Ed25519 => ("ed25519", hex::encode(public.subject_bits())),
            Algorithm::Rsa { .. } => ("rsa", public.to_pem()),
        };
        let object = json!({
            "keytype": key_type,
            "keyval": { "public": text },
            "scheme": scheme.as_str(),
        });
        Ok(Self::new(object, key_type, scheme.as_str(), Ok(verifier)))
    }

    fn new(
        object: Value,
        key_type: &str,
        scheme_name: &str,
        verifier: Result<Verifier, String>,
    ) -> Self {
        Self(Arc::new(Inner {
            id: KeyId::of(&object),
            object,
            key_type: key_type.to_owned(),
            scheme_name: scheme_name.to_owned(),
            verifier,
            certificates: Vec::new(),
        }))
    }

    /// The same key with one more member in its object, as some publishers want it. That gives it another ID.
    pub fn with_member(&self, name: &str, text: &str) -> Self {
        let mut object = self.object().clone();
        object[name] = json!(text);
        let (key_type, scheme_name) = (self.key_type(), self.scheme_name());
        let public = object["keyval"]["public"].as_str();
        let verifier = read_verifier(key_type, scheme_name, public);
        Self::new(object, key_type, scheme_name, verifier)
    }

    /// Takes a key object out of a document.
    ///
    /// # Errors
    /// When it lacks the form of one.
    pub fn from_object(object: &Value) -> Result<Self, KeyObjectError> {
        let members = object.as_object().ok_or(KeyObjectError::NotAnObject)?;
        let text = |name: &'static str| {
            members
                .get(name)
                .and_then(Value::as_str)
                .ok_or(KeyObjectError::Text { name })
        };
        let key_type = text("keytype")?;
        let scheme_name = text("scheme")?;
        let key_value = members
            .get("keyval")
            .filter(|value| value.is_object())
            .ok_or(KeyObjectError::KeyValue)?;
        let public = key_value.get("public").and_then(Value::as_str);
        let verifier = read_verifier(key_type, scheme_name, public);
        Ok(Self::new(object.clone(), key_type, scheme_name, verifier))
    }

    /// A key whose object does not name its scheme: what it is was found out by the caller.
    pub(super) fn of_notary(
        object: Value,
        key_type: &str,
        method: &str,
        found: Result<(PublicKey, Scheme), String>,
        certificates: Vec<Certificate>,
    ) -> Self {
        let verifier = found.and_then(|(public, scheme)| Verifier::read(public, scheme));
        let id = KeyIdRule::NOTARY.id_of(&object);
        Self(Arc::new(Inner {
            id: id.unwrap_or_else(|| KeyId::of(&object)),
            object,
            key_type: key_type.to_owned(),
            scheme_name: method.to_owned(),
            verifier,
            certificates,
        }))
    }

    /// The certificates that it comes in, the leaf first; none outside Notary's root keys.
    pub fn certificates(&self) -> &[Certificate] {
        &self.0.certificates
    }

    /// The ID by the specification's rule. In a document the key may stand under another.
    pub fn id(&self) -> &KeyId {
        &self.0.id
    }

    /// The object as it was received or made.
    pub fn object(&self) -> &Value {
        &self.0.object
    }

    pub fn key_type(&self) -> &str {
        &self.0.key_type
    }

    pub fn scheme_name(&self) -> &str {
        &self.0.scheme_name
    }

    fn verifier(&self) -> Option<&Verifier> {
        self.0.verifier.as_ref().ok()
    }

    /// The public key; `None` if Conclave cannot verify with this key object.
    pub fn public(&self) -> Option<&PublicKey> {
        self.verifier().map(|verifier| &verifier.public)
    }

    /// The scheme; `None` if Conclave cannot verify with this key object.
    pub fn scheme(&self) -> Option<Scheme> {
        self.verifier().map(|verifier| verifier.scheme)
    }

    /// Why signatures of this key never count; `None` if they can.
    pub fn unusable(&self) -> Option<&str> {
        self.0.verifier.as_ref().err().map(String::as_str)
    }

    /// Whether `keyval.private` says something: there should be nothing.
    pub fn holds_private(&self) -> bool {
        let private = self.0.object["keyval"].get("private");
        private.is_some_and(|private| !private.is_null() && private.as_str() != Some(""))
    }

    /// Whether its object is one of Notary's, which names no scheme.
    pub fn is_of_notary(&self) -> bool {
        self.0.object.get("scheme").is_none()
    }

    /// Whether a signature over a message verifies with this key.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifier()
            .is_some_and(|verifier| verifier.ready.verify_sig(message, signature).is_ok())
    }

    /// Whose key it is, where the object says so: the owner or the online URI that
    /// tuf-on-ci writes down. Escaped; a claim, and no more.
    pub fn holder(&self) -> Option<String> {
        ["x-tuf-on-ci-keyowner", "x-tuf-on-ci-online-uri"]
            .iter()
            .find_map(|name| self.0.object.get(name)?.as_str())
            .map(|holder| holder.escape_debug().to_string())
    }

    /// A few words for people: `P-256, fingerprint 9f86 d081 … 0a08`. Foreign text in it is escaped.
    pub fn describe(&self) -> String {
        match &self.0.verifier {
            Ok(Verifier { public, scheme, .. }) => {
                let fingerprint = public.fingerprint().short_hex();
                let algorithm = public.algorithm();
                if let Some(leaf) = self.certificates().first() {
                    return format!(
                        "{algorithm}, {}, fingerprint {fingerprint}",
                        notary::describe_leaf(leaf)
                    );
                }
                match Scheme::for_public_key(public) {
                    _ if self.is_of_notary() => format!("{algorithm}, fingerprint {fingerprint}"),
                    Some(usual) if usual == *scheme => {
                        format!("{algorithm}, fingerprint {fingerprint}")
                    }
                    _ => format!("{algorithm} ({scheme}), fingerprint {fingerprint}"),
                }
            }
            Err(why) => format!(
                "{} / {}, unusable: {why}",
                self.0.key_type.escape_debug(),
                self.0.scheme_name.escape_debug()
            ),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, {})", self.id().short(), self.describe())
    }
}

fn read_verifier(
    key_type: &str,
    scheme_name: &str,
    public: Option<&str>,
) -> Result<Verifier, String> {
    let scheme = Scheme::from_name(scheme_name)
        .ok_or_else(|| format!("scheme {scheme_name:?} is unknown"))?;
    let belongs = match key_type {
        "ed25519" => scheme == Scheme::Ed25519,
        "rsa" => scheme.is_rsa(),
        "ecdsa" => scheme.is_ecdsa(),
        // Names from before the specification said `ecdsa`.
        "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521" => {
            scheme_name == key_type
        }
        _ => return Err(format!("keytype {key_type:?} is unknown")),
    };
    if !belongs {
        return Err(format!(
            "scheme {scheme_name:?} does not fit keytype {key_type:?}"
        ));
    }
    let public = public.ok_or("keyval has no text \"public\"")?;
    let public = match scheme {
        Scheme::Ed25519 => hex::decode(public)
            .map_err(|_| "an Ed25519 key is written in hex".to_owned())
            .and_then(|bytes| PublicKey::from_ed25519(&bytes).map_err(|e| e.to_string())),
        Scheme::EcdsaP256 => read_ec(Algorithm::P256, public),
        Scheme::EcdsaP384 => read_ec(Algorithm::P384, public),
        Scheme::EcdsaP521 => read_ec(Algorithm::P521, public),
        _ => PublicKey::from_pem(public).map_err(|error| error.to_string()),
    }?;
    Verifier::read(public, scheme)
}

/// PEM, or the bare point in hex, as go-tuf wrote it before 2022.
fn read_ec(curve: Algorithm, public: &str) -> Result<PublicKey, String> {
    match hex::decode(public) {
        Ok(point) => PublicKey::from_point(curve, &point),
        Err(_) => PublicKey::from_pem(public),
    }
    .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::key_id::KeyIdRule;
    use crate::metadata::testing::Signer;

    #[test]
    fn a_written_key_object_has_core_members_and_the_specified_id() {
        for signer in Signer::writable() {
            let key = signer.key();
            let names: Vec<_> = key.object().as_object().unwrap().keys().collect();
            assert_eq!(names, ["keytype", "keyval", "scheme"]);
            assert_eq!(
                KeyIdRule::explain(key.id(), key.object()),
                Some(KeyIdRule::SPECIFIED)
            );
            let read = Key::from_object(key.object()).unwrap();
            assert_eq!(read, key);
            assert_eq!(read.public(), Some(signer.public()));
        }
        let ed25519 = Signer::ed25519().key();
        let public = ed25519.object()["keyval"]["public"].as_str().unwrap();
        assert!(public.len() == 64 && !public.bytes().any(|byte| byte.is_ascii_uppercase()));
        let p384 = Signer::p384().key();
        assert_eq!(p384.key_type(), "ecdsa");
        let pem = p384.object()["keyval"]["public"].as_str().unwrap();
        assert!(pem.ends_with("-----END PUBLIC KEY-----\n") && !pem.contains('\r'));
    }

    #[test]
    fn p521_is_read_but_not_written() {
        let public = Signer::p521().public().clone();
        assert_eq!(
            Key::from_public(&public).unwrap_err().to_string(),
            "Conclave writes no P-521 keys into root metadata"
        );
        let object = json!({"keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp521",
            "keyval": {"public": public.to_pem()}});
        assert_eq!(Key::from_object(&object).unwrap().public(), Some(&public));
    }

    #[test]
    fn old_spellings_of_a_key_are_the_same_public_key() {
        let signer = Signer::p256();
        let hex = hex::encode(signer.public().subject_bits());
        let pem = signer.public().to_pem();
        for (key_type, public) in [
            ("ecdsa-sha2-nistp256", &hex),
            ("ecdsa", &hex),
            ("ecdsa-sha2-nistp256", &pem),
            ("ecdsa", &pem.replace('\n', "\r\n")),
        ] {
            let object = json!({"keytype": key_type, "scheme": "ecdsa-sha2-nistp256",
                "keyval": {"public": public}});
            let key = Key::from_object(&object).unwrap();
            assert_eq!(key.public(), Some(signer.public()), "{object}");
        }
    }

    #[test]
    fn a_key_that_cannot_verify_is_kept_and_says_why() {
        let p384 = Signer::p384().public().to_pem();
        let weak = Signer::weak_rsa_public().to_pem();
        let neutral = "01".to_owned() + &"00".repeat(31);
        for (key_type, scheme, public, why) in [
            (
                "sigstore-oidc",
                "Fulcio",
                "x",
                "scheme \"Fulcio\" is unknown",
            ),
            ("ml-dsa", "ed25519", "x", "keytype \"ml-dsa\" is unknown"),
            (
                "ed25519",
                "ecdsa-sha2-nistp256",
                "x",
                "does not fit keytype",
            ),
            (
                "ecdsa-sha2-nistp256",
                "ecdsa-sha2-nistp384",
                &p384,
                "does not fit keytype",
            ),
            (
                "ecdsa",
                "ecdsa-sha2-nistp256",
                &p384,
                "does not fit a key of type P-384",
            ),
            (
                "rsa",
                "rsassa-pss-sha256",
                &weak,
                "does not fit a key of type RSA-1024",
            ),
            ("ed25519", "ed25519", &neutral, "small order"),
            ("ed25519", "ed25519", "zz", "written in hex"),
            (
                "ecdsa",
                "ecdsa-sha2-nistp256",
                "not a key",
                "not a public key",
            ),
        ] {
            let object = json!({"keytype": key_type, "scheme": scheme,
                "keyval": {"public": public}});
            let key = Key::from_object(&object).unwrap();
            let said = key.unusable().unwrap();
            assert!(said.contains(why), "{said:?} lacks {why:?}");
            assert!(key.public().is_none() && key.scheme().is_none());
        }
    }

    #[test]
    fn what_lacks_the_form_of_a_key_is_refused() {
        for (object, error) in [
            (json!([]), KeyObjectError::NotAnObject),
            (
                json!({"keytype": "rsa", "keyval": {}}),
                KeyObjectError::Text { name: "scheme" },
            ),
            (
                json!({"keytype": 1, "scheme": "x", "keyval": {}}),
                KeyObjectError::Text { name: "keytype" },
            ),
            (
                json!({"keytype": "rsa", "scheme": "x", "keyval": "x"}),
                KeyObjectError::KeyValue,
            ),
        ] {
            assert_eq!(Key::from_object(&object).unwrap_err(), error);
        }
    }
}
