//! The screen: what it takes in, what it shows, and that it keeps secrets.

// The helpers of tests may fail as tests do.
#![allow(clippy::unwrap_used)]

mod keys;
mod room;
mod screens;
mod secrets;
