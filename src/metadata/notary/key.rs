//! Key objects of Notary: without a scheme, with an explicit empty private key, in base64, root keys in certificates.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Method;
use crate::certificate::{
    Algorithm, Authority, Certificate, Leaf, PublicKey, SelfSigned, Validity,
};
use crate::metadata::key::{Key, KeyObjectError, UnwritableKey};
use crate::metadata::key_id::KeyId;
use crate::metadata::scheme::Scheme;
use crate::record::visible;
use crate::words::Digest;

/// The extended key usage that Go requires if a client pins a certificate authority.
const SERVER_AUTHENTICATION: &str = "1.3.6.1.5.5.7.3.1";

impl Key {
    /// Reads a key object from a root of Notary or from its server.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn from_notary_object<'o>(object: &'o Value) -> Result<Self, KeyObjectError> {
        let members = object.as_object().ok_or(KeyObjectError::NotAnObject)?;
        let text = |value: Option<&'o Value>, name| {
            let text = value.and_then(Value::as_str);
            text.ok_or(KeyObjectError::MissingString { name })
        };
        let key_type = text(members.get("keytype"), "keytype")?;
        let key_value = members.get("keyval").and_then(Value::as_object);
        let key_value = key_value.ok_or(KeyObjectError::MissingKeyValue)?;
        let public = text(key_value.get("public"), "public")?;
        let mut certificates = Vec::new();
        let found = STANDARD
            .decode(public)
            .map_err(|_| "the public key is not base64".to_owned())
            .and_then(|bytes| read_public(key_type, &bytes, &mut certificates));
        let found = found.and_then(|public| {
            let algorithm = public.algorithm();
            let scheme = scheme_of(&public)
                .ok_or_else(|| format!("Notary does not support {algorithm} keys"))?;
            Ok((public, scheme))
        });
        let method = found
            .as_ref()
            .map_or("", |(_, scheme)| Method::of(*scheme).into_str());
        Ok(Self::of_notary(
            object.clone(),
            key_type,
            method,
            found,
            certificates,
        ))
    }

    /// The key object of a root key with this certificate only.
    ///
    /// # Errors
    /// For keys other than ECDSA on P-256 and P-384.
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

    /// The key object of a key without a certificate.
    ///
    /// # Errors
    /// For keys that Notary does not support.
    pub fn notary(public: &PublicKey) -> Result<Self, UnwritableKey> {
        let algorithm = public.algorithm();
        let (key_type, text) = bare(public);
        Self::from_notary_object(&object_of(key_type, &text))
            .ok()
            .filter(|key| key.public().is_some())
            .ok_or(UnwritableKey { algorithm })
    }

    /// The ID that Notary's tools use for the key itself, independent of its certificate: in file names and in
    /// `notary key list`.
    pub fn canonical_id(&self) -> Option<KeyId> {
        let (key_type, text) = bare(self.public()?);
        Some(KeyId::of(&object_of(key_type, &text)))
    }
}

/// The key that replaces a root key in a rehearsal, in a certificate with the same content. It is deterministic and
/// therefore unsigned: clients do not verify the signature of a leaf certificate.
pub(in crate::metadata) fn simulated_key(leaf: &Certificate, simulated: &PublicKey) -> Option<Key> {
    let mut serial = [0; 16];
    serial.copy_from_slice(Digest::of(leaf.as_der()).as_bytes().get(..16)?);
    let content = Leaf {
        common_name: leaf.subject_name()?.to_owned(),
        serial,
        validity: leaf.validity().ok()?,
    };
    let certificate = SelfSigned::leaf(simulated, &content)
        .ok()?
        .unsigned()
        .ok()?;
    Key::of_certificate(&certificate).ok()
}

/// `keytype` and `keyval.public` of a key without a certificate.
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

/// Notary uses SHA-256 for every curve.
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
            "keytype {key_type:?} is not allowed for {algorithm} keys"
        ))
    }
}

/// The certificates of a root key: one leaf, then its authorities. Clients rewrite the text and compute the ID from the
/// result, so only the form that they write is accepted.
fn read_certificates(pem: &[u8]) -> Result<Vec<Certificate>, String> {
    let found = Certificate::read_all(pem).map_err(|error| error.to_string())?;
    let written: String = found.iter().map(Certificate::to_pem).collect();
    if pem != written.as_bytes() {
        return Err(
            "its certificates are not PEM as Go writes it: line feeds, 64 characters per line, no other text"
                .to_owned(),
        );
    }
    let is_authority =
        |certificate: &Certificate| matches!(certificate.authority(), Authority::Yes { .. });
    match found.split_first() {
        Some((leaf, _)) if is_authority(leaf) => {
            Err("its certificate is a CA certificate (CA:TRUE)".to_owned())
        }
        Some((_, others)) if !others.iter().all(is_authority) => {
            Err("it has more than one leaf certificate".to_owned())
        }
        Some(_) => Ok(found),
        None => Err("there is no certificate".to_owned()),
    }
}

/// A problem of a leaf certificate or of its authorities. Names are escaped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateProblem {
    #[error("its certificate is for {found}")]
    Name { found: String },
    /// Clients refuse the root and all later roots.
    #[error("its certificate expired at {until}")]
    Expired { until: Timestamp },
    #[error("its certificate is not valid until {from}")]
    NotYetValid { from: Timestamp },
    #[error("its certificate expires at {until}, before the root")]
    ExpiresFirst { until: Timestamp },
    #[error(
        "the extended key usage of its certificate does not include server authentication, so clients that pin its certificate authority refuse it"
    )]
    Usage,
    #[error("the certificate of the certificate authority {name} is not valid")]
    Intermediate { name: String },
    #[error("the validity of its certificate cannot be read")]
    Unreadable,
}

impl CertificateProblem {
    /// Whether a certificate is not valid at the given time.
    pub fn is_about_validity(&self) -> bool {
        match self {
            Self::Expired { .. }
            | Self::NotYetValid { .. }
            | Self::Intermediate { .. }
            | Self::Unreadable => true,
            Self::Name { .. } | Self::ExpiresFirst { .. } | Self::Usage => false,
        }
    }
}

/// The problems that clients have with the certificates of a root key.
pub fn certificate_problems(
    certificates: &[Certificate],
    gun: Option<&str>,
    at: Timestamp,
    expires: Timestamp,
) -> Vec<CertificateProblem> {
    let Some((leaf, others)) = certificates.split_first() else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    let name = leaf.subject_name().unwrap_or_default();
    if gun.is_some_and(|gun| !names(name, gun)) {
        let found = visible(name);
        problems.push(CertificateProblem::Name { found });
    }
    match leaf.validity() {
        Err(_) => problems.push(CertificateProblem::Unreadable),
        Ok(Validity { from, until }) => {
            let day = jiff::SignedDuration::from_hours(24);
            if until < at {
                problems.push(CertificateProblem::Expired { until });
            } else if from.saturating_sub(day).is_ok_and(|from| from > at) {
                problems.push(CertificateProblem::NotYetValid { from });
            }
            if until < expires {
                problems.push(CertificateProblem::ExpiresFirst { until });
            }
        }
    }
    let uses = leaf.extended_uses();
    if uses.is_some_and(|uses| !uses.iter().any(|used| used == SERVER_AUTHENTICATION)) {
        problems.push(CertificateProblem::Usage);
    }
    for other in others {
        if !other.validity().is_ok_and(|validity| validity.contains(at)) {
            let name = visible(other.subject_name().unwrap_or_default());
            problems.push(CertificateProblem::Intermediate { name });
        }
    }
    problems
}

/// Whether a common name matches a repository: the name itself, or a prefix and an asterisk.
fn names(common_name: &str, gun: &str) -> bool {
    common_name == gun
        || common_name
            .strip_suffix('*')
            .is_some_and(|beginning| gun.starts_with(beginning))
}
