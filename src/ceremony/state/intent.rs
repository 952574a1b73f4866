//! Operations that are announced before they are done.

use crate::ceremony::replay::{Applied, require};

/// A write-ahead intent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::ceremony) enum Intent<T> {
    #[default]
    None,
    /// Announced by this process.
    Recorded(T),
    /// Announced by a process that ended before the outcome was recorded.
    Interrupted(T),
}

impl<T: PartialEq> Intent<T> {
    pub(in crate::ceremony) const fn get(&self) -> Option<&T> {
        match self {
            Self::None => None,
            Self::Recorded(what) | Self::Interrupted(what) => Some(what),
        }
    }

    pub(super) fn interrupt(&mut self) {
        *self = match std::mem::take(self) {
            Self::None => Self::None,
            Self::Recorded(what) | Self::Interrupted(what) => Self::Interrupted(what),
        };
    }

    /// Announces something for the first time.
    pub(super) fn announce(&mut self, what: T) -> Applied {
        require(*self == Self::None, "this operation was already announced")?;
        *self = Self::Recorded(what);
        Ok(())
    }
}

impl Intent<()> {
    /// Announces something, again if it was interrupted.
    pub(super) fn announce_again(&mut self) -> Applied {
        require(
            *self != Self::Recorded(()),
            "this operation was already announced",
        )?;
        *self = Self::Recorded(());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intent_is_announced_once() {
        let mut intent = Intent::default();
        intent.announce("key-1").unwrap();
        assert!(intent.announce("key-1").is_err());
        assert_eq!(intent, Intent::Recorded("key-1"));

        let mut intent = Intent::default();
        intent.announce_again().unwrap();
        assert!(intent.announce_again().is_err());
    }

    #[test]
    fn an_interrupted_intent_keeps_its_announcement_and_does_not_change_it() {
        let mut intent = Intent::Recorded("key-1");
        intent.interrupt();
        intent.interrupt();
        assert_eq!(intent, Intent::Interrupted("key-1"));
        assert_eq!(intent.get(), Some(&"key-1"));
        assert!(intent.announce("key-2").is_err());
        assert_eq!(intent.get(), Some(&"key-1"));
    }

    #[test]
    fn nothing_is_interrupted_that_was_not_announced() {
        let mut intent = Intent::<()>::None;
        intent.interrupt();
        assert_eq!(intent, Intent::None);
    }

    #[test]
    fn an_interrupted_intent_is_announced_again_once() {
        let mut intent = Intent::Interrupted(());
        intent.announce_again().unwrap();
        assert_eq!(intent, Intent::Recorded(()));
        assert!(intent.announce_again().is_err());
    }
}
