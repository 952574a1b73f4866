//! The table `[attestation]`: roots beside the makers' own.

use super::MOST;
use super::carried::PinnedFiles;
use super::fields::Fields;
use super::log::At;
use crate::certificate::attestation::TrustedRoots;
use crate::script::PinnedFile;
use crate::script::attestation::AttestationPolicy;

const LONGEST: usize = 1 << 16;

const EXAMPLE: &str = "additional_roots = [{ file = \"attestation-root.pem\", sha256 = \"…\" }]";

/// The table as it was read.
#[derive(Default)]
pub(in crate::script) struct AttestationEntry {
    pub(in crate::script) roots: Vec<At<PinnedFile>>,
    trusted: TrustedRoots,
}

pub(super) fn read(script: &mut Fields<'_, '_>, carrier: &mut PinnedFiles<'_>) -> AttestationEntry {
    let table = script.optional("attestation");
    let table = table.and_then(|value| value.table("[attestation]"));
    table.map_or_else(AttestationEntry::default, |fields| roots(fields, carrier))
}

fn roots(mut fields: Fields<'_, '_>, carrier: &mut PinnedFiles<'_>) -> AttestationEntry {
    let mut entry = AttestationEntry::default();
    let list = fields.required("additional_roots", EXAMPLE);
    for item in list.and_then(|value| value.items(MOST)).unwrap_or_default() {
        let table = item.table("an item of \"additional_roots\"");
        let file = table.and_then(|table| carrier.file(table, LONGEST, "attestation-root.pem"));
        let Some((named, file)) = file else {
            continue;
        };
        match entry.trusted.clone().with(&file.bytes) {
            Ok(trusted) => entry.trusted = trusted,
            Err(error) => named.fault(
                "script.attestation-root",
                format!("{:?} holds no root certificate: {error}", file.name),
                "carry in the certificate of the root, in PEM or DER form",
            ),
        }
        entry.roots.push(At {
            value: file,
            span: item.span.clone(),
        });
    }
    fields.finish();
    entry
}

impl AttestationEntry {
    /// At which roots attestations may end.
    pub(super) const fn trusted(&self) -> &TrustedRoots {
        &self.trusted
    }

    pub(in crate::script) fn complete(self) -> AttestationPolicy {
        AttestationPolicy {
            additional: self.roots.into_iter().map(|at| at.value).collect(),
            trusted: self.trusted,
        }
    }
}
