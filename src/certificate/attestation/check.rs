//! The checks of attestations.

use crate::record::{Finding, Weight, check_table};

check_table! {
    /// A check of an attestation. IDs are stable. `docs/attestation.md` lists all checks.
    AttestationCheck as weight: Weight {
        Form "attestation.form" Decides "A certificate is malformed, or its key or signature is not supported."
        Chain "attestation.chain" Decides "The chain does not lead to a trusted root, or the certificate of the device is missing."
        Overwritten "attestation.f9-overwritten" Decides "The certificate of the device was replaced by a self-signed one."
        Signature "attestation.signature" Decides "A certificate is not signed by the key of its issuer. It was changed or forged."
        Constraint "attestation.constraint" Decides "An issuer in the chain is not allowed to issue certificates, is too deep, or is not for PIV keys."
        Statement "attestation.statement" Decides "The slot, serial number, firmware or policies are missing or not valid."
        Key "attestation.key" Decides "The attestation is for a different key."
        Serial "attestation.serial" Decides "The attestation is from a different device, for example not the one in the name of its folder."
        None "attestation.none" Decides "There is no attestation."
        RootKey "attestation.root-key" Decides "A root key does not have a valid attestation."
        NotInRoot "attestation.not-in-root" Reports "The attestation is valid, but not for a root key."
        Ysa202403 "attestation.ysa-2024-03" Reports "The firmware can leak ECDSA keys to an attacker with the device and laboratory equipment (Yubico advisory YSA-2024-03)."
        Ysa201701 "attestation.ysa-2017-01" Reports "The firmware generates RSA keys that can be factored (Yubico advisory YSA-2017-01, ROCA)."
        NoConstraint "attestation.no-ca-constraint" Reports "The certificate of the device lacks basic constraints, which is normal for old firmware."
        AdditionalRoot "attestation.additional-root" Reports "The chain ends at an additional root, which is not built in."
    }
}

impl AttestationCheck {
    pub fn refuse(self, detail: impl Into<String>) -> Refusal {
        Refusal::new(self, detail)
    }

    pub fn finding(self, detail: impl Into<String>) -> Finding {
        Finding::new(self.id(), detail)
    }
}

pub type Refusal = crate::record::Remark<AttestationCheck>;
