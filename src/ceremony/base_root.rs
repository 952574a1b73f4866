//! The root that a ceremony changes: the one that the script pins, or a simulated one in a rehearsal.

use std::collections::BTreeMap;

use crate::metadata::{self, RoleKind, RootFile, RootSimulation, TrustedRoot};
use crate::script::{KeyId, RootKey, Script};

use super::event::SimulatedRoot;

/// The root that is changed.
#[derive(Debug, Clone)]
pub struct BaseRoot {
    pub(super) root: TrustedRoot,
    /// From the trust anchor on, the root last.
    pub(super) chain: Vec<(String, Vec<u8>)>,
    /// The keys of the root by the names that the script gives them.
    pub(super) keys: BTreeMap<KeyId, RootKey>,
}

impl BaseRoot {
    /// The root that the script pins; none in a genesis.
    pub(super) fn of(script: &Script) -> Option<Self> {
        let previous = script.previous()?;
        let keys = script
            .key_changes()
            .filter_map(|(id, change)| Some((id.clone(), change.before()?.clone())));
        Some(Self {
            root: previous.root.clone(),
            chain: previous.chain_files().collect(),
            keys: keys.collect(),
        })
    }

    /// The simulated root, after a check that it is this root with a simulated key for each of its keys, signed by them.
    pub(super) fn simulated(
        &self,
        script: &Script,
        simulated: &SimulatedRoot,
    ) -> Result<Self, String> {
        let mut publics = BTreeMap::new();
        for (name, public) in &simulated.keys {
            let key = self
                .keys
                .get(name)
                .ok_or_else(|| format!("root {} has no key {name}", self.root.version()))?;
            publics.insert(key.id.clone(), public.clone());
        }
        let made = RootSimulation::of(self.root.document(), &publics).map_err(|e| e.to_string())?;
        let bytes = simulated.file.clone().into_bytes();
        let file = RootFile::read(&bytes).map_err(|remark| remark.to_string())?;
        if file.document().signed_bytes() != made.root.signed_bytes() {
            return Err(
                "the simulated root differs from the base root in more than its keys".to_owned(),
            );
        }
        let name = format!("{}.root.json", self.root.version());
        let chain = vec![(name, bytes)];
        let report = metadata::verify_chain(chain.clone().into_iter(), script.not_before());
        let root = report
            .trusted()
            .cloned()
            .ok_or("the simulated root is not signed")?;
        let simulated_key = |key: &RootKey| {
            let id = made.ids.get(&key.id)?.clone();
            let key = root.document().root_key(&id)?.clone();
            Some(RootKey { id, key })
        };
        let keys = self
            .keys
            .iter()
            .filter_map(|(name, key)| Some((name.clone(), simulated_key(key)?)))
            .collect();
        Ok(Self { root, chain, keys })
    }

    pub const fn root(&self) -> &TrustedRoot {
        &self.root
    }

    /// The versions from the trust anchor up to the root: names and files.
    pub fn chain(&self) -> &[(String, Vec<u8>)] {
        &self.chain
    }

    /// A key of the root by its name in the script.
    pub fn key(&self, id: &KeyId) -> Option<&RootKey> {
        self.keys.get(id)
    }

    /// The name of a root key in the script.
    pub fn name_of(&self, id: &metadata::KeyId) -> Option<&KeyId> {
        let mut keys = self.keys.iter();
        keys.find(|(_, key)| key.id == *id).map(|(name, _)| name)
    }

    pub(super) fn threshold(&self) -> u64 {
        self.root.role(RoleKind::Root).threshold()
    }
}
