//! People review the root, or its changes, in words.

use super::asking::{confirm, prompt};
use super::read_script::lines_of;
use super::verify_request::refused;
use crate::ceremony::at::At;
use crate::ceremony::replay::{Applied, hold, require};
use crate::ceremony::{Ask, BaseRoot, Ceremony, Check, Prompt};
use crate::metadata::{Change, FrozenRoot, Reach, RoleKind, RootDiff};
use crate::record::{TokenId, visible};
use crate::script::{Act, DistantKey, KeyChange, KeyId, KeyPlan, Signing, Step};
use crate::words::Digest;

/// The exact word that the review asks for.
pub(crate) fn review_word(root: &FrozenRoot) -> String {
    format!("SIGN ROOT {}", root.version())
}

pub(crate) fn ask_review(c: &Ceremony, step: &Step) -> Prompt {
    let Some(root) = c.root().frozen() else {
        return confirm(c, step, [""; 0], "Continue");
    };
    let mut lines = review_lines(c, root);
    if !c.script.is_solo() {
        lines.push("Two people: read the digest to each other.".to_owned());
    }
    let mut who = c.people_of(step);
    who.extend(c.usual_approvers());
    prompt(
        step,
        who,
        lines,
        Ask::Word {
            word: review_word(root),
        },
    )
}

pub(crate) fn review_lines(c: &Ceremony, root: &FrozenRoot) -> Vec<String> {
    if let Some(signing) = c.script.signing() {
        return request_lines(c, signing);
    }
    let mut lines = match c.root().base() {
        None => whole_root(c, root),
        Some(before) => changes(c, before, root),
    };
    lines.extend(one_make_line(c));
    lines.extend(c.live_payloads());
    lines.extend(digest_lines(&root.digest()));
    lines
}

pub(crate) fn whole_root(c: &Ceremony, root: &FrozenRoot) -> Vec<String> {
    let policy = c.script.root();
    let mut lines = vec![
        format!(
            "Root {} of {}, {}.",
            root.version(),
            c.script.repository(),
            expiry(c),
        ),
        format!(
            "Each change needs signatures from {} of these {} keys:",
            policy.threshold,
            c.script.root_keys()
        ),
    ];
    for plan in c.script.keys() {
        lines.extend(new_key(c, plan));
    }
    lines.extend(remote_lines(c));
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
pub(crate) fn expiry(c: &Ceremony) -> String {
    let (expires, from) = (c.script.root().expires, c.script.not_before());
    let days = expires.duration_since(from).as_hours() / 24;
    format!("expires {expires} ({days} days after {from})")
}

pub(crate) fn new_key(c: &Ceremony, plan: &KeyPlan) -> Option<String> {
    let generated = c.keys.get(&plan.id)?.generated()?;
    let key = c.listed_key(plan)?;
    let more = if plan.enrolled.is_some() {
        "  generated before this ceremony"
    } else {
        ""
    };
    Some(format!(
        "+ {} ({})  {}, ID {}  provenance: {}{more}",
        plan.id,
        c.name(&plan.holder),
        key.describe(),
        key.id().short(),
        generated.origin(),
    ))
}

/// The changes from the base root, their consequences, and the signatures that are needed.
pub(crate) fn changes(c: &Ceremony, before: &BaseRoot, root: &FrozenRoot) -> Vec<String> {
    let (old, new) = (before.root.document(), root.document());
    let diff = RootDiff::between(old, new);
    let mut lines = vec![format!(
        "Changes from root {} to root {} of {}, which {}.",
        old.version(),
        new.version(),
        c.script.repository(),
        expiry(c),
    )];
    lines.extend(key_lines(c, before));
    lines.push(threshold_line(
        (
            old.role(RoleKind::Root).threshold(),
            new.role(RoleKind::Root).threshold(),
        ),
        new.role(RoleKind::Root).key_ids().len(),
    ));
    for change in &diff.changes {
        let is_listed = match change {
            Change::Version { .. } | Change::Expires { .. } => true,
            Change::Threshold { role, .. }
            | Change::KeyAdded { role, .. }
            | Change::KeyRemoved { role, .. }
            | Change::KeyRenamed { role, .. } => *role == RoleKind::Root,
            _ => false,
        };
        if change.is_alarming() {
            lines.push(format!("!! {change}"));
        } else if !is_listed {
            lines.push(format!("~ {change}"));
        }
    }
    for consequence in &diff.consequences {
        if !matches!(consequence.into_str(), "signatures" | "renewal") {
            lines.push(format!("! {consequence}"));
        }
    }
    lines.push(reachability_line(c));
    lines
}

/// Each root key that is added, removed or gets another ID; those that stay are listed together.
pub(crate) fn key_lines(c: &Ceremony, before: &BaseRoot) -> Vec<String> {
    let (mut lines, mut kept) = (Vec::new(), Vec::new());
    let described = |id: &KeyId| {
        let key = before.key(id);
        key.map(|key| format!("{}, ID {}", key.key.describe(), key.id.short()))
            .unwrap_or_default()
    };
    for plan in c.script.keys() {
        let name = format!("{} ({})", plan.id, c.name(&plan.holder));
        let what = described(&plan.id);
        match &plan.change {
            KeyChange::Add => lines.extend(new_key(c, plan)),
            KeyChange::Keep(_) => kept.push(plan.id.to_string()),
            KeyChange::MoveId(_) => lines.push(format!(
                "~ {name}  {what}  stays under a new ID; it signs under both IDs"
            )),
            KeyChange::Remove(_) => {
                lines.push(format!(
                    "- {name}  {what}  removed; it signs this root for the last time"
                ));
            }
        }
    }
    for key in c.script.distant_keys() {
        let (name, what) = (distant_name(key), described(&key.id));
        match &key.change {
            KeyChange::Remove(_) => {
                lines.push(format!("- {name}  {what}  removed ({})", key.place));
            }
            KeyChange::MoveId(_) => lines.push(format!(
                "~ {name}  {what}  stays under a new ID ({})",
                key.place
            )),
            KeyChange::Keep(_) => {
                kept.push(format!("{} ({})", key.id, key.place));
            }
            KeyChange::Add => {}
        }
    }
    lines.extend(remote_lines(c));
    if !kept.is_empty() {
        lines.push(format!("= unchanged: {}", kept.join(", ")));
    }
    lines
}

/// Who must sign under which root, and whether the thresholds can be reached.
pub(crate) fn reachability_line(c: &Ceremony) -> String {
    let change = c.root_change();
    let reachability = change.reachability();
    let version = c.script.root_version();
    let needs = |version: u64, reach: Reach, stands: fn(&crate::metadata::ChangedKey) -> bool| {
        let names: Vec<&str> = change
            .keys
            .iter()
            .filter(|key| {
                stands(key) && key.availability != crate::metadata::Availability::Unavailable
            })
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
        "yes, with the signatures from other sites".to_owned()
    } else {
        format!("NO: {}", change.plan())
    };
    format!(
        "Signatures needed: {}. Reachable: {verdict}. Keys that may be lost afterwards: {}.",
        roots.join("; "),
        change.tolerated_losses()
    )
}

/// A warning if every root key is on the same model and firmware, as the tokens report it. The model of a token at
/// another site is not known.
pub(crate) fn one_make_line(c: &Ceremony) -> Option<String> {
    let staying = c.script.keys().iter().filter(|plan| plan.change.stays());
    let tokens: Vec<_> = staying
        .map(|plan| {
            let token = c.keys.get(&plan.id)?.token()?;
            // Software tokens are all alike, and a simulated token says nothing about the real one.
            let is_real = plan.token.profile.hardware && token.profile == plan.token.profile.name;
            is_real.then_some(token)
        })
        .collect::<Option<_>>()?;
    let (first, others) = tokens.split_first()?;
    let same = |other: &&TokenId| {
        (&other.manufacturer, &other.model) == (&first.manufacturer, &first.model)
    };
    let distant = c.script.distant_keys();
    if others.is_empty() || !others.iter().all(same) || distant.iter().any(|key| key.change.stays())
    {
        return None;
    }
    Some(format!(
        "! All root keys are on the same token model and firmware, {} {}. A single flaw would compromise all of them.",
        visible(&first.manufacturer),
        visible(&first.model)
    ))
}

pub(crate) fn remote_lines(c: &Ceremony) -> Vec<String> {
    let lines = c.remote_keys().map(|(distant, key)| {
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

pub(crate) fn request_lines(c: &Ceremony, signing: &Signing) -> Vec<String> {
    let request = &signing.request;
    let (old, new) = (request.base().document(), request.payload().document());
    let mut lines = vec![format!(
        "Root {} of {}, expires {}.",
        new.version(),
        c.script.repository(),
        new.expires(),
    )];
    let diff = RootDiff::between(old, new);
    let changes = diff.changes.iter();
    let (alarming, others): (Vec<_>, Vec<_>) = changes.partition(|change| change.is_alarming());
    lines.extend(alarming.iter().map(|change| format!("ALARM: {change}")));
    lines.extend(others.iter().map(ToString::to_string));
    lines.extend(
        diff.consequences
            .iter()
            .map(|consequence| format!("=> {consequence}")),
    );
    for (document, whose) in [(old, old.version()), (new, new.version())] {
        let role = document.role(RoleKind::Root);
        lines.push(format!(
            "Root {whose}: signatures from {} of {} keys are required.",
            role.threshold(),
            role.key_ids().len()
        ));
    }
    lines.extend(digest_lines(&request.payload().digest()));
    lines
}

pub(crate) fn reviewed(c: &mut Ceremony, at: &At<'_>, sha256: Digest, typed: &str) -> Applied {
    at.require_act(c, |act| *act == Act::ReviewRoot)?;
    let frozen = c.root().require_frozen()?;
    hold(
        Check::RootDigest,
        frozen.digest() == sha256,
        "the reviewed digest is not that of the root",
    )?;
    require(
        typed == review_word(frozen),
        "the confirmation was not typed exactly",
    )?;
    hold(
        Check::RootReachability,
        c.root_change().reachability().is_reached(),
        "the signatures that the root needs cannot be reached",
    )?;
    c.judge_payload(frozen).map_err(refused)?;
    c.root_mut().review();
    Ok(())
}

fn digest_lines(digest: &Digest) -> impl Iterator<Item = String> {
    std::iter::once("Digest of the bytes to sign:".to_owned()).chain(lines_of(digest))
}

pub(crate) fn review_confirmed_sentence(sha256: &Digest, typed: &str) -> String {
    let digest = sha256.short_hex();
    format!("The root with digest {digest} was reviewed. Typed: {typed}.")
}
