//! Key objects of Notary: no scheme, an explicit empty private half, base64, and root keys in certificates.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Method;
use crate::certificate::{Algorithm, Authority, Certificate, Leaf, PublicKey, SelfSigned};
use crate::metadata::key::{Key, KeyObjectError, UnwritableKey};
use crate::metadata::key_id::KeyId;
use crate::metadata::scheme::Scheme;
use crate::record::visible;
use crate::words::Digest;

/// The extended use that Go's verification of a chain asks for where a client pins an authority.
const SERVER_AUTHENTICATION: &str = "1.3.6.1.5.5.7.3.1";

impl Key {
    /// Takes a key object out of a root of Notary, or out of what its server hands out.
    ///
    /// # Errors
    /// When it lacks the form of one.
    pub fn from_notary_object(object: &Value) -> Result<Self, KeyObjectError> {
        let members = object.as_object().ok_or(KeyObjectError::NotAnObject)?;
        let key_type = members
            .get("keytype")
            .and_then(Value::as_str)
            .ok_or(KeyObjectError::Text { name: "keytype" })?;
        let public = members
            .get("keyval")
            .and_then(Value::as_object)
            .ok_or(KeyObjectError::KeyValue)?
            .get("public")
            .and_then(Value::as_str)
            .ok_or(KeyObjectError::Text { name: "public" })?;
        let mut certificates = Vec::new();
        let found = STANDARD
            .decode(public)
            .map_err(|_| "the public key is not base64".to_owned())
            .and_then(|bytes| read_public(key_type, &bytes, &mut certificates));
        let found = found.and_then(|public| {
            let algorithm = public.algorithm();
            let scheme = scheme_of(&public)
                .ok_or_else(|| format!("Notary has no signatures of {algorithm}"))?;
            Ok((public, scheme))
        });
        let method = found
            .as_ref()
            .map_or("", |(_, scheme)| Method::of(*scheme).as_str());
        Ok(Self::of_notary(
            object.clone(),
            key_type,
            method,
            found,
            certificates,
        ))
    }

    /// The key object of a root key: its certificate, alone.
    ///
    /// # Errors
    /// When it is for a key that Conclave does not write for Notary: all but ECDSA.
    pub fn of_certificate(certificate: &Certificate) -> Result<Self, UnwritableKey> {
        let public = certificate.public_key().map_err(|_| UnwritableKey {
            algorithm: Algorithm::P521,
        })?;
        let algorithm = public.algorithm();
        if !matches!(algorithm, Algorithm::P256 | Algorithm::P384) {
            return Err(UnwritableKey { algorithm });
        }
        let text = STANDARD.encode(certificate.to_pem());
        Self::from_notary_object(&object_of("ecdsa-x509", &text))
            .map_err(|_| UnwritableKey { algorithm })
    }

    /// The key object of a key that is in no certificate.
    ///
    /// # Errors
    /// When Notary has no signatures of such keys.
    pub fn notary(public: &PublicKey) -> Result<Self, UnwritableKey> {
        let algorithm = public.algorithm();
        let (key_type, text) = bare(public);
        Self::from_notary_object(&object_of(key_type, &text))
            .ok()
            .filter(|key| key.public().is_some())
            .ok_or(UnwritableKey { algorithm })
    }

    /// The ID that Notary's tools give the key itself, whatever certificate it is in: the name of its file, and what
    /// `notary key list` prints.
    pub fn canonical_id(&self) -> Option<KeyId> {
        let (key_type, text) = bare(self.public()?);
        Some(KeyId::of(&object_of(key_type, &text)))
    }
}

/// The key in a certificate that says what another one says, of a key that takes its place in a rehearsal. It is the same
/// whoever makes it, and so is not signed: nobody asks a leaf for its signature.
pub(in crate::metadata) fn simulated_key(leaf: &Certificate, simulated: &PublicKey) -> Option<Key> {
    let mut serial = [0; 16];
    serial.copy_from_slice(Digest::of(leaf.as_der()).as_bytes().get(..16)?);
    let said = Leaf {
        common_name: leaf.subject_name()?.to_owned(),
        serial,
        validity: leaf.validity().ok()?,
    };
    let certificate = SelfSigned::leaf(simulated, &said).ok()?.unsigned().ok()?;
    Key::of_certificate(&certificate).ok()
}

/// `keytype` and `keyval.public` of a key in no certificate.
fn bare(public: &PublicKey) -> (&'static str, String) {
    match public.algorithm() {
        Algorithm::Ed25519 => ("ed25519", STANDARD.encode(public.subject_bits())),
        Algorithm::Rsa { .. } => ("rsa", STANDARD.encode(public.as_der())),
        _ => ("ecdsa", STANDARD.encode(public.as_der())),
    }
}

fn object_of(key_type: &str, public: &str) -> Value {
    json!({"keytype": key_type, "keyval": {"private": null, "public": public}})
}

/// How such a key signs: by SHA-256 on every curve.
fn scheme_of(public: &PublicKey) -> Option<Scheme> {
    let scheme = match public.algorithm() {
        Algorithm::P256 => Scheme::EcdsaP256,
        Algorithm::P384 => Scheme::EcdsaP384Sha256,
        Algorithm::P521 => Scheme::EcdsaP521Sha256,
        Algorithm::Ed25519 => Scheme::Ed25519,
        Algorithm::Rsa { .. } => Scheme::RsaPssSha256,
    };
    scheme.fits(public).then_some(scheme)
}

fn read_public(
    key_type: &str,
    bytes: &[u8],
    certificates: &mut Vec<Certificate>,
) -> Result<PublicKey, String> {
    let public = match key_type {
        "ed25519" => PublicKey::from_ed25519(bytes).map_err(|error| error.to_string())?,
        "ecdsa" | "rsa" => PublicKey::from_der(bytes).map_err(|error| error.to_string())?,
        "ecdsa-x509" | "rsa-x509" => {
            *certificates = read_certificates(bytes)?;
            let leaf = certificates.first().ok_or("there is no certificate")?;
            leaf.public_key().map_err(|error| error.to_string())?
        }
        _ => return Err(format!("keytype {key_type:?} is unknown")),
    };
    let is_rsa = matches!(public.algorithm(), Algorithm::Rsa { .. });
    let is_ec = !is_rsa && public.algorithm() != Algorithm::Ed25519;
    let belongs = match key_type {
        "ed25519" => true,
        "rsa" | "rsa-x509" => is_rsa,
        _ => is_ec,
    };
    if belongs {
        Ok(public)
    } else {
        let algorithm = public.algorithm();
        Err(format!(
            "keytype {key_type:?} does not fit a key of type {algorithm}"
        ))
    }
}

/// The certificates of a root key: one leaf, then authorities. Clients rewrite the text and compute the ID from that,
/// so that nothing but the form that they write counts.
fn read_certificates(pem: &[u8]) -> Result<Vec<Certificate>, String> {
    let found = Certificate::read_all(pem).map_err(|error| error.to_string())?;
    let written: String = found.iter().map(Certificate::to_pem).collect();
    if pem != written.as_bytes() {
        return Err(
            "its certificates are not PEM as Go writes it: LF, lines of 64, nothing between"
                .to_owned(),
        );
    }
    let is_authority =
        |certificate: &Certificate| matches!(certificate.authority(), Authority::Yes { .. });
    match found.split_first() {
        Some((leaf, _)) if is_authority(leaf) => {
            Err("its certificate is one of an authority (CA:TRUE)".to_owned())
        }
        Some((_, others)) if !others.iter().all(is_authority) => {
            Err("it has more than one leaf certificate".to_owned())
        }
        Some(_) => Ok(found),
        None => Err("there is no certificate".to_owned()),
    }
}

/// A fault of a leaf certificate, or of one that comes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeafFault {
    /// It does not name the repository.
    Name {
        /// The common name, escaped.
        found: String,
    },
    /// It is not valid at that time: no client takes the root, nor any that follows it.
    Dates { text: String },
    /// It ends before the root does.
    EndsFirst { until: Timestamp },
    /// It names extended uses, without that for servers: clients that pin an authority refuse it.
    Use,
    /// One that comes with it is not valid at that time.
    Intermediate {
        /// Its name, escaped.
        name: String,
    },
    /// Its dates cannot be read.
    Unreadable,
}

impl fmt::Display for LeafFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { found } => write!(f, "its certificate is for {found}"),
            Self::Dates { text } => write!(f, "its certificate {text}"),
            Self::EndsFirst { until } => {
                write!(f, "its certificate ends at {until}, before the root does")
            }
            Self::Use => f.write_str(
                "its certificate has an extended key usage: clients that pin its authority refuse it",
            ),
            Self::Intermediate { name } => {
                write!(f, "the certificate of the authority {name} is not valid")
            }
            Self::Unreadable => f.write_str("the dates of its certificate cannot be read"),
        }
    }
}

/// What clients hold against the certificates of a root key, in a repository of that name if it is known, at that time,
/// in a root that expires then.
pub fn leaf_faults(
    certificates: &[Certificate],
    gun: Option<&str>,
    at: Timestamp,
    expires: Timestamp,
) -> Vec<LeafFault> {
    let Some((leaf, others)) = certificates.split_first() else {
        return Vec::new();
    };
    let mut faults = Vec::new();
    let name = leaf.subject_name().unwrap_or_default();
    if gun.is_some_and(|gun| !names(name, gun)) {
        let found = visible(name);
        faults.push(LeafFault::Name { found });
    }
    match leaf.validity() {
        Err(_) => faults.push(LeafFault::Unreadable),
        Ok(validity) => {
            let day = jiff::SignedDuration::from_hours(24);
            if validity.until < at {
                let text = format!("has ended at {}", validity.until);
                faults.push(LeafFault::Dates { text });
            } else if validity
                .from
                .saturating_sub(day)
                .is_ok_and(|from| from > at)
            {
                let text = format!("begins at {}", validity.from);
                faults.push(LeafFault::Dates { text });
            }
            if validity.until < expires {
                let until = validity.until;
                faults.push(LeafFault::EndsFirst { until });
            }
        }
    }
    let uses = leaf.extended_uses();
    if uses.is_some_and(|uses| !uses.iter().any(|used| used == SERVER_AUTHENTICATION)) {
        faults.push(LeafFault::Use);
    }
    for other in others {
        if !other.validity().is_ok_and(|validity| validity.contains(at)) {
            let name = visible(other.subject_name().unwrap_or_default());
            faults.push(LeafFault::Intermediate { name });
        }
    }
    faults
}

/// Whether a common name is that of a repository: the same, or its beginning and an asterisk.
fn names(common_name: &str, gun: &str) -> bool {
    common_name == gun
        || common_name
            .strip_suffix('*')
            .is_some_and(|beginning| gun.starts_with(beginning))
}
