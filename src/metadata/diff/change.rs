//! One difference between two roots.

use std::fmt;

use serde_json::{Value, json};

use crate::metadata::key_id::KeyId;
use crate::metadata::role::RoleKind;

/// One difference. Untrusted text in it is escaped for display.
#[derive(Debug, Clone, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case", const_into_str)]
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
    /// Changes the names of other metadata files.
    ConsistentSnapshot {
        from: Option<bool>,
        to: Option<bool>,
    },
    Threshold {
        role: RoleKind,
        from: u64,
        to: u64,
    },
    KeyAdded {
        role: RoleKind,
        id: KeyId,
        key: String,
    },
    KeyRemoved {
        role: RoleKind,
        id: KeyId,
        key: String,
    },
    /// The same public key has a different ID.
    KeyRenamed {
        role: RoleKind,
        from: KeyId,
        to: KeyId,
        key: String,
    },
    /// A different public key has the same ID. Comparing IDs does not show this.
    KeyReplaced {
        id: KeyId,
        from: String,
        to: String,
    },
    /// The key object differs, but the public key in it is the same.
    KeyRewritten {
        id: KeyId,
        key: String,
    },
    /// A custom member.
    Member {
        /// For example `roles.root.x-note`.
        path: String,
        change: MemberChange,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum MemberChange {
    Added,
    Removed,
    Changed,
}

impl Change {
    /// Whether the change is suspicious: a different key with the same ID, or a lower version.
    pub const fn is_alarming(&self) -> bool {
        match self {
            Self::KeyReplaced { .. } => true,
            Self::Version { from, to } => *to < *from,
            _ => false,
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
            Self::Member { path, change } => json!({"path": path, "action": change.to_string()}),
        };
        members["change"] = json!(self.into_str());
        members["alarm"] = json!(self.is_alarming());
        members["detail"] = json!(self.to_string());
        members
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { from, to } => write!(f, "version changes from {from} to {to}"),
            Self::Expires { from, to } => write!(
                f,
                "expiry changes from {} to {}",
                from.escape_debug(),
                to.escape_debug()
            ),
            Self::SpecVersion { from, to } => {
                write!(f, "spec_version changes from {from} to {to}")
            }
            Self::ConsistentSnapshot { from, to } => {
                let text = |value: &Option<bool>| match value {
                    None => "missing",
                    Some(true) => "true",
                    Some(false) => "false",
                };
                let (from, to) = (text(from), text(to));
                write!(f, "consistent_snapshot changes from {from} to {to}")
            }
            Self::Threshold { role, from, to } => {
                let direction = if to > from { "raised" } else { "LOWERED" };
                write!(f, "{role}: threshold {direction} from {from} to {to}")
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
                "{role}: ID of key {} changed to {} ({key})",
                from.short(),
                to.short()
            ),
            Self::KeyReplaced { id, from, to } => write!(
                f,
                "DIFFERENT KEY WITH THE SAME ID {}: was {from}, now {to}",
                id.short()
            ),
            Self::KeyRewritten { id, key } => {
                let id = id.short();
                write!(f, "key {id}: key object rewritten, same public key ({key})")
            }
            Self::Member { path, change } => write!(f, "member {} {change}", path.escape_debug()),
        }
    }
}
