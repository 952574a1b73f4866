//! The token room against SoftHSM 2.

// A helper that fails is a test that fails.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../pty/mod.rs"]
mod pty;
#[path = "../store/mod.rs"]
mod store;

mod command;
mod finding;
mod keys;
mod module;
mod pins;
mod terminal;
mod wrapping;
