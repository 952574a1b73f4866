//! The token room against SoftHSM 2.

mod command;
mod finding;
mod keys;
pub(crate) mod module;
mod pins;
mod terminal;
mod wrapping;
