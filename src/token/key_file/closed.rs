//! What a key file is closed with, and how a passphrase opens it.

use std::num::NonZeroU32;

use aws_lc_rs::cipher::{
    AES_128, AES_128_KEY_LEN, AES_256, AES_256_KEY_LEN, Algorithm, DecryptionContext,
    PaddedBlockDecryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::pbkdf2;
use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode as _, Encode as _, Sequence};
use md5::{Digest as _, Md5};
use spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::pem::Pem;
use crate::secret::{Pin, PrivateKey};

const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const PBKDF2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12");
const HMAC_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.7");
const HMAC_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.9");
const AES_128_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.2");
const AES_256_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.42");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// More rounds than any tool makes would only be there to keep a machine busy.
const MOST_ROUNDS: u32 = 10_000_000;

/// AES in the mode CBC.
#[derive(Debug, Clone, Copy)]
enum Cipher {
    Aes128,
    Aes256,
}

impl Cipher {
    const fn algorithm(self) -> &'static Algorithm {
        match self {
            Self::Aes128 => &AES_128,
            Self::Aes256 => &AES_256,
        }
    }

    const fn key_length(self) -> usize {
        match self {
            Self::Aes128 => AES_128_KEY_LEN,
            Self::Aes256 => AES_256_KEY_LEN,
        }
    }
}

/// A private key that a passphrase opens.
pub(super) struct Closed {
    derivation: Derivation,
    cipher: Cipher,
    iv: [u8; 16],
    content: Vec<u8>,
    form: Form,
}

/// How a passphrase becomes a key.
enum Derivation {
    Pbkdf2 {
        hash: pbkdf2::Algorithm,
        salt: Vec<u8>,
        rounds: NonZeroU32,
    },
    /// As OpenSSL did it before there was PKCS #8: one round of MD5.
    Legacy,
}

/// What is inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Pkcs8,
    Sec1,
}

#[derive(Sequence)]
struct EncryptedPrivateKeyInfo<'a> {
    algorithm: AlgorithmIdentifierRef<'a>,
    content: &'a OctetStringRef,
}

#[derive(Sequence)]
struct Pbes2Parameters<'a> {
    derivation: AlgorithmIdentifierRef<'a>,
    encryption: AlgorithmIdentifierRef<'a>,
}

#[derive(Sequence)]
struct Pbkdf2Parameters<'a> {
    salt: &'a OctetStringRef,
    rounds: u32,
    #[asn1(optional = "true")]
    key_length: Option<u16>,
    #[asn1(optional = "true")]
    hash: Option<AlgorithmIdentifierRef<'a>>,
}

/// PKCS #8. Notary writes version 1 and no public key, which not every reader takes.
#[derive(Sequence)]
struct PrivateKeyInfo<'a> {
    version: u8,
    algorithm: AlgorithmIdentifierRef<'a>,
    key: &'a OctetStringRef,
}

/// SEC 1.
#[derive(Sequence)]
struct EcPrivateKey<'a> {
    version: u8,
    key: &'a OctetStringRef,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    curve: Option<ObjectIdentifier>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    public: Option<der::asn1::BitStringRef<'a>>,
}

impl Closed {
    /// Reads how a file is closed.
    pub(super) fn read(pem: Pem) -> Result<Self, String> {
        match pem.label.as_str() {
            "ENCRYPTED PRIVATE KEY" => {
                pbes2(&pem.content).ok_or_else(|| {
                    "is closed in a way that Conclave does not know: it opens PBES2 with PBKDF2 and AES-CBC".to_owned()
                })
            }
            "EC PRIVATE KEY" if pem.header("Proc-Type") == Some("4,ENCRYPTED") => legacy(pem),
            "EC PRIVATE KEY" | "PRIVATE KEY" => {
                Err("is not closed under a passphrase: whoever has read it has the key".to_owned())
            }
            "PUBLIC KEY" | "CERTIFICATE" => Err("holds no private key".to_owned()),
            _ => Err("holds no key of a kind that root keys of Notary are".to_owned()),
        }
    }

    /// Opens it. None where the passphrase is wrong: the file does not tell that from damage.
    pub(super) fn open(&self, passphrase: &Pin) -> Option<PrivateKey> {
        let mut content = Zeroizing::new(self.content.clone());
        let opened = {
            let key = self.key(passphrase.expose().as_bytes());
            let key = UnboundCipherKey::new(self.cipher.algorithm(), &key).ok()?;
            let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).ok()?;
            let iv = DecryptionContext::Iv128(FixedLength::from(self.iv));
            key.decrypt(&mut content, iv).ok()?
        };
        match self.form {
            Form::Pkcs8 => {
                let info = PrivateKeyInfo::from_der(opened).ok()?;
                pkcs8(info.algorithm, info.key)
            }
            Form::Sec1 => {
                let curve = EcPrivateKey::from_der(opened).ok()?.curve?;
                let algorithm = AlgorithmIdentifierRef {
                    oid: EC_PUBLIC_KEY,
                    parameters: Some(AnyRef::from(&curve)),
                };
                pkcs8(algorithm, OctetStringRef::new(opened).ok()?)
            }
        }
    }

    fn key(&self, passphrase: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut key = Zeroizing::new(vec![0; self.cipher.key_length()]);
        match &self.derivation {
            Derivation::Pbkdf2 { hash, salt, rounds } => {
                pbkdf2::derive(*hash, *rounds, salt, passphrase, &mut key);
            }
            Derivation::Legacy => {
                let mut before: Zeroizing<Vec<u8>> = Zeroizing::default();
                for part in key.chunks_mut(16) {
                    let digest = Md5::new()
                        .chain_update(&*before)
                        .chain_update(passphrase)
                        .chain_update(&self.iv[..8])
                        .finalize();
                    before = Zeroizing::new(digest.to_vec());
                    part.copy_from_slice(&before[..part.len()]);
                }
            }
        }
        key
    }
}

fn pbes2(der: &[u8]) -> Option<Closed> {
    let info = EncryptedPrivateKeyInfo::from_der(der).ok()?;
    if info.algorithm.oid != PBES2 {
        return None;
    }
    let parameters: Pbes2Parameters<'_> = info.algorithm.parameters?.decode_as().ok()?;
    let cipher = match parameters.encryption.oid {
        AES_128_CBC => Cipher::Aes128,
        AES_256_CBC => Cipher::Aes256,
        _ => return None,
    };
    let iv: &OctetStringRef = parameters.encryption.parameters?.decode_as().ok()?;
    if parameters.derivation.oid != PBKDF2 {
        return None;
    }
    let derivation: Pbkdf2Parameters<'_> = parameters.derivation.parameters?.decode_as().ok()?;
    let hash = match derivation.hash.map_or(HMAC_SHA1, |hash| hash.oid) {
        HMAC_SHA1 => pbkdf2::PBKDF2_HMAC_SHA1,
        HMAC_SHA256 => pbkdf2::PBKDF2_HMAC_SHA256,
        _ => return None,
    };
    let is_sound = derivation.rounds <= MOST_ROUNDS
        && derivation
            .key_length
            .is_none_or(|length| usize::from(length) == cipher.key_length());
    let rounds = NonZeroU32::new(derivation.rounds).filter(|_| is_sound)?;
    Some(Closed {
        derivation: Derivation::Pbkdf2 {
            hash,
            salt: derivation.salt.as_bytes().to_vec(),
            rounds,
        },
        cipher,
        iv: iv.as_bytes().try_into().ok()?,
        content: info.content.as_bytes().to_vec(),
        form: Form::Pkcs8,
    })
}

fn legacy(pem: Pem) -> Result<Closed, String> {
    let unknown = "is closed in a way that Conclave does not know: it opens AES-CBC";
    let (name, iv) = pem
        .header("DEK-Info")
        .and_then(|info| info.split_once(','))
        .ok_or(unknown)?;
    let cipher = match name {
        "AES-128-CBC" => Cipher::Aes128,
        "AES-256-CBC" => Cipher::Aes256,
        _ => return Err(unknown.to_owned()),
    };
    let iv = hex::decode(iv).ok().and_then(|iv| iv.try_into().ok());
    Ok(Closed {
        derivation: Derivation::Legacy,
        cipher,
        iv: iv.ok_or(unknown)?,
        content: pem.content,
        form: Form::Sec1,
    })
}

/// The key as tokens and libraries take it.
fn pkcs8(algorithm: AlgorithmIdentifierRef<'_>, key: &OctetStringRef) -> Option<PrivateKey> {
    let info = PrivateKeyInfo {
        version: 0,
        algorithm,
        key,
    };
    let mut bytes = Zeroizing::new(vec![0; usize::try_from(info.encoded_len().ok()?).ok()?]);
    info.encode_to_slice(&mut bytes).ok()?;
    Some(PrivateKey::new(bytes))
}
