//! How a key file is encrypted, and its decryption with a passphrase.

use std::num::NonZeroU32;

use aws_lc_rs::cipher::{
    AES_128, AES_128_KEY_LEN, AES_256, AES_256_KEY_LEN, Algorithm, DecryptionContext,
    PaddedBlockDecryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::pbkdf2;
use der::asn1::{AnyRef, OctetStringRef};
use der::oid::db::rfc5912::ID_EC_PUBLIC_KEY;
use der::{Decode as _, Encode as _, Sequence};
use md5::{Digest as _, Md5};
use pkcs8::pkcs5::pbes2::{EncryptionScheme, Pbkdf2Prf};
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef};
use sec1::EcPrivateKey;
use spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use crate::certificate::pem::Block;
use crate::secret::{Pin, PrivateKey};

/// More rounds than any tool uses would only be there to keep a machine busy.
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

/// A private key that a passphrase decrypts.
pub(super) struct EncryptedKey {
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
    /// As OpenSSL did it before PKCS #8: one round of MD5.
    Legacy,
}

/// The format of the decrypted key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Pkcs8,
    Sec1,
}

/// PKCS #8 as Notary writes it: of version 1, which promises a public key, and without one. [`PrivateKeyInfoRef`] refuses
/// that.
#[derive(Sequence)]
struct NotaryPrivateKeyInfo<'a> {
    version: u8,
    algorithm: AlgorithmIdentifierRef<'a>,
    key: &'a OctetStringRef,
}

impl EncryptedKey {
    /// Reads how the key in a block is encrypted.
    pub(super) fn read(block: &Block<'_>, content: Vec<u8>) -> Result<Self, String> {
        match block.label {
            "ENCRYPTED PRIVATE KEY" => {
                pbes2(&content).ok_or_else(|| {
                    "uses an encryption that Conclave does not support; it supports PBES2 with PBKDF2 and AES-CBC".to_owned()
                })
            }
            "EC PRIVATE KEY" if block.header("Proc-Type") == Some("4,ENCRYPTED") => {
                legacy(block, content)
            }
            "EC PRIVATE KEY" | "PRIVATE KEY" => {
                Err("is not encrypted: anyone who has read it has the key".to_owned())
            }
            "PUBLIC KEY" | "CERTIFICATE" => Err("does not hold a private key".to_owned()),
            _ => Err("does not hold a key of a type that Notary uses for root keys".to_owned()),
        }
    }

    /// `None` if the passphrase is wrong or the file is damaged, which cannot be distinguished.
    pub(super) fn decrypt(&self, passphrase: &Pin) -> Option<PrivateKey> {
        let mut content = Zeroizing::new(self.content.clone());
        let clear = {
            let key = self.key(passphrase.expose().as_bytes());
            let key = UnboundCipherKey::new(self.cipher.algorithm(), &key).ok()?;
            let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).ok()?;
            let iv = DecryptionContext::Iv128(FixedLength::from(self.iv));
            key.decrypt(&mut content, iv).ok()?
        };
        match self.form {
            Form::Pkcs8 => {
                let info = NotaryPrivateKeyInfo::from_der(clear).ok()?;
                pkcs8(info.algorithm, info.key)
            }
            Form::Sec1 => {
                let parameters = EcPrivateKey::from_der(clear).ok()?.parameters?;
                let algorithm = AlgorithmIdentifierRef {
                    oid: ID_EC_PUBLIC_KEY,
                    parameters: Some(AnyRef::from(&parameters)),
                };
                pkcs8(algorithm, OctetStringRef::new(clear).ok()?)
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

fn pbes2(der: &[u8]) -> Option<EncryptedKey> {
    let info = EncryptedPrivateKeyInfoRef::try_from(der).ok()?;
    let parameters = info.encryption_algorithm.pbes2()?;
    let (cipher, iv) = match parameters.encryption {
        EncryptionScheme::Aes128Cbc { iv } => (Cipher::Aes128, iv),
        EncryptionScheme::Aes256Cbc { iv } => (Cipher::Aes256, iv),
        _ => return None,
    };
    let derivation = parameters.kdf.pbkdf2()?;
    let hash = match derivation.prf {
        Pbkdf2Prf::HmacWithSha1 => pbkdf2::PBKDF2_HMAC_SHA1,
        Pbkdf2Prf::HmacWithSha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        _ => return None,
    };
    let is_sound = derivation.iteration_count <= MOST_ROUNDS
        && derivation
            .key_length
            .is_none_or(|length| usize::from(length) == cipher.key_length());
    let rounds = NonZeroU32::new(derivation.iteration_count).filter(|_| is_sound)?;
    Some(EncryptedKey {
        derivation: Derivation::Pbkdf2 {
            hash,
            salt: derivation.salt.as_bytes().to_vec(),
            rounds,
        },
        cipher,
        iv,
        content: info.encrypted_data.as_bytes().to_vec(),
        form: Form::Pkcs8,
    })
}

fn legacy(block: &Block<'_>, content: Vec<u8>) -> Result<EncryptedKey, String> {
    let unknown = "uses an encryption that Conclave does not support; it supports AES-CBC";
    let (name, iv) = block
        .header("DEK-Info")
        .and_then(|info| info.split_once(','))
        .ok_or(unknown)?;
    let cipher = match name {
        "AES-128-CBC" => Cipher::Aes128,
        "AES-256-CBC" => Cipher::Aes256,
        _ => return Err(unknown.to_owned()),
    };
    let iv = hex::decode(iv).ok().and_then(|iv| iv.try_into().ok());
    Ok(EncryptedKey {
        derivation: Derivation::Legacy,
        cipher,
        iv: iv.ok_or(unknown)?,
        content,
        form: Form::Sec1,
    })
}

/// The key as tokens and libraries read it.
fn pkcs8(algorithm: AlgorithmIdentifierRef<'_>, key: &OctetStringRef) -> Option<PrivateKey> {
    let der = PrivateKeyInfoRef::new(algorithm, key).to_der().ok()?;
    Some(PrivateKey::new(Zeroizing::new(der)))
}
