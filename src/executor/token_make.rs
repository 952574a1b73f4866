//! What a token's make can do, by its profile.

use crate::profile::{Kind, Profile};
use crate::record::TokenId;

/// Whether tokens of that make state, signed, where a key was made.
pub(super) fn is_attesting(token: &TokenId) -> bool {
    Profile::named(&token.profile).is_ok_and(|profile| profile.kind == Kind::YubikeyPiv)
}

/// Whether a token can be taken out at all: a software token cannot.
pub(super) fn is_removable(token: &TokenId) -> bool {
    Profile::named(&token.profile).is_ok_and(|profile| profile.hardware)
}
