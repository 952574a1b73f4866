//! The acts: what a step of a script can do.
//!
//! Each act is described once, by a [`Description`] in one of the files beside this one. Reading a step, checking
//! the order, printing the run sheet and the text on the screen follow from it. A new act is a variant of [`Act`]
//! with its line in [`Act::named`] and in the table below, and a description.

mod backup;
mod description;
mod key;
mod proceedings;
mod restore;
mod root;
mod token;

pub(in crate::script) use description::{
    Description, InRestore, Leaves, Need, OnlyWith, Stage, Values,
};

use super::{KeyId, MediumId, PersonId};
use backup::{BACK_UP_KEY, DESTROY_SHARES, VERIFY_BACKUP};
use key::{CERTIFY_KEY, ENROLL_KEY, GENERATE_KEY, IMPORT_KEY};
use proceedings::{ATTENDANCE, ATTEST_CLOCK, BREAK, INSPECT_HOST, NOTE, READ_SCRIPT, SIGN_OFF};
use restore::{DESTROY_RESTORED_KEY, OPEN_SHARE, RESTORE_KEY, VERIFY_RESTORED_KEY};
use root::{
    COLLECT_SIGNATURES, COMPOSE_ROOT, EXPORT, REVIEW_ROOT, SIGN_ROOT, VERIFY_REQUEST, VERIFY_ROOT,
};
use token::{
    DESTROY_TOKEN_KEY, IDENTIFY_TOKEN, INITIALIZE_TOKEN, SEAL, SEAL_MEDIUM, SET_PIN, VERIFY_TOKEN,
};

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
    /// Free text of the script's author, to be initialed.
    Note {
        /// May have several lines; no other control characters.
        text: String,
        /// Who initials it; at least one.
        initials: Vec<PersonId>,
    },
    /// A token arrives, and is matched with the script.
    IdentifyToken {
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
    VerifyBackup {
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
    VerifyRestoredKey {
        /// The key whose token holds it.
        key: Option<KeyId>,
    },
    /// What was restored is destroyed, and its absence is seen.
    DestroyRestoredKey {
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
    VerifyRequest,
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
    VerifyToken {
        /// The key that must answer.
        key: KeyId,
    },
    /// Two people watch that the key is destroyed in its token.
    DestroyTokenKey {
        /// A key that the root lists no more, or one of a root that is retired.
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

/// The table of acts, in the order of the reference.
macro_rules! acts {
    ($($act:pat => $description:ident),+ $(,)?) => {
        static DESCRIPTIONS: &[&Description] = &[$(&$description),+];

        impl Act {
            pub(in crate::script) const fn description(&self) -> &'static Description {
                match self {
                    $($act => &$description),+
                }
            }
        }
    };
}

acts! {
    Act::Attendance => ATTENDANCE,
    Act::AttestClock => ATTEST_CLOCK,
    Act::InspectHost => INSPECT_HOST,
    Act::ReadScript => READ_SCRIPT,
    Act::Note { .. } => NOTE,
    Act::IdentifyToken { .. } => IDENTIFY_TOKEN,
    Act::InitializeToken { .. } => INITIALIZE_TOKEN,
    Act::SetPin { .. } => SET_PIN,
    Act::GenerateKey { .. } => GENERATE_KEY,
    Act::ImportKey { .. } => IMPORT_KEY,
    Act::BackUpKey { .. } => BACK_UP_KEY,
    Act::EnrollKey { .. } => ENROLL_KEY,
    Act::CertifyKey { .. } => CERTIFY_KEY,
    Act::VerifyRequest => VERIFY_REQUEST,
    Act::ComposeRoot => COMPOSE_ROOT,
    Act::ReviewRoot => REVIEW_ROOT,
    Act::SignRoot => SIGN_ROOT,
    Act::CollectSignatures => COLLECT_SIGNATURES,
    Act::VerifyRoot => VERIFY_ROOT,
    Act::Export => EXPORT,
    Act::VerifyBackup { .. } => VERIFY_BACKUP,
    Act::VerifyToken { .. } => VERIFY_TOKEN,
    Act::DestroyTokenKey { .. } => DESTROY_TOKEN_KEY,
    Act::Seal { .. } => SEAL,
    Act::SealMedium { .. } => SEAL_MEDIUM,
    Act::Break { .. } => BREAK,
    Act::OpenShare { .. } => OPEN_SHARE,
    Act::RestoreKey { .. } => RESTORE_KEY,
    Act::VerifyRestoredKey { .. } => VERIFY_RESTORED_KEY,
    Act::DestroyRestoredKey { .. } => DESTROY_RESTORED_KEY,
    Act::DestroyShares => DESTROY_SHARES,
    Act::SignOff => SIGN_OFF,
}

/// What a step names, field by field; nothing where the act has no such field.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::script) struct Named<'a> {
    pub(in crate::script) key: Option<&'a KeyId>,
    pub(in crate::script) medium: Option<&'a MediumId>,
    pub(in crate::script) custodian: Option<&'a PersonId>,
    pub(in crate::script) receiver: Option<&'a PersonId>,
    pub(in crate::script) initials: &'a [PersonId],
    pub(in crate::script) text: &'a str,
    pub(in crate::script) place: &'a str,
}

impl Act {
    /// The descriptions by the names that scripts use, each name once.
    pub(in crate::script) fn by_name() -> Vec<(&'static str, &'static Description)> {
        let mut known: Vec<_> = DESCRIPTIONS.iter().map(|act| (act.name, *act)).collect();
        known.dedup_by_key(|(name, _)| *name);
        known
    }

    /// As scripts spell it: `generate-key`.
    pub const fn name(&self) -> &'static str {
        self.description().name
    }

    pub(in crate::script) fn is(&self, description: &Description) -> bool {
        std::ptr::eq(self.description(), description)
    }

    pub(in crate::script) fn named(&self) -> Named<'_> {
        match self {
            Self::Attendance
            | Self::AttestClock
            | Self::InspectHost
            | Self::ReadScript
            | Self::DestroyShares
            | Self::VerifyRequest
            | Self::ComposeRoot
            | Self::ReviewRoot
            | Self::SignRoot
            | Self::CollectSignatures
            | Self::VerifyRoot
            | Self::Export
            | Self::SignOff => Named::default(),
            Self::IdentifyToken { key }
            | Self::InitializeToken { key }
            | Self::SetPin { key }
            | Self::GenerateKey { key }
            | Self::ImportKey { key }
            | Self::EnrollKey { key }
            | Self::CertifyKey { key }
            | Self::VerifyToken { key }
            | Self::DestroyTokenKey { key } => Named {
                key: Some(key),
                ..Named::default()
            },
            Self::BackUpKey { key }
            | Self::VerifyBackup { key }
            | Self::RestoreKey { key }
            | Self::VerifyRestoredKey { key }
            | Self::DestroyRestoredKey { key } => Named {
                key: key.as_ref(),
                ..Named::default()
            },
            Self::Seal {
                key,
                place,
                receiver,
            } => Named {
                key: Some(key),
                place,
                receiver: receiver.as_ref(),
                ..Named::default()
            },
            Self::SealMedium {
                medium,
                place,
                receiver,
            } => Named {
                medium: Some(medium),
                place,
                receiver: receiver.as_ref(),
                ..Named::default()
            },
            Self::OpenShare { custodian } => Named {
                custodian: Some(custodian),
                ..Named::default()
            },
            Self::Note { text, initials } => Named {
                initials,
                text,
                ..Named::default()
            },
            Self::Break { text } => Named {
                text: text.as_deref().unwrap_or_default(),
                ..Named::default()
            },
        }
    }

    /// The key that the act is about.
    pub fn key(&self) -> Option<&KeyId> {
        self.named().key
    }

    /// The ID of what the act is about: of a key, of a medium, or of the custodian of a share.
    pub fn object(&self) -> Option<&str> {
        let named = self.named();
        let medium = named.medium.map(MediumId::as_str);
        let custodian = named.custodian.map(PersonId::as_str);
        medium.or(custodian).or(named.key.map(KeyId::as_str))
    }

    /// The key that the act helps to bring into being, before the root is composed.
    pub fn enrolls(&self) -> Option<&KeyId> {
        let is_of_keys = self.description().stage < Stage::Compose;
        self.key().filter(|_| is_of_keys)
    }

    /// The key that the act makes, wherever it does.
    pub fn makes(&self) -> Option<&KeyId> {
        let is_maker = self.description().leaves == Leaves::Key;
        self.key().filter(|_| is_maker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(has_medium: bool) -> Values {
        Values {
            key: "key-1".parse().ok(),
            medium: "stick-a".parse().ok().filter(|_| has_medium),
            custodian: "custodian-1".parse().ok(),
            receiver: None,
            initials: Some(Vec::new()),
            text: Some("Lunch".to_owned()),
            place: Some("Safe".to_owned()),
        }
    }

    #[test]
    fn a_name_gives_its_act_back() {
        let mut constructed: Vec<&str> = Vec::new();
        for (name, description) in Act::by_name() {
            for has_medium in [false, true] {
                let act = (description.construct)(values(has_medium)).unwrap();
                assert_eq!(act.name(), name);
                constructed.push(act.description().label);
            }
        }
        for description in DESCRIPTIONS {
            assert!(
                constructed.contains(&description.label),
                "{}",
                description.label
            );
        }
    }

    #[test]
    fn names_and_labels_are_unique() {
        let known = Act::by_name();
        let mut names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), known.len());
        let mut labels: Vec<&str> = DESCRIPTIONS.iter().map(|act| act.label).collect();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), DESCRIPTIONS.len());
        for label in labels {
            assert!(label.len() <= 17, "{label}");
        }
    }

    #[test]
    fn no_act_needs_itself_through_others() {
        fn ends(act: &Description, most: usize) -> bool {
            most > 0
                && act.needs.iter().all(|need| match need {
                    Need::Every(other) | Need::Same(other) => ends(other, most - 1),
                    Need::KeysReady | Need::KeysReadyToExport | Need::Restored => true,
                })
        }
        for act in DESCRIPTIONS {
            assert!(ends(act, DESCRIPTIONS.len()), "{}", act.label);
        }
    }
}
