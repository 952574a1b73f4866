//! Keys that are made in the locked memory of this process, for tokens that take them in.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, RsaKeyPair,
};
use zeroize::Zeroizing;

use crate::metadata::KeyType;
use crate::secret::PrivateKey;
use crate::token::TokenError;

/// Makes the private half of a key. It is wiped when it is dropped.
pub(super) fn generate(key_type: KeyType) -> Result<PrivateKey, TokenError> {
    let refused = || TokenError::Unsupported {
        what: format!("take in a key of type {key_type}"),
    };
    let signing = match key_type {
        KeyType::EcdsaP256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
        KeyType::EcdsaP384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
        KeyType::RsaPss3072 => return rsa(KeySize::Rsa3072).ok_or_else(refused),
        KeyType::RsaPss4096 => return rsa(KeySize::Rsa4096).ok_or_else(refused),
        KeyType::Ed25519 => return Err(refused()),
    };
    let pair = EcdsaKeyPair::generate(signing).map_err(|_| refused())?;
    let pkcs8 = pair.to_pkcs8v1().map_err(|_| refused())?;
    Ok(PrivateKey::new(Zeroizing::new(pkcs8.as_ref().to_vec())))
}

fn rsa(size: KeySize) -> Option<PrivateKey> {
    let pair = RsaKeyPair::generate(size).ok()?;
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().ok()?;
    Some(PrivateKey::new(Zeroizing::new(pkcs8.as_ref().to_vec())))
}
