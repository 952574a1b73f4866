//! One difference between two roots, and its sentence.

use std::fmt;

use serde_json::{Value, json};

use crate::metadata::key_id::KeyId;
use crate::metadata::role::RoleKind;

/// One difference. Foreign text in it is escaped when it is displayed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    Version {
        from: u64,
        to: u64,
    },
    Expires {
        from: String,
        to: String,
    },
    SpecVersion {
        from: String,
        to: String,
    },
    /// Files are found under other names.
    ConsistentSnapshot {
        from: Option<bool>,
        to: Option<bool>,
    },
    Threshold {
        role: RoleKind,
        from: u64,
        to: u64,
    },
    /// A role has one more key.
    KeyAdded {
        role: RoleKind,
        id: KeyId,
        key: String,
    },
    /// A role has lost a key: its revocation.
    KeyRemoved {
        role: RoleKind,
        id: KeyId,
        key: String,
    },
    /// The same public key stands under another ID.
    KeyRenamed {
        role: RoleKind,
        from: KeyId,
        to: KeyId,
        key: String,
    },
    /// ANOTHER public key stands under an ID that stayed. Whoever compares IDs sees nothing.
    KeyReplaced {
        id: KeyId,
        from: String,
        to: String,
    },
    /// The key object was written otherwise; the public key in it is the same.
    KeyRewritten {
        id: KeyId,
        key: String,
    },
    /// A member that the specification does not know.
    Member {
        /// Where it stands: `roles.root.x-note`.
        path: String,
        fate: Fate,
    },
}

/// What became of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Added,
    Removed,
    Changed,
}

impl Change {
    /// Whether it must stand out: another key under an ID that stayed, or a version that goes back.
    pub const fn is_alarming(&self) -> bool {
        match self {
            Self::KeyReplaced { .. } => true,
            Self::Version { from, to } => *to < *from,
            _ => false,
        }
    }

    pub const fn id(&self) -> &'static str {
        match self {
            Self::Version { .. } => "version",
            Self::Expires { .. } => "expires",
            Self::SpecVersion { .. } => "spec-version",
            Self::ConsistentSnapshot { .. } => "consistent-snapshot",
            Self::Threshold { .. } => "threshold",
            Self::KeyAdded { .. } => "key-added",
            Self::KeyRemoved { .. } => "key-removed",
            Self::KeyRenamed { .. } => "key-renamed",
            Self::KeyReplaced { .. } => "key-replaced",
            Self::KeyRewritten { .. } => "key-rewritten",
            Self::Member { .. } => "member",
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let mut members = match self {
            Self::Version { from, to } => json!({"from": from, "to": to}),
            Self::Expires { from, to } | Self::SpecVersion { from, to } => {
                json!({"from": from, "to": to})
            }
            Self::ConsistentSnapshot { from, to } => json!({"from": from, "to": to}),
            Self::Threshold { role, from, to } => json!({"role": role, "from": from, "to": to}),
            Self::KeyAdded { role, id, key } | Self::KeyRemoved { role, id, key } => {
                json!({"role": role, "keyid": id, "key": key})
            }
            Self::KeyRenamed {
                role,
                from,
                to,
                key,
            } => json!({"role": role, "from": from, "to": to, "key": key}),
            Self::KeyReplaced { id, from, to } => json!({"keyid": id, "from": from, "to": to}),
            Self::KeyRewritten { id, key } => json!({"keyid": id, "key": key}),
            Self::Member { path, fate } => json!({"path": path, "fate": fate.to_string()}),
        };
        members["change"] = json!(self.id());
        members["alarm"] = json!(self.is_alarming());
        members["detail"] = json!(self.to_string());
        members
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { from, to } => write!(f, "version {from} becomes {to}"),
            Self::Expires { from, to } => write!(
                f,
                "expires {} instead of {}",
                to.escape_debug(),
                from.escape_debug()
            ),
            Self::SpecVersion { from, to } => {
                write!(f, "spec_version {from} becomes {to}")
            }
            Self::ConsistentSnapshot { from, to } => {
                let text = |value: &Option<bool>| {
                    value.map_or("missing", |on| if on { "true" } else { "false" })
                };
                write!(f, "consistent_snapshot {} becomes {}", text(from), text(to))
            }
            Self::Threshold { role, from, to } => {
                let way = if to > from { "raised" } else { "LOWERED" };
                write!(f, "{role}: threshold {way} from {from} to {to}")
            }
            Self::KeyAdded { role, id, key } => write!(f, "{role}: + key {} ({key})", id.short()),
            Self::KeyRemoved { role, id, key } => write!(f, "{role}: - key {} ({key})", id.short()),
            Self::KeyRenamed {
                role,
                from,
                to,
                key,
            } => write!(
                f,
                "{role}: key {} stands under the ID {} ({key})",
                from.short(),
                to.short()
            ),
            Self::KeyReplaced { id, from, to } => write!(
                f,
                "ANOTHER KEY UNDER THE SAME ID {}: it was {from}, and is {to}",
                id.short()
            ),
            Self::KeyRewritten { id, key } => {
                write!(
                    f,
                    "key {} is written otherwise, and is the same key ({key})",
                    id.short()
                )
            }
            Self::Member { path, fate } => write!(f, "member {} {fate}", path.escape_debug()),
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        })
    }
}
