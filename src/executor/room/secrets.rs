//! Who types which PIN, PUK or management key, and when it is not needed.

use crate::ceremony::{
    FailureKind, KeyState, Mode, SecretPrompt, SecretPurpose, TypedSecret, simulated_is_locked,
};
use crate::executor::Executor;

use crate::executor::failure::{EffectError, EffectResult, failed};
use crate::executor::recovery::secret_is_gone;
use crate::record::{TokenId, Tries};
use crate::script::{KeyId, KeyPlan, TokenSecret};
use crate::secret::Pin;
use crate::token::{TokenError, TokenState};

impl Executor<'_> {
    /// Logs the key holder in, unless they are logged in.
    pub(in crate::executor) fn log_in(&mut self, key: &KeyId, token: &TokenId) -> EffectResult<()> {
        self.bring(key)?;
        self.await_exactly(key, token)?;
        self.log_in_seen(key, token)
    }

    /// The same for a token that is known to be inserted. If it was replaced since, that is noticed before the PIN is sent.
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

    /// The same for the token of that name, which may be a former one.
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
        let (is_logged_in, state) =
            self.with_token(key, token, "Reading the state of the token", move |open| {
                Ok((open.logged_in, open.token.state()?))
            })?;
        if is_logged_in || !state.login_required {
            return Ok(());
        }
        if state.pin_pad {
            let what = format!("Enter the PIN on the device: {token}");
            return self.with_token(key, token, &what, |open| {
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
        self.with_token(key, token, "Logging in", move |open| {
            open.token.login(&pin)?;
            open.logged_in = true;
            Ok(())
        })
    }

    /// The secret that sets a new PIN of a token: the PUK if the token has one, otherwise the SO PIN.
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
        // A token without an SO PIN ignores it.
        if self.is_discarded(key, secret) || !self.has_so_pin(token) {
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
        if !self.has_so_pin(token) {
            return self.ask_new_so_pin(key, token);
        }
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
        let what = "Reading the state of the token";
        self.with_token(key, token, what, |open| open.token.state())
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
        let name = self.room.inserted.clone().unwrap_or_default();
        // A management key is in hex, and a wrong one uses no attempt. A rehearsal does not know a written one.
        let is_management = purpose == SecretPurpose::ManagementKey;
        // A passphrase may have been chosen on another keyboard; a wrong one uses no attempt.
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

    /// Asks for a secret of a token. Before the keyboard was tested, only digits are accepted. The last attempt is used
    /// only after its word was typed, whatever the front end does.
    pub(in crate::executor) fn ask_secret(&mut self, prompt: &SecretPrompt) -> EffectResult<Pin> {
        let TypedSecret { secret: pin, word } = self.front_end.secret(&self.ceremony, prompt)?;
        if prompt
            .word_first()
            .is_some_and(|wanted| word.as_deref() != Some(wanted))
        {
            return Err(failed(
                FailureKind::LastTryNotConfirmed,
                format!(
                    "the last attempt for the {} was not used: the confirmation word was not typed",
                    prompt.purpose.title()
                ),
                "no attempt was used; if you are sure of the secret, type LAST TRY first; otherwise press o for more options",
            ));
        }
        if prompt.digits_only && !pin.is_digits() {
            return Err(failed(
                FailureKind::NotDigits,
                format!(
                    "the {} has characters other than digits, and the keyboard was not tested",
                    prompt.purpose.title()
                ),
                "no attempt was used; use digits only, or test the keyboard first: press o",
            ));
        }
        Ok(pin)
    }
}
