//! The program as people run it: commands, rehearsals, productions, and sites that exchange files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

mod backups;
mod cli;
mod manual;
mod sites;
mod support;
mod transfer;
