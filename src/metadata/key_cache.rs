//! Keys that were read before. The keys of a chain change rarely, and reading one
//! costs a point check and a hash: each is read once by each thread.

use std::collections::HashMap;

use super::canonical_json::Node;
use super::check::Remark;
use super::document::ListedKey;
use super::key_id::KeyId;

/// Beyond this many, the cache starts anew: it must not grow with the chain.
const MAX_ENTRIES: usize = 1024;

/// The keys that one thread has read.
#[derive(Debug, Default)]
pub(super) struct KeyCache(HashMap<KeyId, ListedKey>);

impl KeyCache {
    /// Reads a key, or finds the one that was read from the same object under the same ID.
    pub(super) fn read(&mut self, id: &KeyId, object: Node<'_>) -> Result<ListedKey, Remark> {
        if let Some(known) = self.0.get(id)
            && object.is(known.key().object())
        {
            return Ok(known.clone());
        }
        let listed = ListedKey::read(id, object)?;
        if self.0.len() >= MAX_ENTRIES {
            self.0.clear();
        }
        self.0.insert(id.clone(), listed.clone());
        Ok(listed)
    }
}
