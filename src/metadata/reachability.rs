//! Whether a change of a root can be signed at all, and if not, by which smaller changes to go.
//!
//! A root N+1 needs a threshold of root N's keys and a threshold of its own. Which keys can sign does not depend
//! on the order of changes, so a change that cannot be signed at once cannot be reached in steps either, unless
//! keys that can sign join in between. What can be done at once is the largest part that keeps to both
//! thresholds; the rest waits for those keys.

use std::fmt;

/// Whether a key will sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signer {
    /// Its token is in the room.
    Here,
    /// Another site owes its signature.
    Owed,
    /// It is absent or lost.
    Never,
}

/// A root key in a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    pub name: String,
    pub before: bool,
    pub after: bool,
    pub signer: Signer,
}

/// A change of the root role. One public key is one participant, whatever its IDs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootChange {
    /// Every key of either root.
    pub participants: Vec<Participant>,
    /// Signatures that the root before needs; none in a genesis.
    pub threshold_before: Option<u64>,
    /// Signatures that the new root needs.
    pub threshold_after: u64,
}

/// What signatures can be made under one root.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reach {
    /// Made in the room.
    pub here: u64,
    /// Owed by other sites.
    pub owed: u64,
    /// That the threshold needs.
    pub need: u64,
}

impl Reach {
    /// Whether the threshold can be reached. What another site owes counts as made.
    pub const fn is_reached(self) -> bool {
        self.here + self.owed >= self.need
    }

    /// Whether it can be reached in the room alone.
    pub const fn is_reached_here(self) -> bool {
        self.here >= self.need
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.here + self.owed, self.need)?;
        if self.owed > 0 {
            write!(f, ", {} of them owed by other sites", self.owed)?;
        }
        Ok(())
    }
}

/// What signatures can be made under both roots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reachability {
    /// Under the root before; none in a genesis.
    pub before: Option<Reach>,
    /// Under the new root.
    pub after: Reach,
}

impl Reachability {
    /// Whether clients can come to accept the new root.
    pub fn is_reached(self) -> bool {
        self.after.is_reached() && self.before.is_none_or(Reach::is_reached)
    }

    /// Whether that needs no signature of another site.
    pub fn is_reached_here(self) -> bool {
        self.after.is_reached_here() && self.before.is_none_or(Reach::is_reached_here)
    }
}

/// One of the parts of which a change is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Add(String),
    Remove(String),
    Threshold { from: u64, to: u64 },
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add(key) => write!(f, "add {key}"),
            Self::Remove(key) => write!(f, "take {key} out"),
            Self::Threshold { from, to } if to > from => {
                write!(f, "raise the threshold from {from} to {to}")
            }
            Self::Threshold { from, to } => write!(f, "lower the threshold from {from} to {to}"),
        }
    }
}

/// How to get where a change wants to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    Direct,
    /// Not enough keys of the root before can sign: no change at all can be made.
    Stranded {
        missing: u64,
    },
    /// A part of it first, the rest when more keys can sign.
    Steps {
        /// What can be signed now; may be nothing.
        first: Vec<Part>,
        then: Vec<Part>,
        /// Keys that can sign, and that the new root must have beside those that it would have now.
        more: u64,
    },
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct => f.write_str("it can be signed as it is"),
            Self::Stranded { missing } => write!(
                f,
                "no change can be signed before {missing} more of the keys of the root before can sign: bring them here, or have their sites sign"
            ),
            Self::Steps { first, then, more } => {
                let keys = if *more == 1 { "key" } else { "keys" };
                if first.is_empty() {
                    write!(f, "first add or bring {more} {keys} that can sign")?;
                } else {
                    write!(
                        f,
                        "first {}; then add or bring {more} {keys} that can sign",
                        listed(first)
                    )?;
                }
                write!(f, "; then {}", listed(then))
            }
        }
    }
}

fn listed(parts: &[Part]) -> String {
    let texts: Vec<String> = parts.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

impl RootChange {
    /// What signatures can be made.
    pub fn reachability(&self) -> Reachability {
        Reachability {
            before: self
                .threshold_before
                .map(|need| self.reach(need, |key| key.before)),
            after: self.reach(self.threshold_after, |key| key.after),
        }
    }

    fn reach(&self, need: u64, stands: impl Fn(&Participant) -> bool) -> Reach {
        let count = |signer| {
            let keys = self.participants.iter();
            keys.filter(|key| stands(key) && key.signer == signer)
                .count() as u64
        };
        Reach {
            here: count(Signer::Here),
            owed: count(Signer::Owed),
            need,
        }
    }

    /// How many keys of the new root may be lost before no root can follow it. Lost and absent keys do not count.
    pub fn losses_survived(&self) -> u64 {
        let after = self.reachability().after;
        (after.here + after.owed).saturating_sub(after.need)
    }

    /// How to get where the change wants to go.
    pub fn way(&self) -> Way {
        let reachability = self.reachability();
        if reachability.is_reached() {
            return Way::Direct;
        }
        let have = |reach: Reach| reach.here + reach.owed;
        if let Some(before) = reachability.before.filter(|before| !before.is_reached()) {
            return Way::Stranded {
                missing: before.need - have(before),
            };
        }
        let signers = have(reachability.after);
        let wanted = self.threshold_after;
        // A threshold is raised last. A genesis has none yet, and so nothing that it could do first.
        let now = self.threshold_before.map_or(0, |before| before.min(wanted));
        let mut kept_back = now.saturating_sub(signers);
        let (mut first, mut then) = (Vec::new(), Vec::new());
        for key in &self.participants {
            match (key.before, key.after) {
                (false, true) => first.push(Part::Add(key.name.clone())),
                (true, false) if key.signer != Signer::Never && kept_back > 0 => {
                    kept_back -= 1;
                    then.push(Part::Remove(key.name.clone()));
                }
                (true, false) => first.push(Part::Remove(key.name.clone())),
                _ => {}
            }
        }
        if let Some(from) = self.threshold_before.filter(|from| *from != wanted) {
            let part = Part::Threshold { from, to: wanted };
            if wanted < from { &mut first } else { &mut then }.push(part);
        }
        if self.threshold_before.is_none() {
            then = std::mem::take(&mut first);
        }
        Way::Steps {
            first,
            then,
            more: wanted - signers,
        }
    }
}

#[cfg(test)]
mod tests;
