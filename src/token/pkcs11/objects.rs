//! Objects of a session: finding them and reading them back.

use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use der::asn1::OctetStringRef;
use der::{Decode, Encode as _};

use crate::certificate::{Algorithm, PublicKey};
use crate::record::KeyAttributes;

use super::super::{HeldKey, HeldObject, ObjectKind, TokenError};
use super::device;

/// The object identifier of a curve in DER, as `CKA_EC_PARAMS` has it. RSA has none.
pub(super) fn ec_parameters(algorithm: Algorithm) -> Option<Vec<u8>> {
    algorithm.curve()?.to_der().ok()
}

/// The objects of a class and ID that are kept on the token.
pub(super) fn of_id(
    session: &Session,
    class: ObjectClass,
    object_id: &[u8],
) -> Result<Vec<ObjectHandle>, TokenError> {
    session
        .find_objects(&[
            Attribute::Token(true),
            Attribute::Class(class),
            Attribute::Id(object_id.to_vec()),
        ])
        .map_err(device)
}

/// Every object that is kept on the token and shows now.
pub(super) fn all(session: &Session) -> Result<Vec<HeldObject>, TokenError> {
    session
        .find_objects(&[Attribute::Token(true)])
        .map_err(device)?
        .into_iter()
        .map(|handle| describe(session, handle))
        .collect()
}

fn describe(session: &Session, handle: ObjectHandle) -> Result<HeldObject, TokenError> {
    let mut object = HeldObject {
        kind: ObjectKind::Other,
        object_id: Vec::new(),
        label: String::new(),
    };
    for attribute in attributes(
        session,
        handle,
        &[
            AttributeType::Class,
            AttributeType::Id,
            AttributeType::Label,
        ],
    )? {
        match attribute {
            Attribute::Class(class) => {
                object.kind = match class {
                    ObjectClass::PUBLIC_KEY => ObjectKind::PublicKey,
                    ObjectClass::PRIVATE_KEY => ObjectKind::PrivateKey,
                    ObjectClass::SECRET_KEY => ObjectKind::SecretKey,
                    ObjectClass::CERTIFICATE => ObjectKind::Certificate,
                    _ => ObjectKind::Other,
                };
            }
            Attribute::Id(id) => object.object_id = id,
            Attribute::Label(label) => object.label = text(&label),
            _ => {}
        }
    }
    Ok(object)
}

/// The key pairs whose public halves show now, of the algorithms that we know.
pub(super) fn keys(session: &Session) -> Result<Vec<HeldKey>, TokenError> {
    let mut keys = Vec::new();
    for handle in session
        .find_objects(&[
            Attribute::Token(true),
            Attribute::Class(ObjectClass::PUBLIC_KEY),
        ])
        .map_err(device)?
    {
        let object = describe(session, handle)?;
        if let Ok(public) = public_key(session, handle)? {
            keys.push(HeldKey {
                object_id: object.object_id,
                label: object.label,
                public,
            });
        }
    }
    Ok(keys)
}

/// Reads a public key object; the inner error says why it is no key that we know.
pub(super) fn public_key(
    session: &Session,
    handle: ObjectHandle,
) -> Result<Result<PublicKey, String>, TokenError> {
    let kind = attribute(session, handle, AttributeType::KeyType)?;
    let wanted = match kind {
        Some(Attribute::KeyType(KeyType::EC | KeyType::EC_EDWARDS)) => {
            [AttributeType::EcParams, AttributeType::EcPoint]
        }
        Some(Attribute::KeyType(KeyType::RSA)) => {
            [AttributeType::Modulus, AttributeType::PublicExponent]
        }
        _ => return Ok(Err("its type is not known".to_owned())),
    };
    // What the token does not show stays empty.
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for attribute in attributes(session, handle, &wanted)? {
        match attribute {
            Attribute::EcParams(bytes) | Attribute::Modulus(bytes) => first = bytes,
            Attribute::EcPoint(bytes) | Attribute::PublicExponent(bytes) => second = bytes,
            _ => {}
        }
    }
    Ok(match kind {
        Some(Attribute::KeyType(KeyType::RSA)) => {
            PublicKey::from_rsa(&first, &second).map_err(|error| error.to_string())
        }
        // Ed448 and the X curves have points of other lengths, or another key type.
        Some(Attribute::KeyType(KeyType::EC_EDWARDS)) => {
            PublicKey::from_ed25519(unwrapped(&second, 32)).map_err(|error| error.to_string())
        }
        _ => ec_key(&first, &second),
    })
}

fn ec_key(parameters: &[u8], point: &[u8]) -> Result<PublicKey, String> {
    let (curve, length) = [
        (Algorithm::P256, 65),
        (Algorithm::P384, 97),
        (Algorithm::P521, 133),
    ]
    .into_iter()
    .find(|(known, _)| ec_parameters(*known).as_deref() == Some(parameters))
    .ok_or_else(|| format!("curve {} is not known", hex::encode(parameters)))?;
    PublicKey::from_point(curve, unwrapped(point, length)).map_err(|error| error.to_string())
}

/// A point stands in a DER OCTET STRING by the standard, and bare in some modules. Both begin
/// with the byte 4, so that the length has to tell.
fn unwrapped(point: &[u8], length: usize) -> &[u8] {
    if point.len() == length {
        return point;
    }
    <&OctetStringRef>::from_der(point).map_or(point, OctetStringRef::as_bytes)
}

/// What the token says of a private key.
pub(super) fn private_attributes(
    session: &Session,
    handle: ObjectHandle,
) -> Result<KeyAttributes, TokenError> {
    let mut found = KeyAttributes::default();
    for wanted in [
        AttributeType::Sensitive,
        AttributeType::Extractable,
        AttributeType::AlwaysSensitive,
        AttributeType::NeverExtractable,
        AttributeType::Local,
    ] {
        match attribute(session, handle, wanted)? {
            Some(Attribute::Sensitive(value)) => found.sensitive = Some(value),
            Some(Attribute::Extractable(value)) => found.extractable = Some(value),
            Some(Attribute::AlwaysSensitive(value)) => found.always_sensitive = Some(value),
            Some(Attribute::NeverExtractable(value)) => found.never_extractable = Some(value),
            Some(Attribute::Local(value)) => found.local = Some(value),
            _ => {}
        }
    }
    Ok(found)
}

/// Whether a private key asks for the PIN at each signature.
pub(super) fn always_authenticates(
    session: &Session,
    handle: ObjectHandle,
) -> Result<bool, TokenError> {
    let value = attribute(session, handle, AttributeType::AlwaysAuthenticate)?;
    Ok(matches!(value, Some(Attribute::AlwaysAuthenticate(true))))
}

/// Those of the attributes that the object has and the module shows: asked for together, and one by one where a module
/// answers a whole request with an error because of one that is not there, as for data objects without an ID.
fn attributes(
    session: &Session,
    handle: ObjectHandle,
    wanted: &[AttributeType],
) -> Result<Vec<Attribute>, TokenError> {
    if let Ok(found) = session.get_attributes(handle, wanted)
        && found.len() == wanted.len()
    {
        return Ok(found);
    }
    let mut found = Vec::new();
    for wanted in wanted {
        found.extend(attribute(session, handle, *wanted)?);
    }
    Ok(found)
}

/// One attribute, if the object has it and the module shows it.
fn attribute(
    session: &Session,
    handle: ObjectHandle,
    wanted: AttributeType,
) -> Result<Option<Attribute>, TokenError> {
    Ok(session
        .get_attributes(handle, &[wanted])
        .map_err(device)?
        .pop())
}

/// Labels are UTF-8 by the standard; what is not is shown as replaced.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .trim_end_matches('\0')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

    #[test]
    fn a_point_is_taken_wrapped_and_bare() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let bare = pair.public_key().as_ref();
        let wrapped = [&[4, 65], bare].concat();
        let p256 = [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
        let key = ec_key(&p256, bare).unwrap();
        assert_eq!(ec_key(&p256, &wrapped), Ok(key.clone()));
        assert_eq!(key.subject_bits(), bare);
    }

    #[test]
    fn a_point_of_another_curve_is_refused() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let p384 = [6, 5, 0x2b, 0x81, 4, 0, 0x22];
        assert!(ec_key(&p384, pair.public_key().as_ref()).is_err());
        // secp256k1, whose points are as long as those of P-256.
        let error = ec_key(&[6, 5, 0x2b, 0x81, 4, 0, 0x0a], pair.public_key().as_ref());
        assert_eq!(error, Err("curve 06052b8104000a is not known".to_owned()));
    }
}
