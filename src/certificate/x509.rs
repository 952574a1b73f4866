//! An X.509 certificate as far as attestation chains need it (RFC 5280), read strictly.

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef};
use der::{Decode, Reader as _, SliceReader, Tag, TagNumber, Tagged as _};
use spki::AlgorithmIdentifierRef;

use super::public_key::{Algorithm, PublicKey, PublicKeyError};
use super::validity::Validity;

pub(super) const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
pub(super) const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
pub(super) const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");

const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");

pub(super) const SHA256_WITH_RSA: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const SHA384_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const SHA512_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
pub(super) const ECDSA_WITH_SHA256: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
pub(super) const ECDSA_WITH_SHA384: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_WITH_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");

/// The largest certificate that is read, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// Why bytes are not a certificate that can be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// No PEM block `CERTIFICATE`, or broken inside.
    #[error("not a certificate in PEM or DER form: {0}")]
    Encoding(String),
    /// Well-formed, but against the rules for certificates.
    #[error("the certificate {0}")]
    Form(&'static str),
    /// A critical extension that is not understood: whoever made it wants it refused then.
    #[error("the certificate has the critical extension {0}, which is not understood")]
    Critical(String),
    /// A public key that cannot be used.
    #[error(transparent)]
    Key(#[from] PublicKeyError),
    /// A signature algorithm that is not supported.
    #[error("signature algorithm {0} is not supported")]
    Algorithm(String),
}

impl From<der::Error> for CertificateError {
    fn from(error: der::Error) -> Self {
        Self::Encoding(error.to_string())
    }
}

/// Whether a certificate may issue others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// It does not say: no basic constraints.
    Unsaid,
    /// It says that it may not.
    No,
    /// It may, with at most so many other issuers below it.
    Yes {
        /// `pathLenConstraint`.
        path_length: Option<u8>,
    },
}

/// An X.509 certificate, version 3. Its signature is not judged by reading it.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    signed: Vec<u8>,
    issuer: Vec<u8>,
    subject: Vec<u8>,
    issuer_name: Option<String>,
    subject_name: Option<String>,
    validity: Vec<u8>,
    key_info: Vec<u8>,
    authority: Authority,
    may_sign_certificates: bool,
    extensions: Vec<(ObjectIdentifier, Vec<u8>)>,
    algorithm: ObjectIdentifier,
    signature: Vec<u8>,
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = |name: &Option<String>| name.clone().unwrap_or_default();
        write!(
            f,
            "Certificate({:?}, issued by {:?})",
            name(&self.subject_name),
            name(&self.issuer_name)
        )
    }
}

impl Certificate {
    /// Reads every PEM block `CERTIFICATE` of a text, or one certificate in DER. Other blocks and text
    /// between them are passed over, so that no certificate at all is an empty list.
    ///
    /// # Errors
    /// When a block is broken or is no certificate that can be judged.
    pub fn read_all(bytes: &[u8]) -> Result<Vec<Self>, CertificateError> {
        use base64::Engine as _;
        if bytes.starts_with(&[0x30]) {
            return Ok(vec![Self::from_der(bytes)?]);
        }
        let Ok(mut text) = std::str::from_utf8(bytes) else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        while let Some((_, rest)) = text.split_once("-----BEGIN CERTIFICATE-----") {
            let (body, rest) = rest
                .split_once("-----END CERTIFICATE-----")
                .ok_or_else(|| CertificateError::Encoding("a PEM block has no end".to_owned()))?;
            let packed: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
            let der = base64::engine::general_purpose::STANDARD
                .decode(packed)
                .map_err(|error| CertificateError::Encoding(error.to_string()))?;
            found.push(Self::from_der(&der)?);
            text = rest;
        }
        Ok(found)
    }

    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// When it is not DER, not version 3, or has what is not understood.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_BYTES {
            return Err(CertificateError::Form("is larger than 16 KiB"));
        }
        let outer = AnyRef::from_der(der)?;
        if outer.tag() != Tag::Sequence {
            return Err(CertificateError::Form("is no sequence"));
        }
        let mut reader = SliceReader::new(outer.value())?;
        let signed = reader.tlv_bytes()?;
        let outer_algorithm = AlgorithmIdentifierRef::decode(&mut reader)?;
        let signature = BitStringRef::decode(&mut reader)?;
        reader.finish()?;
        let signature = signature
            .as_bytes()
            .ok_or(CertificateError::Form("has unused bits in its signature"))?;

        let mut certificate = Self::read_signed(signed, &outer_algorithm)?;
        der.clone_into(&mut certificate.der);
        signature.clone_into(&mut certificate.signature);
        Ok(certificate)
    }

    /// Reads the signed part; what lies around it is filled in by the caller.
    fn read_signed(
        signed: &[u8],
        outer_algorithm: &AlgorithmIdentifierRef<'_>,
    ) -> Result<Self, CertificateError> {
        let body = AnyRef::from_der(signed)?;
        if body.tag() != Tag::Sequence {
            return Err(CertificateError::Form("has no signed sequence"));
        }
        let mut reader = SliceReader::new(body.value())?;
        let version = AnyRef::decode(&mut reader)?;
        let version_3 = version.tag() == explicit(TagNumber(0)) && version.value() == [2, 1, 2];
        if !version_3 {
            return Err(CertificateError::Form("is not of version 3"));
        }
        // Devices have made serial numbers that are no DER integers; nothing here depends on them.
        if AnyRef::decode(&mut reader)?.tag() != Tag::Integer {
            return Err(CertificateError::Form("has no serial number"));
        }
        if AlgorithmIdentifierRef::decode(&mut reader)? != *outer_algorithm {
            return Err(CertificateError::Form("names two signature algorithms"));
        }
        let issuer = reader.tlv_bytes()?;
        // Read when somebody asks: a device copies the dates of its own certificate, whatever they are.
        let validity = reader.tlv_bytes()?;
        let subject = reader.tlv_bytes()?;
        let key_info = reader.tlv_bytes()?;
        let mut extensions = Vec::new();
        let mut authority = Authority::Unsaid;
        let mut may_sign_certificates = true;
        if !reader.is_finished() {
            let wrapped = AnyRef::decode(&mut reader)?;
            if wrapped.tag() != explicit(TagNumber(3)) {
                return Err(CertificateError::Form("has a field that is not understood"));
            }
            for extension in read_extensions(wrapped.value())? {
                if extensions.iter().any(|(oid, _)| *oid == extension.oid) {
                    return Err(CertificateError::Form("has an extension twice"));
                }
                match extension.oid {
                    BASIC_CONSTRAINTS => authority = read_constraints(&extension.value)?,
                    KEY_USAGE => may_sign_certificates = read_key_usage(&extension.value)?,
                    other if extension.critical => {
                        return Err(CertificateError::Critical(other.to_string()));
                    }
                    _ => {}
                }
                extensions.push((extension.oid, extension.value));
            }
        }
        reader.finish()?;
        Ok(Self {
            der: Vec::new(),
            signed: signed.to_vec(),
            issuer: issuer.to_vec(),
            subject: subject.to_vec(),
            issuer_name: common_name(issuer)?,
            subject_name: common_name(subject)?,
            validity: validity.to_vec(),
            key_info: key_info.to_vec(),
            authority,
            may_sign_certificates,
            extensions,
            algorithm: outer_algorithm.oid,
            signature: Vec::new(),
        })
    }

    /// The whole certificate in DER.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// PEM, with LF, 64 characters a line, and the final newline.
    #[must_use]
    pub fn to_pem(&self) -> String {
        super::pem("CERTIFICATE", &self.der)
    }

    /// The common name of the subject; text from outside, to be escaped.
    #[must_use]
    pub fn subject_name(&self) -> Option<&str> {
        self.subject_name.as_deref()
    }

    /// The common name of the issuer; text from outside, to be escaped.
    #[must_use]
    pub fn issuer_name(&self) -> Option<&str> {
        self.issuer_name.as_deref()
    }

    /// Whether the subject is the issuer, by name.
    #[must_use]
    pub fn names_itself_as_issuer(&self) -> bool {
        self.issuer == self.subject
    }

    /// Whether another certificate's subject is the issuer of this one, by name.
    #[must_use]
    pub fn names_as_issuer(&self, other: &Self) -> bool {
        self.issuer == other.subject
    }

    /// Whether it may issue others.
    #[must_use]
    pub const fn authority(&self) -> Authority {
        self.authority
    }

    /// From when and until when it says that it is valid.
    ///
    /// # Errors
    /// When the dates are none.
    pub fn validity(&self) -> Result<Validity, CertificateError> {
        Validity::read(&self.validity)
    }

    /// What is signed: the certificate without its signature.
    #[must_use]
    pub fn signed_bytes(&self) -> &[u8] {
        &self.signed
    }

    /// The uses that its key is extended for, by their object identifiers; `None` where it says nothing, and so
    /// excludes nothing.
    #[must_use]
    pub fn extended_uses(&self) -> Option<Vec<String>> {
        let list = AnyRef::from_der(self.extension(EXTENDED_KEY_USAGE)?).ok()?;
        let mut reader = SliceReader::new(list.value()).ok()?;
        let mut uses = Vec::new();
        while !reader.is_finished() {
            let oid: ObjectIdentifier = ObjectIdentifier::decode(&mut reader).ok()?;
            uses.push(oid.to_string());
        }
        Some(uses)
    }

    /// Whether its key usage, where it has one, lets its key sign certificates.
    #[must_use]
    pub const fn may_sign_certificates(&self) -> bool {
        self.may_sign_certificates
    }

    /// The content of an extension.
    #[must_use]
    pub fn extension(&self, oid: ObjectIdentifier) -> Option<&[u8]> {
        self.extensions
            .iter()
            .find(|(found, _)| *found == oid)
            .map(|(_, value)| value.as_slice())
    }

    /// The public key.
    ///
    /// # Errors
    /// When it is of a kind that is not supported, or no such key exists.
    pub fn public_key(&self) -> Result<PublicKey, PublicKeyError> {
        PublicKey::from_der(&self.key_info)
    }

    /// Whether the key of another certificate made the signature of this one. Names are not compared.
    ///
    /// # Errors
    /// When the algorithm of the signature or the other's key is not supported.
    pub fn is_signed_by(&self, issuer: &Self) -> Result<bool, CertificateError> {
        let key = issuer.public_key()?;
        let algorithm = self.verification(key.algorithm())?;
        let key = UnparsedPublicKey::new(algorithm, key.subject_bits());
        Ok(key.verify(&self.signed, &self.signature).is_ok())
    }

    fn verification(
        &self,
        key: Algorithm,
    ) -> Result<&'static dyn VerificationAlgorithm, CertificateError> {
        Ok(match (self.algorithm, key) {
            (SHA256_WITH_RSA, Algorithm::Rsa { .. }) => &signature::RSA_PKCS1_2048_8192_SHA256,
            (SHA384_WITH_RSA, Algorithm::Rsa { .. }) => &signature::RSA_PKCS1_2048_8192_SHA384,
            (SHA512_WITH_RSA, Algorithm::Rsa { .. }) => &signature::RSA_PKCS1_2048_8192_SHA512,
            (ECDSA_WITH_SHA256, Algorithm::P256) => &signature::ECDSA_P256_SHA256_ASN1,
            (ECDSA_WITH_SHA384, Algorithm::P256) => &signature::ECDSA_P256_SHA384_ASN1,
            (ECDSA_WITH_SHA256, Algorithm::P384) => &signature::ECDSA_P384_SHA256_ASN1,
            (ECDSA_WITH_SHA384, Algorithm::P384) => &signature::ECDSA_P384_SHA384_ASN1,
            (ECDSA_WITH_SHA512, Algorithm::P384) => &signature::ECDSA_P384_SHA512_ASN1,
            (other, key) => {
                return Err(CertificateError::Algorithm(format!(
                    "{other} with a {key} key"
                )));
            }
        })
    }
}

struct Extension {
    oid: ObjectIdentifier,
    critical: bool,
    value: Vec<u8>,
}

fn read_extensions(der: &[u8]) -> Result<Vec<Extension>, CertificateError> {
    let list = AnyRef::from_der(der)?;
    if list.tag() != Tag::Sequence {
        return Err(CertificateError::Form("has no list of extensions"));
    }
    let mut reader = SliceReader::new(list.value())?;
    let mut found = Vec::new();
    while !reader.is_finished() {
        let item = AnyRef::decode(&mut reader)?;
        if item.tag() != Tag::Sequence {
            return Err(CertificateError::Form("has an extension of another form"));
        }
        let mut item = SliceReader::new(item.value())?;
        let oid = ObjectIdentifier::decode(&mut item)?;
        let critical = Tag::peek(&item)? == Tag::Boolean && bool::decode(&mut item)?;
        let value = <&OctetStringRef>::decode(&mut item)?.as_bytes().to_vec();
        item.finish()?;
        found.push(Extension {
            oid,
            critical,
            value,
        });
    }
    Ok(found)
}

fn read_constraints(der: &[u8]) -> Result<Authority, CertificateError> {
    let body = AnyRef::from_der(der)?;
    if body.tag() != Tag::Sequence {
        return Err(CertificateError::Form("has no basic constraints inside"));
    }
    let mut reader = SliceReader::new(body.value())?;
    let mut authority = false;
    let mut path_length = None;
    if !reader.is_finished() && Tag::peek(&reader)? == Tag::Boolean {
        authority = bool::decode(&mut reader)?;
    }
    if !reader.is_finished() {
        path_length = Some(u8::decode(&mut reader)?);
    }
    reader.finish()?;
    Ok(match (authority, path_length) {
        (true, path_length) => Authority::Yes { path_length },
        (false, None) => Authority::No,
        (false, Some(_)) => {
            return Err(CertificateError::Form(
                "limits a path though it is no authority",
            ));
        }
    })
}

/// Whether `keyCertSign`, bit 5, is set.
fn read_key_usage(der: &[u8]) -> Result<bool, CertificateError> {
    let bits = BitStringRef::from_der(der)?;
    Ok(bits
        .raw_bytes()
        .first()
        .is_some_and(|byte| byte & 0b0000_0100 != 0))
}

/// The common name in a name; none where it has none.
fn common_name(name: &[u8]) -> Result<Option<String>, CertificateError> {
    let name = AnyRef::from_der(name)?;
    if name.tag() != Tag::Sequence {
        return Err(CertificateError::Form("has a name of another form"));
    }
    let mut sets = SliceReader::new(name.value())?;
    let mut found = None;
    while !sets.is_finished() {
        let set = AnyRef::decode(&mut sets)?;
        let mut attributes = SliceReader::new(set.value())?;
        while !attributes.is_finished() {
            let attribute = AnyRef::decode(&mut attributes)?;
            let mut attribute = SliceReader::new(attribute.value())?;
            let oid = ObjectIdentifier::decode(&mut attribute)?;
            let value = AnyRef::decode(&mut attribute)?;
            if oid == COMMON_NAME {
                let text = String::from_utf8_lossy(value.value()).into_owned();
                if found.replace(text).is_some() {
                    return Err(CertificateError::Form("has two common names"));
                }
            }
        }
    }
    Ok(found)
}

pub(super) const fn explicit(number: TagNumber) -> Tag {
    Tag::ContextSpecific {
        constructed: true,
        number,
    }
}

#[cfg(test)]
mod tests {
    use super::super::SelfSigned;
    use super::*;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

    fn self_signed(name: &str) -> Certificate {
        let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).unwrap();
        let public = PublicKey::from_point(Algorithm::P384, pair.public_key().as_ref()).unwrap();
        let blank = SelfSigned::new(&public, name, [0xff; 16]).unwrap();
        let signature = pair
            .sign(&SystemRandom::new(), blank.to_be_signed())
            .unwrap();
        blank.finish(signature.as_ref()).unwrap()
    }

    #[test]
    fn a_certificate_that_was_made_is_read_back() {
        let made = self_signed("key-1");
        assert_eq!(made.subject_name(), Some("key-1"));
        assert_eq!(made.authority(), Authority::No);
        assert!(made.names_itself_as_issuer());
        assert_eq!(
            Certificate::read_all(made.to_pem().as_bytes()).unwrap(),
            [made]
        );
    }

    #[test]
    fn a_signature_by_another_key_is_refused() {
        let (one, other) = (self_signed("one"), self_signed("one"));
        assert_eq!(one.is_signed_by(&other), Ok(false));
        let blank = SelfSigned::new(&one.public_key().unwrap(), "one", [1; 16]).unwrap();
        assert!(matches!(
            blank.finish(&other.signature),
            Err(CertificateError::Form("has a signature by another key"))
        ));
    }

    #[test]
    fn a_changed_certificate_is_not_signed_any_more() {
        let made = self_signed("one");
        let mut read = 0;
        for place in 0..made.der.len() {
            let mut changed = made.der.clone();
            changed[place] ^= 1;
            if let Ok(certificate) = Certificate::from_der(&changed) {
                read += 1;
                assert_ne!(certificate.is_signed_by(&made), Ok(true), "byte {place}");
            }
        }
        assert!(read > 100, "only {read} could be read");
    }

    #[test]
    fn other_pem_blocks_are_passed_over_and_broken_ones_are_not() {
        let pem = self_signed("one").to_pem();
        let text = format!(
            "Subject: one\n-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n{pem}{pem}"
        );
        assert_eq!(Certificate::read_all(text.as_bytes()).unwrap().len(), 2);
        assert_eq!(Certificate::read_all(b"nothing").unwrap().len(), 0);
        for broken in [
            pem.replace("-----END", "----END"),
            pem.replacen('M', "!", 1),
        ] {
            assert!(matches!(
                Certificate::read_all(broken.as_bytes()),
                Err(CertificateError::Encoding(_))
            ));
        }
    }
}
