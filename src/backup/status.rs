//! The status of share sets: when shares and keys were last verified, what is lost, and the next action.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::manifest::Manifest;
use crate::record::visible;
use crate::words::Digest;

/// A drill is due when a share was not opened for this time.
pub const DRILL_AFTER_DAYS: i64 = 365;

/// The history of a share set according to transcripts.
#[derive(Debug, Clone)]
pub struct SetHistory {
    pub manifest: Manifest,
    /// When each custodian's share was last verified.
    pub verified: BTreeMap<String, Timestamp>,
    /// When two people declared shares lost, by custodian.
    pub lost: BTreeMap<String, Timestamp>,
    /// When two people witnessed the destruction of shares, by custodian. The key `None` stands for all copies of the
    /// wrapped key.
    pub destroyed: BTreeMap<Option<String>, Timestamp>,
    /// When a quorum last restored the key-encryption key.
    pub combined: Option<Timestamp>,
    /// When the key itself was last restored and used to sign.
    pub restored: Option<Timestamp>,
}

/// The next action for a set, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Advice {
    /// Replace the key, because a quorum of a superseded set was not destroyed, or the backup is unusable.
    Rotate,
    /// Create a new set for the same key, because shares are lost.
    Reissue,
    /// Destroy the rest of a superseded set.
    Destroy,
    Drill,
    Nothing,
}

/// The status of one set.
#[derive(Debug, Clone)]
pub struct SetStatus {
    history: SetHistory,
    is_superseded: bool,
    /// The sets that this set supersedes, and whether their history is known.
    supersedes: Vec<(Digest, bool)>,
    advice: Advice,
    at: Timestamp,
}

impl SetHistory {
    /// An empty history.
    pub const fn new(manifest: Manifest) -> Self {
        Self {
            manifest,
            verified: BTreeMap::new(),
            lost: BTreeMap::new(),
            destroyed: BTreeMap::new(),
            combined: None,
            restored: None,
        }
    }

    /// The number of possible quorums.
    pub fn quorums_left(&self) -> u64 {
        self.manifest.quorums_without(|custodian| {
            self.lost.contains_key(custodian) || self.is_destroyed(Some(custodian))
        })
    }

    /// The number of quorums of shares that were not destroyed, including lost shares, which may be found.
    pub fn quorums_not_destroyed(&self) -> u64 {
        self.manifest
            .quorums_without(|custodian| self.is_destroyed(Some(custodian)))
    }

    /// Whether two people witnessed the destruction of a custodian's share, or of all copies of the wrapped key (`None`).
    pub fn is_destroyed(&self, custodian: Option<&str>) -> bool {
        self.destroyed.contains_key(&custodian.map(str::to_owned))
    }

    /// Whether a part of the set was not destroyed.
    pub fn is_left(&self) -> bool {
        let mut shares = self.manifest.shares().iter();
        !self.is_destroyed(None)
            || shares.any(|share| !self.is_destroyed(Some(&share.label().custodian)))
    }
}

impl Manifest {
    /// The number of quorums without the lost shares. Saturates at 64 bits.
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

/// The status of all sets, by repository and key. A set is superseded if there is a newer set for the same key.
pub fn set_statuses(mut sets: Vec<SetHistory>, at: Timestamp) -> Vec<SetStatus> {
    let mut superseded: BTreeSet<Digest> = BTreeSet::new();
    let mut newest: BTreeMap<Digest, Timestamp> = BTreeMap::new();
    for set in &sets {
        let facts = set.manifest.facts();
        superseded.extend(facts.supersedes.iter().map(|old| old.set));
        let newest = newest.entry(facts.public_key.fingerprint());
        let newest = newest.or_insert(facts.created_at);
        *newest = facts.created_at.max(*newest);
    }
    let known: BTreeSet<Digest> = sets.iter().map(|set| set.manifest.set()).collect();
    sets.sort_by_cached_key(|set| {
        let facts = set.manifest.facts();
        (
            facts.repository.clone(),
            facts.key.clone(),
            facts.created_at,
        )
    });
    let status = |history: SetHistory| {
        let facts = history.manifest.facts();
        let is_known = |set: &Digest| known.contains(set);
        let replaced = facts.supersedes.iter();
        let mut status = SetStatus {
            is_superseded: superseded.contains(&history.manifest.set())
                || newest[&facts.public_key.fingerprint()] > facts.created_at,
            supersedes: replaced.map(|old| (old.set, is_known(&old.set))).collect(),
            history,
            advice: Advice::Nothing,
            at,
        };
        status.advice = status.judge();
        status
    };
    sets.into_iter().map(status).collect()
}

impl SetStatus {
    pub const fn history(&self) -> &SetHistory {
        &self.history
    }

    pub const fn is_superseded(&self) -> bool {
        self.is_superseded
    }

    pub const fn advice(&self) -> Advice {
        self.advice
    }

    fn judge(&self) -> Advice {
        let history = &self.history;
        if self.is_superseded {
            // Lost shares may be found.
            return match (history.quorums_not_destroyed(), history.is_left()) {
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
        let is_due = |verified: Option<Timestamp>| {
            verified.is_none_or(|time| self.days_since(time) >= DRILL_AFTER_DAYS)
        };
        let mut shares = history.manifest.shares().iter();
        let created_at = Some(history.manifest.facts().created_at);
        // A new set is restored from every quorum.
        let key = history.restored.max(history.combined).max(created_at);
        let is_share_due = |entry: &super::ShareEntry| {
            is_due(history.verified.get(&entry.label().custodian).copied())
        };
        if is_due(key) || shares.any(is_share_due) {
            return Advice::Drill;
        }
        Advice::Nothing
    }

    fn days_since(&self, time: Timestamp) -> i64 {
        self.at.duration_since(time).as_hours() / 24
    }

    /// The next action, for people.
    pub fn advice_text(&self) -> &'static str {
        match self.advice {
            Advice::Rotate if self.is_superseded => {
                "ROTATE THE KEY: a quorum of this superseded set was not destroyed; together with the old wrapped key, it restores the key"
            }
            Advice::Rotate => "ROTATE THE KEY: too many shares are lost to restore the key",
            Advice::Destroy => {
                "destroy the rest of this superseded set in front of two people; no quorum of it is left"
            }
            Advice::Nothing if self.is_superseded => {
                "no action required: two people witnessed the destruction of the whole set"
            }
            Advice::Reissue => "reissue the shares: some shares are lost",
            Advice::Drill => {
                "hold a recovery drill: a share or the key was not verified for a year or more"
            }
            Advice::Nothing => "no action required",
        }
    }

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
                let custodian = &label.custodian;
                json!({
                    "custodian": custodian,
                    "name": label.name,
                    "verified": days(history.verified.get(custodian).copied()),
                    "lost": days(history.lost.get(custodian).copied()),
                    "destroyed": days(history.destroyed.get(&Some(custodian.clone())).copied()),
                })
            })
            .collect();
        let supersedes = self.supersedes.iter();
        let supersedes = supersedes.map(|(set, is_known)| json!({"set": set, "known": is_known}));
        json!({
            "repository": facts.repository,
            "key": facts.key,
            "fingerprint": facts.public_key.fingerprint(),
            "set": history.manifest.set(),
            "rehearsal": facts.is_rehearsal,
            "created": days(Some(facts.created_at)),
            "superseded": self.is_superseded,
            "supersedes": supersedes.collect::<Vec<_>>(),
            "wrapped_key_destroyed": days(history.destroyed.get(&None).copied()),
            "quorums_not_destroyed": history.quorums_not_destroyed(),
            "shares": shares,
            "quorum_verified": days(history.combined),
            "key_restored": days(history.restored),
            "quorums_left": history.quorums_left(),
            "advice": self.advice.into_str(),
        })
    }
}

impl fmt::Display for SetStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (history, facts) = (&self.history, self.history.manifest.facts());
        let ago = |time: Timestamp| match self.days_since(time) {
            1 => "1 day ago".to_owned(),
            days => format!("{days} days ago"),
        };
        let never = || "never since the set was created".to_owned();
        let (key, repository) = (visible(&facts.key), visible(&facts.repository));
        let mode = if facts.is_rehearsal {
            ", REHEARSAL"
        } else {
            ""
        };
        let old = if self.is_superseded {
            ", SUPERSEDED SET"
        } else {
            ""
        };
        writeln!(f, "{key} of {repository}{mode}{old}")?;
        let (set, created) = (history.manifest.set().short_hex(), ago(facts.created_at));
        writeln!(f, "  set {set}, created {created}")?;
        for entry in history.manifest.shares() {
            let (who, id) = (visible(&entry.label().who()), &entry.label().custodian);
            if let Some(destroyed) = history.destroyed.get(&Some(id.clone())) {
                writeln!(f, "  [ok]   {who}: destroyed {}", ago(*destroyed))?;
                continue;
            }
            if self.is_superseded {
                writeln!(f, "  [FAIL] {who}: not destroyed")?;
                continue;
            }
            match (history.lost.get(id), history.verified.get(id)) {
                (Some(lost), _) => writeln!(f, "  [FAIL] {who}: declared lost {}", ago(*lost))?,
                (None, Some(time)) => writeln!(f, "  [ok]   {who}: opened {}", ago(*time))?,
                (None, None) => writeln!(f, "  [wait] {who}: never opened")?,
            }
        }
        if self.is_superseded {
            match history.destroyed.get(&None) {
                Some(time) => writeln!(f, "  [ok]   wrapped key: destroyed {}", ago(*time))?,
                None => writeln!(f, "  [FAIL] wrapped key: not all copies destroyed")?,
            }
            let quorums = history.quorums_not_destroyed();
            writeln!(f, "  quorums not destroyed: {quorums}")?;
            return write!(f, "  {}", self.advice_text());
        }
        let unknown = self.supersedes.iter().filter(|(_, is_known)| !is_known);
        for (set, _) in unknown {
            writeln!(
                f,
                "  [FAIL] superseded set {}: no transcript was given, so it is unknown whether the set was destroyed",
                set.short_hex()
            )?;
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
