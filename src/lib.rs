//! Conclave runs offline root key ceremonies for The Update Framework (TUF).
//!
//! Four ideas carry everything: the script is the only input; the transcript is
//! the state; the core does no I/O; and nothing is believed that can be proved.
//! `docs/architecture.md` has the map of the rooms and the arrows between them,
//! and `tests/sources/layering.rs` holds the code to it.

pub mod audit;
pub mod backup;
pub mod ceremony;
pub mod certificate;
pub mod cli;
pub mod document;
pub mod executor;
pub mod host;
pub mod line;
pub mod metadata;
pub mod profile;
pub mod record;
pub mod rehearsal;
pub mod script;
pub mod secret;
pub mod storage;
pub mod token;
pub mod transcript;
pub mod transfer;
pub mod tui;
pub mod words;

// The tests share their signing keys with the library's own, which know it by its name.
#[cfg(test)]
extern crate self as conclave;
