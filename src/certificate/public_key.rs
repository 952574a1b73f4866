//! A public key as a normalized SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7).

use std::fmt;
use std::hash::{Hash, Hasher};

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
    /// The curves of ECDSA.
    const CURVES: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    /// The object identifier of its curve. RSA has none.
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

/// A public key in one normal form, so that equal keys are equal bytes: DER
/// SubjectPublicKeyInfo, elliptic-curve points uncompressed, RSA with NULL parameters.
#[derive(Clone)]
pub struct PublicKey {
    der: Vec<u8>,
    subject_bits: Vec<u8>,
    algorithm: Algorithm,
}

/// Everything else follows from the normal form.
impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for PublicKey {}

impl Hash for PublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.der.hash(state);
    }
}

/// Why bytes are not a public key that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// Not PEM with the label `PUBLIC KEY`, or not DER inside.
    #[error("not a public key in PEM or DER form: {0}")]
    Encoding(String),
    /// A private key, where a public one belongs.
    #[error("this is a PRIVATE key")]
    Private,
    /// An algorithm or curve outside [`Algorithm`].
    #[error("algorithm {0} is not supported")]
    Algorithm(String),
    /// The point or number itself is impossible.
    #[error("the key is not valid: {0}")]
    Value(&'static str),
}

#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

impl PublicKey {
    /// Reads a PEM block `PUBLIC KEY`, wrapped at any column, with any line ends (RFC 7468, lax form).
    ///
    /// # Errors
    /// When it is something else; [`PublicKeyError::Private`] when it is a private key.
    pub fn from_pem(text: &str) -> Result<Self, PublicKeyError> {
        if text.contains("PRIVATE KEY-----") {
            return Err(PublicKeyError::Private);
        }
        let text = text.trim();
        let is_whole = |block: &pem::Block<'_>| {
            block.label == "PUBLIC KEY" && block.text == text && block.headers().next().is_none()
        };
        let block = pem::blocks(text).next().filter(is_whole).ok_or_else(|| {
            PublicKeyError::Encoding("not one PEM block with the label \"PUBLIC KEY\"".into())
        })?;
        let der = block
            .decode()
            .map_err(|error| PublicKeyError::Encoding(error.to_string()))?;
        Self::from_der(&der)
    }

    /// Reads a DER SubjectPublicKeyInfo; a compressed point is expanded.
    ///
    /// # Errors
    /// When it is not DER, the algorithm is not supported, or the key cannot exist.
    pub fn from_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let info = SubjectPublicKeyInfoRef::from_der(der)
            .map_err(|error| PublicKeyError::Encoding(error.to_string()))?;
        let bits = info
            .subject_public_key
            .as_bytes()
            .ok_or(PublicKeyError::Value("unused bits in the key"))?;
        match info.algorithm.oid {
            ID_EC_PUBLIC_KEY => {
                let curve = info
                    .algorithm
                    .parameters_oid()
                    .map_err(|error| PublicKeyError::Encoding(error.to_string()))?;
                let algorithm = Algorithm::CURVES
                    .into_iter()
                    .find(|known| known.curve() == Some(curve))
                    .ok_or_else(|| PublicKeyError::Algorithm(curve.to_string()))?;
                Self::from_point(algorithm, bits)
            }
            ID_ED_25519 => Self::from_ed25519(bits),
            RSA_ENCRYPTION => {
                let key = RsaPublicKey::from_der(bits)
                    .map_err(|error| PublicKeyError::Encoding(error.to_string()))?;
                Self::from_rsa(key.modulus.as_bytes(), key.exponent.as_bytes())
            }
            other => Err(PublicKeyError::Algorithm(other.to_string())),
        }
    }

    /// A point of a NIST curve, uncompressed or compressed (SEC 1, section 2.3.3).
    ///
    /// # Errors
    /// When the point has another form or length, or is not on the curve.
    pub fn from_point(curve: Algorithm, point: &[u8]) -> Result<Self, PublicKeyError> {
        use aws_lc_rs::signature::{
            ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, ParsedPublicKey,
        };
        let (oid, width, ecdsa) = match curve {
            Algorithm::P256 => (SECP_256_R_1, 32, &ECDSA_P256_SHA256_ASN1),
            Algorithm::P384 => (SECP_384_R_1, 48, &ECDSA_P384_SHA384_ASN1),
            Algorithm::P521 => (SECP_521_R_1, 66, &ECDSA_P521_SHA512_ASN1),
            Algorithm::Ed25519 | Algorithm::Rsa { .. } => {
                return Err(PublicKeyError::Value("not an elliptic-curve point"));
            }
        };
        let compressed = match point {
            [4, coordinates @ ..] if coordinates.len() == 2 * width => false,
            [2 | 3, coordinate @ ..] if coordinate.len() == width => true,
            _ => {
                return Err(PublicKeyError::Value(
                    "the point is neither in uncompressed nor in compressed form",
                ));
            }
        };
        let parsed = ParsedPublicKey::new(ecdsa, point)
            .map_err(|_| PublicKeyError::Value("the point is not on the curve"))?;
        if compressed {
            let expanded = expand(&parsed)
                .filter(|expanded| expanded.len() == 2 * width + 1)
                .ok_or(PublicKeyError::Value("the point cannot be expanded"))?;
            return Self::build(curve, ID_EC_PUBLIC_KEY, Some(AnyRef::from(&oid)), &expanded);
        }
        Self::build(curve, ID_EC_PUBLIC_KEY, Some(AnyRef::from(&oid)), point)
    }

    /// The 32 bytes of an Ed25519 key.
    ///
    /// # Errors
    /// When there are not 32; when y is not reduced; and when the point has small
    /// order: one signature under such a key fits every message.
    pub fn from_ed25519(bytes: &[u8]) -> Result<Self, PublicKeyError> {
        let key: &[u8; 32] = bytes
            .try_into()
            .map_err(|_| PublicKeyError::Value("an Ed25519 key has 32 bytes"))?;
        ed25519::check(key).map_err(PublicKeyError::Value)?;
        Self::build(Algorithm::Ed25519, ID_ED_25519, None, bytes)
    }

    /// An RSA key from its big-endian modulus and public exponent, leading zeros allowed.
    ///
    /// # Errors
    /// When no RSA key has such numbers, or one is too large to be encoded.
    pub fn from_rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, PublicKeyError> {
        let modulus = UintRef::new(modulus).map_err(|_| PublicKeyError::Value("RSA modulus"))?;
        let exponent = UintRef::new(exponent).map_err(|_| PublicKeyError::Value("RSA exponent"))?;
        let first = modulus.as_bytes().first().copied().unwrap_or(0);
        if first == 0 || !is_odd(modulus.as_bytes()) {
            return Err(PublicKeyError::Value("the RSA modulus is zero or even"));
        }
        // With the exponent 1 everyone can sign.
        if !is_odd(exponent.as_bytes()) || exponent.as_bytes() == [1] {
            return Err(PublicKeyError::Value(
                "the RSA exponent is not an odd number above 1",
            ));
        }
        let bits = modulus.as_bytes().len() * 8 - first.leading_zeros() as usize;
        let inner = RsaPublicKey { modulus, exponent }
            .to_der()
            .map_err(|_| PublicKeyError::Value("the RSA key is too large"))?;
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
        let too_large = |_| PublicKeyError::Value("too large");
        let info = SubjectPublicKeyInfoRef {
            algorithm: spki::AlgorithmIdentifierRef { oid, parameters },
            subject_public_key: BitStringRef::from_bytes(subject_bits).map_err(too_large)?,
        };
        Ok(Self {
            der: info.to_der().map_err(too_large)?,
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

    /// What stands in the BIT STRING: the uncompressed point, the 32 Ed25519 bytes, or PKCS#1 `RSAPublicKey`.
    pub fn subject_bits(&self) -> &[u8] {
        &self.subject_bits
    }

    /// Modulus and public exponent of an RSA key, big-endian, without leading zeros.
    pub fn rsa_numbers(&self) -> Option<(&[u8], &[u8])> {
        let Algorithm::Rsa { .. } = self.algorithm else {
            return None;
        };
        let key = RsaPublicKey::from_der(&self.subject_bits).ok()?;
        Some((key.modulus.as_bytes(), key.exponent.as_bytes()))
    }

    /// PEM as TUF key objects carry it: LF, 64 characters a line, with the final newline.
    pub fn to_pem(&self) -> String {
        pem::encode("PUBLIC KEY", &self.der)
    }

    /// SHA-256 over the DER form: the fingerprint that cards and registers show.
    pub fn fingerprint(&self) -> Digest {
        Digest::of(&self.der)
    }
}

fn is_odd(big_endian: &[u8]) -> bool {
    big_endian.last().is_some_and(|byte| byte & 1 == 1)
}

/// The uncompressed form of a point that was parsed.
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
    fn pem_and_der_lead_back_to_the_same_key() {
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
    fn pem_is_read_however_it_is_wrapped() {
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
    fn a_private_key_is_told_as_such() {
        let pem =
            "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n";
        assert_eq!(PublicKey::from_pem(pem), Err(PublicKeyError::Private));
    }

    #[test]
    fn rsa_bits_are_counted_from_the_number() {
        let mut modulus = vec![0u8; 257];
        modulus[1] = 0x80;
        modulus[256] = 1;
        let key = PublicKey::from_rsa(&modulus, &[1, 0, 1]).unwrap();
        assert_eq!(key.algorithm(), Algorithm::Rsa { bits: 2048 });
        assert_eq!(PublicKey::from_der(key.as_der()).unwrap(), key);
    }

    #[test]
    fn rsa_numbers_that_no_key_has_are_refused() {
        let mut modulus = vec![0x80; 256];
        modulus[255] = 1;
        for exponent in [&[0][..], &[1], &[0, 1], &[2], &[1, 0, 0]] {
            assert!(matches!(
                PublicKey::from_rsa(&modulus, exponent),
                Err(PublicKeyError::Value(_))
            ));
        }
        modulus[255] = 2;
        assert!(matches!(
            PublicKey::from_rsa(&modulus, &[3]),
            Err(PublicKeyError::Value(_))
        ));
    }
}
