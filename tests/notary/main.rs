//! Roots for Notary v1 against what Docker Content Trust is made of: the stock server and the stock client, of
//! Debian's package `notary`, and `docker trust` where a Docker CLI is there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the helpers of a test may panic as it may"
)]

mod bad_input;
mod docker;
mod life;
mod migration;
#[path = "../pty/mod.rs"]
mod pty;
mod room;
mod script;
mod server;
#[path = "../store/mod.rs"]
mod store;
