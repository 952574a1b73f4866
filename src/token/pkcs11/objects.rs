//! Objects of a session: finding them and reading them back.

use cryptoki_sys::{self as sys, CK_OBJECT_HANDLE, CK_ULONG};
use der::asn1::OctetStringRef;
use der::{Decode, Encode as _};
use zeroize::Zeroizing;

use crate::certificate::{Algorithm, PublicKey};
use crate::record::KeyAttributes;

use super::super::{HeldKey, HeldObject, ObjectKind, TokenError};
use super::device;
use super::raw::{Attribute, Session};

/// The object identifier of a curve in DER, as `CKA_EC_PARAMS` has it. RSA has none.
pub(super) fn ec_parameters(algorithm: Algorithm) -> Option<Vec<u8>> {
    algorithm.curve()?.to_der().ok()
}

/// The objects that the token keeps and shows now, of a class if one is given.
fn kept(
    session: &Session,
    class: Option<sys::CK_OBJECT_CLASS>,
    name: Option<Attribute>,
) -> Result<Vec<CK_OBJECT_HANDLE>, TokenError> {
    let mut template = vec![Attribute::flag(sys::CKA_TOKEN, true)];
    template.extend(class.map(|class| Attribute::number(sys::CKA_CLASS, class)));
    template.extend(name);
    session.find(&template).map_err(device)
}

/// Whether any object has that label or that ID.
pub(super) fn is_taken(
    session: &Session,
    label: &str,
    object_id: &[u8],
) -> Result<bool, TokenError> {
    for name in [
        Attribute::bytes(sys::CKA_LABEL, label.as_bytes()),
        Attribute::bytes(sys::CKA_ID, object_id),
    ] {
        if !kept(session, None, Some(name))?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The objects that belong to a key pair.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Halves {
    pub(super) public: Vec<CK_OBJECT_HANDLE>,
    pub(super) private: Vec<CK_OBJECT_HANDLE>,
}

impl Halves {
    fn named(session: &Session, name: impl Fn() -> Attribute) -> Result<Self, TokenError> {
        Ok(Self {
            public: kept(session, Some(sys::CKO_PUBLIC_KEY), Some(name()))?,
            private: kept(session, Some(sys::CKO_PRIVATE_KEY), Some(name()))?,
        })
    }

    /// The halves of that ID. Some modules give the halves different IDs: one that is missing then is the only one with
    /// the label of the other.
    pub(super) fn of_id(session: &Session, object_id: &[u8]) -> Result<Self, TokenError> {
        let mut found = Self::named(session, || Attribute::bytes(sys::CKA_ID, object_id))?;
        let only = match (found.public.as_slice(), found.private.as_slice()) {
            ([only], []) | ([], [only]) => *only,
            _ => return Ok(found),
        };
        let Some(label) = label_of(session, only)? else {
            return Ok(found);
        };
        let labeled = Self::of_label(session, &label)?;
        if labeled.public.len() <= 1 && labeled.private.len() <= 1 {
            if found.public.is_empty() {
                found.public = labeled.public;
            } else {
                found.private = labeled.private;
            }
        }
        Ok(found)
    }

    /// The halves that a request names: by its ID, or by its label where the module chose the ID.
    pub(super) fn of_request(
        session: &Session,
        object_id: &[u8],
        label: &str,
    ) -> Result<Self, TokenError> {
        let found = Self::of_id(session, object_id)?;
        if !found.is_empty() {
            return Ok(found);
        }
        Self::of_label(session, label.as_bytes())
    }

    pub(super) fn of_label(session: &Session, label: &[u8]) -> Result<Self, TokenError> {
        Self::named(session, || Attribute::bytes(sys::CKA_LABEL, label))
    }

    /// The label that these objects have, if no others have it.
    pub(super) fn own_label(
        &self,
        session: &Session,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, TokenError> {
        let Some(first) = self.all().next() else {
            return Ok(None);
        };
        let Some(label) = label_of(session, first)? else {
            return Ok(None);
        };
        let labeled = Self::of_label(session, &label)?;
        let is_own = labeled
            .all()
            .all(|labeled| self.all().any(|own| own == labeled));
        Ok(is_own.then_some(label))
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.public.is_empty() && self.private.is_empty()
    }

    /// The private halves first: once they are gone, the key is.
    pub(super) fn all(&self) -> impl Iterator<Item = CK_OBJECT_HANDLE> + '_ {
        self.private.iter().chain(&self.public).copied()
    }
}

fn label_of(
    session: &Session,
    handle: CK_OBJECT_HANDLE,
) -> Result<Option<Zeroizing<Vec<u8>>>, TokenError> {
    let label = bytes(session, handle, sys::CKA_LABEL)?;
    Ok(label.filter(|label| !label.is_empty()))
}

/// Every object that is kept on the token and shows now.
pub(super) fn all(session: &Session) -> Result<Vec<HeldObject>, TokenError> {
    let handles = kept(session, None, None)?.into_iter();
    handles.map(|handle| describe(session, handle)).collect()
}

fn describe(session: &Session, handle: CK_OBJECT_HANDLE) -> Result<HeldObject, TokenError> {
    let kind = match number(session, handle, sys::CKA_CLASS)? {
        Some(sys::CKO_PUBLIC_KEY) => ObjectKind::PublicKey,
        Some(sys::CKO_PRIVATE_KEY) => ObjectKind::PrivateKey,
        Some(sys::CKO_SECRET_KEY) => ObjectKind::SecretKey,
        Some(sys::CKO_CERTIFICATE) => ObjectKind::Certificate,
        _ => ObjectKind::Other,
    };
    let label = bytes(session, handle, sys::CKA_LABEL)?.unwrap_or_default();
    Ok(HeldObject {
        kind,
        object_id: bytes(session, handle, sys::CKA_ID)?
            .unwrap_or_default()
            .to_vec(),
        // Labels are UTF-8 by the standard; other bytes are shown as replaced.
        label: String::from_utf8_lossy(&label)
            .trim_end_matches('\0')
            .to_owned(),
    })
}

/// The key pairs whose public halves show now, of the algorithms that we know.
pub(super) fn keys(session: &Session) -> Result<Vec<HeldKey>, TokenError> {
    let mut keys = Vec::new();
    for handle in kept(session, Some(sys::CKO_PUBLIC_KEY), None)? {
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

/// Reads a public key object; the inner error says why it is not a key that we know.
pub(super) fn public_key(
    session: &Session,
    handle: CK_OBJECT_HANDLE,
) -> Result<Result<PublicKey, String>, TokenError> {
    // What the token does not show stays empty.
    let read = |kind| Ok::<_, TokenError>(bytes(session, handle, kind)?.unwrap_or_default());
    Ok(match number(session, handle, sys::CKA_KEY_TYPE)? {
        Some(sys::CKK_RSA) => {
            let (modulus, exponent) = (read(sys::CKA_MODULUS)?, read(sys::CKA_PUBLIC_EXPONENT)?);
            PublicKey::from_rsa(&modulus, &exponent).map_err(|error| error.to_string())
        }
        // Ed448 and the X curves have points of other lengths, or another key type.
        Some(sys::CKK_EC_EDWARDS) => {
            let point = read(sys::CKA_EC_POINT)?;
            PublicKey::from_ed25519(unwrapped(&point, 32)).map_err(|error| error.to_string())
        }
        Some(sys::CKK_EC) => ec_key(&read(sys::CKA_EC_PARAMS)?, &read(sys::CKA_EC_POINT)?),
        _ => Err("its type is not known".to_owned()),
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

/// A point is in a DER OCTET STRING by the standard, and bare in some modules. Both begin with the byte 4, so that only
/// the length distinguishes them.
fn unwrapped(point: &[u8], length: usize) -> &[u8] {
    if point.len() == length {
        return point;
    }
    <&OctetStringRef>::from_der(point).map_or(point, OctetStringRef::as_bytes)
}

/// What the token reports about a private key. An attribute that it does not show, with whatever error, is unknown.
pub(super) fn private_attributes(
    session: &Session,
    handle: CK_OBJECT_HANDLE,
) -> Result<KeyAttributes, TokenError> {
    let read = |kind| flag(session, handle, kind);
    Ok(KeyAttributes {
        sensitive: read(sys::CKA_SENSITIVE)?,
        extractable: read(sys::CKA_EXTRACTABLE)?,
        always_sensitive: read(sys::CKA_ALWAYS_SENSITIVE)?,
        never_extractable: read(sys::CKA_NEVER_EXTRACTABLE)?,
        local: read(sys::CKA_LOCAL)?,
    })
}

/// Whether a private key requires the PIN for each signature.
pub(super) fn always_authenticates(
    session: &Session,
    handle: CK_OBJECT_HANDLE,
) -> Result<bool, TokenError> {
    Ok(flag(session, handle, sys::CKA_ALWAYS_AUTHENTICATE)? == Some(true))
}

/// Whether the token shows the value of a private key, whatever it reports about it.
pub(super) fn shows_value(session: &Session, handle: CK_OBJECT_HANDLE) -> Result<bool, TokenError> {
    for kind in [sys::CKA_VALUE, sys::CKA_PRIVATE_EXPONENT] {
        if shown(session, handle, kind)?.is_some_and(|value| !value.is_empty()) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn flag(
    session: &Session,
    handle: CK_OBJECT_HANDLE,
    kind: sys::CK_ATTRIBUTE_TYPE,
) -> Result<Option<bool>, TokenError> {
    let value = shown(session, handle, kind)?;
    Ok(value.and_then(|value| Some(*value.first()? != 0)))
}

fn number(
    session: &Session,
    handle: CK_OBJECT_HANDLE,
    kind: sys::CK_ATTRIBUTE_TYPE,
) -> Result<Option<CK_ULONG>, TokenError> {
    let value = bytes(session, handle, kind)?;
    let value = value.and_then(|value| value.as_slice().try_into().ok());
    Ok(value.map(CK_ULONG::from_ne_bytes))
}

/// An attribute, if the object has it and the module shows it.
pub(super) fn bytes(
    session: &Session,
    handle: CK_OBJECT_HANDLE,
    kind: sys::CK_ATTRIBUTE_TYPE,
) -> Result<Option<Zeroizing<Vec<u8>>>, TokenError> {
    session.attribute(handle, kind).map_err(device)
}

/// The same for attributes that a module need not know: modules report that with various errors.
fn shown(
    session: &Session,
    handle: CK_OBJECT_HANDLE,
    kind: sys::CK_ATTRIBUTE_TYPE,
) -> Result<Option<Zeroizing<Vec<u8>>>, TokenError> {
    match session.attribute(handle, kind) {
        Ok(value) => Ok(value),
        Err(error) => match device(error) {
            gone @ (TokenError::Removed | TokenError::LoginNeeded) => Err(gone),
            broken if error.code == sys::CKR_DEVICE_ERROR => Err(broken),
            _ => Ok(None),
        },
    }
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
