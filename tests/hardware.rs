//! Tokens: SoftHSM through PKCS#11, virtual YubiKeys through PC/SC, and the executor that uses them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

mod executor;
mod modules;
mod quirks;
mod softhsm;
mod support;
mod yubikey;
