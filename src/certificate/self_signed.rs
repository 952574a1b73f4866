//! A certificate by which a key on a token shows itself to other programs.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use der::{Encode as _, Tag, TagNumber};

use super::public_key::{Algorithm, PublicKey};
use super::validity::Validity;
use super::x509::{
    BASIC_CONSTRAINTS, COMMON_NAME, Certificate, CertificateError, ECDSA_WITH_SHA256,
    ECDSA_WITH_SHA384, KEY_USAGE, SHA256_WITH_RSA, explicit,
};

/// What a leaf certificate says beside the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The common name of subject and issuer.
    pub common_name: String,
    /// Made positive and of full length when it is written.
    pub serial: [u8; 16],
    /// Its dates.
    pub validity: Validity,
}

/// A self-signed certificate that shows a key to other programs, before its signature is made.
///
/// It is no authority, and says nothing but a name and the key.
pub struct SelfSigned {
    signed: Vec<u8>,
    algorithm: Vec<u8>,
}

impl SelfSigned {
    /// The unsigned certificate of a key: `common_name`, valid from 2000 to the end of time (RFC 5280,
    /// section 4.1.2.5), for a token has no clock.
    ///
    /// # Errors
    /// When the key cannot sign certificates here: ECDSA on P-256 with SHA-256, on P-384 with SHA-384, RSA
    /// with PKCS #1 v1.5 and SHA-256.
    pub fn new(
        public: &PublicKey,
        common_name: &str,
        serial: [u8; 16],
    ) -> Result<Self, CertificateError> {
        let validity = sequence(&[
            &tagged(Tag::UtcTime, b"000101000000Z")?,
            &tagged(Tag::GeneralizedTime, b"99991231235959Z")?,
        ])?;
        Self::compose(public, common_name, serial, &validity, &[constraints()?])
    }

    /// The unsigned certificate of a key with which others verify signatures: it has dates, and a critical key
    /// usage of digital signatures. It names no extended use, for each that is named excludes all others.
    ///
    /// # Errors
    /// As [`SelfSigned::new`].
    pub fn leaf(public: &PublicKey, leaf: &Leaf) -> Result<Self, CertificateError> {
        let usage = sequence(&[
            &oid(KEY_USAGE)?,
            &[1, 1, 0xff],
            // The first of the bits, digitalSignature, alone.
            &tagged(Tag::OctetString, &[3, 2, 7, 0x80])?,
        ])?;
        Self::compose(
            public,
            &leaf.common_name,
            leaf.serial,
            &leaf.validity.to_der()?,
            &[usage, constraints()?],
        )
    }

    fn compose(
        public: &PublicKey,
        common_name: &str,
        serial: [u8; 16],
        validity: &[u8],
        extensions: &[Vec<u8>],
    ) -> Result<Self, CertificateError> {
        let algorithm = match public.algorithm() {
            Algorithm::P256 => sequence(&[&oid(ECDSA_WITH_SHA256)?])?,
            Algorithm::P384 => sequence(&[&oid(ECDSA_WITH_SHA384)?])?,
            Algorithm::Rsa { .. } => sequence(&[&oid(SHA256_WITH_RSA)?, &[5, 0]])?,
            other => return Err(CertificateError::Algorithm(other.to_string())),
        };
        let mut number = serial;
        number[0] = number[0] & 0x3f | 0x40; // positive, and of full length
        let text = tagged(Tag::Utf8String, common_name.as_bytes())?;
        let attribute = sequence(&[&oid(COMMON_NAME)?, &text])?;
        let name = sequence(&[&tagged(Tag::Set, &attribute)?])?;
        let extensions: Vec<&[u8]> = extensions.iter().map(Vec::as_slice).collect();
        let signed = sequence(&[
            &tagged(explicit(TagNumber(0)), &[2, 1, 2])?,
            &tagged(Tag::Integer, &number)?,
            &algorithm,
            &name,
            validity,
            &name,
            public.as_der(),
            &tagged(explicit(TagNumber(3)), &sequence(&extensions)?)?,
        ])?;
        Ok(Self { signed, algorithm })
    }

    /// What its key is to sign.
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        &self.signed
    }

    /// The certificate of a key that signs nothing: its signature is none. It stands in for a real one where nobody
    /// asks for the signature, as in a simulated root.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn unsigned(self) -> Result<Certificate, CertificateError> {
        let bits = BitStringRef::from_bytes(&[0; 8])?.to_der()?;
        Certificate::from_der(&sequence(&[&self.signed, &self.algorithm, &bits])?)
    }

    /// The certificate with that signature.
    ///
    /// # Errors
    /// When the signature is not by the key that the certificate is for.
    pub fn finish(self, signature: &[u8]) -> Result<Certificate, CertificateError> {
        let bits = BitStringRef::from_bytes(signature)?.to_der()?;
        let der = sequence(&[&self.signed, &self.algorithm, &bits])?;
        let certificate = Certificate::from_der(&der)?;
        if certificate.is_signed_by(&certificate)? {
            Ok(certificate)
        } else {
            Err(CertificateError::Form("has a signature by another key"))
        }
    }
}

/// Basic constraints, critical: no authority.
fn constraints() -> Result<Vec<u8>, CertificateError> {
    sequence(&[
        &oid(BASIC_CONSTRAINTS)?,
        &[1, 1, 0xff],
        &tagged(Tag::OctetString, &sequence(&[])?)?,
    ])
}

fn tagged(tag: Tag, value: &[u8]) -> Result<Vec<u8>, CertificateError> {
    Ok(AnyRef::new(tag, value)?.to_der()?)
}

fn sequence(parts: &[&[u8]]) -> Result<Vec<u8>, CertificateError> {
    tagged(Tag::Sequence, &parts.concat())
}

fn oid(oid: ObjectIdentifier) -> Result<Vec<u8>, CertificateError> {
    Ok(oid.to_der()?)
}
