//! Every check of an attestation by its stable ID.

use std::fmt;

use crate::record::Finding;

/// One row per check: variant, ID, whether it decides, and what is the case when it speaks.
macro_rules! checks {
    ($($variant:ident $id:literal $decides:literal $meaning:literal)+) => {
        /// A check of an attestation. Its ID never changes its meaning; `docs/attestation.md` lists them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum AttestationCheck {
            $(#[doc = $meaning] $variant,)+
        }

        impl AttestationCheck {
            /// Every check.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable ID.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)+ }
            }

            /// Whether it refuses the attestation, or only reports.
            #[must_use]
            pub const fn decides(self) -> bool {
                match self { $(Self::$variant => $decides,)+ }
            }

            /// What is the case when it speaks.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)+ }
            }
        }
    };
}

checks! {
    Form "attestation.form" true "A certificate cannot be read, or has a key or signature of a kind that is not supported."
    Chain "attestation.chain" true "The chain does not lead to a trusted root, or the device's certificate is missing."
    Overwritten "attestation.f9-overwritten" true "The device's own certificate was replaced by one that is signed by itself."
    Signature "attestation.signature" true "A signature on the chain is not by the key of the issuer that is named: something was changed or forged."
    Constraint "attestation.constraint" true "An issuer on the chain may not issue, or not so deep, or not for PIV keys."
    Statement "attestation.statement" true "Slot, serial number, firmware or policies are missing, unreadable or unknown."
    Key "attestation.key" true "It is about another key than the one that was asked about."
    Serial "attestation.serial" true "It is by another device than the one that is named, for instance by its folder."
    None "attestation.none" true "There is no attestation where one is looked for."
    RootKey "attestation.root-key" true "A key of the root role has no attestation that verifies."
    NotInRoot "attestation.not-in-root" false "It verifies, but is about no key of the root role."
    Ysa202403 "attestation.ysa-2024-03" false "The firmware leaks ECDSA keys to somebody with the device and a laboratory (Yubico advisory YSA-2024-03)."
    Ysa201701 "attestation.ysa-2017-01" false "The firmware makes RSA keys that can be factored (Yubico advisory YSA-2017-01, ROCA)."
    NoConstraint "attestation.no-ca-constraint" false "The device's certificate lacks basic constraints, as those of old firmware do."
    AdditionalRoot "attestation.additional-root" false "The chain ends at a root that was added, and is not one of the maker's that are built in."
}

impl AttestationCheck {
    /// That this check refuses, and why.
    #[must_use]
    pub fn refuse(self, detail: impl Into<String>) -> Refusal {
        Refusal {
            check: self,
            detail: detail.into(),
        }
    }

    /// What this check has to say, for people.
    #[must_use]
    pub fn finding(self, detail: impl Into<String>) -> Finding {
        Finding::new(self.id(), detail)
    }
}

impl fmt::Display for AttestationCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Why an attestation is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{check}: {detail}")]
pub struct Refusal {
    /// The check that refuses.
    pub check: AttestationCheck,
    /// One sentence, for a person; text from outside is escaped in it.
    pub detail: String,
}
