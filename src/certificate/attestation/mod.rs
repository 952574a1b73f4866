//! Attestations: certificates by which a YubiKey states that it generated a key.
//!
//! The chain consists of the attestation, the certificate of the device (slot f9), and certificates up to a root of the
//! manufacturer. Verification does not use a network or a clock. Devices have no clock, and copy the dates of their own
//! certificate into every attestation.

mod check;
mod roots;
mod statement;

use crate::record::{AttestationSummary, Finding, Firmware};

use super::{Algorithm, Authority, Certificate, CertificateError, PublicKey};

pub use check::{AttestationCheck, Refusal};
pub use roots::TrustedRoots;
use statement::Statement;

/// The maximum number of certificates between an attestation and its root.
const LONGEST_PATH: usize = 4;

/// The root whose devices may lack basic constraints, a bug of firmware 5.2 and earlier.
const OLD_ROOT: &str = "Yubico PIV Root CA Serial 263751";
const OLD_DEVICE: &str = "Yubico PIV Attestation";

/// A verified attestation. Only [`verify`] creates it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    key: PublicKey,
    summary: AttestationSummary,
}

impl Attestation {
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    pub const fn summary(&self) -> &AttestationSummary {
        &self.summary
    }

    /// # Errors
    /// If the attestation is for a different key.
    pub fn require_key(&self, key: &PublicKey) -> Result<(), Refusal> {
        if self.key == *key {
            return Ok(());
        }
        Err(AttestationCheck::Key.refuse(format!(
            "the attestation is for the {} key {}, not for the {} key {}",
            self.key.algorithm(),
            self.key.fingerprint().short_hex(),
            key.algorithm(),
            key.fingerprint().short_hex(),
        )))
    }

    /// # Errors
    /// If the attestation is from a different device.
    pub fn require_serial(&self, serial: &str) -> Result<(), Refusal> {
        if self.summary.serial == serial {
            return Ok(());
        }
        Err(AttestationCheck::Serial.refuse(format!(
            "the attestation is from YubiKey {}, not from {serial:?}",
            self.summary.serial
        )))
    }
}

/// Whether a certificate has the form of an attestation. Nothing is verified.
pub fn is_statement(certificate: &Certificate) -> bool {
    statement::is_one(certificate)
}

/// Verifies an attestation. The supplied certificates can be in any order and can include unrelated ones. The
/// intermediate certificates of the manufacturer are built in.
///
/// # Errors
/// The first check that refuses the attestation.
pub fn verify(
    leaf: &Certificate,
    supplied: &[Certificate],
    roots: &TrustedRoots,
) -> Result<Attestation, Refusal> {
    let key = leaf
        .public_key()
        .map_err(|error| AttestationCheck::Form.refuse(error.to_string()))?;
    if matches!(leaf.authority(), Authority::Yes { .. }) {
        return Err(AttestationCheck::Constraint
            .refuse("the attestation is a CA certificate, which devices do not generate"));
    }
    let path = Path::find(leaf, supplied, roots)?;
    let mut findings = path.judge()?;
    let statement = Statement::read(leaf, path.device())?;
    if !path.root_is_pinned {
        findings.push(AttestationCheck::AdditionalRoot.finding(format!(
            "the chain ends at the additional root {}, which is not built in",
            name(path.root)
        )));
    }
    findings.extend(known_weaknesses(statement.firmware, key.algorithm()));
    let summary = AttestationSummary {
        slot: statement.slot,
        serial: statement.serial.to_string(),
        firmware: statement.firmware,
        pin_policy: statement.pin_policy,
        touch_policy: statement.touch_policy,
        form_factor: statement.form_factor,
        fips: statement.fips,
        cspn: statement.cspn,
        root: path.root.subject_name().unwrap_or_default().to_owned(),
        pinned_root: path.root_is_pinned,
        fingerprint: key.fingerprint().to_string(),
        findings,
    };
    Ok(Attestation { key, summary })
}

/// The manufacturer's security advisories for this firmware and key type.
pub fn known_weaknesses(firmware: Firmware, key: Algorithm) -> Vec<Finding> {
    let mut findings = Vec::new();
    let rsa = matches!(key, Algorithm::Rsa { .. });
    if !rsa && firmware < Firmware::new(5, 7, 0) {
        findings.push(AttestationCheck::Ysa202403.finding(format!(
            "firmware {firmware} can leak {key} keys to an attacker with the device, its PIN and laboratory \
             equipment; this is fixed in firmware 5.7.0, but firmware cannot be updated"
        )));
    }
    if rsa && firmware >= Firmware::new(4, 2, 6) && firmware < Firmware::new(4, 3, 5) {
        findings.push(AttestationCheck::Ysa201701.finding(format!(
            "firmware {firmware} generates RSA keys that can be factored; do not use this key"
        )));
    }
    findings
}

/// A path from an attestation to a root, with valid signatures.
struct Path<'a> {
    /// From the certificate of the device, without the root.
    between: Vec<&'a Certificate>,
    root: &'a Certificate,
    root_is_pinned: bool,
}

impl<'a> Path<'a> {
    fn find(
        leaf: &'a Certificate,
        supplied: &'a [Certificate],
        roots: &'a TrustedRoots,
    ) -> Result<Self, Refusal> {
        let mut between: Vec<&Certificate> = Vec::new();
        let mut last = leaf;
        loop {
            let known = supplied.iter().chain(roots::intermediates());
            // A supplied root is not trusted.
            for (root, root_is_pinned) in roots.iter() {
                if !between.is_empty() && last.names_as_issuer(root) && signed_by(last, root)? {
                    return Ok(Self {
                        between,
                        root,
                        root_is_pinned,
                    });
                }
            }
            let mut namesakes = 0;
            let mut issuer = None;
            for candidate in known {
                if last.names_as_issuer(candidate) && candidate != last {
                    namesakes += 1;
                    if signed_by(last, candidate)? {
                        issuer = Some(candidate);
                        break;
                    }
                }
            }
            match issuer {
                Some(issuer) if between.len() < LONGEST_PATH && !between.contains(&issuer) => {
                    between.push(issuer);
                    last = issuer;
                }
                Some(_) => {
                    return Err(AttestationCheck::Chain.refuse("the chain is too long"));
                }
                None => return Err(broken(leaf, last, &between, namesakes, roots)),
            }
        }
    }

    fn device(&self) -> &'a Certificate {
        self.between.first().copied().unwrap_or(self.root)
    }

    /// Checks the constraints of all issuers (RFC 5280, section 6.1.4).
    fn judge(&self) -> Result<Vec<Finding>, Refusal> {
        let mut findings = Vec::new();
        let refuse = |certificate, why: &str| {
            AttestationCheck::Constraint.refuse(format!("{} {why}", name(certificate)))
        };
        let issuers = self.between.iter().copied().chain([self.root]);
        for (below, issuer) in issuers.enumerate() {
            match issuer.authority() {
                Authority::Yes { path_length } => {
                    if path_length.is_some_and(|most| usize::from(most) < below) {
                        return Err(refuse(issuer, "has more issuers below it than allowed"));
                    }
                }
                Authority::Unspecified if self.is_old_device(issuer) => {
                    findings.push(AttestationCheck::NoConstraint.finding(
                        "the certificate of the device lacks basic constraints, which is normal up to \
                         firmware 5.2",
                    ));
                }
                Authority::Unspecified | Authority::No => {
                    return Err(refuse(issuer, "is not a CA certificate"));
                }
            }
            if !issuer.may_sign_certificates() {
                return Err(refuse(issuer, "may not sign certificates"));
            }
        }
        // The same root issues certificates for other purposes.
        if self.root_is_pinned && !name_starts(self.line(), OLD_DEVICE) {
            return Err(refuse(self.line(), "is not for PIV keys"));
        }
        Ok(findings)
    }

    /// The certificate that determines the purpose of the devices.
    fn line(&self) -> &'a Certificate {
        self.between
            .get(1)
            .or(self.between.first())
            .copied()
            .unwrap_or(self.root)
    }

    /// Only a device directly below the old root may lack basic constraints. Otherwise any key in a YubiKey could act as a
    /// device.
    fn is_old_device(&self, issuer: &Certificate) -> bool {
        self.root_is_pinned
            && self.root.subject_name() == Some(OLD_ROOT)
            && self.between.len() == 1
            && self.device() == issuer
            && issuer.subject_name() == Some(OLD_DEVICE)
    }
}

fn signed_by(certificate: &Certificate, issuer: &Certificate) -> Result<bool, Refusal> {
    match certificate.is_signed_by(issuer) {
        Ok(signed) => Ok(signed),
        // An issuer with the same name but a different key type did not sign it.
        Err(CertificateError::Algorithm(_)) => Ok(false),
        Err(error) => Err(AttestationCheck::Form.refuse(error.to_string())),
    }
}

/// The reason why no path was found.
fn broken(
    leaf: &Certificate,
    last: &Certificate,
    between: &[&Certificate],
    namesakes: usize,
    roots: &TrustedRoots,
) -> Refusal {
    let issuer = last.issuer_name().unwrap_or("an issuer without a name");
    let is_trusted_name = roots.iter().any(|(root, _)| last.names_as_issuer(root));
    if namesakes > 0 || (is_trusted_name && !between.is_empty()) {
        return AttestationCheck::Signature.refuse(format!(
            "{} is not signed by the key of its issuer {issuer:?}: it was changed or forged",
            name(last)
        ));
    }
    if last == leaf {
        return AttestationCheck::Chain.refuse(format!(
            "the certificate of the device (slot f9), {issuer:?}, is missing"
        ));
    }
    if between.len() == 1 && last.is_self_issued() {
        return AttestationCheck::Overwritten.refuse(format!(
            "the certificate of the device, {issuer:?}, is self-signed: slot f9 was overwritten and cannot be \
             restored"
        ));
    }
    AttestationCheck::Chain.refuse(format!(
        "the chain ends at {issuer:?}, which is not a trusted root"
    ))
}

fn name(certificate: &Certificate) -> String {
    format!("{:?}", certificate.subject_name().unwrap_or_default())
}

fn name_starts(certificate: &Certificate, start: &str) -> bool {
    certificate
        .subject_name()
        .is_some_and(|name| name.starts_with(start))
}
