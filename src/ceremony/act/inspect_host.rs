//! The machine is inspected; two people decide about what was found.
use super::approval::require_approval;
use super::asking::approved;
use crate::ceremony::approval::Approval;
use crate::ceremony::at::At;
use crate::ceremony::effect::Effect;
use crate::ceremony::next::Next;
use crate::ceremony::prompt::{Ask, Prompt};
use crate::ceremony::replay::{Applied, require};
use crate::ceremony::state::Ceremony;
use crate::record::Finding;
use crate::script::{Act, Step};

pub(crate) fn ask_acknowledge(c: &Ceremony, step: &Step) -> Prompt {
    let mut lines = vec!["Found on this machine:".to_owned()];
    lines.extend(
        c.findings()
            .into_iter()
            .flatten()
            .map(|finding| format!("- {finding}")),
    );
    let action = "Go on all the same".to_owned();
    approved(c, step, lines, Ask::Enter { action })
}

pub(crate) fn next(c: &Ceremony, step: &Step) -> Next {
    match c.findings() {
        None => Next::Do(Effect::InspectHost),
        Some(_) => Next::Ask(ask_acknowledge(c, step)),
    }
}

pub(crate) fn inspected(c: &mut Ceremony, at: &At<'_>, findings: &[Finding]) -> Applied {
    at.require_act(c, |act| *act == Act::InspectHost)?;
    c.host_mut().inspect(findings);
    Ok(())
}

pub(crate) fn acknowledged(c: &mut Ceremony, at: &At<'_>, approvals: &[Approval]) -> Applied {
    at.require_act(c, |act| *act == Act::InspectHost)?;
    require(c.findings().is_some(), "nothing was inspected yet")?;
    require_approval(c, at.event, approvals, "findings are acknowledged")?;
    let step = at.step(c)?.id.clone();
    c.progress_mut().finish(step);
    Ok(())
}
