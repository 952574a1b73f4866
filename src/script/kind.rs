//! The kinds of ceremonies.

use super::spelling::spelling;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Generates the keys and signs the first root.
    Genesis,
    /// Changes keys, thresholds or online roles.
    Rotation,
    /// Changes only the expiry.
    Renewal,
    /// A key holder signs a root that another site composed.
    Signing,
    /// Generates a key for a root that another site signs.
    Enrollment,
    /// Shows that shares restore a key, and keeps nothing.
    Drill,
    /// Restores a key permanently from its shares onto a new token.
    Recovery,
    /// Makes first or new shares for an existing key.
    Backup,
}

spelling!(Kind {
    Genesis = "genesis",
    Rotation = "rotation",
    Renewal = "renewal",
    Signing = "signing",
    Enrollment = "enrollment",
    Drill = "drill",
    Recovery = "recovery",
    Backup = "backup",
});
