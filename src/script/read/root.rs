//! The table `[root]`.

use jiff::Timestamp;

use super::MOST;
use super::carried::PinnedFiles;
use super::fields::Fields;
use super::log::{At, Span};
use super::notary::{self, NotaryEntry};
use super::tuf_on_ci;
use crate::metadata::{RoleKind as RootRole, TrustedRoot};
use crate::record::Provenance;
use crate::script::plan::{Kind, OnlineRoles, PinnedKey, RoleKind, RolePolicy, RootPolicy};
use crate::transfer::{Destination, TufOnCi};

/// What a script can ask of every key that comes into the root: a claim is what any token makes.
const PROVENANCES: &[(&str, Provenance)] = &[(Provenance::Attested.as_str(), Provenance::Attested)];

/// The root policy as it was read.
#[derive(Default)]
pub(in crate::script) struct RootEntry {
    pub(in crate::script) threshold: Option<At<i64>>,
    pub(in crate::script) expires: Option<At<Timestamp>>,
    pub(in crate::script) consistent_snapshot: Option<bool>,
    pub(in crate::script) destination: Option<At<Destination>>,
    pub(in crate::script) tuf_on_ci: Option<At<TufOnCi>>,
    pub(in crate::script) notary: Option<NotaryEntry>,
    pub(in crate::script) require_provenance: Option<At<Provenance>>,
    pub(in crate::script) roles: Vec<RoleEntry>,
}

/// An online role as it was read.
pub(in crate::script) struct RoleEntry {
    pub(in crate::script) kind: RoleKind,
    pub(in crate::script) threshold: Option<At<i64>>,
    pub(in crate::script) keys: Vec<At<PinnedKey>>,
    /// How many keys the script lists, sound or not; `None` when there is no list.
    pub(in crate::script) listed: Option<usize>,
    pub(in crate::script) span: Span,
}

/// Reads the table. What a rotation does not say stays as the root before has it; a renewal says the expiry alone.
pub(super) fn read(
    mut fields: Fields<'_, '_>,
    carrier: &mut PinnedFiles<'_>,
    kind: Kind,
) -> RootEntry {
    let threshold = match kind {
        Kind::Genesis => fields.required("threshold", "threshold = 3"),
        Kind::Rotation => fields.optional("threshold"),
        Kind::Renewal
        | Kind::Signing
        | Kind::Enrollment
        | Kind::Drill
        | Kind::Recovery
        | Kind::Backup => None,
    };
    let threshold = threshold.and_then(|value| value.at(value.integer()));
    let expires = fields
        .required("expires", "expires = \"2027-12-01T00:00:00Z\"")
        .and_then(|value| value.at(value.time()));
    let destination = fields
        .required("destination", "destination = \"plain\"")
        .and_then(|value| value.at(destination(&value)));
    let is_notary = destination
        .as_ref()
        .is_some_and(|at| at.value == Destination::NotaryV1);
    let consistent_snapshot = match kind {
        // Its servers serve no other layout.
        Kind::Genesis if is_notary => Some(false),
        Kind::Genesis => fields
            .required("consistent_snapshot", "consistent_snapshot = true")
            .and_then(|value| value.boolean()),
        _ => None,
    };
    let mut notary = fields
        .optional("notary-v1")
        .and_then(|value| notary::read(&value, carrier));
    let template = notary
        .as_mut()
        .filter(|_| kind == Kind::Genesis)
        .and_then(|notary| notary.template.take());
    let tuf_on_ci = fields
        .optional("tuf-on-ci")
        .and_then(|value| tuf_on_ci::periods(&value));
    let required = fields.optional("require_provenance");
    let require_provenance = required
        .as_ref()
        .and_then(|value| value.at(value.one_of("script.provenance", PROVENANCES)));
    let listed = match kind {
        // What is listed takes the place of what the template says.
        Kind::Genesis if template.is_some() => fields.optional("roles"),
        Kind::Genesis => fields.required(
            "roles",
            "tables [root.roles.timestamp], [root.roles.snapshot] and [root.roles.targets]",
        ),
        Kind::Rotation => fields.optional("roles"),
        Kind::Renewal
        | Kind::Signing
        | Kind::Enrollment
        | Kind::Drill
        | Kind::Recovery
        | Kind::Backup => None,
    };
    let mut roles = listed
        .and_then(|value| value.table("[root.roles]"))
        .map(|table| roles(table, carrier, kind, is_notary, template.is_some()))
        .unwrap_or_default();
    for role in template.into_iter().flatten() {
        if !roles.iter().any(|listed| listed.kind == role.kind) {
            roles.push(role);
        }
    }
    fields.finish();
    RootEntry {
        threshold,
        expires,
        consistent_snapshot,
        destination,
        tuf_on_ci,
        notary,
        require_provenance,
        roles,
    }
}

fn destination(value: &super::fields::Value<'_, '_>) -> Option<Destination> {
    let text = value.raw()?;
    if text == "rstuf" {
        value.fault(
            "script.unsupported",
            format!("destination {text:?} is not supported by this version"),
            format!("this version writes: {}", names().join(", ")),
        );
        return None;
    }
    let spellings: Vec<_> = names().into_iter().zip(Destination::ALL).collect();
    value.one_of("script.destination", &spellings)
}

fn names() -> [&'static str; 5] {
    Destination::ALL.map(Destination::as_str)
}

fn roles(
    mut fields: Fields<'_, '_>,
    carrier: &mut PinnedFiles<'_>,
    ceremony: Kind,
    is_notary: bool,
    has_template: bool,
) -> Vec<RoleEntry> {
    let mut roles = Vec::new();
    for kind in RoleKind::ALL {
        let example = format!("a table [root.roles.{kind}] with threshold and keys");
        let value = match ceremony {
            Kind::Genesis if !has_template => fields.required(kind.as_str(), &example),
            _ => fields.optional(kind.as_str()),
        };
        let table = value.and_then(|value| value.table(format!("[root.roles.{kind}]")));
        if let Some(table) = table {
            roles.push(role(kind, table, carrier, is_notary));
        }
    }
    fields.finish();
    roles
}

fn role(
    kind: RoleKind,
    mut fields: Fields<'_, '_>,
    carrier: &mut PinnedFiles<'_>,
    is_notary: bool,
) -> RoleEntry {
    let threshold = fields
        .required("threshold", "threshold = 1")
        .and_then(|value| value.at(value.integer()));
    let listed = fields
        .required(
            "keys",
            "keys = [{ file = \"online/timestamp.pub.pem\", sha256 = \"…\" }]",
        )
        .and_then(|value| value.items(MOST));
    let what = format!("a key of [root.roles.{kind}]");
    let keys = listed
        .iter()
        .flatten()
        .filter_map(|item| carrier.online_key(item.table(what.clone())?, is_notary))
        .collect();
    let span = fields.span.clone();
    fields.finish();
    RoleEntry {
        kind,
        threshold,
        keys,
        listed: listed.map(|keys| keys.len()),
        span,
    }
}

impl RootEntry {
    pub(in crate::script) fn complete(self, before: Option<&TrustedRoot>) -> Option<RootPolicy> {
        let before = before.map(TrustedRoot::document);
        let threshold = match (self.threshold, before) {
            (Some(threshold), _) => u32::try_from(threshold.value).ok()?,
            (None, before) => u32::try_from(before?.role(RootRole::Root).threshold()).ok()?,
        };
        let consistent_snapshot = match (self.consistent_snapshot, before) {
            (Some(given), _) => given,
            (None, before) => before?.consistent_snapshot().unwrap_or(false),
        };
        let mut roles = OnlineRoles::default();
        for role in self.roles {
            let kind = role.kind;
            *roles.slot(kind) = Some(role.complete()?);
        }
        Some(RootPolicy {
            threshold,
            expires: self.expires?.value,
            consistent_snapshot,
            destination: self.destination?.value,
            tuf_on_ci: self.tuf_on_ci.map(|at| at.value),
            notary: self.notary.map(NotaryEntry::complete).unwrap_or_default(),
            require_provenance: self.require_provenance.map(|at| at.value),
            roles,
        })
    }
}

impl RoleEntry {
    fn complete(self) -> Option<RolePolicy> {
        Some(RolePolicy {
            threshold: u32::try_from(self.threshold?.value).ok()?,
            keys: self.keys.into_iter().map(|key| key.value).collect(),
        })
    }
}
