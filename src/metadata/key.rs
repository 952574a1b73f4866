//! Key objects of root metadata.

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
/// The object is kept as received, because its ID and all signatures over the document cover unknown members too.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Arc<Inner>);

struct Inner {
    object: Value,
    key_type: String,
    scheme_name: String,
    id: KeyId,
    verifier: Result<Verifier, String>,
    certificates: Vec<Certificate>,
}

struct Verifier {
    public: PublicKey,
    scheme: Scheme,
    /// Parsed once, because a chain has thousands of signatures by few keys.
    parsed: ParsedPublicKey,
}

impl Verifier {
    fn new(public: PublicKey, scheme: Scheme) -> Result<Self, String> {
        let Some(parsed) = scheme.parse_key(&public) else {
            let algorithm = public.algorithm();
            return Err(format!("scheme {scheme} does not support {algorithm} keys"));
        };
        Ok(Self {
            public,
            scheme,
            parsed,
        })
    }
}

/// The object determines all other fields.
impl PartialEq for Inner {
    fn eq(&self, other: &Self) -> bool {
        self.object == other.object
    }
}

impl Eq for Inner {}

/// A JSON value that is not a key object (specification, section 4.2). A key object with an unknown type or an invalid
/// public key is not an error: its signatures never count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyObjectError {
    #[error("the key is not a JSON object")]
    NotAnObject,
    #[error("the key has no string {name:?}")]
    MissingString { name: &'static str },
    #[error("the key has no object \"keyval\"")]
    MissingKeyValue,
}

/// A public key that Conclave does not write into root metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Conclave does not write {algorithm} keys into root metadata")]
pub struct UnwritableKey {
    pub algorithm: Algorithm,
}

impl Key {
    /// The key object that Conclave writes for a public key. It has only the members of the specification, so all ID
    /// rules give it the same ID.
    ///
    /// # Errors
    /// For algorithms and lengths that Conclave does not write.
    pub fn from_public(public: &PublicKey) -> Result<Self, UnwritableKey> {
        let algorithm = public.algorithm();
        let unwritable = UnwritableKey { algorithm };
        let scheme = Scheme::for_public_key(public).ok_or(unwritable)?;
        let verifier = Verifier::new(public.clone(), scheme).map_err(|_| unwritable)?;
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

    /// The same key with an additional member, which changes its ID.
    pub fn with_member(&self, name: &str, text: &str) -> Self {
        let mut object = self.object().clone();
        object[name] = json!(text);
        let (key_type, scheme_name) = (self.key_type(), self.scheme_name());
        let public = object["keyval"]["public"].as_str();
        let verifier = read_verifier(key_type, scheme_name, public);
        Self::new(object, key_type, scheme_name, verifier)
    }

    /// Reads a key object.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn from_object(object: &Value) -> Result<Self, KeyObjectError> {
        let members = object.as_object().ok_or(KeyObjectError::NotAnObject)?;
        let text = |name: &'static str| {
            members
                .get(name)
                .and_then(Value::as_str)
                .ok_or(KeyObjectError::MissingString { name })
        };
        let key_type = text("keytype")?;
        let scheme_name = text("scheme")?;
        let key_value = members
            .get("keyval")
            .filter(|value| value.is_object())
            .ok_or(KeyObjectError::MissingKeyValue)?;
        let public = key_value.get("public").and_then(Value::as_str);
        let verifier = read_verifier(key_type, scheme_name, public);
        Ok(Self::new(object.clone(), key_type, scheme_name, verifier))
    }

    /// A key of Notary, whose object does not contain the scheme.
    pub(super) fn of_notary(
        object: Value,
        key_type: &str,
        method: &str,
        found: Result<(PublicKey, Scheme), String>,
        certificates: Vec<Certificate>,
    ) -> Self {
        let verifier = found.and_then(|(public, scheme)| Verifier::new(public, scheme));
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

    /// The certificates of a root key of Notary, leaf first. Other keys have none.
    pub fn certificates(&self) -> &[Certificate] {
        &self.0.certificates
    }

    /// The ID by the rule of its format. A document may list the key under a different ID.
    pub fn id(&self) -> &KeyId {
        &self.0.id
    }

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

    /// `None` if the key is unusable.
    pub fn public(&self) -> Option<&PublicKey> {
        self.verifier().map(|verifier| &verifier.public)
    }

    /// `None` if the key is unusable.
    pub fn scheme(&self) -> Option<Scheme> {
        self.verifier().map(|verifier| verifier.scheme)
    }

    /// The reason why signatures by this key never count.
    pub fn unusable(&self) -> Option<&str> {
        self.0.verifier.as_ref().err().map(String::as_str)
    }

    /// Whether `keyval.private` has a value.
    pub fn holds_private(&self) -> bool {
        let private = self.0.object["keyval"].get("private");
        private.is_some_and(|private| !private.is_null() && private.as_str() != Some(""))
    }

    /// Whether the object is in Notary's format, which has no scheme.
    pub fn is_of_notary(&self) -> bool {
        self.0.object.get("scheme").is_none()
    }

    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifier()
            .is_some_and(|verifier| verifier.parsed.verify_sig(message, signature).is_ok())
    }

    /// The owner or online URI that tuf-on-ci adds to the object, escaped. It is an unverified claim.
    pub fn holder(&self) -> Option<String> {
        ["x-tuf-on-ci-keyowner", "x-tuf-on-ci-online-uri"]
            .iter()
            .find_map(|name| self.0.object.get(name)?.as_str())
            .map(|holder| holder.escape_debug().to_string())
    }

    /// A short description: `P-256, fingerprint 9f86 d081 … 0a08`. Untrusted text is escaped.
    pub fn describe(&self) -> String {
        match &self.0.verifier {
            Ok(Verifier { public, scheme, .. }) => {
                let fingerprint = public.fingerprint().short_hex();
                let is_usual =
                    self.is_of_notary() || Scheme::for_public_key(public) == Some(*scheme);
                let details = match self.certificates().first() {
                    Some(leaf) => format!(", {}", notary::describe_leaf(leaf)),
                    None if is_usual => String::new(),
                    None => format!(" ({scheme})"),
                };
                let algorithm = public.algorithm();
                format!("{algorithm}{details}, fingerprint {fingerprint}")
            }
            Err(why) => format!(
                "{} / {}, unusable: {why}",
                self.0.key_type.escape_debug(),
                self.0.scheme_name.escape_debug()
            ),
        }
    }
}

impl Key {
    /// [`Self::describe`] after the holder, if the object contains one.
    pub fn describe_with_holder(&self) -> String {
        let holder = self.holder().map(|holder| format!("{holder}: "));
        holder.unwrap_or_default() + &self.describe()
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
        // Used before the specification introduced `ecdsa`.
        "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521" => {
            scheme_name == key_type
        }
        _ => return Err(format!("keytype {key_type:?} is unknown")),
    };
    if !belongs {
        return Err(format!(
            "scheme {scheme_name:?} is not allowed for keytype {key_type:?}"
        ));
    }
    let public = public.ok_or("keyval has no string \"public\"")?;
    let public = match scheme {
        Scheme::Ed25519 => hex::decode(public)
            .map_err(|_| "the Ed25519 public key is not valid hex".to_owned())
            .and_then(|bytes| PublicKey::from_ed25519(&bytes).map_err(|e| e.to_string())),
        Scheme::EcdsaP256 => read_ec(Algorithm::P256, public),
        Scheme::EcdsaP384 => read_ec(Algorithm::P384, public),
        Scheme::EcdsaP521 => read_ec(Algorithm::P521, public),
        _ => PublicKey::from_pem(public).map_err(|error| error.to_string()),
    }?;
    Verifier::new(public, scheme)
}

/// PEM, or the point in hex (go-tuf before 2022).
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
    fn written_key_objects_have_core_members_and_the_specified_id() {
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
            "Conclave does not write P-521 keys into root metadata"
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
    fn unusable_keys_are_kept_with_the_reason() {
        let p384 = Signer::p384().public().to_pem();
        let weak = Signer::weak_rsa_public().to_pem();
        let neutral = "01".to_owned() + &"00".repeat(31);
        let (p256, p384_scheme) = ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384");
        let (pss, unknown) = ("rsassa-pss-sha256", "scheme \"Fulcio\" is unknown");
        for (key_type, scheme, public, why) in [
            ("sigstore-oidc", "Fulcio", "x", unknown),
            ("ml-dsa", "ed25519", "x", "keytype \"ml-dsa\" is unknown"),
            ("ed25519", p256, "x", "not allowed for keytype"),
            (p256, p384_scheme, &p384, "not allowed for keytype"),
            ("ecdsa", p256, &p384, "does not support P-384 keys"),
            ("rsa", pss, &weak, "does not support RSA-1024 keys"),
            ("ed25519", "ed25519", &neutral, "small order"),
            ("ed25519", "ed25519", "zz", "not valid hex"),
            ("ecdsa", p256, "not a key", "not a public key"),
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
    fn malformed_key_objects_are_refused() {
        for (object, error) in [
            (json!([]), "not a JSON object"),
            (
                json!({"keytype": "rsa", "keyval": {}}),
                "no string \"scheme\"",
            ),
            (
                json!({"keytype": 1, "scheme": "x", "keyval": {}}),
                "no string \"keytype\"",
            ),
            (
                json!({"keytype": "rsa", "scheme": "x", "keyval": "x"}),
                "no object \"keyval\"",
            ),
        ] {
            let refused = Key::from_object(&object).unwrap_err().to_string();
            assert!(refused.ends_with(error), "{refused}");
        }
    }
}
