//! The result for the attestations that were found.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::certificate::attestation::{
    Attestation, AttestationCheck, Refusal, TrustedRoots, is_statement, verify,
};
use crate::certificate::{Certificate, CertificateError};
use crate::metadata::{KeyId, Remark, RoleKind, RootDocument};
use crate::record::{Finding, visible};

use super::files::Folder;

/// One attestation, or the file that should contain one.
struct Judged {
    path: String,
    result: Result<Attestation, Refusal>,
    /// The key of the root role that is attested.
    root_key: Option<KeyId>,
    findings: Vec<Finding>,
}

/// The attestations that were found, and the verdict.
#[derive(Default)]
pub(super) struct Report {
    /// The root whose keys must be attested.
    pub(super) root: Option<RootDocument>,
    judged: Vec<Judged>,
    /// Why the whole is refused, in addition to the refusals of single attestations.
    reasons: Vec<Refusal>,
    root_problem: Option<Remark>,
}

impl Report {
    /// The root cannot be read, so no attestation can be matched with its keys.
    pub(super) fn refuse_root(&mut self, problem: Remark) {
        self.root_problem = Some(problem);
    }

    /// Verifies the attestations that were found in a directory.
    pub(super) fn verify(&mut self, directory: &Path, folders: &[Folder], roots: &TrustedRoots) {
        let before = self.judged.len();
        for folder in folders {
            let certificates: Vec<Certificate> = folder
                .files
                .iter()
                .filter_map(|(_, found)| found.as_ref().ok())
                .flatten()
                .cloned()
                .collect();
            let serial = named_serial(&folder.path, directory);
            for (path, found) in &folder.files {
                let path = visible(&path.to_string_lossy());
                match found {
                    Err(error) => self.unreadable(path, error),
                    Ok(found) => {
                        for leaf in found.iter().filter(|found| is_statement(found)) {
                            let result = verify(leaf, &certificates, roots).and_then(|good| {
                                serial.map_or(Ok(()), |serial| good.require_serial(serial))?;
                                Ok(good)
                            });
                            self.add(path.clone(), result);
                        }
                    }
                }
            }
        }
        if self.judged.len() == before {
            self.reasons.push(AttestationCheck::None.refuse(format!(
                "no attestation in {}",
                visible(&directory.to_string_lossy())
            )));
        }
    }

    fn unreadable(&mut self, path: String, error: &CertificateError) {
        let refusal = AttestationCheck::Form.refuse(error.to_string());
        self.add(path, Err(refusal));
    }

    fn add(&mut self, path: String, result: Result<Attestation, Refusal>) {
        let mut findings = Vec::new();
        let mut root_key = None;
        if let Ok(attestation) = &result {
            findings.clone_from(&attestation.summary().findings);
            if let Some(root) = &self.root {
                root_key = root
                    .role_keys(RoleKind::Root)
                    .find(|(_, listed)| listed.key().public() == Some(attestation.key()))
                    .map(|(id, _)| id.clone());
                if root_key.is_none() {
                    findings.push(AttestationCheck::NotInRoot.finding(format!(
                        "the attested key is not in the root role of version {}",
                        root.version()
                    )));
                }
            }
        }
        self.judged.push(Judged {
            path,
            result,
            root_key,
            findings,
        });
    }

    /// Refuses keys of the root role that have no attestation.
    pub(super) fn conclude(&mut self) {
        let Some(root) = &self.root else { return };
        for (id, listed) in root.role_keys(RoleKind::Root) {
            if self.attesting(id).next().is_none() {
                self.reasons.push(AttestationCheck::RootKey.refuse(format!(
                    "the root key {} ({}) has no valid attestation",
                    id.short(),
                    visible(&listed.key().describe())
                )));
            }
        }
    }

    fn attesting<'a>(&'a self, id: &'a KeyId) -> impl Iterator<Item = &'a Judged> {
        self.judged
            .iter()
            .filter(move |judged| judged.root_key.as_ref() == Some(id))
    }

    pub(super) fn is_accepted(&self) -> bool {
        self.root_problem.is_none()
            && self.reasons.is_empty()
            && self.judged.iter().all(|judged| judged.result.is_ok())
    }

    fn verdict(&self) -> &'static str {
        if self.is_accepted() {
            "accepted"
        } else {
            "rejected"
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let mut report = json!({
            "verdict": self.verdict(),
            "attestations": self.judged.iter().map(Judged::to_json).collect::<Vec<_>>(),
        });
        if let Some(root) = &self.root {
            let keys: Vec<Value> = root
                .role_keys(RoleKind::Root)
                .map(|(id, _)| {
                    let by: Vec<_> = self.attesting(id).map(|judged| &judged.path).collect();
                    json!({ "key_id": id.as_str(), "attested_by": by })
                })
                .collect();
            report["root"] = json!({ "version": root.version(), "keys": keys });
        }
        let mut reasons: Vec<Value> = self.reasons.iter().map(reason).collect();
        if let Some(problem) = &self.root_problem {
            reasons.push(json!({ "check": problem.check.id(), "detail": problem.detail }));
        }
        reasons.extend(self.judged.iter().filter_map(|judged| {
            let refusal = judged.result.as_ref().err()?;
            let detail = format!("{}: {}", judged.path, refusal.detail);
            Some(json!({ "check": refusal.check.id(), "detail": detail }))
        }));
        report["reasons"] = reasons.into();
        report
    }

    pub(super) fn for_people(&self) -> String {
        let good = self
            .judged
            .iter()
            .filter(|judged| judged.result.is_ok())
            .count();
        let mut text = format!(
            "{}: {good} of {} attestations are valid",
            self.verdict(),
            self.judged.len()
        );
        if let Some(root) = &self.root {
            let keys = root.role_keys(RoleKind::Root);
            let attested = keys
                .filter(|(id, _)| self.attesting(id).next().is_some())
                .count();
            let all = root.role_keys(RoleKind::Root).count();
            let _ = write!(
                text,
                "; {attested} of {all} keys of root version {} are attested",
                root.version()
            );
        }
        for judged in &self.judged {
            judged.write(&mut text);
        }
        if let Some(problem) = &self.root_problem {
            let _ = write!(text, "\n[FAIL] cannot read the root: {problem}");
        }
        for reason in &self.reasons {
            let _ = write!(text, "\n[FAIL] {reason}");
        }
        text
    }
}

impl Judged {
    fn to_json(&self) -> Value {
        match &self.result {
            Err(refusal) => json!({
                "path": self.path,
                "verdict": "rejected",
                "reasons": [reason(refusal)],
                "findings": self.findings,
            }),
            Ok(attestation) => {
                let summary = attestation.summary();
                json!({
                    "path": self.path,
                    "verdict": "accepted",
                    "slot": summary.slot,
                    "serial": summary.serial,
                    "firmware": summary.firmware,
                    "pin_policy": summary.pin_policy,
                    "touch_policy": summary.touch_policy,
                    "form_factor": summary.form_factor,
                    "fips": summary.fips,
                    "cspn": summary.cspn,
                    "chain_root": summary.root,
                    "pinned_root": summary.pinned_root,
                    "algorithm": attestation.key().algorithm().to_string(),
                    "fingerprint": summary.fingerprint,
                    "root_key": self.root_key.as_ref().map(KeyId::as_str),
                    "reasons": [],
                    "findings": self.findings,
                })
            }
        }
    }

    fn write(&self, text: &mut String) {
        match &self.result {
            Ok(attestation) => {
                let summary = attestation.summary();
                let _ = write!(
                    text,
                    "\n[ok]   {}\n       {summary}\n       {} key {}, certificate chain to {}",
                    self.path,
                    attestation.key().algorithm(),
                    attestation.key().fingerprint().short_hex(),
                    visible(&summary.root),
                );
                if let Some(id) = &self.root_key {
                    let _ = write!(text, "\n       root key {}", id.short());
                }
            }
            Err(refusal) => {
                let _ = write!(text, "\n[FAIL] {}\n       {refusal}", self.path);
            }
        }
        for finding in &self.findings {
            let _ = write!(text, "\n       note: {finding}");
        }
    }
}

fn reason(refusal: &Refusal) -> Value {
    json!({ "check": refusal.check.id(), "detail": refusal.detail })
}

/// The serial number that a folder names, or the nearest folder around it below the directory.
fn named_serial<'a>(folder: &'a Path, directory: &Path) -> Option<&'a str> {
    folder
        .ancestors()
        .take_while(|path| path.starts_with(directory))
        .filter_map(|path| path.file_name()?.to_str())
        .find(|name| {
            (5..=10).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_digit())
        })
}
