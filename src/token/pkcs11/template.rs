//! Templates by which key pairs are made.

use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::Attribute;

use crate::certificate::Algorithm;
use crate::metadata::KeyType;

use super::super::KeyRequest;
use super::failure;
use super::objects::ec_parameters;

/// How much a template says. Modules refuse attributes that they do not know or that they
/// set themselves, so that less is tried after more; what came of it is read back in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Everything, the uses that are ruled out included.
    Full,
    /// Without the uses that are ruled out.
    Usual,
    /// Without what the token may decide by itself.
    Least,
}

impl Detail {
    pub(super) const ALL: [Self; 3] = [Self::Full, Self::Usual, Self::Least];
}

/// Whether a module refused the template rather than the key.
pub(super) const fn is_about_template(error: &Error) -> bool {
    matches!(
        failure::code(error),
        Some(
            RvError::TemplateInconsistent
                | RvError::AttributeTypeInvalid
                | RvError::AttributeValueInvalid
                | RvError::AttributeReadOnly
        )
    )
}

pub(super) const fn mechanism(key_type: KeyType) -> Mechanism<'static> {
    match key_type {
        KeyType::EcdsaP256 | KeyType::EcdsaP384 => Mechanism::EccKeyPairGen,
        KeyType::Ed25519 => Mechanism::EccEdwardsKeyPairGen,
        KeyType::RsaPss2048 | KeyType::RsaPss3072 | KeyType::RsaPss4096 => {
            Mechanism::RsaPkcsKeyPairGen
        }
    }
}

pub(super) fn public(request: &KeyRequest, detail: Detail) -> Vec<Attribute> {
    let mut template = names(request);
    if let Algorithm::Rsa { bits } = request.key_type.algorithm() {
        template.extend([
            Attribute::ModulusBits((bits as u64).into()),
            Attribute::PublicExponent(vec![1, 0, 1]),
        ]);
    }
    template.extend(curve(request.key_type));
    if detail != Detail::Least {
        template.extend([Attribute::Private(false), Attribute::Verify(true)]);
    }
    if detail == Detail::Full {
        template.extend([Attribute::Encrypt(false), Attribute::Wrap(false)]);
    }
    template
}

pub(super) fn private(request: &KeyRequest, detail: Detail) -> Vec<Attribute> {
    let mut template = names(request);
    if detail != Detail::Least {
        template.extend([
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(request.extractable),
            Attribute::Sign(true),
        ]);
    }
    if detail == Detail::Full {
        template.extend([
            Attribute::Decrypt(false),
            Attribute::Unwrap(false),
            Attribute::Derive(false),
            Attribute::SignRecover(false),
        ]);
    }
    template
}

/// The curve of a key that has one.
pub(super) fn curve(key_type: KeyType) -> Option<Attribute> {
    ec_parameters(key_type.algorithm()).map(Attribute::EcParams)
}

pub(super) fn names(request: &KeyRequest) -> Vec<Attribute> {
    vec![
        Attribute::Token(true),
        Attribute::Label(request.label.clone().into_bytes()),
        Attribute::Id(request.object_id.clone()),
    ]
}
