//! A signing at another site.

use crate::metadata::TrustedRoot;
use crate::transfer::SigningRequest;

#[derive(Debug, Clone)]
pub struct Signing {
    pub request: SigningRequest,
    pub trust: Trust,
}

/// What the site trusts.
#[derive(Debug, Clone)]
pub enum Trust {
    Root(TrustedRoot),
    /// The digest words on the key holder's paper card, which the key holder types.
    Card,
}
