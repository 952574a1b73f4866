//! SLIP-39: a secret is split into parts for groups, and each part into shares for the members of a group. A threshold of
//! members of a threshold of groups restores the secret. Fewer shares reveal nothing. Shares are words with a checksum.
//!
//! Computations on secrets have no secret-dependent branches or lookups, and their memory is wiped.

mod checksum;
mod cipher;
mod combine;
mod field;
mod quorums;
mod share;
mod sharing;
mod split;
mod wordlist;

pub use combine::{CombineError, Encrypted, combine, encrypted};
pub use quorums::{QuorumError, combinations, every_quorum};
pub use share::{Share, ShareError};
pub use split::{Group, Split, SplitError};
pub use wordlist::{Completion, complete, completions, is_word};
