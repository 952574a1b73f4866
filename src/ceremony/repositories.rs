//! Further repositories: one ceremony changes several roots that have the same keys.
//!
//! What happens to a further root is what happens to the script's own, held to the same rules: the ceremony is looked at
//! as if it were for that repository alone. Its events stand in the record inside `in-repository`.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use crate::metadata::{FrozenRoot, Key, SignedRoot};
use crate::script::{Act, FurtherRepository, KeyId, Script, Step};
use crate::words::Digest;

use super::base_root::BaseRoot;
use super::event::{EventKind, Opening};
use super::next::Next;
use super::prompt::Prompt;
use super::state::{Ceremony, Generated, Intent, KeyState};

/// How far the root of a further repository is.
#[derive(Debug, Clone)]
pub(super) struct Further {
    /// The script, as if it were for this repository alone.
    script: Arc<Script>,
    base_root: Option<Arc<BaseRoot>>,
    frozen: Option<FrozenRoot>,
    reviewed: bool,
    signed: Option<SignedRoot>,
    verified: Option<Digest>,
    keys: BTreeMap<KeyId, OfKey>,
}

/// What is known of a key with regard to one root.
#[derive(Debug, Clone, Default)]
struct OfKey {
    /// The key as the root before has it; none for a new one, which is the same in all.
    before: Option<Generated>,
    certify: Intent<()>,
    certificate: Option<Key>,
    sign: Intent<()>,
    signature: Option<Vec<u8>>,
}

impl OfKey {
    fn swap(&mut self, state: &mut KeyState) {
        if self.before.is_some() {
            mem::swap(&mut self.before, &mut state.generated);
        }
        mem::swap(&mut self.certify, &mut state.certify);
        mem::swap(&mut self.certificate, &mut state.certificate);
        mem::swap(&mut self.sign, &mut state.sign);
        mem::swap(&mut self.signature, &mut state.signature);
    }
}

impl Further {
    /// The further repositories of a script, untouched.
    pub(super) fn all_of(script: &Script) -> Vec<Self> {
        let repositories = script.further().iter();
        let scripts = repositories.filter_map(|repository| script.within(repository));
        scripts.map(Self::new).collect()
    }

    fn new(script: Script) -> Self {
        let base_root = BaseRoot::of(&script);
        let keys = script.keys().iter().map(|plan| plan.id.clone());
        let mut further = Self {
            keys: keys.map(|id| (id, OfKey::default())).collect(),
            script: Arc::new(script),
            base_root: None,
            frozen: None,
            reviewed: false,
            signed: None,
            verified: None,
        };
        further.found_on(base_root);
        further
    }

    fn found_on(&mut self, base_root: Option<BaseRoot>) {
        for (id, of_key) in &mut self.keys {
            let key = base_root.as_ref().and_then(|root| root.key(id));
            of_key.before = key.and_then(|key| Generated::earlier(&key.key));
        }
        self.base_root = base_root.map(Arc::new);
    }

    /// Exchanges what is known of this root for what is known of the one that the ceremony has at hand.
    fn swap(&mut self, ceremony: &mut Ceremony) {
        mem::swap(&mut self.script, &mut ceremony.script);
        mem::swap(&mut self.base_root, &mut ceremony.base_root);
        mem::swap(&mut self.frozen, &mut ceremony.frozen);
        mem::swap(&mut self.reviewed, &mut ceremony.reviewed);
        mem::swap(&mut self.signed, &mut ceremony.signed);
        mem::swap(&mut self.verified, &mut ceremony.verified);
        for (id, of_key) in &mut self.keys {
            if let Some(state) = ceremony.keys.get_mut(id) {
                of_key.swap(state);
            }
        }
    }

    fn owes_signature(&self, key: &KeyId) -> bool {
        self.keys
            .get(key)
            .is_some_and(|of_key| of_key.signature.is_none())
    }

    /// Whether nothing of an act is left for this root.
    fn is_settled(&self, act: &Act) -> bool {
        match act {
            // One certificate may be for all repositories whose names begin alike.
            Act::CertifyKey { key } => {
                self.script.is_wildcard() || self.keys[key].certificate.is_some()
            }
            Act::ComposeRoot => self.frozen.is_some(),
            Act::ReviewRoot => self.reviewed,
            Act::VerifyRoot => self.verified.is_some(),
            _ => true,
        }
    }
}

impl Ceremony {
    /// The ceremony as if it were for each further repository alone, in the order of the script.
    #[must_use]
    pub fn further(&self) -> Vec<Self> {
        (0..self.further.len())
            .filter_map(|index| self.within(index))
            .collect()
    }

    /// The further repositories as [`Self::further`], each with the folder of an export in which its files lie.
    #[must_use]
    pub fn further_in_folders(&self) -> Vec<(String, Self)> {
        let folders = self.script.further().iter().map(FurtherRepository::folder);
        folders.zip(self.further()).collect()
    }

    /// The ceremony as if it were for one further repository alone.
    fn within(&self, index: usize) -> Option<Self> {
        let mut view = self.clone();
        let mut further = mem::take(&mut view.further);
        further.get_mut(index)?.swap(&mut view);
        Some(view)
    }

    /// The further repository that is of that name.
    fn index_of(&self, repository: &str) -> Option<usize> {
        let mut further = self.further.iter();
        further.position(|one| one.script.repository() == repository)
    }

    /// Does something to the ceremony as if it were for one further repository alone.
    pub(super) fn inside<T>(
        &mut self,
        repository: &str,
        act: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        let index = self.index_of(repository)?;
        let mut further = mem::take(&mut self.further);
        further[index].swap(self);
        let done = act(self);
        further[index].swap(self);
        self.further = further;
        Some(done)
    }

    /// The further repository with whose root the step goes on, where the own one is done with it; and the view of it.
    /// Signatures go key by key, so that each token is put in once.
    pub(super) fn repository_at_hand(&self) -> Option<Self> {
        if self.further.is_empty() {
            return None;
        }
        let step = self.current_step()?;
        let index = match &step.act {
            Act::SignRoot => {
                let key = &self.next_signer()?.id;
                if self.keys[key].owes_signature() {
                    return None;
                }
                let mut further = self.further.iter();
                further.position(|one| one.owes_signature(key))
            }
            act if self.is_own_settled(act) => {
                let mut further = self.further.iter();
                further.position(|one| !one.is_settled(act))
            }
            _ => None,
        };
        self.within(index?)
    }

    /// Whether nothing of an act is left for the script's own root; only of acts that each root has for itself.
    fn is_own_settled(&self, act: &Act) -> bool {
        match act {
            Act::CertifyKey { key } => self.keys[key].certificate.is_some(),
            Act::ComposeRoot => self.frozen.is_some(),
            Act::ReviewRoot => self.reviewed,
            Act::VerifyRoot => self.verified.is_some(),
            _ => false,
        }
    }

    /// Whether an act concerns one of several roots.
    pub(super) fn is_of_one_root(&self, act: &Act) -> bool {
        !self.further.is_empty()
            && matches!(
                act,
                Act::CertifyKey { .. }
                    | Act::ComposeRoot
                    | Act::ReviewRoot
                    | Act::SignRoot
                    | Act::VerifyRoot
            )
    }

    /// Whether nothing of a step is left for any further root.
    pub(super) fn are_further_settled(&self, act: &Act) -> bool {
        self.further.iter().all(|one| one.is_settled(act))
    }

    /// Whether a key owes a signature of a further root.
    pub(super) fn owes_further(&self, key: &KeyId) -> bool {
        let is_asked = self.keys[key].forgone.is_none();
        is_asked && self.further.iter().any(|one| one.owes_signature(key))
    }

    /// What comes next for the root that is at hand, with the repository's name before everything that is said.
    pub(super) fn next_in_repository(&self, step: &Step) -> Next {
        match self.next_in(step) {
            Next::Ask(prompt) => Next::Ask(self.of_repository(prompt)),
            next => next,
        }
    }

    /// The name of the repository before what is asked about its root, where there are several.
    fn of_repository(&self, mut prompt: Prompt) -> Prompt {
        let line = format!("Repository {}:", self.script.repository());
        prompt.lines.insert(0, line);
        prompt
    }

    /// A fact about the root of the repository that this is a view of.
    pub(super) fn fact_within(&self, fact: EventKind) -> EventKind {
        EventKind::InRepository {
            repository: self.script.repository().to_owned(),
            fact: Box::new(fact),
        }
    }

    /// One certificate for all repositories whose names begin alike stands in each of their roots.
    pub(super) fn share_certificate(&mut self, key: &KeyId) {
        let certificate = self.keys.get(key).and_then(|one| one.certificate.clone());
        if self.script.is_wildcard() {
            for one in &mut self.further {
                if let Some(of_key) = one.keys.get_mut(key) {
                    of_key.certificate.clone_from(&certificate);
                }
            }
        }
    }

    /// A key was given up: no root has its certificate.
    pub(super) fn forget_certificates(&mut self, key: &KeyId) {
        for one in &mut self.further {
            if let Some(of_key) = one.keys.get_mut(key) {
                (of_key.certify, of_key.certificate) = (Intent::None, None);
            }
        }
    }

    /// The process ended: what was announced for further roots may have been done, or not.
    pub(super) fn interrupt_further(&mut self) {
        let keys = self
            .further
            .iter_mut()
            .flat_map(|one| one.keys.values_mut());
        for of_key in keys {
            of_key.certify.interrupt();
            of_key.sign.interrupt();
        }
    }

    /// The twins that a rehearsal changes in place of further roots: each has the twins of the very same keys.
    pub(super) fn take_further_simulated(&mut self, opening: &Opening) -> Result<(), String> {
        let own = opening.simulated_root.as_ref();
        if own.is_none() && opening.further_simulated.is_empty() {
            return Ok(());
        }
        if opening.further_simulated.len() != self.further.len() {
            return Err("a rehearsal has a twin of each further root".to_owned());
        }
        for further in &mut self.further {
            let name = further.script.repository();
            let simulated = opening.further_simulated.get(name);
            let simulated =
                simulated.ok_or_else(|| format!("there is no twin of the root of {name}"))?;
            if own.map(|own| &own.keys) != Some(&simulated.keys) {
                return Err(format!("the twin of the root of {name} has other keys"));
            }
            let real = BaseRoot::of(&further.script).ok_or("a genesis changes no root")?;
            let founded = real.simulated(&further.script, simulated)?;
            further.found_on(Some(founded));
        }
        Ok(())
    }
}
