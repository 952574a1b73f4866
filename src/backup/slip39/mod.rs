//! Shares after SLIP-0039: a secret is split among groups, and each group's part among its members, as words with a
//! checksum. So many members of so many groups restore the secret; fewer learn nothing.
//!
//! What depends on a secret is computed without branches or look-ups, and wiped.

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
