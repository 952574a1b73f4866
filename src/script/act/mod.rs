//! The acts: what a step of a script can do.
//!
//! Each act is described once, by a [`Description`] in one of the files of this directory. Reading a step, checking the
//! order, the run sheet and the texts on the screen follow from it. A new act is a variant of [`Act`], with its line in
//! [`Act::named`] and in the table below, and a description.

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
    /// Who is present.
    Attendance,
    /// Two people confirm the date and time.
    AttestClock,
    /// Host check: air gap, swap, clock.
    InspectHost,
    /// The digest of the script is read aloud.
    ReadScript,
    /// An instruction from the author of the script, which people initial.
    Note {
        /// May have several lines; no other control characters.
        text: String,
        /// Who initials it; at least one.
        initials: Vec<PersonId>,
    },
    /// A token is inserted and compared with the script.
    IdentifyToken { key: KeyId },
    /// The token is erased and gets its label.
    InitializeToken { key: KeyId },
    /// The key holder sets the PIN, unseen.
    SetPin { key: KeyId },
    /// The token generates its key, which answers a challenge.
    GenerateKey { key: KeyId },
    /// The key is generated in locked memory, imported into the token, and answers a challenge.
    ImportKey { key: KeyId },
    /// The key is wrapped, and custodians get shares of the key-encryption key.
    BackUpKey {
        /// `None` for the key that old shares restored into memory.
        key: Option<KeyId>,
    },
    /// Each custodian shows that their share opens.
    VerifyBackup {
        /// `None` for the key that old shares restored into memory.
        key: Option<KeyId>,
    },
    /// The rest of an old share set is destroyed in front of witnesses, or recorded as remaining.
    DestroyShares,
    /// A custodian's share is verified; if the key is restored, it is entered.
    OpenShare { custodian: PersonId },
    /// The shares are combined; at the full level, the key is unwrapped onto its token or into locked memory.
    RestoreKey {
        /// The key whose token receives it; `None` if it stays in memory.
        key: Option<KeyId>,
    },
    /// The restored key signs a message that cannot be a root.
    VerifyRestoredKey { key: Option<KeyId> },
    /// The restored key is destroyed, and its absence is checked.
    DestroyRestoredKey { key: Option<KeyId> },
    /// A key that was generated elsewhere is admitted: its token answers a challenge, or two people compare its fingerprint.
    EnrollKey { key: KeyId },
    /// The token signs a certificate for its key, for a Notary root.
    CertifyKey { key: KeyId },
    /// A signing request is verified: its chain from the trusted root, and what was signed before.
    VerifyRequest,
    /// The root is composed and frozen.
    ComposeRoot,
    /// People read what is to be signed, and its digest.
    ReviewRoot,
    /// Every key signs the frozen root.
    SignRoot,
    /// The signatures of other sites are collected.
    CollectSignatures,
    /// The signed root is verified as a client would.
    VerifyRoot,
    /// The root is exported for the online machine, and read back.
    Export,
    /// The token is inserted again and answers a challenge.
    VerifyToken { key: KeyId },
    /// Two people watch the destruction of the key in its token.
    DestroyTokenKey {
        /// A key that was removed from the root, or a key of a retired root.
        key: KeyId,
    },
    /// The token is sealed into a tamper-evident bag, and a person takes it.
    Seal {
        key: KeyId,
        /// Where it is kept from now on. No control characters.
        place: String,
        /// Who takes it; `None` for its holder.
        receiver: Option<PersonId>,
    },
    /// A medium is sealed into a tamper-evident bag, and a person takes it.
    SealMedium {
        medium: MediumId,
        /// Where it is kept from now on. No control characters.
        place: String,
        /// Who takes it; `None` for the administrator.
        receiver: Option<PersonId>,
    },
    /// The ceremony is interrupted: tokens are sealed into bags, and it is resumed later.
    Break {
        /// The reason, such as "Lunch". No control characters.
        text: Option<String>,
    },
    /// Each person agrees, agrees with reservation, or refuses.
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

/// What a step names, field by field.
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

    /// As in scripts: `generate-key`.
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

    pub fn key(&self) -> Option<&KeyId> {
        self.named().key
    }

    /// The ID of the key, the medium or the custodian that the act is about.
    pub fn object(&self) -> Option<&str> {
        let named = self.named();
        let medium = named.medium.map(MediumId::as_str);
        let custodian = named.custodian.map(PersonId::as_str);
        medium.or(custodian).or(named.key.map(KeyId::as_str))
    }

    /// The key of an act that comes before the root is composed.
    pub fn enrolls(&self) -> Option<&KeyId> {
        let is_of_keys = self.description().stage < Stage::Compose;
        self.key().filter(|_| is_of_keys)
    }

    /// The key that the act creates.
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
    fn every_act_is_described() {
        for act in DESCRIPTIONS {
            let texts = [act.name, act.label, act.about, act.reason];
            let is_placed = !act.kinds.is_empty() || act.in_restore != InRestore::Never;
            let is_whole = is_placed && act.minutes > 0 && !act.who.is_empty();
            assert!(
                is_whole && texts.iter().all(|text| !text.is_empty()),
                "{}",
                act.label
            );
        }
        let ready = crate::script::embedded().iter();
        let scripts = ready.map(|it| {
            let at = "2026-11-20T12:00:00Z".parse().unwrap();
            crate::script::Script::parse(it.name, it.text, it, at).unwrap()
        });
        for script in scripts {
            for step in script.steps() {
                assert!(!step.act.title(&script).is_empty(), "{}", step.id);
                assert!(!step.act.instructions(&script).is_empty(), "{}", step.id);
            }
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
