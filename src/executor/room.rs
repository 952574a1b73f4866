//! Tokens and people at the desk: which token is in, who types which PIN, and waiting for either.

mod secrets;

use std::thread;
use std::time::{Duration, Instant};

use crate::ceremony::{Failure, FailureKind, Interrupt, Outcome, Waiting, WaitingOn};
use crate::certificate::PublicKey;
use crate::record::TokenId;
use crate::script::{KeyId, KeyPlan, TokenSpec};
use crate::secret::Pin;
use crate::token::{HeldObject, Seen, TokenError, TokenQuery};

use super::Executor;
use super::backup::{HeldKey, MediaRoom, Passphrases, Restoring};
use super::failure::token_failure;
use super::failure::{EffectError, EffectResult};
use super::hands::Hands;
use super::token_worker::{TokenAccess, TokenWorker, Unanswered};

/// How often it is looked whether a token has come.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The desk, the hands that put tokens on it, and what is remembered from one effect to the next.
pub(super) struct Room {
    token_worker: TokenWorker,
    pub(super) hands: Box<dyn Hands>,
    /// The token that was put in last, by its name in the script.
    at_desk: Option<String>,
    /// The SO PIN that a key holder has just chosen, until the PIN is set.
    so_pin: Option<(KeyId, Pin)>,
    /// A key that was brought into its token, wrapped, and what wrapped it, until it is backed up.
    pub(super) held_key: Option<HeldKey>,
    /// What custodians typed, until their shares are closed.
    pub(super) passphrases: Passphrases,
    /// Shares that came in, and what they restored.
    pub(super) restoring: Restoring,
    /// Where media are.
    pub(super) media: MediaRoom,
    /// What the room asked for while a token was working.
    pub(super) pending: Option<Interrupt>,
}

impl Room {
    pub(super) fn new(token_worker: TokenWorker, hands: Box<dyn Hands>) -> Self {
        Self {
            token_worker,
            hands,
            at_desk: None,
            so_pin: None,
            held_key: None,
            passphrases: Passphrases::default(),
            restoring: Restoring::default(),
            media: MediaRoom::default(),
            pending: None,
        }
    }
}

impl Room {
    /// What a simulated key at another site signs; none in a production.
    pub(super) fn simulated_signature(
        &mut self,
        key: &KeyId,
        message: &[u8],
    ) -> Option<std::io::Result<Vec<u8>>> {
        self.hands.simulated_signature(key, message)
    }
}

impl Executor<'_> {
    /// Waits until exactly one token is there that the script means for this key.
    pub(super) fn find_token(&mut self, key: &KeyId) -> EffectResult<Outcome> {
        self.bring(key)?;
        let Some(plan) = self.ceremony().script().key(key).cloned() else {
            return Err(EffectError::Failed(token_failure(&TokenError::NotFound {
                wanted: format!("key {key}"),
            })));
        };
        let is_initialized_here = self.ceremony().script().initializes(key);
        let query = self.query(&plan, is_initialized_here);
        let existing = self.ceremony().key(key).and_then(|state| state.generated());
        if let Some(public) = existing.map(|existing| existing.public_key.clone()) {
            return self.find_holder(key, &query, &public);
        }
        let found = self.await_token(key, &query)?;
        let slot = self.ceremony().token_spec(key).and_then(TokenSpec::slot);
        let slot = slot.filter(|_| self.is_attesting(&found.id));
        if is_initialized_here {
            self.check_label_is_free(&plan)?;
            if slot.is_some() {
                // What is in any slot goes when it is initialized.
                self.check_is_unused(key, &found, None)?;
            }
        } else {
            check_is_set_up(&found)?;
            self.check_is_unused(key, &found, slot.as_deref())?;
        }
        let blank = !found.state.initialized;
        self.token_found(key, found, blank)
    }

    fn token_found(&mut self, key: &KeyId, found: Seen, blank: bool) -> EffectResult<Outcome> {
        let (key_of_job, id) = (key.clone(), found.id.clone());
        let interface = self.call("Reading how the token is reached", move |tokens| {
            tokens.take(&key_of_job, &id)?.token.interface()
        })?;
        Ok(Outcome::TokenFound {
            token: found.id,
            blank,
            at_factory_value: found.state.at_factory_value,
            interface,
        })
    }

    /// Waits until a token is there that fits, and takes the one that holds this very key. No PIN is asked for.
    fn find_holder(
        &mut self,
        key: &KeyId,
        query: &TokenQuery,
        public: &PublicKey,
    ) -> EffectResult<Outcome> {
        let what = format!("Put in {}", self.token_title(key));
        let fitting = self.await_that(&query.profile, &what, &[], |seen| {
            let fitting: Vec<_> = seen.iter().filter(|seen| query.matches(seen)).collect();
            let fitting = fitting.into_iter().cloned();
            Some(fitting.collect::<Vec<_>>()).filter(|fitting| !fitting.is_empty())
        })?;
        let mut seen = Vec::new();
        for candidate in fitting {
            match self.object_of(key, &candidate.id, public) {
                Ok(_) => return self.token_found(key, candidate, false),
                Err(EffectError::Failed(failure)) if failure.kind == FailureKind::WrongToken => {
                    seen.push(candidate.id.to_string());
                }
                Err(other) => return Err(other),
            }
        }
        Err(EffectError::Failed(Failure {
            kind: FailureKind::WrongToken,
            what: format!(
                "no token that is in holds the key {key}: {}",
                seen.join("; ")
            ),
            hint: format!(
                "no PIN was tried; take it out and put in {}",
                self.token_title(key)
            ),
        }))
    }

    /// Waits until the token is there that is known to be meant.
    pub(super) fn await_exactly(&mut self, key: &KeyId, token: &TokenId) -> EffectResult<()> {
        let (key_of_job, id) = (key.clone(), token.clone());
        if self.call("Looking whether the token is in", move |tokens| {
            Ok(tokens.has_still(&key_of_job, &id))
        })? {
            return Ok(());
        }
        self.await_token(key, &TokenQuery::exactly(token)).map(drop)
    }

    /// Sees to it that the token for a key is in, and no other that a rehearsal put in.
    pub(super) fn bring(&mut self, key: &KeyId) -> EffectResult<()> {
        let name = self.ceremony().token_name(key).to_owned();
        self.bring_named(&name)
    }

    /// The same for the token of a name.
    pub(super) fn bring_named(&mut self, name: &str) -> EffectResult<()> {
        if self.room.at_desk.as_deref() == Some(name) {
            return Ok(());
        }
        if self.room.at_desk.is_some() {
            self.call("Putting the other token away", TokenAccess::remove_tokens)?;
        }
        self.room.so_pin = None;
        self.room.hands.put_in(name).map_err(cannot_move)?;
        self.room.at_desk = Some(name.to_owned());
        Ok(())
    }

    /// Has the token taken out and put in again, so that it starts without anything that it remembered.
    pub(super) fn take_out(&mut self, key: &KeyId, token: &TokenId) -> EffectResult<()> {
        self.bring(key)?;
        self.call("Logging the token out", TokenAccess::remove_tokens)?;
        self.room.hands.take_out().map_err(cannot_move)?;
        self.room.at_desk = None;
        if self.is_removable(token) {
            self.await_removal(key, token)?;
        }
        self.bring(key)
    }

    /// Logs the token of an approver out: the next thing that is asked of a token begins anew.
    pub(super) fn put_approval_token_away(&mut self) -> EffectResult<()> {
        self.call("Logging the own token out", TokenAccess::remove_tokens)?;
        self.room.so_pin = None;
        self.room.at_desk = None;
        Ok(())
    }

    /// Logs all tokens out, and waits until none of these is in any more.
    pub(super) fn remove_tokens(&mut self, tokens: &[(KeyId, TokenId)]) -> EffectResult<()> {
        self.call("Logging all tokens out", TokenAccess::remove_tokens)?;
        self.room.so_pin = None;
        self.room.hands.take_out().map_err(cannot_move)?;
        self.room.at_desk = None;
        for (key, token) in tokens {
            if self.is_removable(token) {
                self.await_removal(key, token)?;
            }
        }
        Ok(())
    }

    /// Logs the open token out where nothing more is asked of it for now: a token that is opened by its PIN each time keeps that
    /// in memory until then. When even this fails, the next look at the tokens tells.
    pub(super) fn log_out(&mut self) {
        let _ = self.call("Logging the token out", |tokens| {
            tokens.forget();
            Ok(())
        });
    }

    fn await_removal(&mut self, key: &KeyId, token: &TokenId) -> EffectResult<()> {
        let query = TokenQuery::exactly(token);
        let what = format!("Take out {}", self.token_title(key));
        // One look at which a token is missing may be an error of its module.
        let mut looks_without = 0;
        self.await_that(&token.profile, &what, &[], |seen| {
            if seen.iter().any(|seen| query.matches(seen)) {
                looks_without = 0;
            } else {
                looks_without += 1;
            }
            (looks_without == 2).then_some(())
        })
    }

    /// Lets go of the open token when a failure says that its session is not to be relied on.
    pub(super) fn forget_after(&mut self, kind: FailureKind) {
        if matches!(kind, FailureKind::TokenAbsent | FailureKind::Device) {
            self.log_out();
        }
    }

    /// Which tokens are in.
    pub(super) fn look(&mut self, profile: &str) -> EffectResult<Vec<Seen>> {
        let profile = profile.to_owned();
        self.call("Looking which tokens are in", move |tokens| {
            tokens.look(&profile)
        })
    }

    /// Has the token worker do something, while the room sees that it works.
    pub(super) fn call<R: Send + 'static>(
        &mut self,
        what: &str,
        job: impl FnOnce(&mut TokenAccess) -> Result<R, TokenError> + Send + 'static,
    ) -> EffectResult<R> {
        let mut pending = None;
        let (front_end, ceremony) = (&mut *self.front_end, &self.ceremony);
        let begun = Instant::now();
        let touch = self.room.token_worker.touch();
        let result = self.room.token_worker.call(
            |elapsed| {
                let waiting = Waiting {
                    what: what.to_owned(),
                    seen: Vec::new(),
                    elapsed,
                    on: WaitingOn::Token,
                    touch: touch.left(),
                };
                match front_end.waiting(ceremony, &waiting) {
                    Err(Interrupt::Cancel) => Err(Interrupt::Cancel),
                    Err(Interrupt::Leave) => Err(Interrupt::Leave),
                    Err(
                        later @ (Interrupt::Exception { .. }
                        | Interrupt::Request(_)
                        | Interrupt::Abort { .. }),
                    ) => {
                        pending = Some(later);
                        Ok(())
                    }
                    Ok(()) => Ok(()),
                }
            },
            job,
        );
        self.timing.tokens += begun.elapsed();
        if pending.is_some() {
            self.room.pending = pending;
        }
        match result {
            Ok(result) => Ok(result?),
            Err(Unanswered::Interrupted(Interrupt::Cancel) | Unanswered::NoWorker) => {
                Err(EffectError::Failed(Failure {
                    kind: FailureKind::Canceled,
                    what: format!("{} was given up", lower_first(what)),
                    hint: "leave with Ctrl-C, take the token out and put it in again, and go on with: conclave resume"
                        .to_owned(),
                }))
            }
            Err(Unanswered::Interrupted(
                interrupt @ (Interrupt::Exception { .. }
                | Interrupt::Request(_)
                | Interrupt::Abort { .. }
                | Interrupt::Leave),
            )) => Err(EffectError::Interrupted(interrupt)),
        }
    }

    fn await_token(&mut self, key: &KeyId, query: &TokenQuery) -> EffectResult<Seen> {
        let what = format!("Put in {}", self.token_title(key));
        let mut several = None;
        let found = self.await_that(&query.profile, &what, &[], |seen| {
            let mut matching: Vec<_> = seen.iter().filter(|seen| query.matches(seen)).collect();
            match (matching.pop(), matching.len()) {
                (None, _) => None,
                (Some(only), 0) => Some(Some(only.clone())),
                (Some(last), _) => {
                    matching.push(last);
                    several = Some(matching.iter().map(|seen| seen.id.clone()).collect());
                    Some(None)
                }
            }
        })?;
        found.ok_or_else(|| {
            TokenError::Ambiguous {
                found: several.unwrap_or_default(),
            }
            .into()
        })
    }

    /// Looks again and again until what is seen is what is waited for.
    pub(super) fn await_that<T>(
        &mut self,
        profile: &str,
        what: &str,
        more: &[String],
        mut is_there: impl FnMut(&[Seen]) -> Option<T>,
    ) -> EffectResult<T> {
        let begun = Instant::now();
        loop {
            let seen = self.look(profile)?;
            if let Some(found) = is_there(&seen) {
                return Ok(found);
            }
            let mut lines = more.to_vec();
            lines.extend(seen.iter().map(|seen| self.describe(seen)));
            let waiting = Waiting {
                what: what.to_owned(),
                seen: lines,
                elapsed: begun.elapsed(),
                on: WaitingOn::People,
                touch: None,
            };
            self.front_end.waiting(&self.ceremony, &waiting)?;
            thread::sleep(LOOK_EVERY);
        }
    }

    /// What a token is that is in, for those who wait for another.
    fn describe(&self, seen: &Seen) -> String {
        let ceremony = self.ceremony();
        match ceremony.key_of_token(&seen.id) {
            Some(key) => format!(
                "In now: {}. That is {}; nothing was tried on it.",
                seen.id,
                ceremony.token_title(key)
            ),
            None if seen.state.initialized => {
                format!("In now: {}. Nothing was tried on it.", seen.id)
            }
            None => format!("In now: {}.", seen.id),
        }
    }

    /// The token that the script means, or the simulated one that stands in for it.
    fn query(&self, plan: &KeyPlan, blank: bool) -> TokenQuery {
        let ceremony = self.ceremony();
        let spec = ceremony.token_spec(&plan.id).unwrap_or(&plan.token);
        let simulated = self
            .room
            .hands
            .simulated(ceremony.token_name(&plan.id), spec);
        let query = simulated.unwrap_or_else(|| TokenQuery {
            manufacturer: spec.manufacturer.clone(),
            model: spec.model.clone(),
            serial: spec.serial.clone(),
            label: spec.label.clone(),
            ..TokenQuery::of(&spec.profile.name)
        });
        if blank {
            TokenQuery {
                blank: true,
                label: None,
                ..query
            }
        } else {
            query
        }
    }

    /// No other token may have the label that this one gets: after a power cut nobody could tell them apart.
    fn check_label_is_free(&mut self, plan: &KeyPlan) -> EffectResult<()> {
        let label = self.ceremony().token_label(&plan.id);
        let profile = self.query(plan, true).profile;
        let taken = self
            .look(&profile)?
            .into_iter()
            .find(|seen| seen.state.initialized && seen.id.label == label);
        match taken {
            None => Ok(()),
            Some(seen) => Err(EffectError::Failed(Failure {
                kind: FailureKind::Exists,
                what: format!(
                    "a token with the label {label:?} is there already: {}",
                    seen.id
                ),
                hint: "take it out, or give this token another label in the script".to_owned(),
            })),
        }
    }

    /// A token must not hold keys yet: nobody would know which of them are whose, and none is destroyed by the way. Of a
    /// token with slots, only the one that the key is to live in must be empty, if that is given.
    fn check_is_unused(
        &mut self,
        key: &KeyId,
        found: &Seen,
        slot: Option<&[u8]>,
    ) -> EffectResult<()> {
        let (key_of_job, id) = (key.clone(), found.id.clone());
        let objects = self.call("Looking what the token holds", move |tokens| {
            tokens.take(&key_of_job, &id)?.token.objects()
        })?;
        let is_in_the_way = |object: &&HeldObject| {
            slot.is_none_or(|slot| slot == object.object_id) && !self.is_ignored(&found.id, object)
        };
        match objects.iter().find(is_in_the_way) {
            None => Ok(()),
            Some(object) => Err(EffectError::Failed(Failure {
                kind: FailureKind::Exists,
                what: format!(
                    "the token {} holds a {} already{}: {:?}",
                    found.id,
                    object.kind,
                    if self.is_attesting(&found.id) {
                        format!(", in slot {}", hex::encode(&object.object_id))
                    } else {
                        String::new()
                    },
                    object.label
                ),
                hint: "put in a token without keys; nothing was changed on this one".to_owned(),
            })),
        }
    }

    fn token_title(&self, key: &KeyId) -> String {
        let script = self.ceremony().script();
        let holder = script.holder(key).map_or_else(String::new, |person| {
            format!(" ({})", self.ceremony().name(&person.id))
        });
        format!("{}{holder}", self.ceremony().token_title(key))
    }
}

/// A token that no step sets up must be set up already.
fn check_is_set_up(found: &Seen) -> EffectResult<()> {
    if found.state.at_factory_value.is_empty() {
        return Ok(());
    }
    let names = found.state.at_factory_value.iter();
    let names: Vec<String> = names.map(ToString::to_string).collect();
    Err(EffectError::Failed(Failure {
        kind: FailureKind::WrongToken,
        what: format!(
            "the token {} still has what every such token leaves the factory with: {}",
            found.id,
            names.join(", ")
        ),
        hint: "no PIN was tried; set it up with 'conclave token init', or have the script do it in a step initialize-token".to_owned(),
    }))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is handed to map_err, which passes errors by value"
)]
fn cannot_move(error: std::io::Error) -> EffectError {
    EffectError::Failed(Failure {
        kind: FailureKind::File,
        what: format!("the rehearsal cannot move its tokens: {error}"),
        hint: "look whether the directory of the rehearsal can be written".to_owned(),
    })
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().collect::<String>() + letters.as_str()
    })
}
