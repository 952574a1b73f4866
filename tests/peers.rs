//! Other programs judge what we make: TUF clients, Notary v1, and the tools that restore a backup.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

mod clients;
mod notary;
mod stock;
mod support;
