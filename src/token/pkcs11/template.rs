//! Templates for key pairs.

use cryptoki_sys as sys;

use crate::certificate::Algorithm;
use crate::metadata::KeyType;
use crate::profile::{IdForm, Keys, PrivateAttribute, PublicAttribute};

use super::super::KeyRequest;
use super::objects::ec_parameters;
use super::raw::{Attribute, Mechanism};

/// The templates for a key pair. Modules refuse attributes that they do not know or that they set themselves, so a smaller
/// template is tried after a larger one. What was generated is read back in any case.
pub(super) struct Templates<'a> {
    pub(super) request: &'a KeyRequest,
    pub(super) keys: &'a Keys,
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

impl<'a> Templates<'a> {
    /// Combinations for the public and the private half. A module does not report which of the two it refused. The private
    /// half says less only after every form of the public half was refused with it: without `CKA_SIGN`, a TPM generates
    /// keys that do not sign.
    pub(super) fn ladder(
        &self,
    ) -> impl Iterator<Item = (&'a [PublicAttribute], &'a [PrivateAttribute])> + use<'a> {
        let (public, private) = (&self.keys.public_templates, &self.keys.private_templates);
        private.iter().flat_map(|of_private| {
            let public = public.iter();
            public.map(move |of_public| (of_public.as_slice(), of_private.as_slice()))
        })
    }

    pub(super) fn public(&self, attributes: &[PublicAttribute]) -> Vec<Attribute> {
        let mut template = self.names();
        if let Algorithm::Rsa { bits } = self.request.key_type.algorithm() {
            template.extend([
                Attribute::number(sys::CKA_MODULUS_BITS, bits as sys::CK_ULONG),
                Attribute::bytes(sys::CKA_PUBLIC_EXPONENT, &[1, 0, 1]),
            ]);
        }
        template.extend(curve(self.request.key_type));
        template.extend(attributes.iter().map(|attribute| {
            let (kind, value) = match attribute {
                PublicAttribute::Private => (sys::CKA_PRIVATE, false),
                PublicAttribute::Verify => (sys::CKA_VERIFY, true),
                PublicAttribute::VerifyRecover => (sys::CKA_VERIFY_RECOVER, false),
                PublicAttribute::Encrypt => (sys::CKA_ENCRYPT, false),
                PublicAttribute::Wrap => (sys::CKA_WRAP, false),
            };
            Attribute::flag(kind, value)
        }));
        template
    }

    pub(super) fn private(&self, attributes: &[PrivateAttribute]) -> Vec<Attribute> {
        let mut template = self.names();
        template.extend(attributes.iter().map(|attribute| {
            let (kind, value) = match attribute {
                PrivateAttribute::Private => (sys::CKA_PRIVATE, true),
                PrivateAttribute::Sensitive => (sys::CKA_SENSITIVE, true),
                PrivateAttribute::Extractable => (sys::CKA_EXTRACTABLE, self.request.extractable),
                PrivateAttribute::Sign => (sys::CKA_SIGN, true),
                PrivateAttribute::Decrypt => (sys::CKA_DECRYPT, false),
                PrivateAttribute::Unwrap => (sys::CKA_UNWRAP, false),
                PrivateAttribute::Derive => (sys::CKA_DERIVE, false),
                PrivateAttribute::SignRecover => (sys::CKA_SIGN_RECOVER, false),
            };
            Attribute::flag(kind, value)
        }));
        template
    }

    pub(super) fn names(&self) -> Vec<Attribute> {
        let mut names = vec![
            Attribute::flag(sys::CKA_TOKEN, true),
            Attribute::bytes(sys::CKA_LABEL, self.request.label.as_bytes()),
        ];
        if self.keys.id_form != IdForm::Token {
            names.push(Attribute::bytes(sys::CKA_ID, &self.request.object_id));
        }
        names
    }
}

/// The curve of a key that has one.
pub(super) fn curve(key_type: KeyType) -> Option<Attribute> {
    ec_parameters(key_type.algorithm())
        .map(|parameters| Attribute::bytes(sys::CKA_EC_PARAMS, &parameters))
}
