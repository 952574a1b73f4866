//! X.509 certificates (RFC 5280) as far as attestation chains need them, read strictly.

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use der::asn1::{Any, AnyRef, BitStringRef, ObjectIdentifier};
use der::oid::AssociatedOid as _;
use der::oid::db::rfc4519::COMMON_NAME;
use der::oid::db::rfc5912::{
    ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ECDSA_WITH_SHA_512, SHA_256_WITH_RSA_ENCRYPTION,
    SHA_384_WITH_RSA_ENCRYPTION, SHA_512_WITH_RSA_ENCRYPTION,
};
use der::{Decode, Encode as _, Reader as _, Sequence, SliceReader, Tag, Tagged as _};
use spki::AlgorithmIdentifierOwned;
use x509_cert::Version;
use x509_cert::ext::Extensions;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage};
use x509_cert::name::{RdnSequence, RelativeDistinguishedName};

use super::error::CertificateError;
use super::pem;
use super::public_key::{Algorithm, PublicKey, PublicKeyError};
use super::validity::Validity;

/// The largest accepted certificate, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// The basic constraints of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    Unspecified,
    No,
    Yes {
        /// `pathLenConstraint`.
        path_length: Option<u8>,
    },
}

/// `TBSCertificate` of version 3 without unique identifiers. `x509_cert::TbsCertificate` is not suitable, because devices
/// have generated serial numbers that are not DER integers, and copy the dates of their own certificate, even if they are
/// not valid. Fields that are compared with other certificates are kept as received.
#[derive(Clone, PartialEq, Eq, Sequence)]
pub(super) struct TbsCertificate {
    #[asn1(context_specific = "0", default = "Default::default")]
    pub(super) version: Version,
    pub(super) serial_number: Any,
    pub(super) algorithm: AlgorithmIdentifierOwned,
    pub(super) issuer: Any,
    pub(super) validity: Any,
    pub(super) subject: Any,
    pub(super) key_info: Any,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) extensions: Option<Extensions>,
}

/// An X.509 certificate, version 3. Reading does not verify its signature.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    /// The signed bytes as received.
    signed: Vec<u8>,
    content: TbsCertificate,
    signature: Vec<u8>,
    issuer_name: Option<String>,
    subject_name: Option<String>,
    authority: Authority,
    may_sign_certificates: bool,
}

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
    /// Reads all PEM blocks `CERTIFICATE` of a text, or one certificate in DER. Other blocks and text are skipped, so the
    /// result can be empty.
    ///
    /// # Errors
    /// If a block is not a valid certificate.
    pub fn read_all(bytes: &[u8]) -> Result<Vec<Self>, CertificateError> {
        if bytes.starts_with(&[0x30]) {
            return Ok(vec![Self::from_der(bytes)?]);
        }
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        pem::blocks(text)
            .filter(|block| block.label == "CERTIFICATE")
            .map(|block| Self::from_der(&block.decode()?))
            .collect()
    }

    /// # Errors
    /// [`CertificateError`].
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_BYTES {
            return Err(CertificateError::Form("is larger than 16 KiB"));
        }
        let outer = AnyRef::from_der(der)?;
        if outer.tag() != Tag::Sequence {
            return Err(CertificateError::Form("is not a sequence"));
        }
        let mut reader = SliceReader::new(outer.value())?;
        let signed = reader.tlv_bytes()?;
        let algorithm = AlgorithmIdentifierOwned::decode(&mut reader)?;
        let signature = BitStringRef::decode(&mut reader)?;
        reader.finish()?;
        let signature = signature
            .as_bytes()
            .ok_or(CertificateError::Form("has unused bits in its signature"))?;

        let content = TbsCertificate::from_der(signed)?;
        if content.version != Version::V3 {
            return Err(CertificateError::Form("is not of version 3"));
        }
        if content.serial_number.tag() != Tag::Integer {
            return Err(CertificateError::Form("has no serial number"));
        }
        if content.algorithm != algorithm {
            return Err(CertificateError::Form("has two signature algorithms"));
        }
        let (authority, may_sign_certificates) = judge_extensions(&content)?;
        Ok(Self {
            der: der.to_vec(),
            signed: signed.to_vec(),
            signature: signature.to_vec(),
            issuer_name: common_name(&content.issuer)?,
            subject_name: common_name(&content.subject)?,
            content,
            authority,
            may_sign_certificates,
        })
    }

    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// PEM with LF, 64 characters per line, and a final newline.
    pub fn to_pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.der)
    }

    /// The common name of the subject. It is untrusted and must be escaped.
    pub fn subject_name(&self) -> Option<&str> {
        self.subject_name.as_deref()
    }

    /// The common name of the issuer. It is untrusted and must be escaped.
    pub fn issuer_name(&self) -> Option<&str> {
        self.issuer_name.as_deref()
    }

    pub fn is_self_issued(&self) -> bool {
        self.content.issuer == self.content.subject
    }

    /// Whether the subject of the other certificate is the issuer of this one.
    pub fn names_as_issuer(&self, other: &Self) -> bool {
        self.content.issuer == other.content.subject
    }

    pub const fn authority(&self) -> Authority {
        self.authority
    }

    /// # Errors
    /// If the dates are not valid.
    pub fn validity(&self) -> Result<Validity, CertificateError> {
        Validity::read(&self.content.validity)
    }

    /// The certificate without its signature.
    pub fn signed_bytes(&self) -> &[u8] {
        &self.signed
    }

    /// The object identifiers of the extended key usage; `None` means that it is not restricted.
    pub fn extended_uses(&self) -> Option<Vec<String>> {
        let uses = ExtendedKeyUsage::from_der(self.extension(ExtendedKeyUsage::OID)?).ok()?;
        Some(uses.0.iter().map(ToString::to_string).collect())
    }

    /// Whether the key usage allows signing certificates.
    pub const fn may_sign_certificates(&self) -> bool {
        self.may_sign_certificates
    }

    pub fn extension(&self, oid: ObjectIdentifier) -> Option<&[u8]> {
        let mut extensions = self.content.extensions.iter().flatten();
        extensions
            .find(|extension| extension.extn_id == oid)
            .map(|extension| extension.extn_value.as_bytes())
    }

    /// # Errors
    /// If the key is not supported or not valid.
    pub fn public_key(&self) -> Result<PublicKey, PublicKeyError> {
        PublicKey::from_der(&self.content.key_info.to_der()?)
    }

    /// Whether the key of another certificate signed this one. Names are not compared.
    ///
    /// # Errors
    /// If the signature algorithm or the key is not supported.
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
        use Algorithm::{P256, P384, Rsa};
        Ok(match (self.content.algorithm.oid, key) {
            (SHA_256_WITH_RSA_ENCRYPTION, Rsa { .. }) => &signature::RSA_PKCS1_2048_8192_SHA256,
            (SHA_384_WITH_RSA_ENCRYPTION, Rsa { .. }) => &signature::RSA_PKCS1_2048_8192_SHA384,
            (SHA_512_WITH_RSA_ENCRYPTION, Rsa { .. }) => &signature::RSA_PKCS1_2048_8192_SHA512,
            (ECDSA_WITH_SHA_256, P256) => &signature::ECDSA_P256_SHA256_ASN1,
            (ECDSA_WITH_SHA_384, P256) => &signature::ECDSA_P256_SHA384_ASN1,
            (ECDSA_WITH_SHA_256, P384) => &signature::ECDSA_P384_SHA256_ASN1,
            (ECDSA_WITH_SHA_384, P384) => &signature::ECDSA_P384_SHA384_ASN1,
            (ECDSA_WITH_SHA_512, P384) => &signature::ECDSA_P384_SHA512_ASN1,
            (other, key) => {
                return Err(CertificateError::Algorithm(format!(
                    "{other} with a {key} key"
                )));
            }
        })
    }
}

/// Whether the basic constraints and the key usage allow issuing certificates.
fn judge_extensions(content: &TbsCertificate) -> Result<(Authority, bool), CertificateError> {
    let (mut authority, mut may_sign_certificates) = (Authority::Unspecified, true);
    let extensions = content.extensions.as_deref().unwrap_or_default();
    for (place, extension) in extensions.iter().enumerate() {
        let oid = extension.extn_id;
        if extensions[..place].iter().any(|other| other.extn_id == oid) {
            return Err(CertificateError::Form("contains an extension twice"));
        }
        let value = extension.extn_value.as_bytes();
        if oid == BasicConstraints::OID {
            let constraints = BasicConstraints::from_der(value)?;
            authority = match (constraints.ca, constraints.path_len_constraint) {
                (true, path_length) => Authority::Yes { path_length },
                (false, None) => Authority::No,
                (false, Some(_)) => {
                    return Err(CertificateError::Form(
                        "has a path length constraint, but is not a CA certificate",
                    ));
                }
            };
        } else if oid == KeyUsage::OID {
            may_sign_certificates = KeyUsage::from_der(value)?.key_cert_sign();
        } else if extension.critical {
            return Err(CertificateError::Critical(oid.to_string()));
        }
    }
    Ok((authority, may_sign_certificates))
}

fn common_name(name: &Any) -> Result<Option<String>, CertificateError> {
    let name: RdnSequence = name.decode_as()?;
    let mut found = name
        .iter()
        .flat_map(RelativeDistinguishedName::iter)
        .filter(|attribute| attribute.oid == COMMON_NAME)
        .map(|attribute| String::from_utf8_lossy(attribute.value.value()).into_owned());
    let first = found.next();
    if found.next().is_some() {
        return Err(CertificateError::Form("has two common names"));
    }
    Ok(first)
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
    fn certificates_are_read_back() {
        let made = self_signed("key-1");
        assert_eq!(made.subject_name(), Some("key-1"));
        assert_eq!(made.authority(), Authority::No);
        assert!(made.is_self_issued());
        let read = Certificate::read_all(made.to_pem().as_bytes());
        assert_eq!(read.unwrap(), [made]);
    }

    #[test]
    fn a_signature_by_another_key_is_refused() {
        let (one, other) = (self_signed("one"), self_signed("one"));
        assert_eq!(one.is_signed_by(&other), Ok(false));
        let blank = SelfSigned::new(&one.public_key().unwrap(), "one", [1; 16]).unwrap();
        assert!(matches!(
            blank.finish(&other.signature),
            Err(CertificateError::Form("is not signed by its own key"))
        ));
    }

    #[test]
    fn changed_certificates_do_not_verify() {
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
    fn other_pem_blocks_are_skipped_and_malformed_blocks_are_refused() {
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

    #[test]
    fn invalid_serial_numbers_of_devices_are_accepted() {
        let made = self_signed("one");
        let content = &made.content;
        for odd in [&[0xff; 16][..], &[0, 0, 7], &[0x7f; 40], &[]] {
            let odd = TbsCertificate {
                serial_number: Any::new(Tag::Integer, odd).unwrap(),
                ..content.clone()
            };
            let mut body = odd.to_der().unwrap();
            content.algorithm.encode_to_vec(&mut body).unwrap();
            let signature = BitStringRef::from_bytes(&made.signature).unwrap();
            signature.encode_to_vec(&mut body).unwrap();
            let der = Any::new(Tag::Sequence, body).unwrap().to_der().unwrap();
            let read = Certificate::from_der(&der).unwrap();
            assert_eq!(read.signed_bytes(), odd.to_der().unwrap());
            assert_eq!(read.is_signed_by(&made), Ok(false));
        }
    }
}
