//! Host checks: whether the machine is isolated, keeps no copies of secrets, and has the right time.
//!
//! [`harden`] does what a process can do for itself; [`inspect`] checks the rest. Each check has a stable ID, and is
//! reported whether it passed or not.

mod facts;
mod hardening;
mod judgment;

use std::fmt;
use std::path::Path;

use jiff::Timestamp;

use crate::record::Finding;

pub use facts::Facts;
pub use hardening::{Hardening, harden};

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Fit,
    /// People should know, and may continue.
    Caution,
    /// Not suitable for a ceremony.
    Unfit,
}

impl Level {
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

/// One check of the machine and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub level: Level,
    /// The stable ID of the check, and one sentence.
    pub finding: Finding,
}

/// Every check of the machine, in a fixed order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    checks: Vec<Check>,
}

impl Inspection {
    pub fn of(facts: &Facts) -> Self {
        Self {
            checks: judgment::checks(facts),
        }
    }

    /// Every check, including those that passed.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The checks that did not pass.
    pub fn findings(&self) -> Vec<Finding> {
        self.checks
            .iter()
            .filter(|check| check.level != Level::Fit)
            .map(|check| check.finding.clone())
            .collect()
    }

    pub fn is_fit(&self) -> bool {
        self.checks.iter().all(|check| check.level != Level::Unfit)
    }
}

/// A description of this machine: host name, manufacturer, model, and a value derived from its machine ID. It proves
/// nothing, but shows that a ceremony continues on another machine.
pub fn machine() -> String {
    facts::machine(Path::new("/"))
}

/// Checks this machine and this process in their current state; [`harden`] comes first.
pub fn inspect() -> Inspection {
    Inspection::of(&Facts::gather(
        Path::new("/"),
        |name| std::env::var_os(name).is_some(),
        Timestamp::now(),
    ))
}
