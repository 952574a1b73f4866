//! An earlier payload of this version is given up.
use crate::ceremony::act::approval::require_approval;
use crate::ceremony::approval::Approval;
use crate::ceremony::at::At;
use crate::ceremony::check::Check;
use crate::ceremony::replay::{Applied, contradiction, hold, require};
use crate::ceremony::request::Pick;
use crate::ceremony::state::Ceremony;
use crate::words::Digest;

/// The payloads that may be given up.
pub(super) fn payload_picks(c: &Ceremony) -> Vec<Pick> {
    let register = c.known_payloads();
    register
        .of_version(c.script.repository(), c.script.root_version())
        .filter(|entry| c.may_abandon(entry))
        .map(|entry| Pick::new(&entry.sha256, entry.describe()))
        .collect()
}

/// What it means, to be read aloud before two people approve it.
pub(in crate::ceremony) fn read_aloud_of_payload(
    c: &Ceremony,
    sha256: Digest,
    reason: &str,
) -> Vec<String> {
    let register = c.known_payloads();
    let version = c.script.root_version();
    let mut entries = register.of_version(c.script.repository(), version);
    let entry = entries.find(|entry| entry.sha256 == sha256);
    let void: Vec<String> = entry
        .into_iter()
        .flat_map(|entry| &entry.signed)
        .map(|signed| format!("{} of {}", signed.key_id.short(), signed.at))
        .collect();
    vec![
        format!(
            "Another payload of version {version} is given up: its digest is {}.",
            sha256.short_hex()
        ),
        format!("Its signatures are void: {}.", void.join(", ")),
        "Whoever has it collects no further signature of it: with enough of them clients would accept it.".to_owned(),
        format!("Why: {reason}"),
    ]
}

pub(in crate::ceremony) fn abandoned(
    c: &mut Ceremony,
    at: &At<'_>,
    version: u64,
    sha256: Digest,
    reason: &str,
    approvals: &[Approval],
) -> Applied {
    require_approval(c, at.event, approvals, "a payload is given up")?;
    require(!reason.trim().is_empty(), "two people say why")?;
    require(
        version == c.script.root_version(),
        "only a payload of the version that is made here is given up",
    )?;
    let register = c.known_payloads();
    let entry = register
        .of_version(c.script.repository(), version)
        .find(|entry| entry.sha256 == sha256)
        .cloned()
        .ok_or_else(|| contradiction("the register does not know that payload"))?;
    hold(
        Check::PayloadEquivocation,
        !entry.may_be_reached(),
        "clients accept that payload, or may come to: it cannot be given up",
    )?;
    require(
        c.may_abandon(&entry),
        "that payload stands in nobody's way, or a root was reviewed already",
    )?;
    c.root_mut().abandon(sha256, reason);
    Ok(())
}
