//! Self-signed certificates, which other programs need to find a key in a token.

use der::asn1::{Any, BitStringRef, OctetString, UtcTime};
use der::oid::AssociatedOid;
use der::oid::db::rfc4519::COMMON_NAME;
use der::oid::db::rfc5912::{ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, SHA_256_WITH_RSA_ENCRYPTION};
use der::{DateTime, Decode as _, Encode as _, Tag};
use spki::AlgorithmIdentifierOwned;
use x509_cert::Version;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::certificate::Rfc5280;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};
use x509_cert::name::{RdnSequence, RelativeDistinguishedName};
use x509_cert::time::{Time, Validity as EncodedValidity};

use super::error::CertificateError;
use super::public_key::{Algorithm, PublicKey};
use super::validity::Validity;
use super::x509::{Certificate, TbsCertificate};

/// The content of a leaf certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Of subject and issuer.
    pub common_name: String,
    /// The top bits are replaced, so that the number is positive and has full length.
    pub serial: [u8; 16],
    pub validity: Validity,
}

/// A self-signed certificate before it is signed. It is not a CA certificate.
pub struct SelfSigned {
    signed: Vec<u8>,
    algorithm: AlgorithmIdentifierOwned,
}

impl SelfSigned {
    /// A certificate that is valid from 2000 without an end (RFC 5280, section 4.1.2.5), because tokens have no clock.
    ///
    /// # Errors
    /// For keys other than ECDSA on P-256 (with SHA-256) and P-384 (with SHA-384), and RSA (PKCS #1 v1.5 with SHA-256).
    pub fn new(
        public: &PublicKey,
        common_name: &str,
        serial: [u8; 16],
    ) -> Result<Self, CertificateError> {
        let start = UtcTime::from_date_time(DateTime::new(2000, 1, 1, 0, 0, 0)?)?;
        let validity = EncodedValidity::<Rfc5280>::new(Time::UtcTime(start), Time::INFINITY);
        let validity = Any::encode_from(&validity)?;
        Self::compose(public, common_name, serial, validity, vec![constraints()?])
    }

    /// A certificate for verifying signatures, with a validity and the critical key usage of digital signatures. It has
    /// no extended key usage, because that would exclude other uses.
    ///
    /// # Errors
    /// As [`SelfSigned::new`].
    pub fn leaf(public: &PublicKey, leaf: &Leaf) -> Result<Self, CertificateError> {
        let usage = critical(&KeyUsage(KeyUsages::DigitalSignature.into()))?;
        Self::compose(
            public,
            &leaf.common_name,
            leaf.serial,
            leaf.validity.to_any()?,
            vec![usage, constraints()?],
        )
    }

    fn compose(
        public: &PublicKey,
        common_name: &str,
        serial: [u8; 16],
        validity: Any,
        extensions: Vec<Extension>,
    ) -> Result<Self, CertificateError> {
        let (oid, parameters) = match public.algorithm() {
            Algorithm::P256 => (ECDSA_WITH_SHA_256, None),
            Algorithm::P384 => (ECDSA_WITH_SHA_384, None),
            Algorithm::Rsa { .. } => (SHA_256_WITH_RSA_ENCRYPTION, Some(Any::null())),
            other @ (Algorithm::P521 | Algorithm::Ed25519) => {
                return Err(CertificateError::Algorithm(other.to_string()));
            }
        };
        let algorithm = AlgorithmIdentifierOwned { oid, parameters };
        let mut number = serial;
        number[0] = number[0] & 0x3f | 0x40; // positive, with full length
        let name = Any::encode_from(&RdnSequence::from(vec![
            RelativeDistinguishedName::try_from(vec![AttributeTypeAndValue {
                oid: COMMON_NAME,
                value: Any::new(Tag::Utf8String, common_name.as_bytes())?,
            }])?,
        ]))?;
        let signed = TbsCertificate {
            version: Version::V3,
            serial_number: Any::new(Tag::Integer, number)?,
            algorithm: algorithm.clone(),
            issuer: name.clone(),
            validity,
            subject: name,
            key_info: Any::from_der(public.as_der())?,
            extensions: Some(extensions),
        };
        Ok(Self {
            signed: signed.to_der()?,
            algorithm,
        })
    }

    pub fn to_be_signed(&self) -> &[u8] {
        &self.signed
    }

    /// The certificate with an invalid signature, for uses that do not verify it, such as a simulated root.
    ///
    /// # Errors
    /// If it cannot be encoded.
    pub fn unsigned(self) -> Result<Certificate, CertificateError> {
        self.with_signature(&[0; 8])
    }

    /// # Errors
    /// If the signature is not by the key in the certificate.
    pub fn finish(self, signature: &[u8]) -> Result<Certificate, CertificateError> {
        let certificate = self.with_signature(signature)?;
        if certificate.is_signed_by(&certificate)? {
            Ok(certificate)
        } else {
            Err(CertificateError::Form("is not signed by its own key"))
        }
    }

    fn with_signature(self, signature: &[u8]) -> Result<Certificate, CertificateError> {
        let mut content = self.signed;
        self.algorithm.encode_to_vec(&mut content)?;
        BitStringRef::from_bytes(signature)?.encode_to_vec(&mut content)?;
        Certificate::from_der(&Any::new(Tag::Sequence, content)?.to_der()?)
    }
}

/// Basic constraints without CA.
fn constraints() -> Result<Extension, CertificateError> {
    critical(&BasicConstraints {
        ca: false,
        path_len_constraint: None,
    })
}

fn critical<T: AssociatedOid + der::Encode>(value: &T) -> Result<Extension, CertificateError> {
    Ok(Extension {
        extn_id: T::OID,
        critical: true,
        extn_value: OctetString::new(value.to_der()?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Digest;

    /// Certificates of Notary are rebuilt from the script and the key, so each byte matters. The digests are independent
    /// of `x509-cert`.
    #[test]
    fn certificates_are_the_same_to_the_byte() {
        let point = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
        let p256 = PublicKey::from_point(Algorithm::P256, &hex::decode(point).unwrap()).unwrap();
        let mut modulus = [0x80; 256];
        modulus[255] = 1;
        let rsa = PublicKey::from_rsa(&modulus, &[1, 0, 1]).unwrap();
        let mut digests = Vec::new();
        for public in [&p256, &rsa] {
            let shown = SelfSigned::new(public, "key-1", [0xff; 16]).unwrap();
            digests.push(Digest::of(shown.to_be_signed()).to_string());
            for (from, until) in [
                ("2026-03-01T00:00:00Z", "2036-03-01T00:00:00Z"),
                ("2049-12-31T23:59:59Z", "2050-01-01T00:00:00Z"),
            ] {
                let leaf = Leaf {
                    common_name: "docker.example/äpp".to_owned(),
                    serial: [0; 16],
                    validity: Validity {
                        from: from.parse().unwrap(),
                        until: until.parse().unwrap(),
                    },
                };
                let leaf = SelfSigned::leaf(public, &leaf).unwrap();
                digests.push(Digest::of(leaf.to_be_signed()).to_string());
            }
        }
        assert_eq!(
            digests,
            [
                "9a6549613a9e93121ebc096b5ba783433be8a3b88f818c9786266bc2cbbd3551",
                "5864eb97a3ffcf25f1744be4f7167086266b2a48e9f0a40734ce54ef3185eec0",
                "44cc55f8d6198d92b2527b86b28e9b2459307e23fc6f978ead253aafd7f39bee",
                "29d5f87f7d7c4b047d44906d6d2a0455a1361357480c346357deec6151675f3c",
                "e32129800e37e350f06c24818eb1ee3f9f8c42c538e4118a94c9ad71124041f1",
                "1d48ffb79dba0623754ab29322388025e445bd5831bb4d21bcee3c235feb580c",
            ]
        );
        let whole = SelfSigned::new(&rsa, "key-1", [7; 16]).unwrap();
        assert_eq!(
            Digest::of(whole.unsigned().unwrap().as_der()).to_string(),
            "178c707ebf36266bd6575f21148eb735771f49096a92508f441647f2790eaa4d"
        );
    }
}
