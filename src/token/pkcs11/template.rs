//! Templates for key pairs.

use cryptoki_sys as sys;

use crate::certificate::Algorithm;
use crate::metadata::KeyType;

use super::super::KeyRequest;
use super::objects::ec_parameters;
use super::raw::{Attribute, Mechanism};

/// How much a template specifies. Modules refuse attributes that they do not know or that they set themselves, so a
/// smaller template is tried after a larger one. What was generated is read back in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Everything, including the uses that are ruled out.
    Full,
    /// Without the uses that are ruled out.
    Usual,
    /// Without the uses. A private key is still private, sensitive, and extractable only for a backup.
    Least,
}

impl Detail {
    /// Combinations for the public and the private half. A module does not report which of the two it refused.
    pub(super) const LADDER: [(Self, Self); 7] = [
        (Self::Full, Self::Full),
        (Self::Usual, Self::Full),
        (Self::Full, Self::Usual),
        (Self::Usual, Self::Usual),
        (Self::Least, Self::Usual),
        (Self::Usual, Self::Least),
        (Self::Least, Self::Least),
    ];
}

pub(super) const fn mechanism(key_type: KeyType) -> Mechanism {
    Mechanism::Plain(match key_type {
        KeyType::EcdsaP256 | KeyType::EcdsaP384 => sys::CKM_EC_KEY_PAIR_GEN,
        KeyType::Ed25519 => sys::CKM_EC_EDWARDS_KEY_PAIR_GEN,
        KeyType::RsaPss2048 | KeyType::RsaPss3072 | KeyType::RsaPss4096 => {
            sys::CKM_RSA_PKCS_KEY_PAIR_GEN
        }
    })
}

/// The given attributes, all with the same value.
fn flags<'a>(
    kinds: &'a [sys::CK_ATTRIBUTE_TYPE],
    value: bool,
) -> impl Iterator<Item = Attribute> + 'a {
    kinds.iter().map(move |kind| Attribute::flag(*kind, value))
}

pub(super) fn public(request: &KeyRequest, detail: Detail) -> Vec<Attribute> {
    let mut template = names(request);
    if let Algorithm::Rsa { bits } = request.key_type.algorithm() {
        template.extend([
            Attribute::number(sys::CKA_MODULUS_BITS, bits as sys::CK_ULONG),
            Attribute::bytes(sys::CKA_PUBLIC_EXPONENT, &[1, 0, 1]),
        ]);
    }
    template.extend(curve(request.key_type));
    if detail != Detail::Least {
        template.extend([
            Attribute::flag(sys::CKA_PRIVATE, false),
            Attribute::flag(sys::CKA_VERIFY, true),
        ]);
    }
    if detail == Detail::Full {
        template.extend(flags(
            &[sys::CKA_ENCRYPT, sys::CKA_WRAP, sys::CKA_VERIFY_RECOVER],
            false,
        ));
    }
    template
}

pub(super) fn private(request: &KeyRequest, detail: Detail) -> Vec<Attribute> {
    let mut template = names(request);
    template.extend([
        Attribute::flag(sys::CKA_PRIVATE, true),
        Attribute::flag(sys::CKA_SENSITIVE, true),
        Attribute::flag(sys::CKA_EXTRACTABLE, request.extractable),
    ]);
    if detail != Detail::Least {
        template.push(Attribute::flag(sys::CKA_SIGN, true));
    }
    if detail == Detail::Full {
        template.extend(flags(
            &[
                sys::CKA_DECRYPT,
                sys::CKA_UNWRAP,
                sys::CKA_DERIVE,
                sys::CKA_SIGN_RECOVER,
            ],
            false,
        ));
    }
    template
}

/// The curve of a key that has one.
pub(super) fn curve(key_type: KeyType) -> Option<Attribute> {
    ec_parameters(key_type.algorithm())
        .map(|parameters| Attribute::bytes(sys::CKA_EC_PARAMS, &parameters))
}

pub(super) fn names(request: &KeyRequest) -> Vec<Attribute> {
    vec![
        Attribute::flag(sys::CKA_TOKEN, true),
        Attribute::bytes(sys::CKA_LABEL, request.label.as_bytes()),
        Attribute::bytes(sys::CKA_ID, &request.object_id),
    ]
}
