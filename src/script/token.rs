//! Tokens as a script tells them: which one is meant, and how its key is to be used.

use std::sync::Arc;

use super::{KeyId, SpareId};
use crate::profile::Profile;
use crate::record::{PinPolicy, TouchPolicy, UsePolicy};

/// A token that waits to stand in for one that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spare {
    /// How the script calls it.
    pub id: SpareId,
    /// Which token it is.
    pub token: TokenSpec,
    /// The keys for which it may be taken; empty where it may be for any key of its make.
    pub keys: Vec<KeyId>,
}

/// How to tell the right token from others. What the script leaves out is not compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSpec {
    /// What is known of its make.
    pub profile: Arc<Profile>,
    /// The maker, as the token tells it.
    pub manufacturer: Option<String>,
    /// The model, as the token tells it.
    pub model: Option<String>,
    /// The serial number, as the token tells it.
    pub serial: Option<String>,
    /// The label that the token gets when it is initialized; at most 32 bytes.
    pub label: Option<String>,
    /// The number of the tamper-evident bag that the token arrives in.
    pub bag: Option<String>,
    /// How a key in a numbered slot is kept there; none for makes without slots.
    pub slot: Option<SlotPlan>,
}

/// Where on a YubiKey a key lives, and when it wants to be asked for its use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotPlan {
    /// The number of the slot: `0x9c`.
    pub number: u8,
    /// When the key wants the PIN, and when a touch.
    pub policy: UsePolicy,
}

/// What a script that says nothing has: the slot for digital signatures, PIN and touch every time.
impl Default for SlotPlan {
    fn default() -> Self {
        Self {
            number: 0x9c,
            policy: UsePolicy::default(),
        }
    }
}

impl SlotPlan {
    /// The PIN policies that scripts can ask for.
    pub(super) const PIN_POLICIES: &'static [(&'static str, PinPolicy)] =
        &[("always", PinPolicy::Always), ("once", PinPolicy::Once)];

    /// The touch policies that scripts can ask for.
    pub(super) const TOUCH_POLICIES: &'static [(&'static str, TouchPolicy)] = &[
        ("always", TouchPolicy::Always),
        ("cached", TouchPolicy::Cached),
        ("never", TouchPolicy::Never),
    ];

    /// The slot that a script spells so: `9c`.
    pub(super) fn number_of(spelling: &str) -> Option<u8> {
        let number = u8::from_str_radix(spelling, 16).ok()?;
        let is_one = matches!(number, 0x9a | 0x9c | 0x9d | 0x9e | 0x82..=0x95);
        (is_one && format!("{number:02x}") == spelling).then_some(number)
    }
}

impl TokenSpec {
    /// The ID that the key must have, for makes that keep keys in numbered slots.
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
