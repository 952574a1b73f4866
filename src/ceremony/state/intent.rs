//! What was announced before it was done.

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
        require(*self == Self::None, "it was announced already")?;
        *self = Self::Recorded(what);
        Ok(())
    }
}

impl Intent<()> {
    /// Announces something, again if it was interrupted.
    pub(super) fn announce_again(&mut self) -> Applied {
        require(*self != Self::Recorded(()), "it was announced already")?;
        *self = Self::Recorded(());
        Ok(())
    }
}
