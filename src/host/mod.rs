//! What the machine must be on which a ceremony is held: cut off, forgetful, and on time.
//!
//! [`harden`] does what a process can do for itself; [`inspect`] says what is left to
//! people. Each check has a stable ID and is told, passed or not.

mod facts;
mod hardening;
mod judgment;

use std::fmt;
use std::path::Path;

use jiff::Timestamp;

use crate::record::Finding;

pub use facts::Facts;
pub use hardening::{Hardening, harden};

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Fit,
    /// People should know, and may go on.
    Caution,
    /// Not fit for a ceremony.
    Unfit,
}

impl Level {
    /// The word that stands in reports: `unfit`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fit => "fit",
            Self::Caution => "caution",
            Self::Unfit => "unfit",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One check of the machine and what it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// How it came out.
    pub level: Level,
    /// Its stable ID and one sentence.
    pub finding: Finding,
}

/// Every check of the machine, in a fixed order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    checks: Vec<Check>,
}

impl Inspection {
    /// Judges facts, wherever they come from.
    pub fn of(facts: &Facts) -> Self {
        Self {
            checks: judgment::checks(facts),
        }
    }

    /// Every check, those that passed included.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// What people should know: everything that is not as it should be.
    pub fn findings(&self) -> Vec<Finding> {
        self.checks
            .iter()
            .filter(|check| check.level != Level::Fit)
            .map(|check| check.finding.clone())
            .collect()
    }

    /// Whether a ceremony may be held here.
    pub fn is_fit(&self) -> bool {
        self.checks.iter().all(|check| check.level != Level::Unfit)
    }
}

/// What this machine says of itself: name, maker, model, and an ID that is not its own but follows from it. It
/// proves nothing, and tells a room that it is at another machine than before.
pub fn machine() -> String {
    facts::machine(Path::new("/"))
}

/// Inspects this machine and this process, as they are now: after [`harden`], its work shows.
pub fn inspect() -> Inspection {
    Inspection::of(&Facts::gather(
        Path::new("/"),
        |name| std::env::var_os(name).is_some(),
        Timestamp::now(),
    ))
}
