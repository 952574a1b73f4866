//! The roots of a ceremony: its own and those of further repositories, which have the same keys.
//!
//! All roots follow the same rules. One root is in focus at a time.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::metadata::{
    self, Availability, ChangedKey, Progress, RoleKind, RootChange, RootDocument,
};
use crate::record::Signature;
use crate::script::{Act, FurtherRepository, KeyId, KeyPlan, Place, Signing};
use crate::transfer::DetachedSignature;

use super::key_state::Generated;
use super::root::Root;
use super::{Ceremony, Intent, Owed};
use crate::ceremony::base_root::BaseRoot;

/// The root in focus.
impl Ceremony {
    /// The root in focus.
    pub(in crate::ceremony) fn root(&self) -> &Root {
        &self.roots[self.at]
    }

    pub(in crate::ceremony) fn root_mut(&mut self) -> &mut Root {
        Arc::make_mut(&mut Arc::make_mut(&mut self.roots)[self.at])
    }

    pub(in crate::ceremony) fn change_all_roots(&mut self, change: impl Fn(&mut Root)) {
        for root in Arc::make_mut(&mut self.roots) {
            change(Arc::make_mut(root));
        }
    }

    fn focused_on(&self, at: usize) -> Self {
        Self {
            script: Arc::clone(self.roots[at].script()),
            at,
            ..self.clone()
        }
    }

    /// The ceremony as if it were for each of the further repositories alone, in the order of the script.
    pub fn further(&self) -> Vec<Self> {
        let number = self.further_roots().len();
        (1..=number).map(|at| self.focused_on(at)).collect()
    }

    /// As [`Self::further`], each with the folder of its files.
    pub fn further_in_folders(&self) -> Vec<(String, Self)> {
        let folders = self.script.further().iter().map(FurtherRepository::folder);
        folders.zip(self.further()).collect()
    }

    pub(in crate::ceremony) fn has_further(&self) -> bool {
        self.at == 0 && self.roots.len() > 1
    }

    fn further_roots(&self) -> &[Arc<Root>] {
        if self.at == 0 { &self.roots[1..] } else { &[] }
    }

    /// Changes the root of another repository; none if the script does not have it.
    pub(in crate::ceremony) fn in_repository<T>(
        &mut self,
        repository: &str,
        act: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        let mut further = self.further_roots().iter();
        let at = 1 + further.position(|root| root.script().repository() == repository)?;
        let own = std::mem::replace(&mut self.script, Arc::clone(self.roots[at].script()));
        self.at = at;
        let done = act(self);
        (self.at, self.script) = (0, own);
        Some(done)
    }

    /// Sets the base root, with its keys.
    pub(in crate::ceremony) fn build_on(&mut self, base: Option<BaseRoot>) {
        let script = Arc::clone(&self.script);
        for plan in script.keys() {
            let of_backup = || plan.change.before().filter(|_| !script.makes_root());
            let listed = base.as_ref().and_then(|root| root.key(&plan.id));
            let listed = listed.or_else(of_backup);
            let earlier = listed.and_then(|listed| Generated::earlier(&listed.key));
            // The plans of the script are the keys of the state.
            let _ = self.keys_mut().exists(&plan.id, earlier);
        }
        self.take_enrolled();
        self.root_mut().build_on(base);
    }

    pub(in crate::ceremony) fn build_further_on(&mut self, at: usize, base: Option<BaseRoot>) {
        let root = Arc::make_mut(&mut Arc::make_mut(&mut self.roots)[at]);
        root.build_on(base);
        root.list_earlier_keys();
    }

    pub(in crate::ceremony) fn number_of_roots(&self) -> usize {
        self.roots.len()
    }

    pub(in crate::ceremony) fn script_of_root(&self, at: usize) -> &crate::script::Script {
        self.roots[at].script()
    }

    /// The further repository that the current step is at, once the script's own root is settled.
    pub(in crate::ceremony) fn repository_at_hand(&self) -> Option<Self> {
        if !self.has_further() {
            return None;
        }
        let step = self.current_step()?;
        let mut further = self.further_roots().iter();
        let at = if step.act == Act::SignRoot {
            let key = &self.next_signer()?.id;
            if self.owes_signature(key) {
                return None;
            }
            further.position(|root| root.signature(key).is_none())
        } else if is_of_one_root(&step.act) && is_settled(self.root(), &step.act) {
            further.position(|root| !is_settled(root, &step.act))
        } else {
            None
        };
        Some(self.focused_on(1 + at?))
    }

    /// Whether the prompts of a step name the repository.
    pub(in crate::ceremony) fn names_repository(&self, act: &Act) -> bool {
        self.has_further() && (*act == Act::SignRoot || is_of_one_root(act))
    }

    /// Whether a step is done for every root.
    pub(in crate::ceremony) fn is_settled_everywhere(&self, act: &Act) -> bool {
        is_settled(self.root(), act)
            && self
                .further_roots()
                .iter()
                .all(|root| is_settled(root, act))
    }

    /// A wildcard certificate is valid for all repositories.
    pub(in crate::ceremony) fn share_certificate(
        &mut self,
        key: &KeyId,
        certificate: &metadata::Key,
    ) {
        if self.script.is_wildcard() {
            self.change_all_roots(|root| root.share_certificate(key, certificate));
        }
    }

    pub(in crate::ceremony) fn owes_further_signature(&self, key: &KeyId) -> bool {
        let is_asked = self.keys[key].skipped().is_none();
        is_asked
            && self
                .further_roots()
                .iter()
                .any(|root| root.signature(key).is_none())
    }

    /// A key as the root in focus lists it.
    pub fn generated(&self, key: &KeyId) -> Option<&Generated> {
        let earlier = self.root().earlier(key);
        earlier.or_else(|| self.keys.get(key)?.generated())
    }

    /// The certificate by which a root of Notary lists the key.
    pub fn certificate(&self, key: &KeyId) -> Option<&metadata::Key> {
        self.root().certificate(key)
    }

    pub fn signature(&self, key: &KeyId) -> Option<&Signature> {
        self.root().signature(key)
    }

    pub fn has_signed(&self, key: &KeyId) -> bool {
        self.signature(key).is_some()
    }

    /// Whether the key has not signed and was not skipped.
    pub fn owes_signature(&self, key: &KeyId) -> bool {
        !self.has_signed(key) && self.keys[key].skipped().is_none()
    }

    pub(in crate::ceremony) fn is_signing(&self, key: &KeyId) -> bool {
        self.root().signing(key) == Intent::Recorded(())
    }
}

/// Marks announced operations as interrupted.
pub(in crate::ceremony) fn interrupt(root: &mut Root) {
    root.interrupt();
}

/// Acts that are done root by root. Signing is done key by key.
const fn is_of_one_root(act: &Act) -> bool {
    matches!(
        act,
        Act::CertifyKey { .. }
            | Act::ComposeRoot
            | Act::VerifyRequest
            | Act::ReviewRoot
            | Act::VerifyRoot
    )
}

fn is_settled(root: &Root, act: &Act) -> bool {
    if let Act::CertifyKey { key } = act {
        root.certificate(key).is_some()
    } else if matches!(act, Act::ComposeRoot | Act::VerifyRequest) {
        root.frozen().is_some()
    } else if *act == Act::ReviewRoot {
        root.is_reviewed()
    } else if *act == Act::VerifyRoot {
        root.verified().is_some()
    } else {
        true
    }
}

impl Ceremony {
    /// The key as the new root lists it: in its certificate, where it has one of this ceremony.
    pub(in crate::ceremony) fn listed_key(&self, plan: &KeyPlan) -> Option<&metadata::Key> {
        let listed = || Some(&self.generated(&plan.id)?.key);
        self.certificate(&plan.id).or_else(listed)
    }

    /// The IDs under which the base root and the new root list a key of the script, each once, the one
    /// that counts for the newest root last. None before the root was composed.
    pub fn root_key_ids(&self, key: &KeyId) -> Vec<metadata::KeyId> {
        let here = self.generated(key).map(|generated| &generated.public_key);
        let public = here.or_else(|| self.distant_key(key)?.public());
        let (Some(public), Some(frozen)) = (public, self.root().frozen()) else {
            return Vec::new();
        };
        let mut ids: Vec<metadata::KeyId> = Vec::new();
        let before = self.root().base().map(|base| base.root().document());
        for document in before.into_iter().chain([frozen.document()]) {
            for id in ids_of(document, public) {
                ids.retain(|known| known != id);
                ids.push(id.clone());
            }
        }
        ids
    }

    /// Who signs and who must, by the current state.
    pub fn root_change(&self) -> RootChange {
        if let Some(signing) = self.script.signing() {
            return self.signing_change(signing);
        }
        let here = self.key_states().map(|(plan, state)| ChangedKey {
            name: plan.id.to_string(),
            before: plan.change.before().is_some(),
            after: plan.change.stays(),
            availability: if state.skipped().is_some() && !self.has_signed(&plan.id) {
                Availability::Unavailable
            } else {
                Availability::Present
            },
        });
        let distant = self.script.distant_keys().iter().map(|key| ChangedKey {
            name: key.id.to_string(),
            before: key.change.before().is_some(),
            after: key.change.stays(),
            availability: match key.place {
                Place::Site(_) => match self.root().owed().get(&key.id) {
                    Some(Owed::Skipped { .. }) => Availability::Unavailable,
                    Some(Owed::Collected) => Availability::Present,
                    Some(Owed::Waited | Owed::Expected) | None => Availability::Remote,
                },
                Place::Elsewhere(_) | Place::Absent | Place::Lost => Availability::Unavailable,
            },
        });
        RootChange {
            keys: here.chain(distant).collect(),
            threshold_before: self.base_root().map(BaseRoot::threshold),
            threshold_after: u64::from(self.script.root().threshold),
        }
    }

    /// The counters of the signing: under the root before, if there is one, and under the new one.
    pub fn progress(&self) -> Progress {
        let none_yet = |need| metadata::Count { have: 0, need };
        self.root().signed().map_or_else(
            || {
                let change = self.root_change();
                Progress {
                    previous: change.threshold_before.map(none_yet),
                    own: none_yet(change.threshold_after),
                }
            },
            metadata::SignedRoot::progress,
        )
    }

    /// `root 7 keys 2/3 · root 8 keys 3/3`
    pub fn counters(&self) -> String {
        let Progress { previous, own } = self.progress();
        let version = self.script.root_version();
        let of = |version: u64, count: metadata::Count| {
            format!("root {version} keys {}/{}", count.have, count.need)
        };
        match previous {
            Some(previous) => format!("{} · {}", of(version - 1, previous), of(version, own)),
            None => of(version, own),
        }
    }

    /// Who signs, from the view of one site: its key signs, and all others may.
    pub(in crate::ceremony) fn signing_change(&self, signing: &Signing) -> RootChange {
        let (old, new) = (
            signing.request.base().document(),
            signing.request.payload().document(),
        );
        let has = |document: &RootDocument, public| {
            document
                .role_keys(RoleKind::Root)
                .any(|(_, listed)| listed.key().public() == Some(public))
        };
        let mut publics = Vec::new();
        let mut keys = Vec::new();
        for (id, listed) in [old, new]
            .into_iter()
            .flat_map(|d| d.role_keys(RoleKind::Root))
        {
            let Some(public) = listed.key().public() else {
                continue;
            };
            if publics.contains(&public) {
                continue;
            }
            publics.push(public);
            let is_here = self
                .keys
                .iter()
                .filter_map(|(_, state)| state.generated())
                .any(|key| key.public_key == *public);
            keys.push(ChangedKey {
                name: id.short(),
                before: has(old, public),
                after: has(new, public),
                availability: if is_here {
                    Availability::Present
                } else {
                    Availability::Remote
                },
            });
        }
        RootChange {
            keys,
            threshold_before: Some(old.role(RoleKind::Root).threshold()),
            threshold_after: new.role(RoleKind::Root).threshold(),
        }
    }

    /// The signatures of this ceremony, each as a file for the requesting site.
    pub fn detached_signatures(&self) -> Vec<DetachedSignature> {
        let (Some(_), Some(frozen)) = (self.script.signing(), self.root().frozen()) else {
            return Vec::new();
        };
        self.script
            .keys()
            .iter()
            .filter_map(|plan| {
                let signature = self.signature(&plan.id)?.as_bytes().to_vec();
                Some(DetachedSignature {
                    repository: self.script.repository().to_owned(),
                    version: frozen.version(),
                    sha256: frozen.digest(),
                    key_id: plan.change.before()?.id.clone(),
                    signature,
                })
            })
            .collect()
    }

    /// The IDs of keys at other sites that this ceremony asks to sign.
    pub fn owed_elsewhere(&self) -> BTreeSet<metadata::KeyId> {
        let Some(signed) = self.root().signed() else {
            return BTreeSet::new();
        };
        self.script
            .distant_keys()
            .iter()
            .filter(|key| matches!(key.place, Place::Site(_)))
            .filter_map(|key| self.distant_key(&key.id)?.public())
            .flat_map(|public| signed.ids_of(public))
            .collect()
    }

    /// Whether the exact word was typed over the frozen root.
    pub fn is_reviewed(&self) -> bool {
        self.root().is_reviewed()
    }
}

fn ids_of<'d>(
    document: &'d RootDocument,
    public: &crate::certificate::PublicKey,
) -> impl Iterator<Item = &'d metadata::KeyId> {
    document
        .role_keys(RoleKind::Root)
        .filter(move |(_, listed)| listed.key().public() == Some(public))
        .map(|(id, _)| id)
}
