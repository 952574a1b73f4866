//! The place of an event: its step, and the rules for every event of a step.

use crate::script::{Act, KeyId, Step};

use super::check::Check;
use super::event::Event;
use super::replay::{Applied, ReplayError, contradiction, hold, out_of_place, require};
use super::state::{Ceremony, CustodyRequest};

/// An event that is to change the state, and the step that is current before it does.
#[derive(Clone, Copy)]
pub(super) struct At<'e> {
    pub(super) event: &'e Event,
    step: Option<&'e Step>,
}

impl<'e> At<'e> {
    pub(super) const fn new(event: &'e Event, step: Option<&'e Step>) -> Self {
        Self { event, step }
    }

    /// The current step, whatever the event is.
    pub(super) const fn current(&self) -> Option<&'e Step> {
        self.step
    }

    /// The step of an event that belongs to its act. Nothing of a step happens while a bag is to be read, or before
    /// a rehearsal was shown where one is required.
    pub(super) fn step(&self, c: &mut Ceremony) -> Result<&'e Step, ReplayError> {
        let step = self
            .step
            .ok_or_else(|| contradiction("all steps are done"))?;
        require(
            c.pending_custody(step).is_none(),
            "a bag or the written digest must be read first",
        )?;
        require(self.event.step.is_some(), "the event does not name a step")?;
        hold(
            Check::RehearsalShown,
            !c.needs_rehearsal(),
            "no rehearsal of this script was given, and the check was not waived",
        )?;
        c.forget_failure();
        Ok(step)
    }

    /// As [`Self::step`], for an event of a key whose token is here.
    pub(super) fn key(
        &self,
        c: &mut Ceremony,
        named: &KeyId,
        fits: impl FnOnce(&Act) -> bool,
    ) -> Result<&'e Act, ReplayError> {
        let act = &self.step(c)?.act;
        let of_step = act.key().filter(|_| fits(act));
        let of_step = of_step.ok_or_else(|| self.refuse())?;
        require(
            named == of_step,
            &format!("the step is about {of_step}, not about {named}"),
        )?;
        require(
            c.keys.contains(of_step),
            "the token of this key is at another site",
        )?;
        require(
            !c.is_holder_away(of_step),
            "the holder of this key is not present",
        )?;
        c.keys.require_former_settled(of_step)?;
        Ok(act)
    }

    /// The step of an event about bags or a pause, and the custody request there.
    pub(super) fn custody_request(
        &self,
        c: &mut Ceremony,
    ) -> Result<(&'e Step, Option<CustodyRequest>), ReplayError> {
        let step = self.step.ok_or_else(|| self.refuse())?;
        require(self.event.step.is_some(), "the event does not name a step")?;
        c.forget_failure();
        Ok((step, c.pending_custody(step)))
    }

    /// Only one act lets the event happen.
    pub(super) fn require_act(&self, c: &mut Ceremony, fits: impl FnOnce(&Act) -> bool) -> Applied {
        if fits(&self.step(c)?.act) {
            Ok(())
        } else {
            Err(self.refuse())
        }
    }

    pub(super) fn refuse(&self) -> ReplayError {
        let step = self.step.map_or("", |step| step.id.as_str());
        out_of_place(&self.event.kind, step)
    }
}
