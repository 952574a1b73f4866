//! Rehearsals: simulated tokens, roots and online keys, and a front end that plays by itself.

mod autopilot;
mod custodians;
mod online;
mod simulated_root;
mod simulated_set;
mod simulated_tokens;
mod virtual_yubikeys;

pub use autopilot::Autopilot;
pub use custodians::recipients_of_nobody;
pub use online::online_keys;
pub use simulated_tokens::{SimulatedTokens, SimulationError, TokenKind};
pub use virtual_yubikeys::YubiKeysError;
