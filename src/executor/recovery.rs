//! Effects for when something failed: an old key is destroyed, a PIN is unblocked.

use crate::ceremony::{DoomedObject, Failure, FailureKind, Mode, Outcome, simulated_is_locked};
use crate::certificate::PublicKey;
use crate::record::TokenId;
use crate::script::{KeyId, SecretDisposition, SpareId, TokenSecret};
use crate::secret::Pin;
use crate::token::{Token, TokenError};

use super::Executor;
use super::failure::{EffectError, EffectResult};
use super::fill_random;

/// The digits of a PIN that nobody is to know, where the token takes so many.
const RANDOM_DIGITS: usize = 32;

impl Executor<'_> {
    /// Destroys a key that was given up. It is done when the token shows neither half any more.
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
        let (key_of_job, id) = (key.clone(), token.clone());
        let public_of_job = public_key.clone();
        self.call("Destroying the key", move |tokens| {
            let open = tokens.take(&key_of_job, &id)?;
            destroy(open.token.as_mut(), object, &public_of_job)
        })?;
        Ok(Outcome::KeyDestroyed)
    }

    /// Has the owner set a new PIN, with what unblocks the old one.
    pub(super) fn unblock_pin(&mut self, key: &KeyId, token: &TokenId) -> EffectResult<Outcome> {
        self.bring(key)?;
        self.await_exactly(key, token)?;
        if self.token_state(key, token)?.pin_pad {
            return self.set_pin_on_device(key, token);
        }
        let so_pin = self.ask_so_pin(key, token)?;
        let pin = self.ask_new_pin(key, token)?;
        let (key_of_job, id) = (key.clone(), token.clone());
        self.call("Unblocking the PIN", move |tokens| {
            let open = tokens.take(&key_of_job, &id)?;
            open.token.set_pin(&so_pin, &pin)?;
            open.token.login(&pin)?;
            open.logged_in = true;
            Ok(())
        })?;
        Ok(Outcome::PinSet)
    }

    /// Whether the script has a secret of a key's token made at random and forgotten.
    pub(super) fn is_discarded(&self, key: &KeyId, secret: TokenSecret) -> bool {
        let plan = self.ceremony().script().key(key);
        plan.and_then(|plan| plan.secret(secret))
            .is_some_and(|plan| plan.disposition == SecretDisposition::Discarded)
    }

    /// A PIN that nobody knows, as long as the token takes it.
    pub(super) fn random_pin(longest: usize) -> EffectResult<Pin> {
        let length = RANDOM_DIGITS.min(longest);
        let mut digits = zeroize::Zeroizing::new(String::with_capacity(length));
        let mut byte = zeroize::Zeroizing::new([0; 1]);
        while digits.len() < length {
            fill_random(&mut *byte).map_err(EffectError::Broken)?;
            // Each digit as likely as any other.
            if byte[0] < 250 {
                digits.push(char::from(b'0' + byte[0] % 10));
            }
        }
        Pin::new(digits).map_err(|_| secret_is_gone(TokenSecret::SoPin).into())
    }
}

/// The failure when a secret is wanted that was random and is forgotten.
pub(super) fn secret_is_gone(secret: TokenSecret) -> Failure {
    Failure {
        kind: FailureKind::SecretLost,
        what: format!("the {} was random, and is forgotten", secret.title()),
        hint: "set the token aside and take the spare; nothing else can open it again".to_owned(),
    }
}

/// Destroys both halves of a key, and makes sure that the token shows no trace of it any more.
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
            // An interrupted try got that far.
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
            problem: "it is still there after it was destroyed".to_owned(),
        });
    }
    Ok(())
}
