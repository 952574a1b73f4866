//! How share sets stand: when each share and each key was last proven, what is lost, and what to do about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::manifest::Manifest;
use crate::record::visible;
use crate::words::Digest;

/// After how many days a share that was not opened is worth another drill.
pub const DRILL_AFTER_DAYS: i64 = 365;

/// What records tell of one share set.
#[derive(Debug, Clone)]
pub struct SetHistory {
    /// What the set is.
    pub manifest: Manifest,
    /// When each custodian's share was last seen to be right.
    pub proven: BTreeMap<String, Timestamp>,
    /// Whose shares two people gave up, and when.
    pub lost: BTreeMap<String, Timestamp>,
    /// What two people saw destroyed, and when: by whose share it was; none for the wrapped key, with all its copies.
    pub destroyed: BTreeMap<Option<String>, Timestamp>,
    /// When a quorum last restored the key-encryption key.
    pub combined: Option<Timestamp>,
    /// When the key itself was last restored, and signed.
    pub restored: Option<Timestamp>,
}

/// What is to be done about a set, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Advice {
    /// A quorum of an old set is unaccounted for, or the backup restores nothing any more: another key in its place.
    Rotate,
    /// Shares are lost: a new set for the same key.
    Reissue,
    /// Something is left of an old set, although no quorum: it is destroyed as well.
    Destroy,
    /// It is long ago, or never was, that a share or the key was proven.
    Drill,
    /// Nothing.
    Nothing,
}

/// How one set stands.
#[derive(Debug, Clone)]
pub struct SetStanding {
    history: SetHistory,
    is_replaced: bool,
    /// The sets that it replaces, and whether a record of each was given.
    replaces: Vec<(Digest, bool)>,
    advice: Advice,
    at: Timestamp,
}

impl SetHistory {
    /// What is known of a set when its manifest is all that there is.
    pub const fn new(manifest: Manifest) -> Self {
        Self {
            manifest,
            proven: BTreeMap::new(),
            lost: BTreeMap::new(),
            destroyed: BTreeMap::new(),
            combined: None,
            restored: None,
        }
    }

    /// How many quorums can come together still.
    pub fn quorums_left(&self) -> u64 {
        self.manifest.quorums_without(|custodian| {
            self.lost.contains_key(custodian) || self.is_destroyed(Some(custodian))
        })
    }

    /// How many quorums there are of shares that nobody saw destroyed. Somebody may find what is lost.
    pub fn quorums_unaccounted(&self) -> u64 {
        self.manifest
            .quorums_without(|custodian| self.is_destroyed(Some(custodian)))
    }

    /// Whether two people saw a part of the set destroyed: a custodian's share, or every copy of the wrapped key.
    pub fn is_destroyed(&self, custodian: Option<&str>) -> bool {
        self.destroyed.contains_key(&custodian.map(str::to_owned))
    }

    /// Whether something of the set was not seen destroyed.
    pub fn is_left(&self) -> bool {
        let mut shares = self.manifest.shares().iter();
        !self.is_destroyed(None)
            || shares.any(|share| !self.is_destroyed(Some(&share.label().custodian)))
    }
}

impl Manifest {
    /// How many quorums there are without the shares that are lost: of as many groups as are needed, as many members of
    /// each as are needed. More than are counted with 64 bits are as many as these can tell.
    pub fn quorums_without(&self, is_lost: impl Fn(&str) -> bool) -> u64 {
        let mut ways = vec![0_u64; usize::from(self.facts().groups_needed) + 1];
        ways[0] = 1;
        for group in &self.facts().groups {
            let left = group
                .custodians
                .iter()
                .filter(|custodian| !is_lost(&custodian.id))
                .count();
            let of_group = choose(left as u64, u64::from(group.threshold));
            for complete in (1..ways.len()).rev() {
                let with = ways[complete - 1].saturating_mul(of_group);
                ways[complete] = ways[complete].saturating_add(with);
            }
        }
        ways.last().copied().unwrap_or(0)
    }
}

fn choose(count: u64, of: u64) -> u64 {
    if of > count {
        return 0;
    }
    (0..of).fold(1, |product, k| product * (count - k) / (k + 1))
}

/// Judges the sets that records tell of. A set is old when a later one of the same key replaces it, or is there at all.
pub fn standing(sets: Vec<SetHistory>, at: Timestamp) -> Vec<SetStanding> {
    let replaced: BTreeSet<Digest> = sets
        .iter()
        .flat_map(|set| &set.manifest.facts().supersedes)
        .map(|old| old.set)
        .collect();
    let known: BTreeSet<Digest> = sets.iter().map(|set| set.manifest.set()).collect();
    let newest: BTreeMap<Digest, Timestamp> =
        sets.iter().fold(BTreeMap::new(), |mut newest, set| {
            let facts = set.manifest.facts();
            let known = newest
                .entry(facts.public_key.fingerprint())
                .or_insert(facts.made_at);
            *known = facts.made_at.max(*known);
            newest
        });
    let mut standings: Vec<SetStanding> = sets
        .into_iter()
        .map(|history| {
            let facts = history.manifest.facts();
            let is_replaced = replaced.contains(&history.manifest.set())
                || newest[&facts.public_key.fingerprint()] > facts.made_at;
            let named = facts.supersedes.iter();
            let named = named
                .map(|old| (old.set, known.contains(&old.set)))
                .collect();
            let mut standing = SetStanding {
                history,
                replaces: named,
                is_replaced,
                advice: Advice::Nothing,
                at,
            };
            standing.advice = standing.judge();
            standing
        })
        .collect();
    standings.sort_by(|one, other| {
        let key = |standing: &SetStanding| {
            let facts = standing.history.manifest.facts();
            (facts.repository.clone(), facts.key.clone(), facts.made_at)
        };
        key(one).cmp(&key(other))
    });
    standings
}

impl SetStanding {
    /// What is known of it.
    pub const fn history(&self) -> &SetHistory {
        &self.history
    }

    /// Whether another set took its place.
    pub const fn is_replaced(&self) -> bool {
        self.is_replaced
    }

    /// What is to be done.
    pub const fn advice(&self) -> Advice {
        self.advice
    }

    fn judge(&self) -> Advice {
        let history = &self.history;
        if self.is_replaced {
            // A share that is lost is not destroyed: somebody may find it.
            return match (history.quorums_unaccounted(), history.is_left()) {
                (1.., _) => Advice::Rotate,
                (0, true) => Advice::Destroy,
                (0, false) => Advice::Nothing,
            };
        }
        if history.quorums_left() == 0 {
            return Advice::Rotate;
        }
        if !history.lost.is_empty() {
            return Advice::Reissue;
        }
        let is_due = |proven: Option<Timestamp>| {
            proven.is_none_or(|proven| self.days_since(proven) >= DRILL_AFTER_DAYS)
        };
        let shares = history.manifest.shares().iter();
        let mut proven = shares.map(|entry| history.proven.get(&entry.label().custodian).copied());
        // The ceremony that makes a set restores from every quorum.
        let key = history
            .restored
            .max(history.combined)
            .max(Some(history.manifest.facts().made_at));
        if is_due(key) || proven.any(is_due) {
            return Advice::Drill;
        }
        Advice::Nothing
    }

    fn days_since(&self, time: Timestamp) -> i64 {
        self.at.duration_since(time).as_hours() / 24
    }

    /// What is to be done, in a sentence.
    pub fn advice_text(&self) -> &'static str {
        match self.advice {
            Advice::Rotate if self.is_replaced => {
                "ROTATE THE KEY: no record says that a quorum of these old shares was destroyed, and whoever has one and the old wrapped key has the key"
            }
            Advice::Rotate => {
                "ROTATE THE KEY: so many shares are lost that no quorum is left, and nothing restores it"
            }
            Advice::Destroy => {
                "destroy what is left of this old set before two people: no quorum of it is left"
            }
            Advice::Nothing if self.is_replaced => {
                "nothing is due: two people saw all of it destroyed"
            }
            Advice::Reissue => "re-issue: a new set of shares for the same key is due",
            Advice::Drill => "hold a drill: a share or the key was not proven for a year, or never",
            Advice::Nothing => "nothing is due",
        }
    }

    /// For software.
    pub fn to_json(&self) -> Value {
        let (history, facts) = (&self.history, self.history.manifest.facts());
        let days = |time: Option<Timestamp>| {
            time.map(|time| json!({"at": time.to_string(), "days": self.days_since(time)}))
        };
        let shares: Vec<Value> = history
            .manifest
            .shares()
            .iter()
            .map(|entry| {
                let label = entry.label();
                json!({
                    "custodian": label.custodian,
                    "name": label.name,
                    "proven": days(history.proven.get(&label.custodian).copied()),
                    "lost": days(history.lost.get(&label.custodian).copied()),
                    "destroyed": days(history.destroyed.get(&Some(label.custodian.clone())).copied()),
                })
            })
            .collect();
        json!({
            "repository": facts.repository,
            "key": facts.key,
            "fingerprint": facts.public_key.fingerprint(),
            "set": history.manifest.set(),
            "rehearsal": facts.is_rehearsal,
            "made": days(Some(facts.made_at)),
            "replaced": self.is_replaced,
            "replaces": self.replaces.iter().map(|(set, is_known)| json!({
                "set": set,
                "known": is_known,
            })).collect::<Vec<_>>(),
            "wrapped_key_destroyed": days(history.destroyed.get(&None).copied()),
            "quorums_unaccounted": history.quorums_unaccounted(),
            "shares": shares,
            "quorum_proven": days(history.combined),
            "key_restored": days(history.restored),
            "quorums_left": history.quorums_left(),
            "advice": match self.advice {
                Advice::Rotate => "rotate",
                Advice::Reissue => "reissue",
                Advice::Destroy => "destroy",
                Advice::Drill => "drill",
                Advice::Nothing => "nothing",
            },
        })
    }
}

impl fmt::Display for SetStanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (history, facts) = (&self.history, self.history.manifest.facts());
        let ago = |time: Timestamp| match self.days_since(time) {
            1 => "1 day ago".to_owned(),
            days => format!("{days} days ago"),
        };
        let never = || "never since it was made".to_owned();
        writeln!(
            f,
            "{} of {}{}{}",
            visible(&facts.key),
            visible(&facts.repository),
            if facts.is_rehearsal {
                ", REHEARSAL"
            } else {
                ""
            },
            if self.is_replaced { ", OLD SET" } else { "" }
        )?;
        writeln!(
            f,
            "  set {}, made {}",
            history.manifest.set().short_hex(),
            ago(facts.made_at)
        )?;
        for entry in history.manifest.shares() {
            let (who, id) = (visible(&entry.label().who()), &entry.label().custodian);
            if let Some(destroyed) = history.destroyed.get(&Some(id.clone())) {
                writeln!(f, "  [ok]   {who}: destroyed {}", ago(*destroyed))?;
                continue;
            }
            if self.is_replaced {
                writeln!(f, "  [FAIL] {who}: nobody saw it destroyed")?;
                continue;
            }
            match (history.lost.get(id), history.proven.get(id)) {
                (Some(lost), _) => writeln!(f, "  [FAIL] {who}: given up {}", ago(*lost))?,
                (None, Some(proven)) => writeln!(f, "  [ok]   {who}: opened {}", ago(*proven))?,
                (None, None) => writeln!(f, "  [wait] {who}: never opened")?,
            }
        }
        if self.is_replaced {
            match history.destroyed.get(&None) {
                Some(destroyed) => {
                    writeln!(f, "  [ok]   wrapped key: destroyed {}", ago(*destroyed))?;
                }
                None => writeln!(f, "  [FAIL] wrapped key: nobody saw its copies destroyed")?,
            }
            writeln!(
                f,
                "  quorums of shares that nobody saw destroyed: {}",
                history.quorums_unaccounted()
            )?;
            return write!(f, "  {}", self.advice_text());
        }
        for (set, is_known) in &self.replaces {
            if !is_known {
                writeln!(
                    f,
                    "  [FAIL] it replaces set {}, of which no record was given: what became of that, nobody can tell",
                    set.short_hex()
                )?;
            }
        }
        writeln!(
            f,
            "  quorum combined: {}; key restored: {}; quorums left: {}",
            history.combined.map_or_else(never, ago),
            history.restored.map_or_else(never, ago),
            history.quorums_left()
        )?;
        write!(f, "  {}", self.advice_text())
    }
}
