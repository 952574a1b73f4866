//! The fields `enrollment` and `attestation` of `[[key]]`: a key that was generated elsewhere, and its proofs.

use super::fields::{Fields, Value};
use super::log::At;
use super::pinned::PinnedFiles;
use crate::certificate::Certificate;
use crate::certificate::attestation::{TrustedRoots, is_statement};
use crate::script::{BoundFile, Enrolled, KeyId, PinnedFile, Proofs};
use crate::transfer::{Attested, Enrollment};

const HINT: &str = "use two files as the tool wrote them: the attestation of the key's slot, and the certificate of slot f9";

/// Reads the files of keys that were generated elsewhere.
pub(super) struct EnrollmentReader<'c, 'f> {
    pub(super) files: &'c mut PinnedFiles<'f>,
    /// The roots to which attestations are verified.
    pub(super) roots: &'c TrustedRoots,
    pub(super) repository: Option<&'c str>,
}

impl EnrollmentReader<'_, '_> {
    /// Reads `enrollment` or `attestation` of the key with that ID and holder: whether one of them is there, and its
    /// content if it is valid.
    pub(super) fn read(
        &mut self,
        fields: &mut Fields<'_, '_>,
        id: Option<&KeyId>,
        holder: &str,
    ) -> (bool, Option<At<Enrolled>>) {
        let enrollment = fields.value("enrollment");
        let attestation = fields.value("attestation");
        if let (Some(_), Some(second)) = (&enrollment, &attestation) {
            second.error(
                "script.attestation",
                "a key is enrolled by an enrollment file or by an attestation, not by both",
                "remove the attestation: an enrollment file contains its own",
            );
            return (true, None);
        }
        if let Some(value) = enrollment {
            return (true, self.enrollment(&value));
        }
        match attestation {
            Some(value) => {
                let attested = Attested {
                    repository: self.repository.unwrap_or_default().to_owned(),
                    name: id.map(KeyId::to_string).unwrap_or_default(),
                    holder: holder.to_owned(),
                };
                (true, self.attestation(&value, attested))
            }
            None => (false, None),
        }
    }

    /// Verifies what the file claims.
    fn enrollment(&mut self, value: &Value<'_, '_>) -> Option<At<Enrolled>> {
        let (named, file) = self.files.read(value)?;
        let enrollment = Enrollment::read(&file.bytes)
            .map_err(|refusal| {
                named.error(
                    "script.enrollment",
                    format!("{:?} was refused: {refusal}", file.name),
                    "use the file that the ceremony exported: keys/ID.enrollment.json",
                );
            })
            .ok()?;
        value.at(Some(Enrolled {
            proofs: Proofs::Enrollment(bound(file)),
            enrollment,
        }))
    }

    /// Verifies the attestation of a key by its device.
    fn attestation(&mut self, value: &Value<'_, '_>, attested: Attested) -> Option<At<Enrolled>> {
        let refuse = |what: String| value.error("script.attestation", what, HINT);
        let (mut statements, mut issuers) = (Vec::new(), Vec::new());
        for item in value.items()? {
            let (named, file) = self.files.read(&item)?;
            let one = Certificate::read_all(&file.bytes)
                .map_err(|error| error.to_string())
                .and_then(|found| {
                    <[Certificate; 1]>::try_from(found)
                        .map_err(|found| format!("it contains {}, not one", found.len()))
                });
            match one {
                Ok([certificate]) if is_statement(&certificate) => {
                    statements.push((certificate, bound(file)));
                }
                Ok([certificate]) => issuers.push((certificate, bound(file))),
                Err(why) => {
                    let what = format!("{:?} is not a certificate file: {why}", file.name);
                    named.error("script.attestation", what, HINT);
                    return None;
                }
            }
        }
        let statement = <[_; 1]>::try_from(statements).map_err(|found| {
            let found = match found.len() {
                0 => "none of the certificates is".to_owned(),
                number => format!("{number} of the certificates are"),
            };
            refuse(format!(
                "{found} an attestation of a key; exactly one must be"
            ));
        });
        let [(leaf, statement)] = statement.ok()?;
        let (certificates, issuers): (Vec<_>, Vec<_>) = issuers.into_iter().unzip();
        let enrollment = Enrollment::by_device(attested, &leaf, &certificates, self.roots)
            .map_err(|refusal| refuse(format!("{:?} was refused: {refusal}", statement.file)))
            .ok()?;
        value.at(Some(Enrolled {
            proofs: Proofs::Attestation { statement, issuers },
            enrollment,
        }))
    }
}

fn bound(file: PinnedFile) -> BoundFile {
    BoundFile {
        file: file.name,
        sha256: file.sha256,
    }
}
