//! An online role of a root, as a script or a template lists it.

use super::log::{At, Span};
use crate::script::pinned::PinnedKey;
use crate::script::plan::{RoleKind, RolePolicy};

pub(in crate::script) struct RoleEntry {
    pub(in crate::script) kind: RoleKind,
    pub(in crate::script) threshold: Option<At<i64>>,
    pub(in crate::script) keys: Vec<At<PinnedKey>>,
    /// How many keys the script lists, valid or not; `None` without a list.
    pub(in crate::script) listed: Option<usize>,
    pub(in crate::script) span: Span,
}

impl RoleEntry {
    pub(super) fn complete(self) -> Option<RolePolicy> {
        Some(RolePolicy {
            threshold: u32::try_from(self.threshold?.value).ok()?,
            keys: self.keys.into_iter().map(|key| key.value).collect(),
        })
    }
}
