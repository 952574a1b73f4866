//! Attestations: statements, signed by a YubiKey, that a key was made inside it.
//!
//! A chain goes from the statement over the certificate of the device (slot f9) to a root of its maker.
//! It is judged without a network and without a clock: a device has none, and copies the dates of its own
//! certificate into every statement.

mod check;
mod roots;
mod statement;

use crate::record::{AttestationSummary, Finding, Firmware};

use super::{Algorithm, Authority, Certificate, CertificateError, PublicKey};

pub use check::{AttestationCheck, Refusal};
pub use roots::TrustedRoots;
use statement::Statement;

/// The most certificates between a statement and its root.
const LONGEST_PATH: usize = 4;

/// The name of the root whose devices may lack basic constraints: a fault of firmware 5.2 and before.
const OLD_ROOT: &str = "Yubico PIV Root CA Serial 263751";
const OLD_DEVICE: &str = "Yubico PIV Attestation";

/// An attestation that verifies: made by [`verify`] alone.
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

    /// Binds it to a key.
    ///
    /// # Errors
    /// When it is about another key.
    pub fn require_key(&self, key: &PublicKey) -> Result<(), Refusal> {
        if self.key == *key {
            return Ok(());
        }
        Err(AttestationCheck::Key.refuse(format!(
            "it is about the {} key {}, not about the {} key {}",
            self.key.algorithm(),
            self.key.fingerprint().short_hex(),
            key.algorithm(),
            key.fingerprint().short_hex(),
        )))
    }

    /// Binds it to a device.
    ///
    /// # Errors
    /// When it is by another device.
    pub fn require_serial(&self, serial: &str) -> Result<(), Refusal> {
        if self.summary.serial == serial {
            return Ok(());
        }
        Err(AttestationCheck::Serial.refuse(format!(
            "it was made by YubiKey {}, not by {serial:?}",
            self.summary.serial
        )))
    }
}

/// Whether a certificate says that it is a statement about a key: what it says is not judged by that.
pub fn is_statement(certificate: &Certificate) -> bool {
    statement::is_one(certificate)
}

/// Verifies a statement. The certificates that came with it may stand in any order, and others may be
/// among them; the maker's own intermediate certificates are known.
///
/// # Errors
/// With the first check that refuses it.
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
            .refuse("the statement claims to be an authority, which no device makes"));
    }
    let path = Path::find(leaf, supplied, roots)?;
    let mut findings = path.judge()?;
    let statement = Statement::read(leaf, path.device())?;
    if !path.root_is_pinned {
        findings.push(AttestationCheck::AdditionalRoot.finding(format!(
            "the chain ends at {}, which was added and is not built in",
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

/// The advisories of the maker that concern such keys of such devices.
pub fn known_weaknesses(firmware: Firmware, key: Algorithm) -> Vec<Finding> {
    let mut findings = Vec::new();
    let rsa = matches!(key, Algorithm::Rsa { .. });
    if !rsa && firmware < Firmware::new(5, 7, 0) {
        findings.push(AttestationCheck::Ysa202403.finding(format!(
            "firmware {firmware} leaks {key} keys to somebody who has the device, its PIN and a laboratory; \
             fixed in 5.7.0, and firmware cannot be renewed"
        )));
    }
    if rsa && firmware >= Firmware::new(4, 2, 6) && firmware < Firmware::new(4, 3, 5) {
        findings.push(AttestationCheck::Ysa201701.finding(format!(
            "firmware {firmware} makes RSA keys that can be factored; do not use this key"
        )));
    }
    findings
}

/// From a statement to a root: every signature on it verifies.
struct Path<'a> {
    /// From the certificate of the device up, without the root.
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
            let known = supplied.iter().chain(roots.intermediates());
            // A root may have been supplied as well: only the trusted copy counts as one.
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
                    return Err(AttestationCheck::Chain.refuse("the chain does not end"));
                }
                None => return Err(broken(leaf, last, &between, namesakes, roots)),
            }
        }
    }

    fn device(&self) -> &'a Certificate {
        self.between.first().copied().unwrap_or(self.root)
    }

    /// Holds every issuer to what it may do (RFC 5280, section 6.1.4).
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
                        return Err(refuse(issuer, "has more issuers below it than it allows"));
                    }
                }
                Authority::Unspecified if self.is_old_device(issuer) => {
                    findings.push(AttestationCheck::NoConstraint.finding(
                        "the device's certificate does not say that it may issue others, as was usual \
                         up to firmware 5.2",
                    ));
                }
                Authority::Unspecified | Authority::No => {
                    return Err(refuse(issuer, "is no authority"));
                }
            }
            if !issuer.may_sign_certificates() {
                return Err(refuse(issuer, "may not sign certificates"));
            }
        }
        // Devices of the same maker state other things under the same root: only its PIV line counts.
        if self.root_is_pinned && !name_starts(self.line(), OLD_DEVICE) {
            return Err(refuse(self.line(), "is not the maker's for PIV keys"));
        }
        Ok(findings)
    }

    /// The certificate that says what the line of devices is for.
    fn line(&self) -> &'a Certificate {
        self.between
            .get(1)
            .or(self.between.first())
            .copied()
            .unwrap_or(self.root)
    }

    /// A device directly below the old root, and that one alone, may lack basic constraints. Further down
    /// this would let a key of anybody's YubiKey pose as a device.
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
        // A namesake with a key of another kind did not sign it.
        Err(CertificateError::Algorithm(_)) => Ok(false),
        Err(error) => Err(AttestationCheck::Form.refuse(error.to_string())),
    }
}

/// Why no path was found, as exactly as it can be told.
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
            "{} names {issuer:?} as its issuer, whose key did not sign it: it was changed or forged",
            name(last)
        ));
    }
    if last == leaf {
        return AttestationCheck::Chain.refuse(format!(
            "the certificate of the device, {issuer:?}, is missing (slot f9)"
        ));
    }
    if between.len() == 1 && last.is_self_issued() {
        return AttestationCheck::Overwritten.refuse(format!(
            "the device's certificate, {issuer:?}, is signed by itself: slot f9 was overwritten, and can \
             never be restored"
        ));
    }
    AttestationCheck::Chain.refuse(format!(
        "the chain ends at {issuer:?}, which is no root of the maker's"
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
