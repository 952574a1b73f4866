//! Private keys that leave a token wrapped, and come back: AES-KWP (RFC 5649), as SoftHSM's `CKM_AES_KEY_WRAP_PAD` has it.

use cryptoki::error::RvError;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType as ObjectType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use der::Encode as _;
use der::asn1::OctetStringRef;
use zeroize::Zeroize as _;

use crate::certificate::{Algorithm, PublicKey};
use crate::record::KeyAttributes;

use super::super::{KeyRequest, TokenError};
use super::failure::{ability, code};
use super::template::{self, Detail};
use super::{device, objects};

/// Wraps a private key under a key-encryption key that is in the token for this call alone.
pub(super) fn wrap(
    session: &Session,
    private: ObjectHandle,
    key_encryption_key: &[u8; 32],
) -> Result<Vec<u8>, TokenError> {
    with_key_encryption_key(session, key_encryption_key, |kek| {
        session
            .wrap_key(&Mechanism::AesKeyWrapPad, kek, private)
            .map_err(|error| match code(&error) {
                Some(
                    RvError::KeyNotWrappable
                    | RvError::KeyUnextractable
                    | RvError::WrappingKeyTypeInconsistent
                    | RvError::WrappingKeySizeRange,
                ) => TokenError::unsupported("let that key out, be it wrapped"),
                _ => ability("wrap keys with AES-KWP")(error),
            })
    })
}

/// Makes a private key one that leaves the token no more, and reads back what it says of it.
pub(super) fn make_non_extractable(
    session: &Session,
    private: ObjectHandle,
    object_id: &[u8],
) -> Result<KeyAttributes, TokenError> {
    if objects::private_attributes(session, private)?.extractable != Some(false) {
        session
            .update_attributes(private, &[Attribute::Extractable(false)])
            .map_err(device)?;
    }
    let attributes = objects::private_attributes(session, private)?;
    if attributes.extractable == Some(false) {
        Ok(attributes)
    } else {
        Err(TokenError::mismatch(
            object_id,
            "it can still leave the token",
        ))
    }
}

/// Brings in a wrapped private key and its public half.
pub(super) fn unwrap(
    session: &Session,
    request: &KeyRequest,
    public: &PublicKey,
    key_encryption_key: &[u8; 32],
    wrapped: &[u8],
) -> Result<(ObjectHandle, ObjectHandle), TokenError> {
    let of_public = public_template(request, public)?;
    let mut template = template::private(request, Detail::Usual);
    template.extend(is_private_key(public));
    let private = unwrap_as(session, key_encryption_key, wrapped, &template)?;
    match session.create_object(&of_public) {
        Ok(public) => Ok((public, private)),
        Err(error) => {
            // What is told is why there is no public half, not that the other could not be removed.
            let _ = session.destroy_object(private);
            Err(ability("hold a public key that was made elsewhere")(error))
        }
    }
}

/// Brings in a wrapped private key as an object of the session, which signs and is nowhere kept.
pub(super) fn unwrap_for_once(
    session: &Session,
    public: &PublicKey,
    key_encryption_key: &[u8; 32],
    wrapped: &[u8],
) -> Result<ObjectHandle, TokenError> {
    let mut template = vec![
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
    ];
    template.extend(is_private_key(public));
    unwrap_as(session, key_encryption_key, wrapped, &template)
}

fn unwrap_as(
    session: &Session,
    key_encryption_key: &[u8; 32],
    wrapped: &[u8],
    template: &[Attribute],
) -> Result<ObjectHandle, TokenError> {
    with_key_encryption_key(session, key_encryption_key, |kek| {
        session
            .unwrap_key(&Mechanism::AesKeyWrapPad, kek, wrapped, template)
            .map_err(|error| match code(&error) {
                Some(
                    RvError::WrappedKeyInvalid
                    | RvError::WrappedKeyLenRange
                    | RvError::EncryptedDataInvalid
                    | RvError::EncryptedDataLenRange
                    | RvError::GeneralError,
                ) => TokenError::NotUnwrapped,
                _ => ability("unwrap keys with AES-KWP")(error),
            })
    })
}

/// Does something with the key-encryption key as an object of the session: it wraps and unwraps, and nothing else.
fn with_key_encryption_key<T>(
    session: &Session,
    bytes: &[u8; 32],
    work: impl FnOnce(ObjectHandle) -> Result<T, TokenError>,
) -> Result<T, TokenError> {
    let mut template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(ObjectType::AES),
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Wrap(true),
        Attribute::Unwrap(true),
        Attribute::Encrypt(false),
        Attribute::Decrypt(false),
        Attribute::Sign(false),
        Attribute::Verify(false),
        Attribute::Derive(false),
        Attribute::Value(bytes.to_vec()),
    ];
    let made = session.create_object(&template);
    for attribute in &mut template {
        if let Attribute::Value(bytes) = attribute {
            bytes.zeroize();
        }
    }
    let key = made.map_err(ability("take in a key-encryption key"))?;
    let result = work(key);
    session.destroy_object(key).map_err(device)?;
    result
}

fn is_private_key(public: &PublicKey) -> [Attribute; 2] {
    [
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::KeyType(object_type(public.algorithm())),
    ]
}

const fn object_type(algorithm: Algorithm) -> ObjectType {
    match algorithm {
        Algorithm::Rsa { .. } => ObjectType::RSA,
        Algorithm::Ed25519 => ObjectType::EC_EDWARDS,
        Algorithm::P256 | Algorithm::P384 | Algorithm::P521 => ObjectType::EC,
    }
}

fn public_template(request: &KeyRequest, public: &PublicKey) -> Result<Vec<Attribute>, TokenError> {
    let mismatch = || {
        TokenError::mismatch(
            &request.object_id,
            format!(
                "{} was asked for, its public half is {}",
                request.key_type.algorithm(),
                public.algorithm()
            ),
        )
    };
    if public.algorithm() != request.key_type.algorithm() {
        return Err(mismatch());
    }
    let mut attributes = template::names(request);
    attributes.extend([
        Attribute::Class(ObjectClass::PUBLIC_KEY),
        Attribute::KeyType(object_type(public.algorithm())),
        Attribute::Private(false),
        Attribute::Verify(true),
    ]);
    if let Some((modulus, exponent)) = public.rsa_numbers() {
        attributes.extend([
            Attribute::Modulus(modulus.to_vec()),
            Attribute::PublicExponent(exponent.to_vec()),
        ]);
    } else {
        let point = OctetStringRef::new(public.subject_bits()).and_then(|point| point.to_der());
        attributes.extend(template::curve(request.key_type));
        attributes.push(Attribute::EcPoint(point.map_err(|_| mismatch())?));
    }
    Ok(attributes)
}
