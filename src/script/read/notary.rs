//! The table `[root.notary-v1]`.

use jiff::Timestamp;

use super::fields::{Fields, Value};
use super::log::{At, Span};
use super::pinned::PinnedFiles;
use super::role::RoleEntry;
use crate::metadata::{RootFile, RootFormat};
use crate::script::NotaryPolicy;
use crate::script::pinned::PinnedKey;
use crate::script::plan::RoleKind;

#[derive(Default)]
pub(in crate::script) struct NotaryEntry {
    pub(in crate::script) span: Span,
    pub(in crate::script) certificate_name: Option<At<String>>,
    pub(in crate::script) certificate_expires: Option<At<Timestamp>>,
    /// The online roles of a root that was created elsewhere and never published.
    pub(super) template: Option<Vec<RoleEntry>>,
}

pub(super) fn read(mut fields: Fields<'_, '_>, files: &mut PinnedFiles<'_>) -> NotaryEntry {
    let span = fields.span.clone();
    let certificate_name = fields.read("certificate_name", Value::line);
    let certificate_expires = fields.read("certificate_expires", Value::time);
    let template = fields.value("template");
    let template = template.map(|value| template_roles(&value, files).unwrap_or_default());
    fields.finish();
    NotaryEntry {
        span,
        certificate_name,
        certificate_expires,
        template,
    }
}

/// The online roles of the template, as if the script listed them. Its root key is not used.
fn template_roles(value: &Value<'_, '_>, files: &mut PinnedFiles<'_>) -> Option<Vec<RoleEntry>> {
    let (_, file) = files.read(value)?;
    let error = |what: String| {
        value.error(
            "script.template",
            what,
            "use the root.json that `notary init` left in its trust directory, under tuf/GUN/metadata",
        );
    };
    let root = match RootFile::read(&file.bytes) {
        Ok(root) if root.document().format() == RootFormat::Notary => root,
        Ok(_) => {
            error(format!("{:?} is not a Notary root", file.name));
            return None;
        }
        Err(refusal) => {
            error(format!("{:?} is not a root: {refusal}", file.name));
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
        error(format!("{:?} has a key that cannot be read", file.name));
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
