//! What a token can do, by the profile of its make.

use std::sync::Arc;

use crate::profile::{ObjectClass, Profile};
use crate::record::TokenId;
use crate::token::{HeldObject, ObjectKind};

use super::Executor;

impl Executor<'_> {
    pub(super) fn profile_of(&self, token: &TokenId) -> Option<Arc<Profile>> {
        self.ceremony().script().profile(&token.profile)
    }

    /// Whether such tokens state, signed, where a key was generated.
    pub(super) fn is_attesting(&self, token: &TokenId) -> bool {
        self.profile_of(token).is_some_and(|it| it.attests())
    }

    /// Whether it is a key file, which is not a token.
    pub(super) fn is_key_file(&self, token: &TokenId) -> bool {
        self.profile_of(token).is_some_and(|it| it.is_key_file())
    }

    pub(super) fn has_so_pin(&self, token: &TokenId) -> bool {
        self.profile_of(token).is_none_or(|it| it.initialize.so_pin)
    }

    /// Whether a token can be removed at all: a software token cannot.
    pub(super) fn is_removable(&self, token: &TokenId) -> bool {
        self.profile_of(token).is_some_and(|it| it.hardware)
    }

    /// Whether every token of the make may hold such an object.
    pub(super) fn is_ignored(&self, token: &TokenId, object: &HeldObject) -> bool {
        let class = match object.kind {
            ObjectKind::Certificate => ObjectClass::Certificate,
            ObjectKind::Other => ObjectClass::Other,
            ObjectKind::PublicKey | ObjectKind::PrivateKey | ObjectKind::SecretKey => return false,
        };
        self.profile_of(token)
            .is_some_and(|it| it.initialize.ignored_objects.contains(&class))
    }
}
