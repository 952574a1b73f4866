//! Tokens in a script: how to identify one, and how its key is used.

use std::sync::Arc;

use super::{KeyId, SpareId};
use crate::profile::Profile;
use crate::record::{PinPolicy, TouchPolicy, UsePolicy};

/// A token that can replace one that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spare {
    pub id: SpareId,
    pub token: TokenSpec,
    /// The keys for which it may be used; empty for any key on a token of its profile.
    pub keys: Vec<KeyId>,
}

/// How to identify a token. Missing fields are not compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSpec {
    pub profile: Arc<Profile>,
    /// As the token reports it.
    pub manufacturer: Option<String>,
    /// As the token reports it.
    pub model: Option<String>,
    /// As the token reports it.
    pub serial: Option<String>,
    /// The label that the token gets when it is initialized; at most 32 bytes.
    pub label: Option<String>,
    /// The number of the tamper-evident bag in which it arrives.
    pub bag: Option<String>,
    /// `None` for profiles without slots.
    pub slot: Option<SlotPlan>,
}

/// The slot of a key on a YubiKey, and when its use requires PIN and touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotPlan {
    /// `0x9c`.
    pub number: u8,
    pub policy: UsePolicy,
}

/// The slot for digital signatures, with PIN and touch for each signature.
impl Default for SlotPlan {
    fn default() -> Self {
        Self {
            number: 0x9c,
            policy: UsePolicy::default(),
        }
    }
}

impl SlotPlan {
    pub(super) const PIN_POLICIES: &'static [(&'static str, PinPolicy)] =
        &[("always", PinPolicy::Always), ("once", PinPolicy::Once)];

    pub(super) const TOUCH_POLICIES: &'static [(&'static str, TouchPolicy)] = &[
        ("always", TouchPolicy::Always),
        ("cached", TouchPolicy::Cached),
        ("never", TouchPolicy::Never),
    ];

    /// From `9c`.
    pub(super) fn number_of(spelling: &str) -> Option<u8> {
        let number = u8::from_str_radix(spelling, 16).ok()?;
        let is_one = matches!(number, 0x9a | 0x9c | 0x9d | 0x9e | 0x82..=0x95);
        (is_one && format!("{number:02x}") == spelling).then_some(number)
    }
}

impl TokenSpec {
    /// The ID of the key, for profiles with numbered slots.
    pub fn slot(&self) -> Option<Vec<u8>> {
        self.slot.map(|slot| vec![slot.number])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_has_one_spelling() {
        assert_eq!(SlotPlan::number_of("9c"), Some(0x9c));
        assert_eq!(SlotPlan::number_of("95"), Some(0x95));
        for wrong in ["", "9C", "+9", "9", "09c", "f9", "80", "96", "9b", "0x9c"] {
            assert_eq!(SlotPlan::number_of(wrong), None, "{wrong}");
        }
    }
}
