//! Rehearsals: twins that stand in for tokens, roots and online keys, and a front end that plays by itself.

mod autopilot;
mod custodians;
mod memory_key;
mod online;
mod twin_root;
mod twin_set;
mod twins;
mod virtual_yubikeys;

pub use autopilot::Autopilot;
pub use custodians::recipients_of_nobody;
pub use online::{OnlineKeys, OnlineKeysError};
pub use twins::{TokenKind, Twins, TwinsError};
pub use virtual_yubikeys::NoYubiKeys;
