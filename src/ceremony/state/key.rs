//! What is known of one key.

use std::collections::BTreeMap;

use crate::certificate::PublicKey;
use crate::metadata::Key;
use crate::record::{AttestationSummary, FactorySecret, KeyAttributes, Provenance, TokenId};
use crate::script::{ItemId, SpareId, TokenSecret};
use crate::transfer::PossessionProof;

use crate::ceremony::attestation::KeyAttestation;

use super::KeyBackup;

/// What is known of one key of the script.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and all combinations are possible"
)]
pub struct KeyState {
    pub(in crate::ceremony) token: Option<TokenId>,
    /// What the token still has as it left the factory.
    pub(in crate::ceremony) at_factory_value: Vec<FactorySecret>,
    pub(in crate::ceremony) initialize: Intent<String>,
    pub(in crate::ceremony) initialized: bool,
    pub(in crate::ceremony) pin_set: bool,
    pub(in crate::ceremony) generate: Intent<(Vec<u8>, String)>,
    pub(in crate::ceremony) generated: Option<Generated>,
    /// The answer by which the token proved that it holds the key, before the root was composed.
    pub(in crate::ceremony) proof: Option<PossessionProof>,
    /// Whether the signing of a certificate was announced.
    pub(in crate::ceremony) certify: Intent<()>,
    /// The key in the certificate that it signed, for a root of Notary.
    pub(in crate::ceremony) certificate: Option<Key>,
    /// What is known of its backup.
    pub(in crate::ceremony) backup: KeyBackup,
    /// Whether the management key was written down for the safe, and taken off the token.
    pub(in crate::ceremony) management_written: bool,
    pub(in crate::ceremony) sign: Intent<()>,
    pub(in crate::ceremony) signature: Option<Vec<u8>>,
    pub(in crate::ceremony) reinserted: bool,
    /// The spare that stands in for the token of the script.
    pub(in crate::ceremony) spare: Option<SpareId>,
    /// Keys that were made for this one before, and given up.
    pub(in crate::ceremony) former: Vec<Former>,
    /// Tokens that were given up for a spare.
    pub(in crate::ceremony) set_aside: Vec<TokenId>,
    /// The names in the script of tokens that were here and were given up for a spare, each with the token, where it
    /// had shown itself: they go into bags as well.
    pub(in crate::ceremony) given_up: Vec<(ItemId, Option<TokenId>)>,
    /// The bags into which secrets of the token are sealed.
    pub(in crate::ceremony) envelopes: BTreeMap<TokenSecret, String>,
    /// Wrong PINs since the last right one.
    pub(in crate::ceremony) wrong_pins: u8,
    pub(in crate::ceremony) locked: bool,
    /// Whether it was decided to unblock the PIN.
    pub(in crate::ceremony) unblocking: bool,
    /// Why nothing more is asked of the key, when two people decided so.
    pub(in crate::ceremony) forgone: Option<String>,
}

/// A key that was made and then given up, so that another took its place.
#[derive(Debug, Clone)]
pub struct Former {
    /// The public key.
    pub public_key: PublicKey,
    /// Its object ID there.
    pub object_id: Vec<u8>,
    /// Whether wrong PINs have locked that token since.
    pub locked: bool,
    /// The token that holds it, or held it.
    pub token: TokenId,
    /// The spare that this token is; none where it is the key's own.
    pub spare: Option<SpareId>,
    /// What became of it.
    pub fate: FormerFate,
}

/// What became of a key that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormerFate {
    /// It is still to be destroyed.
    Pending,
    /// It was destroyed, and is not on the token any more.
    Destroyed,
    /// It may exist still: it is listed as an orphan.
    Orphan {
        /// Why it was not destroyed.
        reason: String,
    },
}

/// A key as it came out of its token, or as the root before has it.
#[derive(Debug, Clone)]
pub struct Generated {
    /// The public key.
    pub public_key: PublicKey,
    /// The public key as TUF has it.
    pub key: Key,
    /// What the token said of the private key when it was made; none for a key that was made before.
    pub attributes: Option<KeyAttributes>,
    /// What that amounts to; none for a key that was made before.
    pub provenance: Option<Provenance>,
    /// What its token stated, signed, about where it was made.
    pub attestation: Option<KeyAttestation>,
    /// Whether a twin that attests nothing stands in for a token that does.
    pub stood_in: bool,
}

impl Generated {
    /// A key of the root before: it was made earlier, and its token shows it.
    pub(in crate::ceremony) fn earlier(key: &Key) -> Option<Self> {
        Some(Self {
            public_key: key.public()?.clone(),
            key: key.clone(),
            attributes: None,
            provenance: None,
            attestation: None,
            stood_in: false,
        })
    }

    /// Where it comes from, in a word or two.
    #[must_use]
    pub fn origin(&self) -> &'static str {
        match self.provenance {
            None => "made before this ceremony",
            Some(_) if self.stood_in => "claimed; attestation stood-in",
            Some(provenance) => provenance.as_str(),
        }
    }

    /// What its device stated about it, if that is believed.
    #[must_use]
    pub fn attested(&self) -> Option<&AttestationSummary> {
        self.attestation.as_ref()?.verdict().ok()
    }
}

/// What was written down before an act that cannot be undone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::ceremony) enum Intent<T> {
    /// Nothing yet.
    #[default]
    None,
    /// It may be under way in this process.
    Recorded(T),
    /// It was under way when the process ended: nobody knows how far it went.
    Interrupted(T),
}

impl<T> Intent<T> {
    pub(in crate::ceremony) const fn get(&self) -> Option<&T> {
        match self {
            Self::None => None,
            Self::Recorded(what) | Self::Interrupted(what) => Some(what),
        }
    }

    /// The process ended. An intent that was interrupted before stays so, however often that happens.
    pub(in crate::ceremony) fn interrupt(&mut self) {
        *self = match std::mem::take(self) {
            Self::None => Self::None,
            Self::Recorded(what) | Self::Interrupted(what) => Self::Interrupted(what),
        };
    }
}

impl KeyState {
    /// Its holder has set the PIN: that of the factory is gone.
    pub(in crate::ceremony) fn take_pin(&mut self) {
        self.at_factory_value
            .retain(|secret| *secret != FactorySecret::Pin);
        self.pin_set = true;
    }

    /// The token that holds the key, or will hold it.
    #[must_use]
    pub const fn token(&self) -> Option<&TokenId> {
        self.token.as_ref()
    }

    /// The key, once it was generated; from the start where the root before has it.
    #[must_use]
    pub const fn generated(&self) -> Option<&Generated> {
        self.generated.as_ref()
    }

    /// What is known of its backup.
    #[must_use]
    pub const fn backup(&self) -> &KeyBackup {
        &self.backup
    }

    /// Whether the token proved, before the root was composed, that it holds the key.
    #[must_use]
    pub const fn is_proven(&self) -> bool {
        self.proof.is_some()
    }

    /// The answer by which it did.
    #[must_use]
    pub const fn proof(&self) -> Option<&PossessionProof> {
        self.proof.as_ref()
    }

    /// The key in the certificate that it signed in this ceremony, as a root of Notary lists it.
    #[must_use]
    pub const fn certificate(&self) -> Option<&Key> {
        self.certificate.as_ref()
    }

    /// Whether the key has signed the root.
    #[must_use]
    pub const fn has_signed(&self) -> bool {
        self.signature.is_some()
    }

    /// The spare that stands in for the token that the script names.
    #[must_use]
    pub const fn spare(&self) -> Option<&SpareId> {
        self.spare.as_ref()
    }

    /// Keys that were made for this one before, and given up.
    #[must_use]
    pub fn former(&self) -> &[Former] {
        &self.former
    }

    /// Tokens that were given up for a spare.
    #[must_use]
    pub fn set_aside(&self) -> &[TokenId] {
        &self.set_aside
    }

    /// Tokens that were here and were given up for a spare, by their names in the script.
    #[must_use]
    pub fn given_up(&self) -> &[(ItemId, Option<TokenId>)] {
        &self.given_up
    }

    /// The bags into which secrets of the token are sealed now.
    #[must_use]
    pub const fn envelopes(&self) -> &BTreeMap<TokenSecret, String> {
        &self.envelopes
    }

    /// Why nothing more is asked of the key, when two people decided so.
    #[must_use]
    pub fn forgone(&self) -> Option<&str> {
        self.forgone.as_deref()
    }

    /// Whether wrong PINs have locked the token, as far as the record knows.
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        self.locked
    }

    /// Wrong PINs since the last right one.
    #[must_use]
    pub const fn wrong_pins(&self) -> u8 {
        self.wrong_pins
    }

    /// Whether the key still owes its signature of the root.
    #[must_use]
    pub const fn owes_signature(&self) -> bool {
        self.signature.is_none() && self.forgone.is_none()
    }

    /// Whether a failure concerns the token that was given up, and not the one in its place.
    pub(in crate::ceremony) fn is_at_former(&self) -> bool {
        self.to_destroy()
            .is_some_and(|former| former.spare != self.spare)
    }

    /// A key that was given up and is still to be destroyed.
    pub(in crate::ceremony) fn to_destroy(&self) -> Option<&Former> {
        self.former
            .iter()
            .find(|former| former.fate == FormerFate::Pending)
    }

    /// Whether the token answered again after it was taken out and put in.
    #[must_use]
    pub const fn is_reinserted(&self) -> bool {
        self.reinserted
    }
}
