//! What a thread has read before. Keys and roles change rarely along a chain, and
//! reading a key costs a point check and a hash: what stands there again is not read
//! again.

use std::collections::HashMap;
use std::sync::Arc;

use super::authority::{Authority, ListedKey};
use super::canonical_json::{Node, Tree};
use super::check::Remark;
use super::format::RootFormat;
use super::key_id::KeyId;

/// Beyond this many, the cache of keys starts anew: it must not grow with the chain.
const MAX_KEYS: usize = 1024;

/// The keys and roles that one thread has read last, and its keys.
#[derive(Debug, Default)]
pub(super) struct AuthorityCache {
    last: Option<Last>,
    keys: KeyCache,
}

#[derive(Debug)]
struct Last {
    format: RootFormat,
    keys: Tree,
    roles: Tree,
    authority: Arc<Authority>,
}

impl AuthorityCache {
    /// Reads the objects `keys` and `roles`, unless those before were the same.
    pub(super) fn read(
        &mut self,
        format: RootFormat,
        keys: Node<'_>,
        roles: Node<'_>,
    ) -> Result<Arc<Authority>, Remark> {
        if let Some(last) = &self.last
            && last.format == format
            && keys.is(last.keys.root())
            && roles.is(last.roles.root())
        {
            return Ok(Arc::clone(&last.authority));
        }
        let authority = Arc::new(Authority::read(format, keys, roles, &mut self.keys)?);
        self.last = Some(Last {
            format,
            keys: keys.to_tree(),
            roles: roles.to_tree(),
            authority: Arc::clone(&authority),
        });
        Ok(authority)
    }
}

/// The keys that one thread has read.
#[derive(Debug, Default)]
pub(super) struct KeyCache(HashMap<(RootFormat, KeyId), (Tree, ListedKey)>);

impl KeyCache {
    /// Reads a key, or finds the one that was read from the same object under the same ID.
    pub(super) fn read(
        &mut self,
        format: RootFormat,
        id: &KeyId,
        object: Node<'_>,
    ) -> Result<ListedKey, Remark> {
        let place = (format, id.clone());
        if let Some((known, listed)) = self.0.get(&place)
            && object.is(known.root())
        {
            return Ok(listed.clone());
        }
        let listed = ListedKey::read(format, id, object)?;
        if self.0.len() >= MAX_KEYS {
            self.0.clear();
        }
        let entry = (object.to_tree(), listed.clone());
        self.0.insert(place, entry);
        Ok(listed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::RoleKind;
    use crate::metadata::testing::Signer;
    use serde_json::{Value, json};

    fn read(cache: &mut AuthorityCache, keys: &Value, roles: &Value) -> Arc<Authority> {
        let [keys, roles] = [keys, roles].map(|value| Tree::of(value).unwrap());
        cache
            .read(RootFormat::Tuf, keys.root(), roles.root())
            .unwrap()
    }

    #[test]
    fn only_what_is_the_same_is_not_read_again() {
        let [a, b] = [Signer::p256().key(), Signer::p256().key()];
        let role = json!({"keyids": [a.id(), b.id()], "threshold": 1});
        let mut roles = json!({"root": role, "timestamp": role, "snapshot": role, "targets": role});
        let mut keys = json!({a.id().as_str(): a.object(), b.id().as_str(): b.object()});
        let mut cache = AuthorityCache::default();
        let first = read(&mut cache, &keys, &roles);
        assert!(Arc::ptr_eq(&first, &read(&mut cache, &keys, &roles)));
        roles["root"]["threshold"] = json!(2);
        let second = read(&mut cache, &keys, &roles);
        assert_eq!(first.role(RoleKind::Root).threshold(), 1);
        assert_eq!(second.role(RoleKind::Root).threshold(), 2);
        keys[b.id().as_str()] = a.object().clone();
        roles["root"]["keyids"] = json!([a.id()]);
        let third = read(&mut cache, &keys, &roles);
        assert_eq!(third.keys[b.id()].key(), &a);
        assert_eq!(second.keys[b.id()].key(), &b);
    }
}
