//! Effects of recovery: a former key is destroyed, or a PIN is unblocked.

use crate::ceremony::{DoomedObject, Failure, FailureKind, Mode, Outcome, simulated_is_locked};
use crate::certificate::PublicKey;
use crate::record::TokenId;
use crate::script::{KeyId, SecretDisposition, SpareId, TokenSecret};
use crate::secret::Pin;
use crate::token::{Token, TokenError};

use super::Executor;
use super::failure::{EffectError, EffectResult};
use super::fill_random;

/// The digits of a PIN that is discarded, if the token accepts as many.
const RANDOM_DIGITS: usize = 32;

impl Executor<'_> {
    /// Destroys a key. The token must no longer show either half.
    pub(super) fn destroy_key(
        &mut self,
        key: &KeyId,
        spare: Option<&SpareId>,
        token: &TokenId,
        object: DoomedObject,
        public_key: &PublicKey,
    ) -> EffectResult<Outcome> {
        let name = spare
            .map_or_else(|| key.as_str(), SpareId::as_str)
            .to_owned();
        let is_locked = self.ceremony().key(key).is_some_and(|state| {
            let mut former = state.former().iter();
            former.any(|former| former.public_key == *public_key && former.locked)
        });
        if is_locked && self.ceremony().mode() == Mode::Rehearsal {
            return Err(EffectError::Failed(simulated_is_locked()));
        }
        self.log_in_at(&name, key, token)?;
        self.unlock_management(key, token)?;
        let public_of_job = public_key.clone();
        self.with_token(key, token, "Destroying the key", move |open| {
            destroy(open.token.as_mut(), object, &public_of_job)
        })?;
        Ok(Outcome::KeyDestroyed)
    }

    /// Has the owner set a new PIN with the secret that unblocks the old one.
    pub(super) fn unblock_pin(&mut self, key: &KeyId, token: &TokenId) -> EffectResult<Outcome> {
        self.bring(key)?;
        self.await_exactly(key, token)?;
        if self.token_state(key, token)?.pin_pad {
            return self.set_pin_on_device(key, token);
        }
        let so_pin = self.ask_so_pin(key, token)?;
        let pin = self.ask_new_pin(key, token)?;
        self.with_token(key, token, "Unblocking the PIN", move |open| {
            open.token.set_pin(&so_pin, &pin)?;
            open.token.login(&pin)?;
            open.logged_in = true;
            Ok(())
        })?;
        Ok(Outcome::PinSet)
    }

    /// Whether the script has a secret of a key's token generated at random and discarded.
    pub(super) fn is_discarded(&self, key: &KeyId, secret: TokenSecret) -> bool {
        let plan = self.ceremony().script().key(key);
        plan.and_then(|plan| plan.secret(secret))
            .is_some_and(|plan| plan.disposition == SecretDisposition::Discarded)
    }

    /// A random PIN of the longest length that the token accepts.
    pub(super) fn random_pin(longest: usize) -> EffectResult<Pin> {
        let length = RANDOM_DIGITS.min(longest);
        let mut digits = zeroize::Zeroizing::new(String::with_capacity(length));
        let mut byte = zeroize::Zeroizing::new([0; 1]);
        while digits.len() < length {
            fill_random(&mut *byte).map_err(EffectError::Broken)?;
            // All digits are equally likely.
            if byte[0] < 250 {
                digits.push(char::from(b'0' + byte[0] % 10));
            }
        }
        Pin::new(digits).map_err(|_| secret_is_gone(TokenSecret::SoPin).into())
    }
}

/// The failure when a discarded secret is needed.
pub(super) fn secret_is_gone(secret: TokenSecret) -> Failure {
    Failure {
        kind: FailureKind::SecretLost,
        what: format!("the {} was random and was discarded", secret.title()),
        hint: "set the token aside and use a spare token; this token cannot be unlocked again"
            .to_owned(),
    }
}

/// Destroys both halves of a key, and verifies that the token no longer shows it.
fn destroy(
    token: &mut dyn Token,
    object: DoomedObject,
    public: &PublicKey,
) -> Result<(), TokenError> {
    let held = token.holding(public)?.map(|held| held.object_id);
    let known = match object {
        DoomedObject::Known(object_id) => Some(object_id),
        DoomedObject::Held if held.is_none() => {
            return Err(TokenError::KeyNotFound {
                object_id: Vec::new(),
            });
        }
        DoomedObject::Held | DoomedObject::MaybeGone => None,
    };
    let mut ids: Vec<Vec<u8>> = known.into_iter().chain(held).collect();
    let others = token.keys()?.into_iter();
    let others = others.filter(|other| other.public == *public);
    ids.extend(others.map(|other| other.object_id));
    ids.sort_unstable();
    ids.dedup();
    for id in &ids {
        match token.destroy(id) {
            // An interrupted attempt destroyed it.
            Ok(()) | Err(TokenError::KeyNotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let is_left = token.keys()?.iter().any(|held| held.public == *public)
        || token
            .objects()?
            .iter()
            .any(|object| ids.contains(&object.object_id));
    if is_left {
        return Err(TokenError::KeyMismatch {
            object_id: ids.into_iter().next().unwrap_or_default(),
            problem: "the key still exists after it was destroyed".to_owned(),
        });
    }
    Ok(())
}
