//! A root whose bytes are fixed: the only thing that can be signed.

use std::sync::Arc;

use serde_json::Value;

use super::canonical_json::{CanonicalError, parse_canonical};
use super::check::{Check, Remark};
use super::document::RootDocument;
use crate::words::Digest;

/// A root whose canonical bytes are fixed. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FrozenRoot {
    document: Arc<RootDocument>,
}

/// Why bytes are not the signed part of a root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrozenRootError {
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    #[error("{0}")]
    Refused(Remark),
}

impl FrozenRoot {
    pub(super) fn new(document: RootDocument) -> Self {
        Self {
            document: Arc::new(document),
        }
    }

    /// Rebuilds a frozen root from its [`FrozenRoot::signed_bytes`]: exactly those, or an error.
    ///
    /// # Errors
    /// When the bytes are not in canonical form, or not a well-formed root.
    pub fn from_signed_bytes(bytes: &[u8]) -> Result<Self, FrozenRootError> {
        let Value::Object(tree) = parse_canonical(bytes)? else {
            let remark = Remark::new(Check::FileForm, "the signed part is not an object");
            return Err(FrozenRootError::Refused(remark));
        };
        let document = RootDocument::read(tree).map_err(FrozenRootError::Refused)?;
        Ok(Self::new(document))
    }

    pub fn version(&self) -> u64 {
        self.document.version()
    }

    pub fn signed_bytes(&self) -> &[u8] {
        self.document.signed_bytes()
    }

    /// SHA-256 over the canonical bytes: what people read to each other.
    pub fn digest(&self) -> Digest {
        self.document.digest()
    }

    pub fn document(&self) -> &RootDocument {
        &self.document
    }
}
