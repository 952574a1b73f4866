//! A person's approval token: who has one approves by it instead of by a code.

use super::pinned::PinnedKey;
use super::token::TokenSpec;

/// A token of a person's own, by which that person approves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalToken {
    /// How to tell it from others.
    pub token: TokenSpec,
    /// The key that it holds: an approval is a signature by it, and nothing else.
    pub key: PinnedKey,
}
