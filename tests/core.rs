//! What needs neither tokens nor a terminal: formats, scripts, the ceremony, the audit, the screens, the source tree.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

mod attestation;
mod audit;
mod ceremony;
mod errors;
mod root;
mod script;
mod shares;
mod sources;
mod support;
mod tui;
