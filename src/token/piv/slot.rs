//! The slots for keys, and the objects with their certificates.

use std::fmt;

use super::super::TokenError;

/// A slot for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Slot(u8);

impl Slot {
    /// Every slot in the order in which they are shown: 9a, 9c, 9d, 9e, then 82 to 95.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        [0x9a, 0x9c, 0x9d, 0x9e]
            .into_iter()
            .chain(0x82..=0x95)
            .map(Self)
    }

    /// The slot that an object ID names: its one byte.
    pub(super) fn of(object_id: &[u8]) -> Result<Self, TokenError> {
        match object_id {
            [number @ (0x9a | 0x9c | 0x9d | 0x9e | 0x82..=0x95)] => Ok(Self(*number)),
            _ => Err(TokenError::key_not_found(object_id)),
        }
    }

    pub(super) const fn number(self) -> u8 {
        self.0
    }

    /// The object with its certificate (NIST SP 800-73-4, table 3).
    pub(super) const fn certificate(self) -> u32 {
        match self.0 {
            0x9a => 0x5f_c105,
            0x9c => 0x5f_c10a,
            0x9d => 0x5f_c10b,
            0x9e => 0x5f_c101,
            retired => 0x5f_c10d + (retired - 0x82) as u32,
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_slot_has_its_own_certificate() {
        let objects: HashSet<u32> = Slot::all().map(Slot::certificate).collect();
        assert_eq!(objects.len(), 24);
        assert_eq!(Slot::of(&[0x95]).unwrap().certificate(), 0x5f_c120);
        for other in [&[][..], &[0xf9], &[0x80], &[0x96], &[0x9c, 0x9c]] {
            assert!(Slot::of(other).is_err());
        }
    }
}
