//! Approval by an approval token: it is found by its key, its owner types its PIN, and it signs one message.
//!
//! Its session is closed afterwards: each approval needs the PIN again.

use crate::ceremony::{
    Event, FailureKind, Outcome, SecretPrompt, SecretPurpose, approval_token_message,
};
use crate::certificate::PublicKey;
use crate::record::TokenId;
use crate::script::PersonId;
use crate::token::{TokenError, TokenQuery};

use super::Executor;
use super::failure::{EffectError, EffectResult, failed};
use super::fill_random;

/// The name of the simulated token that replaces a person's approval token in a rehearsal. No key or spare can have it.
pub fn approval_token_name(person: &PersonId) -> String {
    format!("{person}.approval")
}

impl Executor<'_> {
    /// Has a person's approval token answer a fresh challenge.
    pub(super) fn prove_approval_token(
        &mut self,
        person: &PersonId,
        public_key: &PublicKey,
    ) -> EffectResult<Outcome> {
        let mut challenge = [0; 32];
        fill_random(&mut challenge).map_err(EffectError::Broken)?;
        let message =
            approval_token_message(&self.ceremony().script().sha256(), person, &challenge);
        let signature = self.sign_with_approval_token(person, public_key, message)?;
        Ok(Outcome::ApprovalTokenAnswered {
            person: person.clone(),
            challenge,
            signature,
        })
    }

    /// Has a person's approval token sign that the person approves this event.
    pub(super) fn approve_by_token(
        &mut self,
        person: &PersonId,
        event: &Event,
    ) -> EffectResult<Vec<u8>> {
        let public_key = self.ceremony().approval_key(person).ok_or_else(no_token)?;
        let message = self.ceremony().approval_message(person, event);
        self.sign_with_approval_token(person, &public_key, message)
    }

    fn sign_with_approval_token(
        &mut self,
        person: &PersonId,
        public_key: &PublicKey,
        message: Vec<u8>,
    ) -> EffectResult<Vec<u8>> {
        let own = self
            .ceremony()
            .approval_token(person)
            .ok_or_else(no_token)?;
        let spec = own.token.clone();
        let name = approval_token_name(person);
        let query = self.query_named(&name, &spec);
        self.bring_named(&name)?;
        let (token, object_id, state) = self.find_approval_token(person, &query, public_key)?;
        let prompt = SecretPrompt {
            who: person.clone(),
            purpose: SecretPurpose::Pin,
            about: token.to_string(),
            tries: Some(state),
            given: self.room.hands.given_pin(&name, SecretPurpose::Pin),
            digits_only: !self.ceremony().is_keyboard_tested(),
        };
        let pin = self.ask_secret(&prompt)?;
        let key = public_key.clone();
        let signed = self.call("Signing with the approval token", move |tokens| {
            let mut open = tokens.open_alone(&token)?;
            open.login(&pin)?;
            open.sign(&object_id, &key, &message)
        });
        // It is logged out whether it signed or not.
        self.put_approval_token_away()?;
        signed
    }

    /// Waits until an inserted token holds this key. The PIN is asked for afterwards.
    fn find_approval_token(
        &mut self,
        person: &PersonId,
        query: &TokenQuery,
        public_key: &PublicKey,
    ) -> EffectResult<(TokenId, Vec<u8>, crate::record::Tries)> {
        let what = format!(
            "Insert the approval token of {}",
            self.ceremony().name(person)
        );
        let fitting = self.await_that(&query.profile, &what, &[], |seen| {
            let fitting: Vec<TokenId> = seen
                .iter()
                .filter(|seen| query.matches(seen))
                .map(|seen| seen.id.clone())
                .collect();
            (!fitting.is_empty()).then_some(fitting)
        })?;
        let key = public_key.clone();
        let found = self.call("Checking which key the token holds", move |tokens| {
            for token in fitting {
                let mut open = tokens.open_alone(&token)?;
                let held = open.keys()?.into_iter().find(|held| held.public == key);
                if let Some(held) = held {
                    let tries = open.state()?.pin_tries;
                    return Ok(Some((token, held.object_id, tries)));
                }
            }
            Ok(None)
        })?;
        found.ok_or_else(|| {
            failed(FailureKind::WrongToken, format!(
                    "no inserted token holds the approval key of {}",
                    self.ceremony().name(person)
                ), "no PIN was tried; insert the token that the script names, or choose an approval code instead: press o")
        })
    }
}

fn no_token() -> EffectError {
    TokenError::NotFound {
        wanted: "approval token".to_owned(),
    }
    .into()
}
