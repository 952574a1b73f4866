//! The management key of a token: typed by its keeper, or written down for the safe.

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
    /// Unlocks generating and destroying keys on a token with a logged-in user. If the token does not store its
    /// management key, the keeper types it.
    pub(super) fn unlock_management(&mut self, key: &KeyId, token: &TokenId) -> EffectResult<()> {
        if !self.needs_management_key(key, token)? {
            return Ok(());
        }
        let typed = self.ask_pin(key, token, SecretPurpose::ManagementKey, None)?;
        self.enter_management_key(key, token, typed)
    }

    /// Has the key written down and typed back, and then removes it from the token. It stays on the token until the
    /// typed key was accepted, so that it always exists somewhere.
    pub(super) fn hand_over_management_key(
        &mut self,
        key: &KeyId,
        token: &TokenId,
    ) -> EffectResult<Outcome> {
        self.log_in(key, token)?;
        let kept = self.with_token(key, token, "Reading the management key", move |open| {
            open.token.management_key()
        })?;
        let writer = self.ceremony().management_writer(key);
        let (Some(kept), Some(writer)) = (kept, writer) else {
            // An interrupted attempt removed it: it is on paper. Or a simulated token of another make has none.
            self.unlock_management(key, token)?;
            return Ok(Outcome::ManagementKeyWritten);
        };
        let shown = SecretShown {
            who: writer.clone(),
            title: SecretPurpose::ManagementKey.title().to_owned(),
            about: token.to_string(),
            advice: vec![
                "Without the management key, no key can be generated or destroyed on this token again. You type it back next. Then the token no longer stores it: this paper is the only copy.".to_owned(),
            ],
            lines: in_groups(&kept),
        };
        self.front_end.show_secret(&self.ceremony, shown)?;
        let typed = self.ask_written(&writer, token, &kept)?;
        let released = self.with_token(
            key,
            token,
            "Removing the management key from the token",
            move |open| match open.token.release_management_key(&typed) {
                Err(TokenError::ManagementKey) => Ok(false),
                other => other.map(|()| true),
            },
        )?;
        if released {
            Ok(Outcome::ManagementKeyWritten)
        } else {
            Err(EffectError::Failed(mistyped()))
        }
    }

    /// Has the written key typed back. A rehearsal enters it.
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
        self.with_token(key, token, "Reading the state of the token", move |open| {
            open.token.needs_management_key()
        })
    }

    fn enter_management_key(
        &mut self,
        key: &KeyId,
        token: &TokenId,
        typed: Pin,
    ) -> EffectResult<()> {
        let right =
            self.with_token(
                key,
                token,
                "Checking the management key",
                move |open| match open.token.enter_management_key(&typed) {
                    Err(TokenError::ManagementKey) => Ok(false),
                    other => other.map(|()| true),
                },
            )?;
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
        what: "the typed key is not the management key of this token".to_owned(),
        hint: "nothing was changed, and no attempt was used; compare it with the paper, digit by digit, and type it again".to_owned(),
    }
}
