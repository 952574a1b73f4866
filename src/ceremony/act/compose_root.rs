//! The root is composed from the script and the keys, and its bytes are fixed.

use std::collections::BTreeMap;

use super::asking::confirm;
use crate::ceremony::at::At;
use crate::ceremony::replay::{Applied, broken, contradiction, hold, require};
use crate::ceremony::{
    BaseRoot, Ceremony, Check, EventKind, Next, ReplayError, RootEvent, StepError,
};
use crate::metadata::{
    self, DraftError, FrozenRoot, Key, RoleKind, RootDraft, RootFormat, Service, SignedRoot,
};
use crate::script::{Act, KeyChange, KeyId, Step};
use crate::words::Digest;

/// The root that follows from the script, the base root and the keys generated so far.
pub(crate) fn compose_root(c: &Ceremony) -> Result<FrozenRoot, DraftError> {
    let policy = c.script.root();
    let mut draft = match c.root().base() {
        None => {
            let mut draft = match c.script.root_format() {
                RootFormat::Tuf => RootDraft::genesis(policy.expires, policy.consistent_snapshot),
                RootFormat::Notary => RootDraft::notary_genesis(policy.expires),
            };
            draft.set_role(RoleKind::Root, policy.threshold, new_keys(c));
            draft
        }
        Some(base_root) => draft_after(c, base_root)?,
    };
    for (kind, role) in policy.roles.iter() {
        let keys = role.keys.iter().map(|carried| carried.key.clone());
        draft.set_role(kind.into(), role.threshold, keys);
    }
    if let Some(periods) = &policy.tuf_on_ci {
        periods.write(&mut draft);
    }
    draft.freeze()
}

/// The base root with the changes of the script. Keys that stay keep their places.
pub(crate) fn draft_after(c: &Ceremony, base_root: &BaseRoot) -> Result<RootDraft, DraftError> {
    let policy = c.script.root();
    let mut draft = RootDraft::after(base_root.root())?;
    draft.set_expires(policy.expires);
    let changes: BTreeMap<&KeyId, &KeyChange> = c.script.key_changes().collect();
    let is_same = changes.values().all(|c| matches!(c, KeyChange::Keep(_)));
    if is_same && u64::from(policy.threshold) == base_root.threshold() {
        return Ok(draft);
    }
    let mut keys = Vec::new();
    for id in base_root.root().role(RoleKind::Root).key_ids() {
        let name = base_root.name_of(id);
        let (Some(change), Some(key)) = (
            name.and_then(|name| changes.get(name)),
            base_root.root().document().root_key(id),
        ) else {
            continue;
        };
        let certified = name.and_then(|name| c.certificate(name).cloned());
        if let (KeyChange::MoveId(_), Some(certified)) = (change, certified) {
            draft.move_id(certified);
        } else if let (KeyChange::MoveId(_), Some(public)) = (change, key.public()) {
            let written = Key::from_public(public).unwrap_or_else(|_| key.clone());
            draft.move_id(name.map_or(written.clone(), |name| c.as_listed(name, &written)));
        }
        keys.extend(change.stays().then(|| key.clone()));
    }
    keys.extend(new_keys(c));
    draft.set_role(RoleKind::Root, policy.threshold, keys);
    Ok(draft)
}

/// The keys that this ceremony generated or enrolled, in the order of the script, those of other sites last.
pub(crate) fn new_keys(c: &Ceremony) -> impl Iterator<Item = Key> {
    let here = c
        .key_states()
        .filter(|(plan, _)| plan.change == KeyChange::Add)
        .filter_map(|(plan, _)| c.listed_key(plan).cloned());
    here.chain(c.remote_keys().map(|(_, key)| key.clone()))
}

/// Why Notary clients would refuse the root, or ignore one of its keys. The server would accept it.
pub(crate) fn refused_by_clients(c: &Ceremony, root: &FrozenRoot) -> Option<String> {
    if root.document().format() != RootFormat::Notary {
        return None;
    }
    let service = Service {
        gun: Some(c.script.repository()),
        at: c.script.not_before(),
    };
    let remarks = metadata::lint_notary_document(root.document(), service).into_iter();
    // Only clients that pin an authority refuse an extended key usage, and stock certificates have one.
    let mut grave = remarks.filter(|remark| {
        remark.effect != metadata::Effect::Malfunctions
            && remark.rule != "lint.notary-certificate-usage"
    });
    let remark = grave.next()?;
    Some(format!("{} ({})", remark.detail, remark.rule))
}

pub(crate) fn next(c: &Ceremony, step: &Step) -> Next {
    let line = match c.base_root() {
        None => "All keys are ready. The root is composed from them and from the script. It is reviewed before any key signs it.".to_owned(),
        Some(before) => format!(
            "All keys are ready. Root {} is composed from root {}, the keys and the script. Its changes are reviewed before any key signs it.",
            c.script.root_version(),
            before.root().version()
        ),
    };
    Next::Ask(confirm(c, step, [line], "Compose the root"))
}

pub(crate) fn composing(c: &Ceremony) -> Result<EventKind, StepError> {
    let frozen = compose_root(c).map_err(|error| ReplayError::Contradiction(error.to_string()))?;
    Ok(EventKind::Root(RootEvent::RootComposed {
        version: frozen.version(),
        signed: String::from_utf8_lossy(frozen.signed_bytes()).into_owned(),
        sha256: frozen.digest(),
    }))
}

pub(crate) fn composed(
    c: &mut Ceremony,
    at: &At<'_>,
    version: u64,
    signed: &str,
    sha256: Digest,
) -> Applied {
    at.require_act(c, |act| *act == Act::ComposeRoot)?;
    let frozen = FrozenRoot::from_signed_bytes(signed.as_bytes())
        .map_err(|error| contradiction(format!("not a root: {error}")))?;
    require(
        frozen.version() == version && frozen.digest() == sha256,
        "the version or the digest is not that of the root",
    )?;
    require(
        c.are_new_keys_proven(),
        "a key cannot be in a root before its token has proved possession, or two people have compared its fingerprint",
    )?;
    let composed = compose_root(c).map_err(|error| contradiction(error.to_string()))?;
    hold(
        Check::RootComposition,
        composed.signed_bytes() == frozen.signed_bytes(),
        "the root does not follow from the script and the keys",
    )?;
    if let Some(why) = refused_by_clients(c, &frozen) {
        return Err(broken(Check::RootComposition, why));
    }
    let unsigned = match c.base_root() {
        None => SignedRoot::new(frozen.clone()),
        Some(before) => SignedRoot::after(frozen.clone(), before.root().clone())
            .map_err(|error| contradiction(error.to_string()))?,
    };
    c.root_mut().freeze(frozen, unsigned);
    Ok(())
}

pub(crate) fn root_composed_sentence(version: u64, sha256: &Digest) -> String {
    let digest = sha256.short_hex();
    format!("Root {version} was composed, and its bytes are fixed. Digest: {digest}.")
}
