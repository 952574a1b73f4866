//! The token room against SoftHSM 2.

// A helper that fails is a test that fails.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../store/mod.rs"]
mod store;

mod common;
mod finding;
mod keys;
mod pins;
