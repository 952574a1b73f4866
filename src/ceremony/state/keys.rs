//! All keys of a ceremony: those whose tokens are here, and those that are enrolled by a file.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Index;
use std::sync::Arc;

use crate::ceremony::replay::{Applied, ReplayError, contradiction, require};
use crate::metadata::Key;
use crate::record::TokenId;
use crate::script::{ItemId, KeyId, SpareId, TokenSecret};

use super::key_state::{Generated, KeyState};

#[derive(Debug, Clone, Default)]
pub(in crate::ceremony) struct Keys {
    local: BTreeMap<KeyId, Arc<KeyState>>,
    remote: BTreeMap<KeyId, RemoteKey>,
    used_spares: BTreeSet<SpareId>,
    /// Bags of envelopes.
    used_bags: BTreeSet<String>,
}

/// A key at another site.
#[derive(Debug, Clone)]
pub(in crate::ceremony) struct RemoteKey {
    key: Key,
    is_compared: bool,
}

impl RemoteKey {
    pub(in crate::ceremony) const fn key(&self) -> &Key {
        &self.key
    }

    /// Whether two people compared its fingerprint.
    pub(in crate::ceremony) const fn is_compared(&self) -> bool {
        self.is_compared
    }
}

impl Index<&KeyId> for Keys {
    type Output = KeyState;

    fn index(&self, id: &KeyId) -> &KeyState {
        &self.local[id]
    }
}

impl Keys {
    pub(super) fn new<'k>(ids: impl Iterator<Item = &'k KeyId>) -> Self {
        let keys = ids.map(|id| (id.clone(), Arc::default()));
        Self {
            local: keys.collect(),
            ..Self::default()
        }
    }

    pub(in crate::ceremony) fn get(&self, id: &KeyId) -> Option<&KeyState> {
        self.local.get(id).map(AsRef::as_ref)
    }

    pub(in crate::ceremony) fn contains(&self, id: &KeyId) -> bool {
        self.local.contains_key(id)
    }

    pub(in crate::ceremony) fn is_empty(&self) -> bool {
        self.local.is_empty()
    }

    pub(in crate::ceremony) fn len(&self) -> usize {
        self.local.len()
    }

    pub(in crate::ceremony) fn iter(&self) -> impl Iterator<Item = (&KeyId, &KeyState)> {
        self.local.iter().map(|(id, state)| (id, state.as_ref()))
    }

    pub(in crate::ceremony) fn remote(&self, id: &KeyId) -> Option<&RemoteKey> {
        self.remote.get(id)
    }

    pub(in crate::ceremony) fn all_remote(&self) -> impl Iterator<Item = &RemoteKey> {
        self.remote.values()
    }

    pub(in crate::ceremony) fn is_spare_used(&self, spare: &SpareId) -> bool {
        self.used_spares.contains(spare)
    }

    pub(in crate::ceremony) fn is_bag_used(&self, bag: &str) -> bool {
        self.used_bags.contains(bag)
    }

    pub(in crate::ceremony) fn is_set_aside(&self, token: &TokenId) -> bool {
        self.local
            .values()
            .any(|state| state.set_aside().contains(token))
    }

    /// Changes one key.
    ///
    /// # Errors
    /// When the script does not have this key.
    pub(in crate::ceremony) fn change(&mut self, id: &KeyId) -> Result<&mut KeyState, ReplayError> {
        self.local
            .get_mut(id)
            .map(Arc::make_mut)
            .ok_or_else(|| contradiction(format!("the script has no key {id:?}")))
    }

    /// A key from before the ceremony, or the simulated key that replaces it.
    pub(in crate::ceremony) fn exists(
        &mut self,
        id: &KeyId,
        generated: Option<Generated>,
    ) -> Applied {
        self.change(id)?.exists(generated);
        Ok(())
    }

    /// A key at another site, whose fingerprint is still to be compared.
    pub(in crate::ceremony) fn take_remote(&mut self, id: &KeyId, key: Key) {
        let is_compared = false;
        self.remote
            .insert(id.clone(), RemoteKey { key, is_compared });
    }

    pub(in crate::ceremony) fn compare(&mut self, id: &KeyId) -> Applied {
        let remote = self.remote.get_mut(id).ok_or_else(|| {
            contradiction("the token of this key is here and proves possession itself")
        })?;
        require(!remote.is_compared, "the fingerprint was already compared")?;
        remote.is_compared = true;
        Ok(())
    }

    pub(in crate::ceremony) fn interrupt(&mut self) {
        for state in self.local.values_mut() {
            Arc::make_mut(state).interrupt();
        }
    }

    pub(in crate::ceremony) fn regenerate(&mut self, id: &KeyId) -> Applied {
        self.change(id)?.regenerate();
        Ok(())
    }

    pub(in crate::ceremony) fn take_spare(
        &mut self,
        id: &KeyId,
        spare: &SpareId,
        item: Option<ItemId>,
    ) -> Applied {
        self.change(id)?.take_spare(spare, item);
        self.used_spares.insert(spare.clone());
        Ok(())
    }

    pub(in crate::ceremony) fn seal_envelope(
        &mut self,
        id: &KeyId,
        secret: TokenSecret,
        bag: &str,
    ) -> Applied {
        self.change(id)?.seal_envelope(secret, bag);
        self.used_bags.insert(bag.to_owned());
        Ok(())
    }

    /// No step of a key continues while a former key of it still exists.
    pub(in crate::ceremony) fn require_former_settled(&self, id: &KeyId) -> Applied {
        self.get(id)
            .map_or(Ok(()), KeyState::require_former_settled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ceremony::state::FormerDisposition;
    use crate::certificate::PublicKey;

    fn id() -> KeyId {
        "key-1".parse().unwrap()
    }

    fn keys() -> Keys {
        Keys::new([&id()].into_iter())
    }

    fn listed() -> Key {
        let pem = include_str!("../../../ceremony-scripts/online/targets.pub.pem");
        Key::from_public(&PublicKey::from_pem(pem).unwrap()).unwrap()
    }

    fn token(label: &str) -> TokenId {
        TokenId {
            profile: "softhsm2".to_owned(),
            manufacturer: String::new(),
            model: String::new(),
            serial: "1".to_owned(),
            label: label.to_owned(),
        }
    }

    #[test]
    fn only_keys_of_the_script_change() {
        let other = "key-2".parse().unwrap();
        let spare = "spare-1".parse().unwrap();
        let mut keys = keys();
        assert!(keys.change(&id()).is_ok());
        assert!(keys.change(&other).is_err());
        assert!(keys.take_spare(&other, &spare, None).is_err());
        assert!(!keys.is_spare_used(&spare));
        let secret = TokenSecret::UserPin;
        assert!(keys.seal_envelope(&other, secret, "B1").is_err());
        assert!(!keys.is_bag_used("B1"));
    }

    #[test]
    fn a_key_at_another_site_is_compared_once_and_again_when_it_comes_anew() {
        let mut keys = keys();
        let remote = "key-2".parse().unwrap();
        assert!(keys.compare(&remote).is_err());
        keys.take_remote(&remote, listed());
        assert!(!keys.remote(&remote).unwrap().is_compared());
        keys.compare(&remote).unwrap();
        assert!(keys.remote(&remote).unwrap().is_compared());
        assert!(keys.compare(&remote).is_err());
        keys.take_remote(&remote, listed());
        keys.compare(&remote).unwrap();
    }

    #[test]
    fn a_key_whose_token_is_here_is_not_compared() {
        assert!(keys().compare(&id()).is_err());
    }

    #[test]
    fn a_spare_is_used_and_the_token_that_it_replaces_is_set_aside() {
        let mut keys = keys();
        let spare = "spare-1".parse().unwrap();
        keys.change(&id()).unwrap().find_token(&token("one"), &[]);
        keys.take_spare(&id(), &spare, None).unwrap();
        assert!(keys.is_spare_used(&spare));
        assert!(keys.is_set_aside(&token("one")));
        assert!(!keys.is_set_aside(&token("two")));
    }

    #[test]
    fn the_bag_of_an_envelope_stays_used_when_the_key_loses_the_envelope() {
        let mut keys = keys();
        let secret = TokenSecret::ManagementKey;
        keys.seal_envelope(&id(), secret, "B1").unwrap();
        assert_eq!(keys[&id()].envelopes()[&secret], "B1");
        keys.regenerate(&id()).unwrap();
        assert!(keys[&id()].envelopes().is_empty());
        assert!(keys.is_bag_used("B1"));
    }

    #[test]
    fn a_key_does_not_continue_while_its_old_key_exists() {
        let mut keys = keys();
        let generated = Generated::earlier(&listed());
        let fingerprint = generated.as_ref().unwrap().public_key.fingerprint();
        keys.exists(&id(), generated).unwrap();
        let state = keys.change(&id()).unwrap();
        state.find_token(&token("one"), &[]);
        keys.require_former_settled(&id()).unwrap();
        keys.regenerate(&id()).unwrap();
        assert!(keys.require_former_settled(&id()).is_err());
        let state = keys.change(&id()).unwrap();
        state
            .end_former(&fingerprint, FormerDisposition::Destroyed)
            .unwrap();
        keys.require_former_settled(&id()).unwrap();
    }
}
