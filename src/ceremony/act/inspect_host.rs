//! The machine is inspected; two people decide what to do about findings.

use super::approval::require_approval;
use super::asking::approved;
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, require};
use crate::ceremony::{Approval, Ask, Ceremony, Effect, Next};
use crate::record::Finding;
use crate::script::{Act, Step};

pub(crate) fn next(c: &Ceremony, step: &Step) -> Next {
    let Some(findings) = c.findings() else {
        return Next::Do(Effect::InspectHost);
    };
    let mut lines = vec!["The host check reports:".to_owned()];
    lines.extend(findings.iter().map(|finding| format!("- {finding}")));
    let action = "Continue in spite of the findings".to_owned();
    Next::Ask(approved(c, step, lines, Ask::Enter { action }))
}

pub(crate) fn inspected(c: &mut Ceremony, at: &At<'_>, findings: &[Finding]) -> Applied {
    at.require_act(c, |act| *act == Act::InspectHost)?;
    c.host_mut().inspect(findings);
    Ok(())
}

pub(crate) fn acknowledged(c: &mut Ceremony, at: &At<'_>, approvals: &[Approval]) -> Applied {
    at.require_act(c, |act| *act == Act::InspectHost)?;
    require(c.findings().is_some(), "the machine was not inspected yet")?;
    require_approval(c, at.event, approvals, "findings are acknowledged")?;
    let step = at.step(c)?.index;
    c.progress_mut().finish(step);
    Ok(())
}

pub(crate) fn host_inspected_sentence(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "The machine was inspected. There are no findings.".to_owned();
    }
    let checks: Vec<&str> = findings
        .iter()
        .map(|finding| finding.check.as_str())
        .collect();
    format!(
        "The machine was inspected. Findings: {}.",
        checks.join(", ")
    )
}

pub(crate) fn findings_acknowledged_sentence(approvals: &[Approval], names: &Names<'_>) -> String {
    format!(
        "{} acknowledged the findings and decided to continue.",
        names.approving(approvals)
    )
}
