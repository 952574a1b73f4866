//! A public key as a normalized SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7).

use std::fmt;

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use der::oid::db::rfc5912::{
    ID_EC_PUBLIC_KEY, RSA_ENCRYPTION, SECP_256_R_1, SECP_384_R_1, SECP_521_R_1,
};
use der::oid::db::rfc8410::ID_ED_25519;
use der::{Decode, Encode, Sequence};
use spki::SubjectPublicKeyInfoRef;

use super::{ed25519, pem};
use crate::words::Digest;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    P256,
    P384,
    P521,
    Ed25519,
    Rsa {
        /// The length of the modulus.
        bits: usize,
    },
}

impl Algorithm {
    const CURVES: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    /// The object identifier of the curve; `None` for RSA.
    pub const fn curve(self) -> Option<ObjectIdentifier> {
        match self {
            Self::P256 => Some(SECP_256_R_1),
            Self::P384 => Some(SECP_384_R_1),
            Self::P521 => Some(SECP_521_R_1),
            Self::Ed25519 => Some(ID_ED_25519),
            Self::Rsa { .. } => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::P256 => f.write_str("P-256"),
            Self::P384 => f.write_str("P-384"),
            Self::P521 => f.write_str("P-521"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Rsa { bits } => write!(f, "RSA-{bits}"),
        }
    }
}

/// A public key in a normal form, so that equal keys have equal bytes: DER SubjectPublicKeyInfo with uncompressed points
/// for elliptic curves and NULL parameters for RSA.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PublicKey {
    der: Vec<u8>,
    subject_bits: Vec<u8>,
    algorithm: Algorithm,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    #[error("cannot read a public key in PEM or DER form: {0}")]
    Encoding(String),
    #[error("this is a PRIVATE key")]
    Private,
    #[error("the key algorithm {0} is not supported")]
    Algorithm(String),
    #[error("the public key is not valid: {0}")]
    Value(&'static str),
}

impl From<der::Error> for PublicKeyError {
    fn from(error: der::Error) -> Self {
        Self::Encoding(error.to_string())
    }
}

#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

impl PublicKey {
    /// Reads a PEM block `PUBLIC KEY` with any line length and line ends (RFC 7468, lax form).
    ///
    /// # Errors
    /// [`PublicKeyError`].
    pub fn from_pem(text: &str) -> Result<Self, PublicKeyError> {
        if text.contains("PRIVATE KEY-----") {
            return Err(PublicKeyError::Private);
        }
        let text = text.trim();
        let is_whole = |block: &pem::Block<'_>| {
            block.label == "PUBLIC KEY" && block.text == text && block.headers().next().is_none()
        };
        let block = pem::blocks(text).next().filter(is_whole).ok_or_else(|| {
            PublicKeyError::Encoding("expected one PEM block \"PUBLIC KEY\"".into())
        })?;
        let decoded = block.decode();
        Self::from_der(&decoded.map_err(|error| PublicKeyError::Encoding(error.to_string()))?)
    }

    /// Reads a DER SubjectPublicKeyInfo and expands a compressed point.
    ///
    /// # Errors
    /// [`PublicKeyError`].
    pub fn from_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let info = SubjectPublicKeyInfoRef::from_der(der)?;
        let bits = info
            .subject_public_key
            .as_bytes()
            .ok_or(PublicKeyError::Value("the key has unused bits"))?;
        match info.algorithm.oid {
            ID_EC_PUBLIC_KEY => {
                let curve = info.algorithm.parameters_oid();
                let curve = curve.map_err(|error| PublicKeyError::Encoding(error.to_string()))?;
                let algorithm = Algorithm::CURVES
                    .into_iter()
                    .find(|known| known.curve() == Some(curve))
                    .ok_or_else(|| PublicKeyError::Algorithm(curve.to_string()))?;
                Self::from_point(algorithm, bits)
            }
            ID_ED_25519 => Self::from_ed25519(bits),
            RSA_ENCRYPTION => {
                let key = RsaPublicKey::from_der(bits)?;
                Self::from_rsa(key.modulus.as_bytes(), key.exponent.as_bytes())
            }
            other => Err(PublicKeyError::Algorithm(other.to_string())),
        }
    }

    /// Reads a point of a NIST curve, uncompressed or compressed (SEC 1, section 2.3.3).
    ///
    /// # Errors
    /// If the form or length is wrong, or the point is not on the curve.
    pub fn from_point(curve: Algorithm, point: &[u8]) -> Result<Self, PublicKeyError> {
        use aws_lc_rs::signature::{
            ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, ParsedPublicKey,
        };
        let (oid, width, ecdsa) = match curve {
            Algorithm::P256 => (SECP_256_R_1, 32, &ECDSA_P256_SHA256_ASN1),
            Algorithm::P384 => (SECP_384_R_1, 48, &ECDSA_P384_SHA384_ASN1),
            Algorithm::P521 => (SECP_521_R_1, 66, &ECDSA_P521_SHA512_ASN1),
            Algorithm::Ed25519 | Algorithm::Rsa { .. } => {
                return Err(PublicKeyError::Value("this is not an elliptic-curve point"));
            }
        };
        let compressed = match point {
            [4, coordinates @ ..] if coordinates.len() == 2 * width => false,
            [2 | 3, coordinate @ ..] if coordinate.len() == width => true,
            _ => {
                return Err(PublicKeyError::Value(
                    "the form or length of the point is wrong",
                ));
            }
        };
        let parsed = ParsedPublicKey::new(ecdsa, point)
            .map_err(|_| PublicKeyError::Value("the point is not on the curve"))?;
        let point = if compressed {
            expand(&parsed).ok_or(PublicKeyError::Value("the point cannot be expanded"))?
        } else {
            point.to_vec()
        };
        Self::build(curve, ID_EC_PUBLIC_KEY, Some(AnyRef::from(&oid)), &point)
    }

    /// # Errors
    /// If there are not 32 bytes, y is not reduced, or the point has small order.
    pub fn from_ed25519(bytes: &[u8]) -> Result<Self, PublicKeyError> {
        let key: &[u8; 32] = bytes
            .try_into()
            .map_err(|_| PublicKeyError::Value("the Ed25519 key does not have 32 bytes"))?;
        ed25519::check(key).map_err(PublicKeyError::Value)?;
        Self::build(Algorithm::Ed25519, ID_ED_25519, None, bytes)
    }

    /// Modulus and public exponent are big-endian, and can have leading zeros.
    ///
    /// # Errors
    /// If the numbers are not valid, or too large to encode.
    pub fn from_rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, PublicKeyError> {
        let (modulus, exponent) = (UintRef::new(modulus)?, UintRef::new(exponent)?);
        let first = modulus.as_bytes().first().copied().unwrap_or(0);
        if first == 0 || !is_odd(modulus.as_bytes()) {
            return Err(PublicKeyError::Value("the RSA modulus is zero or even"));
        }
        // With the exponent 1, anyone can sign.
        if !is_odd(exponent.as_bytes()) || exponent.as_bytes() == [1] {
            return Err(PublicKeyError::Value(
                "the RSA exponent is not an odd number above 1",
            ));
        }
        let bits = modulus.as_bytes().len() * 8 - first.leading_zeros() as usize;
        let inner = RsaPublicKey { modulus, exponent }.to_der()?;
        Self::build(
            Algorithm::Rsa { bits },
            RSA_ENCRYPTION,
            Some(AnyRef::NULL),
            &inner,
        )
    }

    fn build(
        algorithm: Algorithm,
        oid: ObjectIdentifier,
        parameters: Option<AnyRef<'_>>,
        subject_bits: &[u8],
    ) -> Result<Self, PublicKeyError> {
        let info = SubjectPublicKeyInfoRef {
            algorithm: spki::AlgorithmIdentifierRef { oid, parameters },
            subject_public_key: BitStringRef::from_bytes(subject_bits)?,
        };
        Ok(Self {
            der: info.to_der()?,
            subject_bits: subject_bits.to_vec(),
            algorithm,
        })
    }

    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// DER SubjectPublicKeyInfo.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The BIT STRING: the uncompressed point, the 32 bytes of Ed25519, or the PKCS#1 `RSAPublicKey`.
    pub fn subject_bits(&self) -> &[u8] {
        &self.subject_bits
    }

    /// The modulus and public exponent of an RSA key, big-endian, without leading zeros.
    pub fn rsa_numbers(&self) -> Option<(&[u8], &[u8])> {
        let Algorithm::Rsa { .. } = self.algorithm else {
            return None;
        };
        let key = RsaPublicKey::from_der(&self.subject_bits).ok()?;
        Some((key.modulus.as_bytes(), key.exponent.as_bytes()))
    }

    /// PEM with LF, 64 characters per line, and a final newline, as in TUF key objects.
    pub fn to_pem(&self) -> String {
        pem::encode("PUBLIC KEY", &self.der)
    }

    /// SHA-256 of the DER form.
    pub fn fingerprint(&self) -> Digest {
        Digest::of(&self.der)
    }
}

fn is_odd(big_endian: &[u8]) -> bool {
    big_endian.last().is_some_and(|byte| byte & 1 == 1)
}

/// The uncompressed form of a point.
fn expand(point: &aws_lc_rs::signature::ParsedPublicKey) -> Option<Vec<u8>> {
    use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
    let der: PublicKeyX509Der<'_> = point.as_der().ok()?;
    let info = SubjectPublicKeyInfoRef::from_der(der.as_ref()).ok()?;
    info.subject_public_key
        .as_bytes()
        .map(<[u8]>::to_vec)
        .filter(|bits| bits.first() == Some(&4))
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}, {})", self.algorithm, self.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

    fn p256_point() -> Vec<u8> {
        EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)
            .unwrap()
            .public_key()
            .as_ref()
            .to_vec()
    }

    #[test]
    fn pem_and_der_round_trip() {
        let key = PublicKey::from_point(Algorithm::P256, &p256_point()).unwrap();
        assert_eq!(PublicKey::from_pem(&key.to_pem()).unwrap(), key);
        assert_eq!(PublicKey::from_der(key.as_der()).unwrap(), key);
        assert!(key.to_pem().ends_with("-----END PUBLIC KEY-----\n"));
    }

    #[test]
    fn a_point_off_the_curve_is_refused() {
        let mut point = p256_point();
        point[40] ^= 1;
        assert_eq!(
            PublicKey::from_point(Algorithm::P256, &point),
            Err(PublicKeyError::Value("the point is not on the curve"))
        );
    }

    #[test]
    fn a_compressed_point_is_the_same_key() {
        let point = p256_point();
        let mut compressed = vec![2 + (point[64] & 1)];
        compressed.extend_from_slice(&point[1..33]);
        assert_eq!(
            PublicKey::from_point(Algorithm::P256, &compressed).unwrap(),
            PublicKey::from_point(Algorithm::P256, &point).unwrap()
        );
    }

    #[test]
    fn pem_is_read_with_any_line_breaks() {
        let key = PublicKey::from_point(Algorithm::P256, &p256_point()).unwrap();
        let pem = key.to_pem();
        for variant in [
            pem.replace('\n', "\r\n"),
            pem.trim_end().to_owned(),
            pem.replacen("KEY-----\n", "KEY-----", 1),
        ] {
            assert_eq!(PublicKey::from_pem(&variant).unwrap(), key, "{variant:?}");
        }
        for broken in [
            pem.replace("PUBLIC", "EC"),
            format!("{pem}{pem}"),
            pem.replace('M', "!"),
        ] {
            assert!(matches!(
                PublicKey::from_pem(&broken),
                Err(PublicKeyError::Encoding(_))
            ));
        }
    }

    #[test]
    fn private_keys_are_detected() {
        let pem =
            "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n";
        assert_eq!(PublicKey::from_pem(pem), Err(PublicKeyError::Private));
    }

    #[test]
    fn rsa_bits_ignore_leading_zeros() {
        let mut modulus = vec![0u8; 257];
        modulus[1] = 0x80;
        modulus[256] = 1;
        let key = PublicKey::from_rsa(&modulus, &[1, 0, 1]).unwrap();
        assert_eq!(key.algorithm(), Algorithm::Rsa { bits: 2048 });
        assert_eq!(PublicKey::from_der(key.as_der()).unwrap(), key);
    }

    #[test]
    fn invalid_rsa_numbers_are_refused() {
        let odd = [&[0x80; 255][..], &[1]].concat();
        let refused = |modulus: &[u8], exponent: &[u8]| {
            let refused = PublicKey::from_rsa(modulus, exponent);
            assert!(matches!(refused, Err(PublicKeyError::Value(_))));
        };
        for exponent in [&[0][..], &[1], &[0, 1], &[2], &[1, 0, 0]] {
            refused(&odd, exponent);
        }
        refused(&[0x80; 256], &[3]);
    }
}
