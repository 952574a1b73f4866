//! What people read before they sign: the root, or what changes in it, in words, and its digest.

use crate::metadata::{Change, FrozenRoot, Reach, RoleKind, RootDiff};
use crate::record::{TokenId, visible};
use crate::script::{DistantKey, KeyChange, KeyPlan};

use super::base_root::BaseRoot;
use super::state::Ceremony;

impl Ceremony {
    /// What is about to be signed, in words, with its digest.
    pub(super) fn review_lines(&self, root: &FrozenRoot) -> Vec<String> {
        if let Some(signing) = self.script.signing() {
            return self.request_lines(signing);
        }
        let mut lines = match &self.base_root {
            None => self.whole_root(root),
            Some(before) => self.changes(before, root),
        };
        lines.extend(self.one_make_line());
        lines.extend(self.live_payloads());
        lines.push("Digest of what will be signed:".to_owned());
        let digest = root.digest();
        lines.extend(digest.grouped_hex());
        lines.extend(digest.words().chunks(8).map(|words| words.join(" ")));
        lines
    }

    fn whole_root(&self, root: &FrozenRoot) -> Vec<String> {
        let policy = self.script.root();
        let mut lines = vec![
            format!(
                "Root {} of {}, {}.",
                root.version(),
                self.script.repository(),
                self.expiry(),
            ),
            format!(
                "{} of these {} keys must sign every change:",
                policy.threshold,
                self.script.root_keys()
            ),
        ];
        for plan in self.script.keys() {
            lines.extend(self.new_key(plan));
        }
        lines.extend(self.remote_lines());
        for (kind, role) in policy.roles.iter() {
            let ids: Vec<_> = role
                .keys
                .iter()
                .map(|carried| carried.key.id().to_string())
                .collect();
            lines.push(format!(
                "+ {}: {} of {} online keys: {}",
                kind.as_str(),
                role.threshold,
                ids.len(),
                ids.join(", ")
            ));
        }
        lines
    }

    /// `expires 2027-12-01T00:00:00Z (365 days after 2026-12-01T09:00:00Z)`
    fn expiry(&self) -> String {
        let (expires, from) = (self.script.root().expires, self.script.not_before());
        let days = expires.duration_since(from).as_hours() / 24;
        format!("expires {expires} ({days} days after {from})")
    }

    fn new_key(&self, plan: &KeyPlan) -> Option<String> {
        let generated = self.keys.get(&plan.id)?.generated()?;
        let key = self.listed_key(plan)?;
        let more = if plan.enrolled.is_some() {
            "  made before this ceremony"
        } else {
            ""
        };
        Some(format!(
            "+ {} ({})  {}, ID {}  {}{more}",
            plan.id,
            self.name(&plan.holder),
            key.describe(),
            key.id().short(),
            generated.origin(),
        ))
    }

    /// What changes from the root before, what follows from it, and who must sign.
    fn changes(&self, before: &BaseRoot, root: &FrozenRoot) -> Vec<String> {
        let (old, new) = (before.root.document(), root.document());
        let diff = RootDiff::between(old, new);
        let mut lines = vec![format!(
            "What changes from root {} to root {} of {}; it {}.",
            old.version(),
            new.version(),
            self.script.repository(),
            self.expiry(),
        )];
        lines.extend(self.key_lines(before));
        lines.push(threshold_line(
            (
                old.role(RoleKind::Root).threshold(),
                new.role(RoleKind::Root).threshold(),
            ),
            new.role(RoleKind::Root).key_ids().len(),
        ));
        for change in diff.changes() {
            let is_told = match change {
                Change::Version { .. } | Change::Expires { .. } => true,
                Change::Threshold { role, .. }
                | Change::KeyAdded { role, .. }
                | Change::KeyRemoved { role, .. }
                | Change::KeyRenamed { role, .. } => *role == RoleKind::Root,
                _ => false,
            };
            if change.is_alarming() {
                lines.push(format!("!! {change}"));
            } else if !is_told {
                lines.push(format!("~ {change}"));
            }
        }
        for consequence in diff.consequences() {
            if !matches!(consequence.id(), "signatures" | "renewal") {
                lines.push(format!("! {consequence}"));
            }
        }
        lines.push(self.reachability_line());
        lines
    }

    /// Each root key that comes, goes or moves; those that stay are counted.
    fn key_lines(&self, before: &BaseRoot) -> Vec<String> {
        let mut lines = Vec::new();
        let mut kept = Vec::new();
        for plan in self.script.keys() {
            let name = format!("{} ({})", plan.id, self.name(&plan.holder));
            let key = before.key(&plan.id);
            let what = key.map(|key| format!("{}, ID {}", key.key.describe(), key.id.short()));
            let what = what.unwrap_or_default();
            match &plan.change {
                KeyChange::Add => lines.extend(self.new_key(plan)),
                KeyChange::Keep(_) => kept.push(plan.id.to_string()),
                KeyChange::MoveId(_) => lines.push(format!(
                    "~ {name}  {what} stays, under another ID: it signs under both"
                )),
                KeyChange::Remove(_) => {
                    lines.push(format!(
                        "- {name}  {what}  removed; it signs this once more"
                    ));
                }
            }
        }
        for key in self.script.distant_keys() {
            let what = before
                .key(&key.id)
                .map(|key| format!("{}, ID {}", key.key.describe(), key.id.short()))
                .unwrap_or_default();
            let name = distant_name(key);
            match &key.change {
                KeyChange::Remove(_) => {
                    lines.push(format!("- {name}  {what}  removed ({})", key.place));
                }
                KeyChange::MoveId(_) => lines.push(format!(
                    "~ {name}  {what} stays, under another ID ({})",
                    key.place
                )),
                KeyChange::Keep(_) => {
                    kept.push(format!("{} ({})", key.id, key.place));
                }
                KeyChange::Add => {}
            }
        }
        lines.extend(self.remote_lines());
        if !kept.is_empty() {
            lines.push(format!("= unchanged: {}", kept.join(", ")));
        }
        lines
    }

    /// Who must sign under which root, and whether that can be reached.
    fn reachability_line(&self) -> String {
        let change = self.root_change();
        let reachability = change.reachability();
        let version = self.script.root_version();
        let needs =
            |version: u64, reach: Reach, stands: fn(&crate::metadata::Participant) -> bool| {
                let names: Vec<&str> = change
                    .participants
                    .iter()
                    .filter(|key| stands(key) && key.signer != crate::metadata::Signer::Never)
                    .map(|key| key.name.as_str())
                    .collect();
                format!("root {version}: {} of {{{}}}", reach.need, names.join(", "))
            };
        let mut roots = Vec::new();
        if let Some(before) = reachability.before {
            roots.push(needs(version - 1, before, |key| key.before));
        }
        roots.push(needs(version, reachability.after, |key| key.after));
        let verdict = if reachability.is_reached_here() {
            "yes".to_owned()
        } else if reachability.is_reached() {
            "yes, with the signatures that other sites owe".to_owned()
        } else {
            format!("NO: {}", change.way())
        };
        format!(
            "Signatures needed: {}. Reachable: {verdict}. After it, {} more keys may be lost.",
            roots.join("; "),
            change.losses_survived()
        )
    }
}

impl Ceremony {
    /// A warning if every root key is on a token of one make with one firmware, as the tokens name themselves. Of a
    /// token that is elsewhere nobody knows.
    fn one_make_line(&self) -> Option<String> {
        let staying = self.script.keys().iter().filter(|plan| plan.change.stays());
        let tokens: Vec<_> = staying
            .map(|plan| {
                let token = self.keys.get(&plan.id)?.token.as_ref()?;
                // Of software there is but one make, and a twin says nothing of the token whose place it takes.
                let is_it = plan.token.is_hardware() && token.profile == plan.token.profile;
                is_it.then_some(token)
            })
            .collect::<Option<_>>()?;
        let (first, others) = tokens.split_first()?;
        let same = |other: &&TokenId| {
            (&other.manufacturer, &other.model) == (&first.manufacturer, &first.model)
        };
        let distant = self.script.distant_keys();
        if others.is_empty()
            || !others.iter().all(same)
            || distant.iter().any(|key| key.change.stays())
        {
            return None;
        }
        Some(format!(
            "! Every root key is on a token of one make and firmware, {} {}: one flaw would break them all.",
            visible(&first.manufacturer),
            visible(&first.model)
        ))
    }

    /// Each key of another site that comes in.
    fn remote_lines(&self) -> Vec<String> {
        let lines = self.remote_keys().map(|(distant, key)| {
            format!(
                "+ {} ({})  {}  {}",
                distant.id,
                visible(&distant.title()),
                key.describe(),
                key.id(),
            )
        });
        lines.collect()
    }
}

fn distant_name(key: &DistantKey) -> String {
    match &key.held_by {
        Some(holder) => format!("{} ({})", key.id, visible(holder)),
        None => key.id.to_string(),
    }
}

fn threshold_line((from, to): (u64, u64), keys: usize) -> String {
    match to.cmp(&from) {
        std::cmp::Ordering::Equal => format!("= threshold: {to} of {keys}, unchanged"),
        std::cmp::Ordering::Greater => format!("~ threshold RAISED from {from} to {to} of {keys}"),
        std::cmp::Ordering::Less => format!("~ threshold LOWERED from {from} to {to} of {keys}"),
    }
}
