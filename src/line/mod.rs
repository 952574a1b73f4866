//! The ceremony line by line, without a drawn screen: for serial consoles and screen readers.

mod front_end;
mod input;
mod secret_input;

pub use front_end::LineMode;
pub use secret_input::{SecretLines, read_secret, show_secret};
