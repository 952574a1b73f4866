//! The screen: what it takes in, what it shows, and that it keeps secrets.

// The helpers of tests may fail as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../ceremony_driver/mod.rs"]
mod ceremony_driver;
#[path = "../changes/mod.rs"]
mod changes;
mod keys;
#[path = "../pty/mod.rs"]
mod pty;
mod reissue;
mod room;
mod rotation;
mod screens;
mod secrets;
mod shares;
mod terminal;
