//! Approval tokens.

use super::pinned::PinnedKey;
use super::token::TokenSpec;

/// A personal token with which a person approves, in place of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalToken {
    pub token: TokenSpec,
    /// An approval is a signature with this key.
    pub key: PinnedKey,
}
