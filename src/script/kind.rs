//! The kinds of ceremonies.

use super::spelling::spelling;

/// What a ceremony is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Makes the keys and signs the first root.
    Genesis,
    /// Changes keys, thresholds or online roles.
    Rotation,
    /// Changes the expiry, and nothing else.
    Renewal,
    /// One key holder signs at another site what others composed.
    Signing,
    /// A key is made at another site, for a root that others sign.
    Enrollment,
    /// Shares are seen to restore a key, and nothing is kept of it.
    Drill,
    /// Shares restore a key onto a new token, for good.
    Recovery,
    /// A key that exists gets shares: its first, or others in the place of old ones.
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
