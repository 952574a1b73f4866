//! Failed checks, and those that were waived.
use super::{Ceremony, CustodyRequest};
use crate::ceremony::check::Check;
use crate::ceremony::event::Mode;
use crate::script::Act;
use crate::words::Digest;

impl Ceremony {
    /// The failed checks that two people may waive now.
    pub fn waivable(&self) -> Vec<Check> {
        if self.progress.ending().is_some() || self.approvers().len() < self.approvals_needed() {
            return Vec::new();
        }
        if self.needs_rehearsal() {
            return vec![Check::RehearsalShown];
        }
        if let Some(wanted) = self.current_step().and_then(|step| self.custody_asks(step)) {
            return match wanted {
                CustodyRequest::OpenBag(..) => vec![Check::CustodyBag],
                CustodyRequest::CompareDigest(_) => vec![Check::CustodyDigest],
                CustodyRequest::FirstReading(_) | CustodyRequest::SecondReading(..) => {
                    vec![Check::CustodySealed]
                }
                CustodyRequest::BeginBreak
                | CustodyRequest::RemoveTokens
                | CustodyRequest::Pause => Vec::new(),
            };
        }
        let Some(step) = self.current_step() else {
            return Vec::new();
        };
        let found = self.findings().is_some_and(|found| !found.is_empty());
        if step.act == Act::InspectHost && found {
            vec![Check::HostFindings]
        } else if matches!(step.act, Act::Note { .. }) {
            vec![Check::NoteInitials]
        } else if matches!(step.act, Act::VerifyToken { .. }) {
            vec![Check::TokenVerified]
        } else {
            Vec::new()
        }
    }

    /// The checks that two people waived, in their order.
    pub fn waived(&self) -> &[Check] {
        self.progress.waived()
    }

    /// Whether two people must decide to continue without a rehearsal.
    pub(in crate::ceremony) fn needs_rehearsal(&self) -> bool {
        let is_shown = |opening: &crate::ceremony::event::Opening| opening.rehearsal.is_some();
        // The program writes the script of a signing itself, always the same steps.
        self.mode() == Mode::Production
            && self.script.signing().is_none()
            && !self.is_at_attendance()
            && !self.progress.opening().is_some_and(is_shown)
            && !self.progress.waived().contains(&Check::RehearsalShown)
    }

    /// Whether a key was generated in the given rehearsal.
    pub fn is_of_rehearsal(&self, fingerprint: &Digest) -> bool {
        self.progress
            .opening()
            .is_some_and(|opening| opening.rehearsal_keys.contains(fingerprint))
    }
}
