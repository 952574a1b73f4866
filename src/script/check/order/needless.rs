//! Steps that are not possible in this ceremony.

use crate::script::Act;
use crate::script::Kind;
use crate::script::act::{InRestore, Leaves, OnlyWith, Stage};
use crate::script::read::KeyEntry;

use super::{Found, Order, described};

/// Why a step is not possible, and what to do about it.
struct Needless {
    check: &'static str,
    message: String,
    hint: String,
}

impl Needless {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            check: "script.unused",
            message: message.into(),
            hint: hint.into(),
        }
    }
}

impl Order<'_, '_> {
    pub(super) fn needless(&self) {
        for Found { step, act, .. } in self.steps() {
            let needless = if self.restores() {
                self.needless_in_restore(act)
            } else {
                self.existing_key(act)
                    .or_else(|| self.other_kind(act).filter(|_| self.knows(step)))
                    .or_else(|| self.lacks_subject(act))
            };
            if let Some(needless) = needless {
                let Needless {
                    check,
                    message,
                    hint,
                } = needless;
                self.log.error(check, &step.span, message, hint);
            }
        }
    }

    /// Nothing is generated or erased on the token of an existing key.
    fn existing_key(&self, act: &Act) -> Option<Needless> {
        match act.description().leaves {
            Leaves::Other => return None,
            Leaves::Token | Leaves::Key => {}
        }
        let is_enrolled = |key| self.is_enrolled(key);
        let key = act
            .key()
            .filter(|key| self.exists(key) || is_enrolled(key))?;
        let enrolled = if is_enrolled(key) {
            " and enroll-key"
        } else {
            ""
        };
        Some(Needless {
            check: "script.key-exists",
            message: format!("{} is not possible: the key already exists", described(act)),
            hint: format!(
                "remove the step: {:?} needs only identify-token{enrolled}",
                key.as_str()
            ),
        })
    }

    fn other_kind(&self, act: &Act) -> Option<Needless> {
        let kind = self.draft.kind;
        let description = act.description();
        if description.kinds.contains(&kind) {
            return None;
        }
        let name = act.name();
        Some(if description.is_of_restore() {
            Needless::new(
                format!("{name} is only possible in a ceremony that restores a key"),
                match kind {
                    Kind::Backup => {
                        "remove the step; or add [restore] with the manifest of the old shares, in place of [[key]]"
                    }
                    _ => "remove the step, or write kind = \"drill\"",
                },
            )
        } else if description.stage < Stage::Compose {
            Needless::new(
                format!(
                    "{} is not possible in a ceremony of kind \"{kind}\"",
                    described(act)
                ),
                "remove the step",
            )
        } else if kind == Kind::Enrollment {
            Needless::new(
                format!("{name} is not possible in an enrollment, which does not make a root"),
                "remove the step: the root is made in the ceremony that enrolls the key",
            )
        } else {
            Needless::new(
                format!("{name} is not possible in a backup, which does not make a root"),
                "remove the step: the backup is written to its two media",
            )
        })
    }

    fn lacks_subject(&self, act: &Act) -> Option<Needless> {
        let key = act.key();
        let here = key.filter(|key| self.keys.contains(key));
        match act.description().only_with {
            OnlyWith::Nothing => None,
            OnlyWith::Certificate => {
                let key = key.filter(|key| !self.is_certified(key))?;
                Some(Needless::new(
                    format!("{:?} does not need a new certificate", key.as_str()),
                    "remove the step; with destination = \"notary-v1\", new keys and keys with change = \"move-id\" are certified",
                ))
            }
            OnlyWith::Backup if key.is_none() => Some(Needless::new(
                format!("{} does not name a key", act.name()),
                "write key = \"key-1\"; only in a backup or a drill that restores a key, it may be left out",
            )),
            OnlyWith::Backup => {
                let key = here.filter(|key| !self.is_backed_up(key))?;
                Some(Needless::new(
                    format!("{:?} has no backup", key.as_str()),
                    "remove the step, or write backup = \"shares\" for the key",
                ))
            }
            OnlyWith::EnrollmentFile => {
                let key = here.filter(|key| !self.is_enrolled(key))?;
                Some(Needless::new(
                    format!("{:?} has no enrollment file", key.as_str()),
                    "remove the step, or write enrollment = { file = \"…\", sha256 = \"…\" } for the key",
                ))
            }
            OnlyWith::OwedSignature if self.owes_signatures() => None,
            OnlyWith::OwedSignature => Some(Needless::new(
                "no other site owes a signature",
                "remove the step, or write site = \"…\" for the key that signs at another site",
            )),
            OnlyWith::RemovedKey => {
                let stays = |key| self.draft.key(key).is_some_and(KeyEntry::stays);
                let key = here.filter(|key| stays(key))?;
                let is_of = |found: &Found<'_>, key| {
                    found.act.is(act.description()) && found.act.key() == Some(key)
                };
                let is_retired = |key| self.steps().any(|found| is_of(&found, key));
                if self.keys.iter().all(|key| is_retired(key)) {
                    return None;
                }
                Some(Needless::new(
                    format!("{:?} stays in the root", key.as_str()),
                    "remove the step, or remove the key from the root with change = \"remove\"; to retire the root, destroy every key that is present",
                ))
            }
        }
    }

    /// No step exceeds the level of a drill, and only a recovery keeps the key.
    fn needless_in_restore(&self, act: &Act) -> Option<Needless> {
        let fits = match act.description().in_restore {
            InRestore::Always => true,
            InRestore::Never => false,
            InRestore::IfKept => self.draft.kind == Kind::Recovery,
            InRestore::ByLevel => self.restoring().contains(act),
        };
        if fits {
            return None;
        }
        let onto = self.restored_onto();
        let is_of_restore = act.description().is_of_restore();
        let onto_token = if onto.is_some() && act.key().is_none() && is_of_restore {
            " that restores the key onto a token"
        } else {
            ""
        };
        Some(Needless::new(
            format!(
                "{} is not possible in a {}{onto_token}",
                described(act),
                self.draft.kind
            ),
            match onto {
                Some(key) if act.key() != Some(&key) => {
                    format!("remove the step, or write key = {key:?}")
                }
                _ => "remove the step".to_owned(),
            },
        ))
    }
}
