//! Keys that were read before. The keys of a chain change rarely, and reading one
//! costs a point check and a hash: each is read once.

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::Value;

use super::check::Remark;
use super::document::ListedKey;
use super::key_id::KeyId;

/// Beyond this many, the cache starts anew: it must not grow with the chain.
const MAX_ENTRIES: usize = 4096;

/// Shared by the threads that read one chain.
#[derive(Debug, Default)]
pub(super) struct KeyCache(Mutex<HashMap<KeyId, ListedKey>>);

impl KeyCache {
    /// Reads a key, or finds the one that was read from an equal object under the same ID.
    pub(super) fn read(&self, id: &KeyId, object: &Value) -> Result<ListedKey, Remark> {
        // A poisoned lock means that another thread panicked; the map is whole all the same.
        let lock = || {
            self.0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
        };
        if let Some(known) = lock().get(id)
            && known.key().object() == object
        {
            return Ok(known.clone());
        }
        let listed = ListedKey::read(id, object)?;
        let mut entries = lock();
        if entries.len() >= MAX_ENTRIES {
            entries.clear();
        }
        entries.insert(id.clone(), listed.clone());
        Ok(listed)
    }
}
