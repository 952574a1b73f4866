//! Keys that are generated in the locked memory of this process and imported into tokens.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RsaKeyPair,
};
use zeroize::Zeroizing;

use crate::backup::KeyEncryptionKey;
use crate::certificate::{Algorithm, PublicKey};
use crate::metadata::{KeyType, Scheme};
use crate::script::KeyId;
use crate::secret::PrivateKey;
use crate::token::key_file::OpenedKeyFile;
use crate::token::{GeneratedKey, KeyRequest, Token, TokenError};

use super::backup::Wrapped;

/// A key pair in memory. The private key is wiped on drop.
pub struct MemoryKey {
    pub private: PrivateKey,
    pub public: PublicKey,
}

/// Generates a key, and imports it into a token with a logged-in user. A key that an interrupted attempt imported is
/// destroyed first: it may be incomplete, and it cannot be backed up. `wrapped_for` names a key that is backed up: it is
/// also returned wrapped.
pub(super) fn bring_in(
    token: &mut dyn Token,
    request: &KeyRequest,
    wrapped_for: Option<&KeyId>,
) -> Result<(GeneratedKey, Option<Wrapped>), TokenError> {
    token.discard(request)?;
    let key = MemoryKey::for_token(request.key_type)?;
    let wrapped = wrapped_for
        .map(|name| Wrapped::in_memory(token, name, &key.private))
        .transpose()?;
    let held = token.import(request, &key.private)?;
    if held.public != key.public {
        return Err(TokenError::KeyMismatch {
            object_id: request.object_id.clone(),
            problem: "the token holds another key than the imported one".to_owned(),
        });
    }
    Ok((held, wrapped))
}

/// Tests whether a token with a logged-in user accepts an imported key, with a temporary key that signs and is destroyed.
///
/// # Errors
/// When the import fails, or the token holds another key.
pub fn takes_keys_in(token: &mut dyn Token, request: &KeyRequest) -> Result<(), TokenError> {
    let key = MemoryKey::for_token(request.key_type)?;
    take_in(token, request, &key.private, &key.public)?;
    token.destroy(&request.object_id)
}

/// Imports the key of a key file into a token with a logged-in user. It stays only if it signs there.
///
/// # Errors
/// When the import fails, or the token holds another key.
pub fn bring_in_from_file(
    token: &mut dyn Token,
    request: &KeyRequest,
    opened: &OpenedKeyFile,
) -> Result<GeneratedKey, TokenError> {
    take_in(token, request, &opened.private, &opened.public)
}

/// Wrapped where the token unwraps, and otherwise by its own command.
fn take_in(
    token: &mut dyn Token,
    request: &KeyRequest,
    private: &PrivateKey,
    public: &PublicKey,
) -> Result<GeneratedKey, TokenError> {
    let held = if let Some(wrapping) = token.wrapping() {
        let mut key = Box::new(Zeroizing::new([0; 32]));
        super::fill_random(key.as_mut_slice()).map_err(|_| TokenError::Unsupported {
            what: "import a key: the operating system provides no random bytes".to_owned(),
        })?;
        let key = KeyEncryptionKey::new(key);
        let wrapped = key.wrap(private).map_err(|error| TokenError::Unsupported {
            what: format!("import a key: {error}"),
        })?;
        wrapping.unwrap(request, public, key.expose(), &wrapped)?
    } else {
        token.import(request, private)?
    };
    let message = b"conclave: a key was imported\n";
    let signed = token.sign(&request.object_id, public, message);
    let is_key = signed.as_ref().is_ok_and(|signature| {
        Scheme::for_public_key(public)
            .is_some_and(|scheme| scheme.verifies(public, message, signature))
    });
    if is_key && held.public == *public {
        return Ok(held);
    }
    token.destroy(&request.object_id)?;
    signed?;
    Err(TokenError::KeyMismatch {
        object_id: request.object_id.clone(),
        problem: "the token held another key than the imported one; that key was destroyed"
            .to_owned(),
    })
}

impl MemoryKey {
    /// A key of a type that tokens can import.
    fn for_token(key_type: KeyType) -> Result<Self, TokenError> {
        let made = match key_type {
            KeyType::EcdsaP256
            | KeyType::EcdsaP384
            | KeyType::RsaPss2048
            | KeyType::RsaPss3072
            | KeyType::RsaPss4096 => Self::generate(key_type.algorithm()),
            KeyType::Ed25519 => None,
        };
        made.ok_or_else(|| TokenError::Unsupported {
            what: format!("import a key of type {key_type}"),
        })
    }

    /// A key of any algorithm.
    pub fn generate(algorithm: Algorithm) -> Option<Self> {
        match algorithm {
            Algorithm::P256 => Self::ecdsa(algorithm, &ECDSA_P256_SHA256_ASN1_SIGNING),
            Algorithm::P384 => Self::ecdsa(algorithm, &ECDSA_P384_SHA384_ASN1_SIGNING),
            Algorithm::P521 => Self::ecdsa(algorithm, &ECDSA_P521_SHA512_ASN1_SIGNING),
            Algorithm::Ed25519 => {
                let pair = Ed25519KeyPair::generate().ok()?;
                let public = PublicKey::from_ed25519(pair.public_key().as_ref()).ok()?;
                Some(Self::new(pair.to_pkcs8v1().ok()?.as_ref(), public))
            }
            Algorithm::Rsa { bits } => {
                let pair = RsaKeyPair::generate(rsa_size(bits)?).ok()?;
                let private: Pkcs8V1Der<'_> = pair.as_der().ok()?;
                let public = pair.public_key().as_der().ok()?;
                let public = PublicKey::from_der(public.as_ref()).ok()?;
                Some(Self::new(private.as_ref(), public))
            }
        }
    }

    fn ecdsa(algorithm: Algorithm, signing: &'static EcdsaSigningAlgorithm) -> Option<Self> {
        let pair = EcdsaKeyPair::generate(signing).ok()?;
        let public = PublicKey::from_point(algorithm, pair.public_key().as_ref()).ok()?;
        Some(Self::new(pair.to_pkcs8v1().ok()?.as_ref(), public))
    }

    fn new(pkcs8: &[u8], public: PublicKey) -> Self {
        Self {
            private: PrivateKey::new(Zeroizing::new(pkcs8.to_vec())),
            public,
        }
    }
}

const fn rsa_size(bits: usize) -> Option<KeySize> {
    match bits {
        2048 => Some(KeySize::Rsa2048),
        3072 => Some(KeySize::Rsa3072),
        4096 => Some(KeySize::Rsa4096),
        8192 => Some(KeySize::Rsa8192),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::{public_half, sign_with};

    #[test]
    fn what_it_signs_verifies() {
        for algorithm in [
            Algorithm::P256,
            Algorithm::P384,
            Algorithm::P521,
            Algorithm::Ed25519,
            Algorithm::Rsa { bits: 3072 },
        ] {
            let key = MemoryKey::generate(algorithm).unwrap();
            assert_eq!(key.public.algorithm(), algorithm);
            let public = public_half(&key.private, algorithm).unwrap();
            assert_eq!(public, key.public);
            let signature = sign_with(&key.private, &key.public, b"a root").unwrap();
            if let Some(scheme) = Scheme::for_public_key(&key.public) {
                assert!(scheme.verifies(&key.public, b"a root", &signature));
            }
        }
    }
}
