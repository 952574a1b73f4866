//! The ceremony line by line, without a drawn screen.

mod secret_input;

pub use secret_input::{SecretLines, read_secret};
