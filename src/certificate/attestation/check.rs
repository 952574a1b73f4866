//! Every check of an attestation by its stable ID.

use crate::record::{Finding, Weight, check_table};

check_table! {
    /// A check of an attestation. Its ID never changes its meaning; `docs/attestation.md` lists them.
    AttestationCheck as weight: Weight {
        Form "attestation.form" Decides "A certificate cannot be read, or has a key or signature of a kind that is not supported."
        Chain "attestation.chain" Decides "The chain does not lead to a trusted root, or the device's certificate is missing."
        Overwritten "attestation.f9-overwritten" Decides "The device's own certificate was replaced by one that is signed by itself."
        Signature "attestation.signature" Decides "A signature on the chain is not by the key of the issuer that is named: something was changed or forged."
        Constraint "attestation.constraint" Decides "An issuer on the chain may not issue, or not so deep, or not for PIV keys."
        Statement "attestation.statement" Decides "Slot, serial number, firmware or policies are missing, unreadable or unknown."
        Key "attestation.key" Decides "It is about another key than the one that was asked about."
        Serial "attestation.serial" Decides "It is by another device than the one that is named, for instance by its folder."
        None "attestation.none" Decides "There is no attestation where one is looked for."
        RootKey "attestation.root-key" Decides "A key of the root role has no attestation that verifies."
        NotInRoot "attestation.not-in-root" Reports "It verifies, but is about no key of the root role."
        Ysa202403 "attestation.ysa-2024-03" Reports "The firmware leaks ECDSA keys to somebody with the device and a laboratory (Yubico advisory YSA-2024-03)."
        Ysa201701 "attestation.ysa-2017-01" Reports "The firmware makes RSA keys that can be factored (Yubico advisory YSA-2017-01, ROCA)."
        NoConstraint "attestation.no-ca-constraint" Reports "The device's certificate lacks basic constraints, as those of old firmware do."
        AdditionalRoot "attestation.additional-root" Reports "The chain ends at a root that was added, and is not one of the maker's that are built in."
    }
}

impl AttestationCheck {
    /// That this check refuses, and why.
    pub fn refuse(self, detail: impl Into<String>) -> Refusal {
        Refusal::new(self, detail)
    }

    /// What this check has to say, for people.
    pub fn finding(self, detail: impl Into<String>) -> Finding {
        Finding::new(self.id(), detail)
    }
}

/// Why an attestation is refused. Text from outside is escaped in it.
pub type Refusal = crate::record::Remark<AttestationCheck>;
