//! A payload that was signed before is given up.

use crate::ceremony::check::Check;
use crate::ceremony::event::{Event, EventKind};
use crate::ceremony::state::Ceremony;

use super::{ReplayError, contradiction, hold, require};

impl Ceremony {
    /// What happens to earlier payloads; false when the event is of another kind.
    pub(super) fn fold_payloads(&mut self, event: &Event) -> Result<bool, ReplayError> {
        let EventKind::PayloadAbandoned {
            version,
            sha256,
            reason,
            approvals,
        } = &event.fact
        else {
            return Ok(false);
        };
        self.require_approval(event, approvals, "a payload is given up")?;
        require(!reason.trim().is_empty(), "two people say why")?;
        require(
            *version == self.script.root_version(),
            "only a payload of the version that is made here is given up",
        )?;
        let register = self.known_payloads();
        let mut entries = register.of_version(self.script.repository(), *version);
        let entry = entries
            .find(|entry| entry.sha256 == *sha256)
            .ok_or_else(|| contradiction("the register does not know that payload"))?;
        hold(
            Check::PayloadEquivocation,
            !entry.may_be_reached(),
            "clients accept that payload, or may come to: it cannot be given up",
        )?;
        require(
            self.may_give_up(entry),
            "that payload stands in nobody's way, or a root was reviewed already",
        )?;
        self.given_up.push((*sha256, reason.clone()));
        Ok(true)
    }
}
