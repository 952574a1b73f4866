//! The kinds of steps.

mod wording;

use super::{KeyId, MediumId, Person, PersonId, PersonRole, Script};

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Act {
    /// Who is in the room.
    Attendance,
    /// Two people confirm the date and time.
    AttestClock,
    /// Whether the machine is fit: air gap, swap, clock.
    InspectHost,
    /// The digest of the script is read aloud.
    ReadScript,
    /// Free text of the script's author, to be initialled.
    Note {
        /// May have several lines; no other control characters.
        text: String,
        /// Who initials it; at least one.
        initials: Vec<PersonId>,
    },
    /// A token arrives, and is matched with the script.
    OpenToken {
        /// The key that is to live on it.
        key: KeyId,
    },
    /// The token is made blank, and takes its label.
    InitializeToken {
        /// The key that is to live on it.
        key: KeyId,
    },
    /// The key holder sets the PIN, unseen.
    SetPin {
        /// The key that is to live on it.
        key: KeyId,
    },
    /// The token makes its key, and proves it.
    GenerateKey {
        /// The key.
        key: KeyId,
    },
    /// The key is made in the locked memory of this machine, brought into the token, and proven.
    ImportKey {
        /// The key.
        key: KeyId,
    },
    /// The key is wrapped, and what unwraps it goes to custodians in shares.
    BackUpKey {
        /// The key; none for the one that old shares restored into memory.
        key: Option<KeyId>,
    },
    /// Each custodian of the key's backup shows that the own share opens.
    ProveBackup {
        /// The key; none for the one that old shares restored into memory.
        key: Option<KeyId>,
    },
    /// What is left of an old share set is destroyed before witnesses, or said to be left.
    DestroyShares,
    /// A custodian's share is seen to be right; where the key is restored, it comes in.
    OpenShare {
        /// Whose.
        custodian: PersonId,
    },
    /// The shares are combined; in full, the key is unwrapped: onto its token, or into the locked memory of this machine.
    RestoreKey {
        /// The key whose token takes it in; none where it stays in memory.
        key: Option<KeyId>,
    },
    /// What was restored signs a message that can be no root.
    ProveRestore {
        /// The key whose token holds it.
        key: Option<KeyId>,
    },
    /// What was restored is destroyed, and its absence is seen.
    Destroy {
        /// The key whose token holds it.
        key: Option<KeyId>,
    },
    /// A key that was made elsewhere is taken in: its token answers a challenge, or two people compare its fingerprint.
    EnrollKey {
        /// The key.
        key: KeyId,
    },
    /// The token signs a certificate of its key, for a root of Notary.
    CertifyKey {
        /// The key.
        key: KeyId,
    },
    /// What others ask to be signed is judged: its chain from what is trusted here, and what was signed before.
    JudgeRequest,
    /// The root is put together and frozen.
    ComposeRoot,
    /// People read what is to be signed, and its digest.
    ReviewRoot,
    /// Every key signs the frozen root.
    SignRoot,
    /// The signatures that other sites owe come in.
    CollectSignatures,
    /// The signed root is verified as a client would.
    VerifyRoot,
    /// The root leaves for the online machine, and is read back.
    Export,
    /// The token is put in again, cold, and answers a challenge.
    ProveToken {
        /// The key that must answer.
        key: KeyId,
    },
    /// The token goes into a tamper-evident bag, and somebody takes it.
    Seal {
        /// The key that lives on it.
        key: KeyId,
        /// Where it is kept from now on. No control characters.
        place: String,
        /// Who takes it; none: its holder.
        receiver: Option<PersonId>,
    },
    /// A medium goes into a tamper-evident bag, and somebody takes it.
    SealMedium {
        /// Which.
        medium: MediumId,
        /// Where it is kept from now on. No control characters.
        place: String,
        /// Who takes it; none: the ceremony administrator.
        receiver: Option<PersonId>,
    },
    /// Everything stops: tokens are put away in bags, and the ceremony is taken up again later.
    Break {
        /// What for, if the script says so: "Lunch". No control characters.
        text: Option<String>,
    },
    /// Everybody agrees, agrees with reservation, or refuses.
    SignOff,
}

impl Act {
    /// The names of all acts that this version performs, as scripts spell them.
    pub(super) const KNOWN: [&'static str; 30] = [
        "attendance",
        "attest-clock",
        "inspect-host",
        "read-script",
        "note",
        "open-token",
        "initialize-token",
        "set-pin",
        "generate-key",
        "import-key",
        "back-up-key",
        "enroll-key",
        "certify-key",
        "judge-request",
        "compose-root",
        "review-root",
        "sign-root",
        "collect-signatures",
        "verify-root",
        "export",
        "prove-backup",
        "prove-token",
        "seal",
        "break",
        "open-share",
        "restore-key",
        "prove-restore",
        "destroy",
        "destroy-shares",
        "sign-off",
    ];

    /// As scripts spell it: `generate-key`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Attendance => "attendance",
            Self::AttestClock => "attest-clock",
            Self::InspectHost => "inspect-host",
            Self::ReadScript => "read-script",
            Self::Note { .. } => "note",
            Self::OpenToken { .. } => "open-token",
            Self::InitializeToken { .. } => "initialize-token",
            Self::SetPin { .. } => "set-pin",
            Self::GenerateKey { .. } => "generate-key",
            Self::ImportKey { .. } => "import-key",
            Self::BackUpKey { .. } => "back-up-key",
            Self::ProveBackup { .. } => "prove-backup",
            Self::OpenShare { .. } => "open-share",
            Self::RestoreKey { .. } => "restore-key",
            Self::ProveRestore { .. } => "prove-restore",
            Self::Destroy { .. } => "destroy",
            Self::DestroyShares => "destroy-shares",
            Self::EnrollKey { .. } => "enroll-key",
            Self::CertifyKey { .. } => "certify-key",
            Self::JudgeRequest => "judge-request",
            Self::ComposeRoot => "compose-root",
            Self::ReviewRoot => "review-root",
            Self::SignRoot => "sign-root",
            Self::CollectSignatures => "collect-signatures",
            Self::VerifyRoot => "verify-root",
            Self::Export => "export",
            Self::ProveToken { .. } => "prove-token",
            Self::Seal { .. } | Self::SealMedium { .. } => "seal",
            Self::Break { .. } => "break",
            Self::SignOff => "sign-off",
        }
    }

    /// The key that the act is about.
    #[must_use]
    pub const fn key(&self) -> Option<&KeyId> {
        match self {
            Self::OpenToken { key }
            | Self::InitializeToken { key }
            | Self::SetPin { key }
            | Self::GenerateKey { key }
            | Self::ImportKey { key }
            | Self::EnrollKey { key }
            | Self::CertifyKey { key }
            | Self::ProveToken { key }
            | Self::Seal { key, .. } => Some(key),
            Self::BackUpKey { key }
            | Self::ProveBackup { key }
            | Self::RestoreKey { key }
            | Self::ProveRestore { key }
            | Self::Destroy { key } => key.as_ref(),
            _ => None,
        }
    }

    /// The ID of what the act is about: of a key, of a medium, or of who keeps a share.
    #[must_use]
    pub fn object(&self) -> Option<&str> {
        match self {
            Self::SealMedium { medium, .. } => Some(medium.as_str()),
            Self::OpenShare { custodian } => Some(custodian.as_str()),
            act => act.key().map(KeyId::as_str),
        }
    }

    /// The key that the act helps to bring into being, before the root is composed.
    #[must_use]
    pub const fn enrolls(&self) -> Option<&KeyId> {
        match self {
            Self::OpenToken { key }
            | Self::InitializeToken { key }
            | Self::SetPin { key }
            | Self::GenerateKey { key }
            | Self::ImportKey { key }
            | Self::EnrollKey { key }
            | Self::CertifyKey { key } => Some(key),
            Self::BackUpKey { key } | Self::RestoreKey { key } => key.as_ref(),
            _ => None,
        }
    }

    /// The key that the act makes, wherever it does.
    #[must_use]
    pub const fn makes(&self) -> Option<&KeyId> {
        match self {
            Self::GenerateKey { key } | Self::ImportKey { key } => Some(key),
            Self::RestoreKey { key } => key.as_ref(),
            _ => None,
        }
    }

    /// The people who do it, in the order of the script. Everybody may watch.
    #[must_use]
    pub fn who<'s>(&self, script: &'s Script) -> Vec<&'s Person> {
        use PersonRole::{Administrator, KeyHolder, Witness};
        let those = |wanted: &dyn Fn(&Person) -> bool| -> Vec<&'s Person> {
            script.people().iter().filter(|p| wanted(p)).collect()
        };
        match self {
            Self::Attendance | Self::ReadScript | Self::Break { .. } | Self::SignOff => {
                those(&|_| true)
            }
            Self::AttestClock => those(&|p| p.is(Witness)),
            Self::InspectHost
            | Self::JudgeRequest
            | Self::ComposeRoot
            | Self::ReviewRoot
            | Self::CollectSignatures
            | Self::VerifyRoot
            | Self::Export => those(&|p| p.is(Administrator) || p.is(Witness)),
            Self::Note { initials, .. } => those(&|p| initials.contains(&p.id)),
            Self::OpenToken { key }
            | Self::GenerateKey { key }
            | Self::ImportKey { key }
            | Self::EnrollKey { key }
            | Self::CertifyKey { key } => {
                let holder = script.holder(key).map(|holder| &holder.id);
                those(&|p| Some(&p.id) == holder || p.is(Witness))
            }
            Self::BackUpKey { key } => {
                let holder = key.as_ref().and_then(|key| script.holder(key));
                let holder = holder.map(|holder| &holder.id);
                those(&|p| Some(&p.id) == holder || p.is(Witness) || script.takes_share(&p.id))
            }
            Self::ProveBackup { .. } => those(&|p| p.is(Witness) || script.takes_share(&p.id)),
            Self::DestroyShares => {
                those(&|p| p.is(Administrator) || p.is(Witness) || script.has_old_share(&p.id))
            }
            Self::OpenShare { custodian } => those(&|p| p.id == *custodian || p.is(Witness)),
            Self::RestoreKey { key } | Self::ProveRestore { key } | Self::Destroy { key } => {
                let holder = key.as_ref().and_then(|key| script.holder(key));
                let holder = holder.map(|holder| &holder.id);
                those(&|p| Some(&p.id) == holder || p.is(Administrator) || p.is(Witness))
            }
            Self::InitializeToken { key } | Self::SetPin { key } | Self::ProveToken { key } => {
                script.holder(key).into_iter().collect()
            }
            Self::Seal { key, receiver, .. } => {
                let holder = script.key(key).map(|plan| &plan.holder);
                let receiver = receiver.as_ref().or(holder);
                those(&|p| Some(&p.id) == receiver || p.is(Witness))
            }
            Self::SealMedium { receiver, .. } => those(&|p| {
                let is_receiver = match receiver {
                    Some(receiver) => p.id == *receiver,
                    None => p.is(Administrator),
                };
                is_receiver || p.is(Witness)
            }),
            Self::SignRoot => those(&|p| p.is(KeyHolder)),
        }
    }
}
