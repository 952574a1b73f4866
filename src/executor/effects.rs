//! Performs the effects of a ceremony. A failure without side effects is an outcome, about which the participants decide.

use std::time::Instant;

use crate::audit::publication;
use crate::ceremony::{
    Effect, ExportedFile, FailureKind, Interrupt, Mode, NewObject, Outcome, is_of_rehearsal,
};
use crate::certificate::PublicKey;
use crate::host;
use crate::metadata::Scheme;
use crate::record::TokenId;
use crate::script::KeyId;
use crate::storage::{Mode as FileMode, replace, replace_only, write_once};
use crate::token::{HeldKey, KeyRequest, TokenError};
use crate::transfer::{Destination, Occasion, Possession};
use crate::words::Digest;

use super::failure::{EffectError, EffectResult, failed};
use super::memory_key;
use super::{Executor, ExecutorError, fill_random};

impl Executor<'_> {
    /// Performs an effect. The inner error is an interrupt: the effect is performed again later.
    pub(super) fn perform(
        &mut self,
        effect: Effect,
    ) -> Result<Result<Outcome, Interrupt>, ExecutorError> {
        match self.try_to_perform(effect) {
            Ok(outcome) => Ok(Ok(outcome)),
            Err(EffectError::Failed(failure)) => {
                self.forget_after(failure.kind);
                Ok(Ok(Outcome::Failed(failure)))
            }
            Err(EffectError::Interrupted(interrupt)) => Ok(Err(interrupt)),
            Err(EffectError::Broken(error)) => Err(error),
        }
    }

    fn try_to_perform(&mut self, effect: Effect) -> EffectResult<Outcome> {
        match effect {
            Effect::ChooseCode { person } => self.choose_code(&person),
            Effect::ProveApprovalToken { person, public_key } => {
                self.prove_approval_token(&person, &public_key)
            }
            Effect::InspectHost => Ok(Outcome::HostInspected(host::inspect().findings())),
            Effect::FindToken { key } => self.find_token(&key),
            Effect::InitializeToken { key, token, label } => {
                self.initialize_token(&key, &token, &label)
            }
            Effect::SetPin { key, token } => self.set_pin(&key, &token),
            Effect::DestroyKey {
                key,
                spare,
                token,
                object,
                public_key,
            } => self.destroy_key(&key, spare.as_ref(), &token, object, &public_key),
            Effect::FindKeyFiles {
                key: _,
                token,
                interrupted,
            } => self.find_key_files(&token, &interrupted),
            Effect::EraseKeyFiles { key, token, files } => {
                self.erase_key_files(&key, &token, &files)
            }
            Effect::HandOverManagementKey { key, token } => {
                self.hand_over_management_key(&key, &token)
            }
            Effect::UnblockPin { key, token } => self.unblock_pin(&key, &token),
            Effect::GenerateKey(new) => {
                let is_backed_up = self.ceremony().script().backs_up(&new.key);
                self.generate_key(&new, key_request(&new, is_backed_up))
            }
            Effect::ImportKey(new) => {
                let is_backed_up = self.ceremony().script().backs_up(&new.key);
                self.import_key(&new, key_request(&new, is_backed_up))
            }
            Effect::ProveRecipient { custodian } => self.prove_recipient(&custodian),
            Effect::BackUpKey {
                key,
                token,
                public_key,
                id,
                void,
            } => self.back_up_key(&key, token.as_ref(), &public_key, &id, &void),
            Effect::DisableExtraction {
                key,
                token,
                public_key,
            } => self.disable_extraction(&key, &token, &public_key),
            Effect::OpenOwnShare { key, custodian } => self.open_own_share(&key, &custodian),
            Effect::OpenShare { custodian, way } => self.open_share(&custodian, way),
            Effect::CombineShares => self.combine_shares(),
            Effect::RestoreIntoMemory => self.restore_into_memory(),
            Effect::RestoreOntoToken { object, public_key } => {
                let request = key_request(&object, false);
                self.restore_onto_token(&object, request, &public_key)
            }
            Effect::SignCanary {
                on,
                set,
                public_key,
            } => self.sign_canary(on, set, public_key),
            Effect::ForgetRestored => self.forget_restored(),
            Effect::ProvePossession {
                key,
                occasion,
                token,
                public_key,
            } => self.prove_possession(&key, occasion, &token, public_key),
            Effect::Sign {
                key,
                token,
                public_key,
                scheme,
                message,
            } => self
                .sign(&key, &token, public_key, scheme, message, "Signing")
                .map(Outcome::Signed),
            Effect::RemoveTokens { tokens } => {
                self.remove_tokens(&tokens)?;
                Ok(Outcome::TokensRemoved)
            }
            Effect::WriteRequest => self.write_request(),
            Effect::CollectSignature {
                key,
                public_key,
                message,
            } => self.collect_signature(&key, &public_key, &message),
            Effect::Export { files, supersedes } => {
                self.log_out();
                let begun = Instant::now();
                self.export(&files, supersedes)?;
                self.timing.media += begun.elapsed();
                Ok(Outcome::Exported)
            }
        }
    }

    /// Writes the exported files, and next to a root the instructions to publish it.
    fn export(
        &self,
        files: &[(ExportedFile, Vec<u8>)],
        supersedes: Option<Digest>,
    ) -> EffectResult<()> {
        for (file, bytes) in files {
            let path = self.export.join(&file.name);
            match supersedes.filter(|_| file.name == "root.json") {
                Some(before) => replace_only(&path, bytes, before, FileMode::Public)?,
                None => write_once(&path, bytes, FileMode::Public)?,
            }
        }
        for (name, bytes) in publication(self.ceremony()) {
            let path = self.export.join(&name);
            if Destination::is_derived(&name) {
                replace(&path, &bytes, FileMode::Public)?;
            } else {
                write_once(&path, &bytes, FileMode::Public)?;
            }
        }
        Ok(())
    }

    fn initialize_token(
        &mut self,
        key: &KeyId,
        token: &TokenId,
        label: &str,
    ) -> EffectResult<Outcome> {
        self.bring(key)?;
        // An interrupted attempt may have initialized it: no token had that label when this token was found.
        let label_there = |id: &TokenId| id.label == label;
        let made = self
            .look(&token.profile)?
            .into_iter()
            .find(|seen| seen.state.initialized && label_there(&seen.id));
        if let Some(seen) = made {
            return Ok(Outcome::TokenInitialized { token: seen.id });
        }
        self.await_exactly(key, token)?;
        if self.token_state(key, token)?.pin_pad {
            let what = format!("Enter the new SO PIN on the device: {token}");
            let label = label.to_owned();
            let token = self.with_token(key, token, &what, move |open| {
                open.token.initialize_on_device(&label)?;
                Ok(open.token.id().clone())
            })?;
            return Ok(Outcome::TokenInitialized { token });
        }
        let so_pin = self.ask_new_so_pin(key, token)?;
        let label = label.to_owned();
        let (token, so_pin) =
            self.with_token(key, token, "Initializing the token", move |open| {
                open.token.initialize(&so_pin, &label)?;
                Ok((open.token.id().clone(), so_pin))
            })?;
        self.keep_so_pin(key, so_pin);
        Ok(Outcome::TokenInitialized { token })
    }

    fn set_pin(&mut self, key: &KeyId, token: &TokenId) -> EffectResult<Outcome> {
        self.bring(key)?;
        self.await_exactly(key, token)?;
        if self.token_state(key, token)?.pin_pad {
            return self.set_pin_on_device(key, token);
        }
        let so_pin = match self.take_so_pin(key) {
            Some(so_pin) => so_pin,
            None => self.ask_so_pin(key, token)?,
        };
        let pin = match self.ask_new_pin(key, token) {
            Ok(pin) => pin,
            Err(error) => {
                // The prompt is repeated; the SO PIN is not asked for again.
                self.keep_so_pin(key, so_pin);
                return Err(error);
            }
        };
        let (result, so_pin) = self.with_token(key, token, "Setting the PIN", move |open| {
            let result = open
                .token
                .set_pin(&so_pin, &pin)
                .and_then(|()| open.token.login(&pin));
            open.logged_in = result.is_ok();
            Ok((result, so_pin))
        })?;
        if matches!(result, Err(TokenError::PinFormat { .. })) {
            // The SO PIN was right; only another PIN is needed.
            self.keep_so_pin(key, so_pin);
        }
        result?;
        Ok(Outcome::PinSet)
    }

    /// Has the holder set the PIN on the device, with the SO PIN entered there as well.
    pub(super) fn set_pin_on_device(
        &mut self,
        key: &KeyId,
        token: &TokenId,
    ) -> EffectResult<Outcome> {
        let what = format!("Enter the SO PIN, then the new PIN, on the device: {token}");
        self.with_token(key, token, &what, |open| open.token.set_pin_on_device())?;
        Ok(Outcome::PinSet)
    }

    fn generate_key(&mut self, new: &NewObject, request: KeyRequest) -> EffectResult<Outcome> {
        let (key, token, policy) = (&new.key, &new.token, new.policy);
        self.log_in(key, token)?;
        self.unlock_management(key, token)?;
        let attests = self.is_attesting(token);
        let (generated, attestation) =
            self.with_token(key, token, "Generating the key", move |open| {
                if let Some(policy) = policy.filter(|_| attests) {
                    open.token.set_use_policy(policy)?;
                }
                let generated = match open.token.recover(&request)? {
                    Some(generated) => generated,
                    None => open.token.generate(&request)?,
                };
                let attestation = if attests {
                    open.token.attest(&request.object_id)?
                } else {
                    Vec::new()
                };
                Ok((generated, attestation))
            })?;
        Ok(Outcome::KeyGenerated {
            token: token.clone(),
            public_key: generated.public,
            attributes: generated.attributes,
            attestation,
        })
    }

    fn import_key(&mut self, new: &NewObject, request: KeyRequest) -> EffectResult<Outcome> {
        let (key, token, policy) = (&new.key, &new.token, new.policy);
        if !self.is_attesting(token) {
            // A simulated token of another make generates the key.
            return self.generate_key(new, request);
        }
        self.log_in(key, token)?;
        self.unlock_management(key, token)?;
        let is_backed_up = request.extractable;
        let request = KeyRequest {
            extractable: false,
            ..request
        };
        let wrapped_for = is_backed_up.then(|| key.clone());
        let (generated, wrapped) =
            self.with_token(key, token, "Importing the key", move |open| {
                if let Some(policy) = policy {
                    open.token.set_use_policy(policy)?;
                }
                memory_key::bring_in(open.token.as_mut(), &request, wrapped_for.as_ref())
            })?;
        self.hold_wrapped(key, wrapped);
        Ok(Outcome::KeyGenerated {
            token: token.clone(),
            public_key: generated.public,
            attributes: generated.attributes,
            attestation: Vec::new(),
        })
    }

    fn prove_possession(
        &mut self,
        key: &KeyId,
        occasion: Occasion,
        token: &TokenId,
        public_key: PublicKey,
    ) -> EffectResult<Outcome> {
        if occasion == Occasion::Reinsertion {
            self.take_out(key, token)?;
        }
        let mut challenge = [0; 32];
        fill_random(&mut challenge).map_err(EffectError::Broken)?;
        let possession = Possession {
            script: self.ceremony().script().sha256(),
            key: key.as_str(),
            occasion,
            is_rehearsal: self.ceremony().mode() == Mode::Rehearsal,
        };
        let message = possession.message(&challenge);
        let signature = self.sign(
            key,
            token,
            public_key,
            None,
            message,
            "Signing the challenge",
        )?;
        Ok(Outcome::Answered {
            challenge,
            signature,
        })
    }

    /// Signs with the key of a token. The public key is compared before the PIN is asked for.
    pub(super) fn sign(
        &mut self,
        key: &KeyId,
        token: &TokenId,
        public_key: PublicKey,
        scheme: Option<Scheme>,
        message: Vec<u8>,
        what: &'static str,
    ) -> EffectResult<Vec<u8>> {
        self.bring(key)?;
        self.await_exactly(key, token)?;
        let object_id = self.object_of(key, token, &public_key)?;
        self.log_in_seen(key, token)?;
        self.with_token(key, token, what, move |open| {
            let token = &mut open.token;
            match scheme {
                Some(scheme) => token.sign_by(&object_id, &public_key, scheme, &message),
                None => token.sign(&object_id, &public_key, &message),
            }
        })
    }

    /// The object ID of this key in the token. It is looked up before a PIN is entered, unless the token shows its keys
    /// only after a login.
    pub(super) fn object_of(
        &mut self,
        key: &KeyId,
        token: &TokenId,
        public_key: &PublicKey,
    ) -> EffectResult<Vec<u8>> {
        let mut held = self.holding(key, token, public_key)?;
        // By the profile, or because this very token, which has held the key, now shows nothing.
        let needs_login = match &held {
            None => true,
            Some((None, shows_nothing)) => *shows_nothing && self.is_recorded_for(key, token),
            Some((Some(_), _)) => false,
        };
        if needs_login {
            self.log_in_seen(key, token)?;
            held = self.holding(key, token, public_key)?;
        }
        let held = held.and_then(|(held, _)| held);
        if let Some(held) = &held
            && self.ceremony().mode() == Mode::Production
            && is_of_rehearsal(&held.label)
        {
            return Err(failed(
                FailureKind::RehearsalKey,
                format!(
                    "the key on the token {token} was generated in a rehearsal: its label is {:?}",
                    crate::record::visible(&held.label)
                ),
                "no PIN was tried; abort the ceremony, and find out why the root lists a key of a rehearsal",
            ));
        }
        held.map(|held| held.object_id).ok_or_else(|| {
            let tried = if needs_login {
                ""
            } else {
                "no PIN was tried; "
            };
            failed(
                FailureKind::WrongToken,
                format!("the token {token} does not hold the expected key"),
                &format!(
                    "{tried}insert {}",
                    self.ceremony().script().token_title(key)
                ),
            )
        })
    }

    /// The key on the token, and whether the token shows no objects at all; none where it shows keys only after a login.
    fn holding(
        &mut self,
        key: &KeyId,
        token: &TokenId,
        public_key: &PublicKey,
    ) -> EffectResult<Option<(Option<HeldKey>, bool)>> {
        let public = public_key.clone();
        self.with_token(
            key,
            token,
            "Checking which key the token holds",
            move |open| {
                let token = &mut open.token;
                match token.holding(&public) {
                    Ok(Some(held)) => Ok(Some((Some(held), false))),
                    Ok(None) => Ok(Some((None, token.objects()?.is_empty()))),
                    Err(TokenError::LoginNeeded) => Ok(None),
                    Err(error) => Err(error),
                }
            },
        )
    }

    /// Whether this ceremony has found that token for the key, or generated the key in it.
    fn is_recorded_for(&self, key: &KeyId, token: &TokenId) -> bool {
        let state = self.ceremony().key(key);
        state.is_some_and(|state| state.token() == Some(token))
    }
}

/// The request for a new key. A key that is backed up stays extractable until then.
fn key_request(new: &NewObject, extractable: bool) -> KeyRequest {
    KeyRequest {
        object_id: new.object_id.clone(),
        label: new.label.clone(),
        key_type: new.key_type,
        extractable,
    }
}
