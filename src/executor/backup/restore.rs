//! A key is restored from its shares: each is entered by its custodian, they are combined, and the unwrapped key is
//! compared with the manifest.

use std::path::{Path, PathBuf};

use crate::backup::{
    Check, Collected, KeyEncryptionKey, Manifest, OpenedShare, Opener, Refusal, sign_with,
};
use crate::ceremony::{FailureKind, NewObject, Outcome, SecretPurpose, restore_canary};
use crate::certificate::PublicKey;
use crate::metadata::Scheme;
use crate::record::TokenId;
use crate::script::{DrillLevel, Entering, KeyId, PersonId, PersonRole};
use crate::secret::PrivateKey;
use crate::token::{GeneratedKey, KeyRequest, Token, TokenError};
use crate::words::Digest;

use super::super::failure::{EffectError, EffectResult, failed};
use super::super::{Executor, fill_random};
use super::opening::read_brought;
use super::refused;
use super::typing::TypedWords;

/// Collected shares, and a key that was restored into memory, until they are no longer needed.
#[derive(Default)]
pub(in crate::executor) struct Restoring {
    shares: Option<Collected>,
    restored: Option<PrivateKey>,
    pub(super) typed: Option<TypedWords>,
}

impl Restoring {
    /// The key that was restored into memory.
    pub(super) const fn restored(&self) -> Option<&PrivateKey> {
        self.restored.as_ref()
    }
}

impl Executor<'_> {
    /// Has a custodian enter or verify their share.
    pub(in crate::executor) fn open_share(
        &mut self,
        custodian: &PersonId,
        way: Entering,
    ) -> EffectResult<Outcome> {
        let manifest = self.set()?;
        let who = Some(custodian.as_str());
        match way {
            Entering::CheckWords => {
                let given = self.simulated_share(&manifest, custodian)?;
                let given = given.map_or_else(String::new, |share| share.check_words().to_owned());
                let read = self.ask_reading(
                    custodian,
                    vec![format!(
                        "{}: decrypt your share on your own device with age -d -i IDENTITY, and read its check words aloud. Never read the numbered words.",
                        self.name_of(custodian)
                    )],
                    "Check words",
                    given,
                )?;
                manifest
                    .check_words(custodian.as_str(), &read)
                    .map_err(refused)?;
            }
            Entering::Words => {
                let given = self.simulated_share(&manifest, custodian)?;
                let given = given.map(|share| share.words());
                let words = self.type_words(custodian, given.as_ref())?;
                let added = self.shares_of(&manifest).add_words(&words, who).map(drop);
                // Words with a right checksum belong to another share: correcting them does not help.
                let is_correctable = added
                    .as_ref()
                    .is_err_and(|refusal| refusal.check == Check::ShareChecksum);
                self.settle_typed(custodian, words, is_correctable);
                added.map_err(refused)?;
            }
            Entering::Identity => {
                let file = self.share_file(&manifest, custodian)?;
                let (known, id) = (manifest.clone(), custodian.to_string());
                let opened = self.open_here(custodian, move |opener| {
                    known.open(&file, opener, Some(&id))
                })?;
                self.add_share(&manifest, opened, custodian)?;
            }
            Entering::Passphrase => {
                let file = self.share_file(&manifest, custodian)?;
                let passphrase = self.ask_passphrase(custodian, SecretPurpose::SharePassphrase)?;
                let opener = Opener::passphrase(&passphrase);
                let share = manifest.open(&file, &opener, who).map_err(refused)?;
                self.add_share(&manifest, share, custodian)?;
            }
        }
        let is_custody = self.level() == Some(DrillLevel::Custody);
        if is_custody {
            // It was verified, and is not needed for anything else.
            self.room.restoring.shares = None;
        }
        Ok(Outcome::ShareEntered {
            custodian: custodian.clone(),
            way,
        })
    }

    fn add_share(
        &mut self,
        manifest: &Manifest,
        opened: OpenedShare,
        custodian: &PersonId,
    ) -> EffectResult<()> {
        let added = self
            .shares_of(manifest)
            .add_opened(opened, Some(custodian.as_str()));
        added.map(drop).map_err(refused)
    }

    /// The collected shares of a set.
    fn shares_of(&mut self, manifest: &Manifest) -> &mut Collected {
        self.room
            .restoring
            .shares
            .get_or_insert_with(|| Collected::new(manifest.clone()))
    }

    fn level(&self) -> Option<DrillLevel> {
        Some(self.ceremony().script().restore()?.level)
    }

    fn set(&self) -> EffectResult<Manifest> {
        self.ceremony().set_at_hand().cloned().ok_or_else(|| {
            failed(
                FailureKind::InvalidAnswer,
                "this ceremony does not restore a key",
                "abort the ceremony, and check the script",
            )
        })
    }

    /// The decrypted share of a simulated custodian; none in a production.
    fn simulated_share(
        &mut self,
        manifest: &Manifest,
        custodian: &PersonId,
    ) -> EffectResult<Option<OpenedShare>> {
        let Some(path) = self.kept_share(manifest, custodian)? else {
            return Ok(None);
        };
        let file = read_brought(&path)?;
        let phrase = self.room.hands.given_passphrase(custodian);
        let is_phrased = manifest.share_of(custodian.as_str()).is_some_and(|share| {
            share.custodian().protection == Some(crate::backup::Protection::Passphrase)
        });
        let opener = match phrase.filter(|_| is_phrased) {
            Some(phrase) => crate::secret::Passphrase::new(zeroize::Zeroizing::new(phrase))
                .ok()
                .map(|phrase| Opener::passphrase(&phrase)),
            None => self.simulated_opener(custodian)?,
        };
        let share = opener.map(|opener| manifest.open(&file, &opener, Some(custodian.as_str())));
        share.transpose().map_err(refused)
    }

    /// The path of the share of a simulated custodian; none in a production.
    fn kept_share(
        &mut self,
        manifest: &Manifest,
        custodian: &PersonId,
    ) -> EffectResult<Option<PathBuf>> {
        let name = manifest
            .share_of(custodian.as_str())
            .map(|share| share.label().share_file());
        match name {
            Some(name) => self.kept(manifest, &name),
            None => Ok(None),
        }
    }

    fn kept(&mut self, manifest: &Manifest, name: &str) -> EffectResult<Option<PathBuf>> {
        let facts = manifest.facts();
        let found = self
            .room
            .hands
            .kept(&format!("{}-{}", facts.key, facts.id), name);
        found.transpose().map_err(|error| {
            failed(
                FailureKind::File,
                format!("cannot read {name} of the rehearsal: {error}"),
                "check that nothing changed in the directory of the rehearsal",
            )
        })
    }

    /// The share file of a custodian, from the path that they enter.
    fn share_file(&mut self, manifest: &Manifest, custodian: &PersonId) -> EffectResult<Vec<u8>> {
        let given = self.kept_share(manifest, custodian)?;
        let name = manifest
            .share_of(custodian.as_str())
            .map_or_else(String::new, |share| share.label().share_file());
        let path = self.ask_reading(
            custodian,
            vec![format!(
                "{}: insert the medium with your share, {name}.",
                self.name_of(custodian)
            )],
            "Path of the share file",
            shown(given),
        )?;
        read_brought(Path::new(path.trim()))
    }

    /// The wrapped key, from the path that the administrator enters. It must match the manifest.
    fn wrapped_key(&mut self, manifest: &Manifest) -> EffectResult<Vec<u8>> {
        let facts = manifest.facts();
        let name = crate::backup::wrapped_file(&facts.key, &facts.id);
        let given = self.kept(manifest, &name)?;
        let people = self
            .ceremony()
            .script()
            .with_role(PersonRole::Administrator);
        let administrator: Vec<PersonId> = people.map(|person| person.id.clone()).collect();
        let Some(administrator) = administrator.first() else {
            return Err(failed(
                FailureKind::File,
                "the script has no administrator who brings the wrapped key",
                "abort the ceremony, and check the script",
            ));
        };
        let path = self.ask_reading(
            administrator,
            vec![format!(
                "Insert the medium with the wrapped key, {name}. A witness checks that no share is on it. The collected shares stay in memory meanwhile."
            )],
            "Path of the wrapped key",
            shown(given),
        )?;
        let wrapped = read_brought(Path::new(path.trim()))?;
        manifest.check_wrapped(&wrapped).map_err(refused)?;
        Ok(wrapped)
    }

    fn key_encryption_key(&mut self, manifest: &Manifest) -> EffectResult<KeyEncryptionKey> {
        self.shares_of(manifest).key().map_err(refused)
    }

    /// Combines the shares, and wipes the result.
    pub(in crate::executor) fn combine_shares(&mut self) -> EffectResult<Outcome> {
        let manifest = self.set()?;
        drop(self.key_encryption_key(&manifest)?);
        self.room.restoring.shares = None;
        Ok(Outcome::SharesCombined)
    }

    pub(in crate::executor) fn restore_into_memory(&mut self) -> EffectResult<Outcome> {
        let manifest = self.set()?;
        let kek = self.key_encryption_key(&manifest)?;
        let wrapped = self.wrapped_key(&manifest)?;
        let private = manifest.unwrap(&kek, &wrapped).map_err(refused)?;
        self.room.restoring.restored = Some(private);
        self.room.restoring.shares = None;
        Ok(Outcome::Restored)
    }

    pub(in crate::executor) fn restore_onto_token(
        &mut self,
        object: &NewObject,
        request: KeyRequest,
        public: &PublicKey,
    ) -> EffectResult<Outcome> {
        let (key, token, policy) = (&object.key, &object.token, object.policy);
        let manifest = self.set()?;
        let kek = self.key_encryption_key(&manifest)?;
        let wrapped = self.wrapped_key(&manifest)?;
        self.log_in(key, token)?;
        self.unlock_management(key, token)?;
        let attests = self.is_attesting(token);
        let public = public.clone();
        let restored = self.with_token(key, token, "Restoring the key", move |open| {
            let token = open.token.as_mut();
            if let Some(policy) = policy.filter(|_| attests) {
                token.set_use_policy(policy)?;
            }
            let restored = if token.wrapping().is_some() {
                unwrap_onto(token, &request, &public, &kek, &wrapped)
            } else {
                match manifest.unwrap(&kek, &wrapped) {
                    Ok(private) => import(token, &request, &public, &private),
                    Err(refusal) => return Ok(Err(refusal)),
                }
            };
            restored.map(Ok::<GeneratedKey, Refusal>)
        })?;
        let restored = restored.map_err(refused)?;
        self.room.restoring.shares = None;
        Ok(Outcome::KeyGenerated {
            token: token.clone(),
            public_key: restored.public,
            attributes: restored.attributes,
            attestation: Vec::new(),
        })
    }

    /// Has the restored key sign a message that cannot be a root.
    pub(in crate::executor) fn sign_canary(
        &mut self,
        on: Option<(KeyId, TokenId)>,
        set: Digest,
        public: PublicKey,
    ) -> EffectResult<Outcome> {
        let mut challenge = [0; 32];
        fill_random(&mut challenge).map_err(EffectError::Broken)?;
        let message = restore_canary(self.ceremony().script().sha256(), set, &challenge);
        let signature = if let Some((key, token)) = on {
            let what = "Signing with the restored key";
            self.sign(&key, &token, public, None, message, what)?
        } else {
            let restored = self.room.restoring.restored.as_ref();
            let signature = restored.and_then(|private| sign_with(private, &public, &message));
            signature.ok_or_else(|| {
                failed(
                    FailureKind::SecretLost,
                    "the restored key is not in memory, or failed to sign",
                    "press Ctrl-C, then run: conclave resume DIR; the shares are collected again",
                )
            })?
        };
        Ok(Outcome::Answered {
            challenge,
            signature,
        })
    }

    /// Overwrites the restored key in memory, and verifies that it is gone.
    pub(in crate::executor) fn forget_restored(&mut self) -> EffectResult<Outcome> {
        self.room.restoring.shares = None;
        let is_gone = match self.room.restoring.restored.take() {
            Some(private) => private.wipe(),
            // The process that held it has ended.
            None => true,
        };
        if is_gone && self.room.restoring.restored.is_none() {
            return Ok(Outcome::RestoredForgotten);
        }
        Err(failed(
            FailureKind::InvalidAnswer,
            "the restored key is still in memory",
            "press Ctrl-C, and switch the machine off",
        ))
    }
}

/// Unwraps a key in a token. It stays there only if it signs as the expected key.
fn unwrap_onto(
    token: &mut dyn Token,
    request: &KeyRequest,
    public: &PublicKey,
    kek: &KeyEncryptionKey,
    wrapped: &[u8],
) -> Result<GeneratedKey, TokenError> {
    // Remove the key, or half of it, of an interrupted attempt.
    if token.recover(request)?.is_some() {
        token.destroy(&request.object_id)?;
    }
    let wrapping = token.wrapping().ok_or_else(|| TokenError::Unsupported {
        what: "import wrapped keys".to_owned(),
    })?;
    let restored = wrapping.unwrap(request, public, kek.expose(), wrapped)?;
    let message = super::canary(public);
    let signed = token.sign(&request.object_id, public, &message);
    let is_key = signed.as_ref().is_ok_and(|signature| {
        Scheme::for_public_key(public)
            .is_some_and(|scheme| scheme.verifies(public, &message, signature))
    });
    if is_key && restored.public == *public {
        return Ok(restored);
    }
    token.destroy(&request.object_id)?;
    signed?;
    Err(not_the_key(request))
}

/// Imports a key that was unwrapped in memory into a token. It stays there only if it is the expected key.
fn import(
    token: &mut dyn Token,
    request: &KeyRequest,
    public: &PublicKey,
    private: &PrivateKey,
) -> Result<GeneratedKey, TokenError> {
    token.discard(request)?;
    let held = token.import(request, private)?;
    if held.public == *public {
        return Ok(held);
    }
    token.destroy(&request.object_id)?;
    Err(not_the_key(request))
}

fn not_the_key(request: &KeyRequest) -> TokenError {
    TokenError::KeyMismatch {
        object_id: request.object_id.clone(),
        problem: "the restored key is not the key of the manifest; it was destroyed".to_owned(),
    }
}

fn shown(path: Option<PathBuf>) -> String {
    path.map_or_else(String::new, |path| path.to_string_lossy().into_owned())
}
