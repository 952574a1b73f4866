//! A signing at another site: what is asked for, and what is trusted there.

use crate::metadata::TrustedRoot;
use crate::transfer::SigningRequest;

/// What a signing is about.
#[derive(Debug, Clone)]
pub struct Signing {
    /// What others ask for.
    pub request: SigningRequest,
    /// What is trusted here.
    pub trust: Trust,
}

/// What is trusted where a request is judged.
#[derive(Debug, Clone)]
pub enum Trust {
    /// A root that this machine trusts.
    Root(TrustedRoot),
    /// The digest words on the key holder's paper card, which are typed.
    Card,
}
