//! Whether the change of a root can be signed, and if not, in which order smaller changes are possible.
//!
//! A root N+1 requires a threshold of root N's keys and a threshold of its own. The order of changes does not affect
//! which keys can sign. So a change that cannot be signed at once cannot be completed in steps either, unless additional
//! keys that can sign are added in between. The first step is the largest part that satisfies both thresholds.

use std::fmt;

/// Whether a key can sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Availability {
    Present,
    /// Another site will provide the signature.
    Remote,
    /// Absent or lost.
    Unavailable,
}

/// A root key in a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedKey {
    pub name: String,
    pub before: bool,
    pub after: bool,
    pub availability: Availability,
}

/// A change of the root role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootChange {
    /// The distinct public keys of both roots.
    pub keys: Vec<ChangedKey>,
    /// `None` in a genesis.
    pub threshold_before: Option<u64>,
    pub threshold_after: u64,
}

/// The possible signatures for one root role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reach {
    pub present: u64,
    pub remote: u64,
    pub need: u64,
}

impl Reach {
    /// Whether the threshold can be reached, including signatures from other sites.
    pub const fn is_reached(self) -> bool {
        self.present + self.remote >= self.need
    }

    pub const fn is_reached_here(self) -> bool {
        self.present >= self.need
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.present + self.remote, self.need)?;
        if self.remote > 0 {
            write!(f, ", {} of them from other sites", self.remote)?;
        }
        Ok(())
    }
}

/// The possible signatures for both root roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reachability {
    /// `None` in a genesis.
    pub before: Option<Reach>,
    pub after: Reach,
}

impl Reachability {
    /// Whether both thresholds can be reached, including signatures from other sites.
    pub fn is_reached(self) -> bool {
        self.after.is_reached() && self.before.is_none_or(Reach::is_reached)
    }

    pub fn is_reached_here(self) -> bool {
        self.after.is_reached_here() && self.before.is_none_or(Reach::is_reached_here)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeStep {
    Add(String),
    Remove(String),
    Threshold { from: u64, to: u64 },
}

impl fmt::Display for ChangeStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add(key) => write!(f, "add {key}"),
            Self::Remove(key) => write!(f, "remove {key}"),
            Self::Threshold { from, to } if to > from => {
                write!(f, "raise the threshold from {from} to {to}")
            }
            Self::Threshold { from, to } => write!(f, "lower the threshold from {from} to {to}"),
        }
    }
}

/// How a change can be completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangePlan {
    Direct,
    /// The keys of the previous root cannot reach its threshold, so no change is possible.
    Blocked {
        missing: u64,
    },
    /// The rest needs more keys that can sign.
    Staged {
        /// Can be signed now. May be empty.
        first: Vec<ChangeStep>,
        then: Vec<ChangeStep>,
        /// The number of additional keys that can sign and that the new root needs.
        more: u64,
    },
}

impl fmt::Display for ChangePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct => f.write_str("the change can be signed at once"),
            Self::Blocked { missing } => write!(
                f,
                "make {} of the previous root available, here or at another site; until then, no change can be signed",
                more_keys(*missing)
            ),
            Self::Staged { first, then, more } => {
                let more = format!("add or make available {} that can sign", more_keys(*more));
                let then = listed(then);
                if first.is_empty() {
                    write!(f, "first {more}; then {then}")
                } else {
                    write!(f, "first {}; then {more}; then {then}", listed(first))
                }
            }
        }
    }
}

fn more_keys(number: u64) -> String {
    format!("{number} more {}", if number == 1 { "key" } else { "keys" })
}

fn listed(steps: &[ChangeStep]) -> String {
    let texts: Vec<String> = steps.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

impl RootChange {
    pub fn reachability(&self) -> Reachability {
        Reachability {
            before: self
                .threshold_before
                .map(|need| self.reach(need, |key| key.before)),
            after: self.reach(self.threshold_after, |key| key.after),
        }
    }

    fn reach(&self, need: u64, is_in: impl Fn(&ChangedKey) -> bool) -> Reach {
        let count = |availability| {
            let keys = self.keys.iter();
            keys.filter(|key| is_in(key) && key.availability == availability)
                .count() as u64
        };
        Reach {
            present: count(Availability::Present),
            remote: count(Availability::Remote),
            need,
        }
    }

    /// How many available keys of the new root may be lost before no further root can be signed.
    pub fn tolerated_losses(&self) -> u64 {
        let after = self.reachability().after;
        (after.present + after.remote).saturating_sub(after.need)
    }

    pub fn plan(&self) -> ChangePlan {
        let reachability = self.reachability();
        if reachability.is_reached() {
            return ChangePlan::Direct;
        }
        let have = |reach: Reach| reach.present + reach.remote;
        if let Some(before) = reachability.before.filter(|before| !before.is_reached()) {
            return ChangePlan::Blocked {
                missing: before.need - have(before),
            };
        }
        let signers = have(reachability.after);
        let wanted = self.threshold_after;
        // A threshold is raised last. A genesis has no threshold yet, and therefore no first step.
        let now = self.threshold_before.map_or(0, |before| before.min(wanted));
        let mut kept_back = now.saturating_sub(signers);
        let (mut first, mut then) = (Vec::new(), Vec::new());
        for key in &self.keys {
            let is_available = key.availability != Availability::Unavailable;
            match (key.before, key.after) {
                (false, true) => first.push(ChangeStep::Add(key.name.clone())),
                (true, false) if is_available && kept_back > 0 => {
                    kept_back -= 1;
                    then.push(ChangeStep::Remove(key.name.clone()));
                }
                (true, false) => first.push(ChangeStep::Remove(key.name.clone())),
                _ => {}
            }
        }
        if let Some(from) = self.threshold_before.filter(|from| *from != wanted) {
            let step = ChangeStep::Threshold { from, to: wanted };
            if wanted < from { &mut first } else { &mut then }.push(step);
        }
        if self.threshold_before.is_none() {
            then = std::mem::take(&mut first);
        }
        ChangePlan::Staged {
            first,
            then,
            more: wanted - signers,
        }
    }
}

#[cfg(test)]
mod tests;
