//! The management key of a token: given by whoever has it, or written down for the safe.

use crate::ceremony::{
    Failure, FailureKind, Mode, Outcome, SecretPrompt, SecretPurpose, SecretShown,
};
use crate::record::TokenId;
use crate::script::{KeyId, PersonId};
use crate::secret::Pin;
use crate::token::{TokenError, in_groups};

use super::Executor;
use super::failure::{EffectError, EffectResult};

impl Executor<'_> {
    /// Sees to it that keys can be made and destroyed on a token that somebody is logged in to: where it does not keep
    /// its management key, whoever has that types it.
    pub(super) fn unlock_management(&mut self, key: &KeyId, token: &TokenId) -> EffectResult<()> {
        if !self.needs_management_key(key, token)? {
            return Ok(());
        }
        let typed = self.ask_pin(key, token, SecretPurpose::ManagementKey, None)?;
        self.enter_management_key(key, token, typed)
    }

    /// Has the key written down and typed back, and then taken off the token. Until what was typed has opened the token,
    /// it stays there: at no time it is nowhere.
    pub(super) fn hand_over_management_key(
        &mut self,
        key: &KeyId,
        token: &TokenId,
    ) -> EffectResult<Outcome> {
        self.log_in(key, token)?;
        let (key_of_job, id) = (key.clone(), token.clone());
        let kept = self.call("Reading the management key", move |tokens| {
            tokens.take(&key_of_job, &id)?.token.management_key()
        })?;
        let writer = self.ceremony().management_writer(key);
        let (Some(kept), Some(writer)) = (kept, writer) else {
            // An interrupted try got that far: it is on paper. Or a simulated token of another make stands in, which
            // has none.
            self.unlock_management(key, token)?;
            return Ok(Outcome::ManagementKeyWritten);
        };
        let shown = SecretShown {
            who: writer.clone(),
            title: SecretPurpose::ManagementKey.title().to_owned(),
            about: token.to_string(),
            advice: vec![
                "Without it no key is ever made or destroyed on this token again. It is typed back next, and then the token keeps it no more: the paper is all there is.".to_owned(),
            ],
            lines: in_groups(&kept),
        };
        self.front_end.show_secret(&self.ceremony, shown)?;
        let typed = self.ask_written(&writer, token, &kept)?;
        let (key_of_job, id) = (key.clone(), token.clone());
        let released = self.call("Taking the management key off the token", move |tokens| {
            let open = tokens.take(&key_of_job, &id)?;
            match open.token.release_management_key(&typed) {
                Err(TokenError::ManagementKey) => Ok(false),
                other => other.map(|()| true),
            }
        })?;
        if released {
            Ok(Outcome::ManagementKeyWritten)
        } else {
            Err(EffectError::Failed(mistyped()))
        }
    }

    /// What was written down, typed back. A rehearsal gives it.
    fn ask_written(&mut self, who: &PersonId, token: &TokenId, kept: &Pin) -> EffectResult<Pin> {
        let is_rehearsal = self.ceremony().mode() == Mode::Rehearsal;
        let prompt = SecretPrompt {
            who: who.clone(),
            purpose: SecretPurpose::ManagementKey,
            about: token.to_string(),
            tries: None,
            given: is_rehearsal.then(|| kept.expose().to_owned()),
            digits_only: false,
        };
        self.ask_secret(&prompt)
    }

    fn needs_management_key(&mut self, key: &KeyId, token: &TokenId) -> EffectResult<bool> {
        let (key_of_job, id) = (key.clone(), token.clone());
        self.call("Asking the token for its state", move |tokens| {
            tokens.take(&key_of_job, &id)?.token.needs_management_key()
        })
    }

    fn enter_management_key(
        &mut self,
        key: &KeyId,
        token: &TokenId,
        typed: Pin,
    ) -> EffectResult<()> {
        let (key_of_job, id) = (key.clone(), token.clone());
        let right = self.call("Trying the management key", move |tokens| {
            let open = tokens.take(&key_of_job, &id)?;
            match open.token.enter_management_key(&typed) {
                Err(TokenError::ManagementKey) => Ok(false),
                other => other.map(|()| true),
            }
        })?;
        if right {
            Ok(())
        } else {
            Err(EffectError::Failed(mistyped()))
        }
    }
}

fn mistyped() -> Failure {
    Failure {
        kind: FailureKind::WrongToken,
        what: "what was typed is not the management key of this token".to_owned(),
        hint: "nothing was changed, and no try was spent; compare it with the paper, digit by digit, and type it again".to_owned(),
    }
}
