//! Private keys that leave a token wrapped and return: AES-KWP (RFC 5649).
//!
//! Modules offer it as `CKM_AES_KEY_WRAP_KWP`, or, like SoftHSM, as `CKM_AES_KEY_WRAP_PAD`.

use cryptoki_sys::{self as sys, CK_MECHANISM_TYPE, CK_OBJECT_HANDLE};
use der::Encode as _;
use der::asn1::OctetStringRef;

use crate::certificate::{Algorithm, PublicKey};
use crate::profile::{PrivateAttribute, Profile};
use crate::record::KeyAttributes;

use super::super::{KeyRequest, TokenError};
use super::failure::{ability, is_unsupported};
use super::raw::{Attribute, CallError, CallResult, Mechanism, Session};
use super::template::{self, Templates};
use super::{device, objects};

/// A key-encryption key for a session with a token that offers these mechanisms.
pub(super) struct Wrapping<'a> {
    pub(super) session: &'a Session,
    pub(super) offered: Vec<CK_MECHANISM_TYPE>,
    pub(super) profile: &'a Profile,
    pub(super) key_encryption_key: &'a [u8; 32],
}

impl Wrapping<'_> {
    /// Wraps a private key.
    pub(super) fn wrap(&self, private: CK_OBJECT_HANDLE) -> Result<Vec<u8>, TokenError> {
        let wrapped =
            self.with_key(|mechanism, kek| self.session.wrap_key(mechanism, kek, private))?;
        wrapped
            .map(|wrapped| wrapped.to_vec())
            .map_err(|error| match error.code {
                sys::CKR_KEY_NOT_WRAPPABLE
                | sys::CKR_KEY_UNEXTRACTABLE
                | sys::CKR_WRAPPING_KEY_TYPE_INCONSISTENT
                | sys::CKR_WRAPPING_KEY_SIZE_RANGE => {
                    TokenError::unsupported("export this key, even wrapped")
                }
                _ => ability("wrap keys with AES-KWP")(error),
            })
    }

    /// Imports a wrapped private key and its public half: the public and the private object.
    pub(super) fn unwrap(
        &self,
        request: &KeyRequest,
        public: &PublicKey,
        wrapped: &[u8],
    ) -> Result<(CK_OBJECT_HANDLE, CK_OBJECT_HANDLE), TokenError> {
        const USES: [PrivateAttribute; 4] = [
            PrivateAttribute::Private,
            PrivateAttribute::Sensitive,
            PrivateAttribute::Extractable,
            PrivateAttribute::Sign,
        ];
        let templates = Templates {
            request,
            keys: &self.profile.keys,
        };
        let of_public = public_template(&templates, public)?;
        let private = self.unwrap_as(wrapped, || {
            let mut template = templates.private(&USES);
            template.extend(is_private_key(public));
            template
        })?;
        match self.session.create_object(&of_public) {
            Ok(public) => Ok((public, private)),
            Err(error) => {
                // Why there is no public half matters, not that the private half could not be removed.
                let _ = self.session.destroy_object(private);
                Err(ability("store a public key that was generated elsewhere")(
                    error,
                ))
            }
        }
    }

    /// Imports a wrapped private key as an object of the session, which signs and is not kept.
    pub(super) fn unwrap_for_once(
        &self,
        public: &PublicKey,
        wrapped: &[u8],
    ) -> Result<CK_OBJECT_HANDLE, TokenError> {
        self.unwrap_as(wrapped, || {
            let mut template = vec![
                Attribute::flag(sys::CKA_TOKEN, false),
                Attribute::flag(sys::CKA_PRIVATE, true),
                Attribute::flag(sys::CKA_SENSITIVE, true),
                Attribute::flag(sys::CKA_EXTRACTABLE, false),
                Attribute::flag(sys::CKA_SIGN, true),
            ];
            template.extend(is_private_key(public));
            template
        })
    }

    fn unwrap_as(
        &self,
        wrapped: &[u8],
        template: impl Fn() -> Vec<Attribute>,
    ) -> Result<CK_OBJECT_HANDLE, TokenError> {
        let unwrapped = self.with_key(|mechanism, kek| {
            self.session
                .unwrap_key(mechanism, kek, wrapped, &template())
        })?;
        unwrapped.map_err(|error| match error.code {
            sys::CKR_WRAPPED_KEY_INVALID
            | sys::CKR_WRAPPED_KEY_LEN_RANGE
            | sys::CKR_ENCRYPTED_DATA_INVALID
            | sys::CKR_ENCRYPTED_DATA_LEN_RANGE
            | sys::CKR_GENERAL_ERROR => TokenError::NotUnwrapped,
            _ => ability("unwrap keys with AES-KWP")(error),
        })
    }

    /// Uses the key-encryption key as an object of the session, which wraps and unwraps and nothing else. Mechanisms that the
    /// token offers come first; the next one is tried where a mechanism is not supported.
    fn with_key<T>(
        &self,
        work: impl Fn(Mechanism, CK_OBJECT_HANDLE) -> CallResult<T>,
    ) -> Result<CallResult<T>, TokenError> {
        let known = self.profile.backup.mechanisms.iter();
        let mut mechanisms: Vec<_> = known.map(|mechanism| mechanism.number()).collect();
        mechanisms.sort_by_key(|mechanism| !self.offered.contains(mechanism));
        let key = self
            .import_key()
            .map_err(ability("import a key-encryption key"))?;
        let mut result = Err(CallError {
            function: "C_WrapKey",
            code: sys::CKR_MECHANISM_INVALID,
        });
        for mechanism in mechanisms {
            result = work(Mechanism::Plain(mechanism), key);
            if !matches!(&result, Err(error) if is_unsupported(error.code)) {
                break;
            }
        }
        self.session.destroy_object(key).map_err(device)?;
        Ok(result)
    }

    fn import_key(&self) -> Result<CK_OBJECT_HANDLE, CallError> {
        let flag = Attribute::flag;
        let mut template = vec![
            Attribute::number(sys::CKA_CLASS, sys::CKO_SECRET_KEY),
            Attribute::number(sys::CKA_KEY_TYPE, sys::CKK_AES),
            flag(sys::CKA_TOKEN, false),
            flag(sys::CKA_PRIVATE, true),
            flag(sys::CKA_SENSITIVE, true),
            flag(sys::CKA_EXTRACTABLE, false),
            flag(sys::CKA_WRAP, true),
            flag(sys::CKA_UNWRAP, true),
            Attribute::bytes(sys::CKA_VALUE, self.key_encryption_key),
        ];
        let usual = template.len();
        for use_ruled_out in [
            sys::CKA_ENCRYPT,
            sys::CKA_DECRYPT,
            sys::CKA_SIGN,
            sys::CKA_VERIFY,
            sys::CKA_DERIVE,
        ] {
            template.push(flag(use_ruled_out, false));
        }
        self.session
            .create_object(&template)
            .or_else(|_| self.session.create_object(&template[..usual]))
    }
}

/// Makes a private key non-extractable, and reads back what the token reports about it.
pub(super) fn make_non_extractable(
    session: &Session,
    private: CK_OBJECT_HANDLE,
    object_id: &[u8],
) -> Result<KeyAttributes, TokenError> {
    if objects::private_attributes(session, private)?.extractable != Some(false) {
        session
            .set_attribute(private, Attribute::flag(sys::CKA_EXTRACTABLE, false))
            .map_err(device)?;
    }
    let attributes = objects::private_attributes(session, private)?;
    match attributes.extractable {
        Some(false) => Ok(attributes),
        Some(true) => Err(TokenError::mismatch(object_id, "it is still extractable")),
        None => Err(TokenError::mismatch(
            object_id,
            "the token does not report whether it is extractable",
        )),
    }
}

fn is_private_key(public: &PublicKey) -> [Attribute; 2] {
    [
        Attribute::number(sys::CKA_CLASS, sys::CKO_PRIVATE_KEY),
        Attribute::number(sys::CKA_KEY_TYPE, object_type(public.algorithm())),
    ]
}

const fn object_type(algorithm: Algorithm) -> sys::CK_KEY_TYPE {
    match algorithm {
        Algorithm::Rsa { .. } => sys::CKK_RSA,
        Algorithm::Ed25519 => sys::CKK_EC_EDWARDS,
        Algorithm::P256 | Algorithm::P384 | Algorithm::P521 => sys::CKK_EC,
    }
}

fn public_template(
    templates: &Templates<'_>,
    public: &PublicKey,
) -> Result<Vec<Attribute>, TokenError> {
    let request = templates.request;
    let (wanted, found) = (request.key_type.algorithm(), public.algorithm());
    let mismatch = || {
        let problem = format!("{wanted} was requested, but its public half is {found}");
        TokenError::mismatch(&request.object_id, problem)
    };
    if found != wanted {
        return Err(mismatch());
    }
    let mut attributes = templates.names();
    attributes.extend([
        Attribute::number(sys::CKA_CLASS, sys::CKO_PUBLIC_KEY),
        Attribute::number(sys::CKA_KEY_TYPE, object_type(found)),
        Attribute::flag(sys::CKA_PRIVATE, false),
        Attribute::flag(sys::CKA_VERIFY, true),
    ]);
    if let Some((modulus, exponent)) = public.rsa_numbers() {
        attributes.extend([
            Attribute::bytes(sys::CKA_MODULUS, modulus),
            Attribute::bytes(sys::CKA_PUBLIC_EXPONENT, exponent),
        ]);
    } else {
        let point = OctetStringRef::new(public.subject_bits()).and_then(|point| point.to_der());
        let point = point.map_err(|_| mismatch())?;
        attributes.extend(template::curve(request.key_type));
        attributes.push(Attribute::bytes(sys::CKA_EC_POINT, &point));
    }
    Ok(attributes)
}
