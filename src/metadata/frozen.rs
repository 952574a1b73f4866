//! The root to be signed.

use std::ops::Deref;
use std::sync::Arc;

use serde_json::Value;

use super::canonical_json::parse_canonical;
use super::check::{Check, Remark};
use super::document::RootDocument;
use super::root_file::refuse_json;

/// A root whose canonical bytes no longer change. Only a frozen root can be signed. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FrozenRoot {
    document: Arc<RootDocument>,
}

impl FrozenRoot {
    pub(super) fn new(document: RootDocument) -> Self {
        Self {
            document: Arc::new(document),
        }
    }

    /// Reads a frozen root from its [`RootDocument::signed_bytes`].
    ///
    /// # Errors
    /// If the bytes are not in canonical form, or not a well-formed root.
    pub fn from_signed_bytes(bytes: &[u8]) -> Result<Self, Remark> {
        let Value::Object(tree) = parse_canonical(bytes).map_err(|error| refuse_json(&error))?
        else {
            let text = "the signed part is not a JSON object";
            return Err(Remark::new(Check::FileForm, text));
        };
        RootDocument::read(tree).map(Self::new)
    }

    pub fn document(&self) -> &RootDocument {
        &self.document
    }
}

impl Deref for FrozenRoot {
    type Target = RootDocument;

    fn deref(&self) -> &RootDocument {
        &self.document
    }
}
