//! What becomes of an old share set: nothing of it is destroyed before what takes its place was seen to open.

use crate::ceremony::check::Check;
use crate::ceremony::event::{Event, EventKind};
use crate::ceremony::state::{Ceremony, OldPart, PartFate};
use crate::script::StepId;

use super::{Folded, contradiction, hold, out_of_place, require};

impl Ceremony {
    /// Folds what two people say became of a part of the old set.
    pub(super) fn fold_old_part(&mut self, step: &StepId, event: &Event) -> Folded {
        let (set, custodian, approvals, fate) = match &event.fact {
            EventKind::OldPartDestroyed {
                set,
                custodian,
                approvals,
            } => (set, custodian, approvals, PartFate::Destroyed),
            EventKind::OldPartLeft {
                set,
                custodian,
                reason,
                approvals,
            } => {
                require(!reason.trim().is_empty(), "two people say why")?;
                let reason = reason.clone();
                (set, custodian, approvals, PartFate::Left { reason })
            }
            fact => return Err(out_of_place(fact, step)),
        };
        let Some(manifest) = self.set_at_hand() else {
            return Err(contradiction("there is no old set"));
        };
        hold(
            Check::BackupReplaced,
            *set == manifest.set() && self.is_replacement_proven(),
            "the set is another, or what takes its place was not seen to open",
        )?;
        require(
            self.next_old_part() == Some(OldPart::of(custodian.as_ref())),
            "another part of the old set is asked for",
        )?;
        self.require_approval(event, approvals, "an old share is accounted for")?;
        let part = OldPart::of(custodian.as_ref());
        self.reissue.old_parts.insert(part, fate);
        Ok(())
    }
}
