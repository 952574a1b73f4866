//! Steps that have no place in a ceremony of their kind.

use crate::script::Act;
use crate::script::Kind;
use crate::script::act::{InRestore, Leaves, OnlyWith, Stage};
use crate::script::read::KeyEntry;

use super::{Found, Order, described};

/// Why a step has no place, and what to do about it.
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

    /// Nothing is made, and nothing erased, on the token of a key that exists.
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
            ", and enrolled"
        } else {
            ""
        };
        Some(Needless {
            check: "script.key-exists",
            message: format!("{}: the key exists", described(act)),
            hint: format!(
                "take the step out: {:?} is only matched with its token, by identify-token{enrolled}",
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
                format!("{name}: only a drill or a recovery restores"),
                match kind {
                    Kind::Backup => {
                        "take the step out; or add [restore], with the manifest of old shares, in place of [[key]]"
                    }
                    _ => "take the step out, or write kind = \"drill\"",
                },
            )
        } else if description.stage < Stage::Compose {
            Needless::new(
                format!(
                    "{} has no place in a ceremony of kind \"{kind}\"",
                    described(act)
                ),
                "take the step out",
            )
        } else if kind == Kind::Enrollment {
            Needless::new(
                format!("{name}: an enrollment makes no root"),
                "take the step out: the root is made where the key is taken in",
            )
        } else {
            Needless::new(
                format!("{name}: a backup makes no root"),
                "take the step out: what is written goes to the two media",
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
                    format!("{:?} comes under no new certificate", key.as_str()),
                    "take the step out; with destination = \"notary-v1\", new keys and those of change = \"move-id\" are certified",
                ))
            }
            OnlyWith::Backup if key.is_none() => Some(Needless::new(
                format!("{}: which key, nobody says", act.name()),
                "write key = \"key-1\"; without one it is the key that old shares restore, in a backup or a drill",
            )),
            OnlyWith::Backup => {
                let key = here.filter(|key| !self.is_backed_up(key))?;
                Some(Needless::new(
                    format!("{:?} has no backup", key.as_str()),
                    "take the step out, or write backup = \"shares\" at the key",
                ))
            }
            OnlyWith::EnrollmentFile => {
                let key = here.filter(|key| !self.is_enrolled(key))?;
                Some(Needless::new(
                    format!("{:?} has no enrollment file", key.as_str()),
                    "take the step out, or write enrollment = { file = \"…\", sha256 = \"…\" } at the key",
                ))
            }
            OnlyWith::OwedSignature if self.owes_signatures() => None,
            OnlyWith::OwedSignature => Some(Needless::new(
                "no site owes a signature",
                "take the step out, or write site = \"…\" at the key whose signature is owed",
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
                    "take the step out, or remove the key from the root with change = \"remove\"; to retire the root, destroy every key in the room",
                ))
            }
        }
    }

    /// Nothing goes further than the level of a drill, and nothing is kept but in a recovery.
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
            ", whose key is restored onto a token"
        } else {
            ""
        };
        Some(Needless::new(
            format!(
                "{} has no place in a {}{onto_token}",
                described(act),
                self.draft.kind
            ),
            match onto {
                Some(key) => format!("take the step out, or write key = {:?}", key.as_str()),
                None => "take the step out".to_owned(),
            },
        ))
    }
}
