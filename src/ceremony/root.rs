//! From the script and the keys to a root, and from the signed root to its verification.

use std::collections::BTreeMap;

use crate::metadata::{
    self, DraftError, FrozenRoot, Key, Progress, RoleKind, RootDraft, RootFormat, Service,
};
use crate::script::{KeyChange, KeyId};
use crate::transfer::owned_by;
use crate::words::Digest;

use super::base_root::BaseRoot;
use super::state::Ceremony;

/// What a verification of the signed root says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verification {
    pub version: u64,
    pub file_sha256: Digest,
    pub progress: Progress,
}

/// Why there is no verified root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum VerificationError {
    #[error("nothing was signed yet")]
    Unsigned,
    #[error("the signed root is refused: {0}")]
    Refused(String),
}

impl Ceremony {
    /// The root that the script, the root before and the keys generated so far make.
    pub(super) fn compose_root(&self) -> Result<FrozenRoot, DraftError> {
        let policy = self.script.root();
        let mut draft = match &self.base_root {
            None => {
                let mut draft = match self.script.root_format() {
                    RootFormat::Tuf => {
                        RootDraft::genesis(policy.expires, policy.consistent_snapshot)
                    }
                    RootFormat::Notary => RootDraft::notary_genesis(policy.expires),
                };
                draft.set_role(RoleKind::Root, policy.threshold, self.new_keys());
                draft
            }
            Some(base_root) => self.draft_after(base_root)?,
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

    /// The root before, with the changes of the script. Keys that stay keep their places.
    fn draft_after(&self, base_root: &BaseRoot) -> Result<RootDraft, DraftError> {
        let policy = self.script.root();
        let mut draft = RootDraft::after(&base_root.root)?;
        draft.set_expires(policy.expires);
        let changes: BTreeMap<&KeyId, &KeyChange> = self.script.key_changes().collect();
        let is_same = changes.values().all(|c| matches!(c, KeyChange::Keep(_)));
        if is_same && u64::from(policy.threshold) == base_root.threshold() {
            return Ok(draft);
        }
        let mut keys = Vec::new();
        for id in base_root.root.role(RoleKind::Root).key_ids() {
            let name = base_root.name_of(id);
            let (Some(change), Some(key)) = (
                name.and_then(|name| changes.get(name)),
                base_root.root.document().root_key(id),
            ) else {
                continue;
            };
            let certified = name.and_then(|name| self.keys.get(name)?.certificate.clone());
            if let (KeyChange::MoveId(_), Some(certified)) = (change, certified) {
                draft.move_id(certified);
            } else if let (KeyChange::MoveId(_), Some(public)) = (change, key.public()) {
                let written = Key::from_public(public).unwrap_or_else(|_| key.clone());
                draft.move_id(name.map_or(written.clone(), |name| self.as_listed(name, &written)));
            }
            keys.extend(change.stays().then(|| key.clone()));
        }
        keys.extend(self.new_keys());
        draft.set_role(RoleKind::Root, policy.threshold, keys);
        Ok(draft)
    }

    /// A key as a new root lists it: with its owner, where the script names one for the publisher.
    pub(super) fn as_listed(&self, name: &KeyId, key: &Key) -> Key {
        let here = self.script.key(name).and_then(|plan| plan.owner.as_ref());
        let distant = self.script.distant_keys().iter();
        let mut distant = distant.filter(|distant| distant.id == *name);
        let owner = here.or_else(|| distant.find_map(|distant| distant.owner.as_ref()));
        owner.map_or_else(|| key.clone(), |owner| owned_by(key, owner))
    }

    /// The keys that were made or enrolled in this ceremony, in the order of the script, those of other sites last.
    fn new_keys(&self) -> impl Iterator<Item = Key> {
        let here = self
            .key_states()
            .filter(|(plan, _)| plan.change == KeyChange::Add)
            .filter_map(|(plan, _)| self.listed_key(plan).cloned());
        here.chain(self.remote_keys().map(|(_, key)| key.clone()))
    }

    /// Why the clients of Notary would refuse the root, or count a key of it for nothing. The server would take it all the same.
    pub(super) fn refused_by_clients(&self, root: &FrozenRoot) -> Option<String> {
        if root.document().format() != RootFormat::Notary {
            return None;
        }
        let service = Service {
            gun: Some(self.script.repository()),
            at: self.script.not_before(),
        };
        let remarks = metadata::lint_notary_document(root.document(), service).into_iter();
        // That an extended use is named only clients that pin an authority mind, and stock certificates have it.
        let mut grave = remarks.filter(|remark| {
            remark.effect != metadata::Effect::Errs && remark.rule != "lint.notary-certificate-use"
        });
        let remark = grave.next()?;
        Some(format!("{} ({})", remark.detail, remark.rule))
    }

    /// Verifies the signed root as a client does that trusts the carried anchor, or this root itself in a genesis,
    /// at the time for which the script was written: the same in every replay.
    pub(super) fn verify_root(&self) -> Result<Verification, VerificationError> {
        let signed = self.signed.as_ref().ok_or(VerificationError::Unsigned)?;
        let bytes = signed.to_file_bytes();
        let name = format!("{}.root.json", signed.frozen().version());
        let mut files: Vec<(String, Vec<u8>)> = self
            .base_root
            .iter()
            .flat_map(|base_root| base_root.chain.iter().cloned())
            .collect();
        files.push((name, bytes.clone()));
        let report = metadata::verify_chain(files.into_iter(), self.script.not_before());
        if !report.is_accepted() {
            return Err(VerificationError::Refused(
                report
                    .reasons()
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join("; "),
            ));
        }
        Ok(Verification {
            version: signed.frozen().version(),
            file_sha256: Digest::of(&bytes),
            progress: signed.progress(),
        })
    }
}
