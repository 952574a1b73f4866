//! The table `[attestation]`: roots besides the built-in ones.

use super::fields::{Fields, Value};
use super::log::At;
use super::pinned::PinnedFiles;
use crate::certificate::attestation::TrustedRoots;
use crate::script::PinnedFile;
use crate::script::attestation::AttestationPolicy;

#[derive(Default)]
pub(in crate::script) struct AttestationEntry {
    pub(in crate::script) roots: Vec<At<PinnedFile>>,
    /// The roots to which attestations are verified.
    pub(super) trusted: TrustedRoots,
}

pub(super) fn read(mut fields: Fields<'_, '_>, files: &mut PinnedFiles<'_>) -> AttestationEntry {
    let mut entry = AttestationEntry::default();
    let list = fields.value("additional_roots");
    for item in list.as_ref().and_then(Value::items).iter().flatten() {
        let Some((named, file)) = files.read(item) else {
            continue;
        };
        match entry.trusted.clone().with(&file.bytes) {
            Ok(trusted) => entry.trusted = trusted,
            Err(error) => named.error(
                "script.attestation-root",
                format!("{:?} is not a root certificate: {error}", file.name),
                "use the certificate of the root, in PEM or DER form",
            ),
        }
        entry.roots.extend(item.at(Some(file)));
    }
    fields.finish();
    entry
}

impl AttestationEntry {
    pub(super) fn complete(self) -> AttestationPolicy {
        AttestationPolicy {
            additional: self.roots.into_iter().map(|at| at.value).collect(),
            trusted: self.trusted,
        }
    }
}
