//! The table `[root]`.

use jiff::Timestamp;

use super::fields::{Fields, Value};
use super::log::At;
use super::notary::{self, NotaryEntry};
use super::pinned::PinnedFiles;
use super::role::RoleEntry;
use super::tuf_on_ci;
use crate::metadata::{RoleKind as RootRole, TrustedRoot};
use crate::record::Provenance;
use crate::script::Kind;
use crate::script::plan::{OnlineRoles, RoleKind, RootPolicy};
use crate::transfer::{Destination, TufOnCi};

/// What a script can require of every key added to the root. Any token can claim its provenance.
const PROVENANCES: &[(&str, Provenance)] = &[(Provenance::Attested.as_str(), Provenance::Attested)];

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

/// Reads the table. What a rotation leaves out stays as in the trusted root.
pub(super) fn read(
    mut fields: Fields<'_, '_>,
    files: &mut PinnedFiles<'_>,
    kind: Kind,
) -> RootEntry {
    let threshold = fields.read("threshold", Value::integer);
    let expires = fields.read("expires", Value::time);
    let destination = fields.read("destination", destination);
    let is_notary = destination
        .as_ref()
        .is_some_and(|at| at.value == Destination::NotaryV1);
    let consistent_snapshot = match kind {
        // Its servers do not serve another layout.
        Kind::Genesis if is_notary => Some(false),
        Kind::Genesis => fields
            .required("consistent_snapshot")
            .and_then(|value| value.boolean()),
        _ => None,
    };
    let notary = fields.table("notary-v1");
    let mut notary = notary.map(|table| notary::read(table, files));
    let template = notary
        .as_mut()
        .filter(|_| kind == Kind::Genesis)
        .and_then(|notary| notary.template.take());
    let tuf_on_ci = fields.read("tuf-on-ci", tuf_on_ci::periods);
    let require_provenance = fields.read("require_provenance", |value| {
        value.word("script.provenance", PROVENANCES)
    });
    // Roles in the script replace those of the template.
    let lists_all = kind == Kind::Genesis && template.is_none();
    let listed = if lists_all {
        fields.required("roles")
    } else {
        fields.value("roles")
    };
    let mut roles = listed
        .and_then(|value| value.table())
        .map(|table| roles(table, files, lists_all, is_notary))
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

fn destination(value: &Value<'_, '_>) -> Option<Destination> {
    let names = Destination::ALL.map(Destination::as_str);
    let text = value.raw()?;
    if text == "rstuf" {
        value.error(
            "script.unsupported",
            format!("destination {text:?} is not supported by this version"),
            format!("use one of: {}", names.join(", ")),
        );
        return None;
    }
    let spellings: Vec<_> = names.into_iter().zip(Destination::ALL).collect();
    value.word("script.destination", &spellings)
}

fn roles(
    mut fields: Fields<'_, '_>,
    files: &mut PinnedFiles<'_>,
    lists_all: bool,
    is_notary: bool,
) -> Vec<RoleEntry> {
    let mut roles = Vec::new();
    for kind in RoleKind::ALL {
        let value = if lists_all {
            fields.required(kind.as_str())
        } else {
            fields.value(kind.as_str())
        };
        if let Some(table) = value.and_then(|value| value.table()) {
            roles.push(role(kind, table, files, is_notary));
        }
    }
    fields.finish();
    roles
}

fn role(
    kind: RoleKind,
    mut fields: Fields<'_, '_>,
    files: &mut PinnedFiles<'_>,
    is_notary: bool,
) -> RoleEntry {
    fields.rename(format!("[root.roles.{kind}]"));
    let threshold = fields.read("threshold", Value::integer);
    let listed = fields.value("keys").and_then(|value| value.items());
    let tables = listed.iter().flatten().filter_map(Value::table);
    let keys = tables.filter_map(|mut table| {
        table.rename(format!("a key of [root.roles.{kind}]"));
        files.online_key(table, is_notary)
    });
    let keys = keys.collect();
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
