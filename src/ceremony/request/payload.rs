//! A conflicting root of this version is abandoned.
use crate::ceremony::act::approval::require_approval;
use crate::ceremony::approval::Approval;
use crate::ceremony::at::At;
use crate::ceremony::check::Check;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, contradiction, hold, require};
use crate::ceremony::request::Pick;
use crate::ceremony::state::Ceremony;
use crate::words::Digest;

/// The payloads that may be abandoned.
pub(super) fn payload_picks(c: &Ceremony) -> Vec<Pick> {
    let register = c.known_payloads();
    register
        .of_version(c.script.repository(), c.script.root_version())
        .filter(|entry| c.may_abandon(entry))
        .map(|entry| Pick::new(&entry.sha256, entry.describe()))
        .collect()
}

/// The consequences, to be read aloud before two people approve it.
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
            "The conflicting root {version} with digest {} will be abandoned.",
            sha256.short_hex()
        ),
        format!("Its signatures become void: {}.", void.join(", ")),
        "No more signatures may be collected for it. With enough signatures, clients would accept it.".to_owned(),
        format!("Reason: {reason}"),
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
    require_approval(c, at.event, approvals, "a payload is abandoned")?;
    require(!reason.trim().is_empty(), "a reason is required")?;
    require(
        version == c.script.root_version(),
        "only a payload of this root version can be abandoned",
    )?;
    let register = c.known_payloads();
    let entry = register
        .of_version(c.script.repository(), version)
        .find(|entry| entry.sha256 == sha256)
        .cloned()
        .ok_or_else(|| contradiction("this payload is not in the payload register"))?;
    hold(
        Check::PayloadEquivocation,
        !entry.may_be_reached(),
        "clients accept this payload, or may accept it later, so it cannot be abandoned",
    )?;
    require(
        c.may_abandon(&entry),
        "this payload does not block this root, or a root was already reviewed",
    )?;
    c.root_mut().abandon(sha256, reason);
    Ok(())
}

pub(in crate::ceremony) fn payload_abandoned_sentence(
    version: u64,
    sha256: &Digest,
    reason: &str,
    approvals: &[Approval],
    names: &Names<'_>,
) -> String {
    format!(
        "{} decided to abandon the conflicting root {version} with digest {}. Its signatures are void: {reason}.",
        names.approving(approvals),
        sha256.short_hex()
    )
}
