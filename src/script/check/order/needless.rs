//! Steps that have no place in a ceremony of their kind.

use crate::script::Act;
use crate::script::plan::Kind;
use crate::script::read::StepEntry;

use super::{Order, described};

impl Order<'_, '_> {
    /// Nothing is made, and nothing erased, on the token of a key that exists.
    pub(super) fn needless(&self) {
        for (_, step, act) in self.steps() {
            let makes = act.makes().is_some()
                || matches!(act, Act::InitializeToken { .. } | Act::SetPin { .. });
            let is_of_root = matches!(
                act,
                Act::ComposeRoot
                    | Act::ReviewRoot
                    | Act::SignRoot
                    | Act::CollectSignatures
                    | Act::VerifyRoot
            );
            if self.restores() {
                self.needless_in_restore(step, act);
                continue;
            }
            if crate::script::check::restore::is_of_restore(act) {
                self.log.fault(
                    "script.unused",
                    &step.span,
                    format!("{}: only a drill or a recovery restores", act.name()),
                    if self.draft.kind == Kind::Backup {
                        "take the step out; or add [restore], with the manifest of old shares, in place of [[key]]"
                    } else {
                        "take the step out, or write kind = \"drill\""
                    },
                );
                continue;
            }
            if (is_of_root || *act == Act::Export) && self.draft.kind == Kind::Backup {
                self.log.fault(
                    "script.unused",
                    &step.span,
                    format!("{}: a backup makes no root", act.name()),
                    "take the step out: what is written goes to the two media",
                );
            } else if is_of_root && self.is_enrollment() {
                self.log.fault(
                    "script.unused",
                    &step.span,
                    format!("{}: an enrollment makes no root", act.name()),
                    "take the step out: the root is made where the key is taken in",
                );
            } else if *act == Act::CollectSignatures && !self.owes_signatures() {
                self.log.fault(
                    "script.unused",
                    &step.span,
                    "no site owes a signature",
                    "take the step out, or write site = \"…\" at the key whose signature is owed",
                );
            }
            if let Act::CertifyKey { key } = act
                && !self.is_certified(key)
            {
                self.log.fault(
                    "script.unused",
                    &step.span,
                    format!("{:?} comes under no new certificate", key.as_str()),
                    "take the step out; with destination = \"notary-v1\", new keys and those of change = \"move-id\" are certified",
                );
            }
            self.needless_backup(step, act);
            if let Act::EnrollKey { key } = act
                && self.keys.contains(&key)
                && !self.is_enrolled(key)
            {
                self.log.fault(
                    "script.unused",
                    &step.span,
                    format!("{:?} has no enrollment file", key.as_str()),
                    "take the step out, or write enrollment = { file = \"…\", sha256 = \"…\" } at the key",
                );
            }
            let existing = act
                .key()
                .filter(|key| self.exists(key) || self.is_enrolled(key));
            if let (true, Some(key)) = (makes, existing) {
                self.log.fault(
                    "script.key-exists",
                    &step.span,
                    format!("{}: the key exists", described(act)),
                    format!(
                        "take the step out: {:?} is only matched with its token, by open-token{}",
                        key.as_str(),
                        if self.is_enrolled(key) {
                            ", and enrolled"
                        } else {
                            ""
                        }
                    ),
                );
            }
        }
    }

    /// A backup is of a key that the script has, and wants one.
    fn needless_backup(&self, step: &StepEntry, act: &Act) {
        if let Act::BackUpKey { key: None } | Act::ProveBackup { key: None } = act {
            self.log.fault(
                "script.unused",
                &step.span,
                format!("{}: which key, nobody says", act.name()),
                "write key = \"key-1\"; without one it is the key that old shares restore, in a backup or a drill",
            );
        }
        if let Act::BackUpKey { key: Some(key) } | Act::ProveBackup { key: Some(key) } = act
            && self.keys.contains(&key)
            && !self.is_backed_up(key)
        {
            self.log.fault(
                "script.unused",
                &step.span,
                format!("{:?} has no backup", key.as_str()),
                "take the step out, or write backup = \"shares\" at the key",
            );
        }
    }

    /// Nothing is made, backed up, signed or exported where a key is restored; and nothing goes further than the grade.
    fn needless_in_restore(&self, step: &StepEntry, act: &Act) {
        let fits = match act {
            Act::Attendance
            | Act::AttestClock
            | Act::InspectHost
            | Act::ReadScript
            | Act::Note { .. }
            | Act::Break { .. }
            | Act::OpenShare { .. }
            | Act::OpenToken { .. }
            | Act::InitializeToken { .. }
            | Act::SetPin { .. }
            | Act::SealMedium { .. }
            | Act::SignOff => true,
            Act::RestoreKey { .. }
            | Act::ProveRestore { .. }
            | Act::BackUpKey { .. }
            | Act::ProveBackup { .. }
            | Act::Destroy { .. }
            | Act::DestroyShares => self.restoring().contains(act),
            Act::ProveToken { .. } | Act::Seal { .. } => self.draft.kind == Kind::Recovery,
            _ => false,
        };
        if !fits {
            self.log.fault(
                "script.unused",
                &step.span,
                format!(
                    "{} has no place in a {}{}",
                    described(act),
                    self.draft.kind,
                    match (self.restored_onto(), act.key()) {
                        (Some(_), None) if crate::script::check::restore::is_of_restore(act) =>
                            ", whose key is restored onto a token",
                        _ => "",
                    }
                ),
                match self.restored_onto() {
                    Some(key) => format!("take the step out, or write key = {:?}", key.as_str()),
                    None => "take the step out".to_owned(),
                },
            );
        }
    }
}
