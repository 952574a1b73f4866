//! Who types which PIN, PUK or management key, and when it is not asked for.

use crate::ceremony::{
    FailureKind, KeyState, Mode, SecretPrompt, SecretPurpose, TypedSecret, simulated_is_locked,
};
use crate::executor::Executor;
use crate::executor::failure::failed;
use crate::executor::failure::{EffectError, EffectResult};
use crate::executor::recovery::secret_is_gone;
use crate::record::{TokenId, Tries};
use crate::script::{KeyId, KeyPlan, TokenSecret};
use crate::secret::Pin;
use crate::token::{TokenError, TokenState};

impl Executor<'_> {
    /// Logs the key holder in, unless that is so already.
    pub(in crate::executor) fn log_in(&mut self, key: &KeyId, token: &TokenId) -> EffectResult<()> {
        self.bring(key)?;
        self.await_exactly(key, token)?;
        self.log_in_seen(key, token)
    }

    /// The same with a token that was seen to be in just now. Another that was put in since is noticed before it
    /// gets the PIN.
    pub(in crate::executor) fn log_in_seen(
        &mut self,
        key: &KeyId,
        token: &TokenId,
    ) -> EffectResult<()> {
        if self.ceremony().mode() == Mode::Rehearsal
            && self.ceremony().key(key).is_some_and(KeyState::is_locked)
        {
            return Err(EffectError::Failed(simulated_is_locked()));
        }
        self.log_in_found(key, token)
    }

    /// The same on the token of a name, which may be one that was given up.
    pub(in crate::executor) fn log_in_at(
        &mut self,
        name: &str,
        key: &KeyId,
        token: &TokenId,
    ) -> EffectResult<()> {
        self.bring_named(name)?;
        self.await_exactly(key, token)?;
        self.log_in_found(key, token)
    }

    fn log_in_found(&mut self, key: &KeyId, token: &TokenId) -> EffectResult<()> {
        let (key_of_job, id) = (key.clone(), token.clone());
        let (is_logged_in, state) = self.call("Asking the token for its state", move |tokens| {
            let open = tokens.take(&key_of_job, &id)?;
            Ok((open.logged_in, open.token.state()?))
        })?;
        if is_logged_in || !state.login_required {
            return Ok(());
        }
        let (key_of_job, id) = (key.clone(), token.clone());
        if state.pin_pad {
            let what = format!("Enter the PIN on the device: {token}");
            return self.call(&what, move |tokens| {
                let open = tokens.take(&key_of_job, &id)?;
                open.token.login_on_device()?;
                open.logged_in = true;
                Ok(())
            });
        }
        if !state.pin_set {
            return Err(TokenError::PinNotSet.into());
        }
        let tries = self
            .ceremony()
            .simulated_tries(key)
            .unwrap_or(state.pin_tries);
        let pin = if self.is_key_file(token) {
            self.ask_pin(key, token, SecretPurpose::KeyFilePassphrase, None)?
        } else {
            self.ask_pin(key, token, SecretPurpose::Pin, Some(tries))?
        };
        self.call("Logging in", move |tokens| {
            let open = tokens.take(&key_of_job, &id)?;
            open.token.login(&pin)?;
            open.logged_in = true;
            Ok(())
        })
    }

    /// The secret that sets a new PIN of a token: the PUK where such tokens have one, otherwise the SO PIN.
    fn ruling_secret(&self, key: &KeyId) -> TokenSecret {
        let plan = self.ceremony().script().key(key);
        plan.map_or(TokenSecret::SoPin, KeyPlan::ruling_secret)
    }

    /// A new SO PIN or PUK.
    pub(in crate::executor) fn ask_new_so_pin(
        &mut self,
        key: &KeyId,
        token: &TokenId,
    ) -> EffectResult<Pin> {
        let secret = self.ruling_secret(key);
        if self.is_discarded(key, secret) {
            return Self::random_pin(*self.token_state(key, token)?.pin_length.end());
        }
        let purpose = match secret {
            TokenSecret::Puk => SecretPurpose::NewPuk,
            _ => SecretPurpose::NewSoPin,
        };
        self.ask_pin(key, token, purpose, None)
    }

    pub(in crate::executor) fn ask_new_pin(
        &mut self,
        key: &KeyId,
        token: &TokenId,
    ) -> EffectResult<Pin> {
        self.ask_pin(key, token, SecretPurpose::NewPin, None)
    }

    pub(in crate::executor) fn ask_so_pin(
        &mut self,
        key: &KeyId,
        token: &TokenId,
    ) -> EffectResult<Pin> {
        let secret = self.ruling_secret(key);
        if self.is_discarded(key, secret) {
            return Err(EffectError::Failed(secret_is_gone(secret)));
        }
        let purpose = match secret {
            TokenSecret::Puk => SecretPurpose::Puk,
            _ => SecretPurpose::SoPin,
        };
        let tries = self.token_state(key, token)?.so_pin_tries;
        self.ask_pin(key, token, purpose, Some(tries))
    }

    pub(in crate::executor) fn token_state(
        &mut self,
        key: &KeyId,
        token: &TokenId,
    ) -> EffectResult<TokenState> {
        let (key_of_job, id) = (key.clone(), token.clone());
        self.call("Asking the token for its state", move |tokens| {
            tokens.take(&key_of_job, &id)?.token.state()
        })
    }

    pub(in crate::executor) fn keep_so_pin(&mut self, key: &KeyId, so_pin: Pin) {
        self.room.so_pin = Some((key.clone(), so_pin));
    }

    pub(in crate::executor) fn take_so_pin(&mut self, key: &KeyId) -> Option<Pin> {
        self.room
            .so_pin
            .take()
            .filter(|(of_key, _)| of_key == key)
            .map(|(_, so_pin)| so_pin)
    }

    pub(in crate::executor) fn ask_pin(
        &mut self,
        key: &KeyId,
        token: &TokenId,
        purpose: SecretPurpose,
        tries: Option<Tries>,
    ) -> EffectResult<Pin> {
        let Some(plan) = self.ceremony().script().key(key) else {
            return Err(TokenError::PinNotSet.into());
        };
        let who = purpose
            .of_token()
            .and_then(|secret| plan.secret(secret)?.set_by.clone());
        let name = self.room.at_desk.clone().unwrap_or_default();
        // A management key is in hex, and a wrong one costs no try; no rehearsal knows one that was written down.
        let is_management = purpose == SecretPurpose::ManagementKey;
        // A passphrase was chosen long ago, on whatever keyboard; a wrong one costs nothing.
        let is_passphrase = purpose == SecretPurpose::KeyFilePassphrase;
        let digits_only = !is_management && !is_passphrase && !self.ceremony().is_keyboard_tested();
        let prompt = SecretPrompt {
            who: who.unwrap_or_else(|| plan.holder.clone()),
            purpose,
            about: token.to_string(),
            tries,
            given: self
                .room
                .hands
                .given_pin(&name, purpose)
                .filter(|_| !is_management),
            digits_only,
        };
        self.ask_secret(&prompt)
    }

    /// Asks for a secret of a token. Nothing but digits is taken before the keyboard was tested, and the last try is
    /// spent on nobody who did not type its word, whatever the front end thinks of that.
    pub(in crate::executor) fn ask_secret(&mut self, prompt: &SecretPrompt) -> EffectResult<Pin> {
        let TypedSecret { secret: pin, word } = self.front_end.secret(&self.ceremony, prompt)?;
        if prompt
            .word_first()
            .is_some_and(|wanted| word.as_deref() != Some(wanted))
        {
            return Err(failed(
                FailureKind::LastTryNotConfirmed,
                format!(
                    "the last try of the {} was kept: its word was not typed",
                    prompt.purpose.title()
                ),
                "no try was spent; whoever is sure of it types LAST TRY first, and otherwise another way stands under \"other\"",
            ));
        }
        if prompt.digits_only && !pin.is_digits() {
            return Err(failed(
                FailureKind::NotDigits,
                format!(
                    "the {} has other characters than digits, and the keyboard was not tested",
                    prompt.purpose.title()
                ),
                "no try was spent; take digits, or have the keyboard's test line typed first, under \"other\"",
            ));
        }
        Ok(pin)
    }
}
