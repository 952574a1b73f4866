//! The table `[root.notary-v1]`.

use jiff::Timestamp;

use super::carried::PinnedFiles;
use super::fields::Value;
use super::log::{At, Span};
use super::root::RoleEntry;
use crate::metadata::limits::MAX_FILE_BYTES;
use crate::metadata::{RootFile, RootFormat};
use crate::script::NotaryPolicy;
use crate::script::plan::{PinnedKey, RoleKind};

/// The table as it was read.
#[derive(Default)]
pub(in crate::script) struct NotaryEntry {
    pub(in crate::script) span: Span,
    pub(in crate::script) certificate_name: Option<At<String>>,
    pub(in crate::script) certificate_expires: Option<At<Timestamp>>,
    /// The online roles of a root that was made elsewhere and never published.
    pub(super) template: Option<Vec<RoleEntry>>,
}

/// Reads the table.
pub(super) fn read(value: &Value<'_, '_>, carrier: &mut PinnedFiles<'_>) -> Option<NotaryEntry> {
    let mut fields = value.table("[root.notary-v1]")?;
    let span = fields.span.clone();
    let certificate_name = fields
        .optional("certificate_name")
        .and_then(|value| value.at(value.line(100)));
    let certificate_expires = fields
        .optional("certificate_expires")
        .and_then(|value| value.at(value.time()));
    let template = fields
        .optional("template")
        .map(|value| template(&value, carrier).unwrap_or_default());
    fields.finish();
    Some(NotaryEntry {
        span,
        certificate_name,
        certificate_expires,
        template,
    })
}

/// The online roles of the template, as if the script listed them. Its root key is thrown away.
fn template(value: &Value<'_, '_>, carrier: &mut PinnedFiles<'_>) -> Option<Vec<RoleEntry>> {
    let table = value.table("\"template\"")?;
    let (_, file) = carrier.file(table, MAX_FILE_BYTES, "previous/template.root.json")?;
    let fault = |what: String| {
        value.fault(
            "script.template",
            what,
            "carry in the root.json that `notary init` left in its trust directory, under tuf/GUN/metadata",
        );
    };
    let root = match RootFile::read(&file.bytes) {
        Ok(root) if root.document().format() == RootFormat::Notary => root,
        Ok(_) => {
            fault(format!("{:?} is no root of Notary", file.name));
            return None;
        }
        Err(refusal) => {
            fault(format!("{:?} is no root: {refusal}", file.name));
            return None;
        }
    };
    let document = root.document();
    let roles = RoleKind::ALL.map(|kind| {
        let role = document.role(kind.into());
        let keys: Vec<_> = document
            .role_keys(kind.into())
            .map(|(_, listed)| At {
                value: PinnedKey {
                    file: file.name.clone(),
                    sha256: file.sha256,
                    key: listed.key().clone(),
                },
                span: value.span.clone(),
            })
            .collect();
        RoleEntry {
            kind,
            threshold: Some(At {
                value: i64::try_from(role.threshold()).unwrap_or(i64::MAX),
                span: value.span.clone(),
            }),
            listed: Some(keys.len()),
            keys,
            span: value.span.clone(),
        }
    });
    if roles
        .iter()
        .any(|role| role.keys.iter().any(|key| key.value.key.public().is_none()))
    {
        fault(format!("{:?} has a key that cannot be read", file.name));
        return None;
    }
    Some(roles.into())
}

impl NotaryEntry {
    pub(super) fn complete(self) -> NotaryPolicy {
        NotaryPolicy {
            certificate_name: self.certificate_name.map(|at| at.value),
            certificate_expires: self.certificate_expires.map(|at| at.value),
        }
    }
}
