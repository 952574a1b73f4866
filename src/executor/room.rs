//! Tokens and people: which token is inserted, who types which PIN, and waiting for them.

mod secrets;

use std::thread;
use std::time::{Duration, Instant};

use crate::ceremony::{FailureKind, Interrupt, Outcome, Waiting, WaitingOn};
use crate::certificate::PublicKey;
use crate::profile::LabelForm;
use crate::record::TokenId;
use crate::script::{KeyId, KeyPlan, TokenSpec};
use crate::secret::Pin;
use crate::token::{HeldObject, Seen, TokenError, TokenQuery, keep_one_blank};

use super::Executor;
use super::backup::{HeldKey, MediaRoom, Passphrases, Restoring};
use super::failure::{EffectError, EffectResult, failed};
use super::hands::Hands;
use super::token_worker::{OpenedToken, TokenAccess, TokenWorker, Unanswered};

/// How often inserted tokens are listed.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The token worker, and what is kept from one effect to the next.
pub(super) struct Room {
    token_worker: TokenWorker,
    pub(super) hands: Box<dyn Hands>,
    /// The token that was inserted last, by its name in the script.
    inserted: Option<String>,
    /// The SO PIN that a key holder chose, until the PIN is set.
    so_pin: Option<(KeyId, Pin)>,
    /// An imported key, wrapped, with its key-encryption key, until it is backed up.
    pub(super) held_key: Option<HeldKey>,
    /// The passphrases of custodians, until their shares are encrypted.
    pub(super) passphrases: Passphrases,
    /// Collected shares, and the key that they restored.
    pub(super) restoring: Restoring,
    /// Where media are mounted.
    pub(super) media: MediaRoom,
    /// A request of the room during a token call.
    pub(super) pending: Option<Interrupt>,
}

impl Room {
    pub(super) fn new(token_worker: TokenWorker, hands: Box<dyn Hands>) -> Self {
        Self {
            token_worker,
            hands,
            inserted: None,
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
    /// The signature of a simulated key at another site.
    pub(super) fn simulated_signature(
        &mut self,
        key: &KeyId,
        message: &[u8],
    ) -> Option<std::io::Result<Vec<u8>>> {
        self.hands.simulated_signature(key, message)
    }
}

impl Executor<'_> {
    /// Waits until exactly one inserted token is the one that the script names for this key.
    pub(super) fn find_token(&mut self, key: &KeyId) -> EffectResult<Outcome> {
        self.bring(key)?;
        let Some(plan) = self.ceremony().script().key(key).cloned() else {
            let wanted = format!("key {key}");
            return Err(TokenError::NotFound { wanted }.into());
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
                // Initializing the token erases all its slots.
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
        let what = "Reading the interface of the token";
        let interface = self.with_token(key, &found.id, what, |open| open.token.interface())?;
        Ok(Outcome::TokenFound {
            token: found.id,
            blank,
            at_factory_value: found.state.at_factory_value,
            interface,
        })
    }

    /// Waits until matching tokens are inserted, and selects the one that holds this key. No PIN is needed.
    fn find_holder(
        &mut self,
        key: &KeyId,
        query: &TokenQuery,
        public: &PublicKey,
    ) -> EffectResult<Outcome> {
        let what = format!("Insert {}", self.token_title(key));
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
        Err(failed(
            FailureKind::WrongToken,
            format!(
                "none of the inserted tokens holds the key {key}: {}",
                seen.join("; ")
            ),
            &format!(
                "no PIN was tried; remove it and insert {}",
                self.token_title(key)
            ),
        ))
    }

    /// Waits until this token is inserted.
    pub(super) fn await_exactly(&mut self, key: &KeyId, token: &TokenId) -> EffectResult<()> {
        let (of_key, id) = (key.clone(), token.clone());
        if self.call("Checking whether the token is inserted", move |tokens| {
            Ok(tokens.has_still(&of_key, &id))
        })? {
            return Ok(());
        }
        self.await_token(key, &TokenQuery::exactly(token)).map(drop)
    }

    /// Has the token of a key inserted.
    pub(super) fn bring(&mut self, key: &KeyId) -> EffectResult<()> {
        let name = self.ceremony().token_name(key).to_owned();
        self.bring_named(&name)
    }

    /// Has the token of that name inserted.
    pub(super) fn bring_named(&mut self, name: &str) -> EffectResult<()> {
        if self.room.inserted.as_deref() == Some(name) {
            return Ok(());
        }
        if self.room.inserted.is_some() {
            self.call("Closing the other token", TokenAccess::remove_tokens)?;
        }
        self.room.so_pin = None;
        self.room.hands.put_in(name).map_err(cannot_move)?;
        self.room.inserted = Some(name.to_owned());
        Ok(())
    }

    /// Has the token removed and inserted again, so that it keeps no session state.
    pub(super) fn take_out(&mut self, key: &KeyId, token: &TokenId) -> EffectResult<()> {
        self.bring(key)?;
        self.call("Logging the token out", TokenAccess::remove_tokens)?;
        self.room.hands.take_out().map_err(cannot_move)?;
        self.room.inserted = None;
        if self.is_removable(token) {
            self.await_removal(key, token)?;
        }
        self.bring(key)
    }

    /// Logs the token of an approver out: the next token call opens its token again.
    pub(super) fn put_approval_token_away(&mut self) -> EffectResult<()> {
        self.call("Logging the approval token out", TokenAccess::remove_tokens)?;
        self.room.so_pin = None;
        self.room.inserted = None;
        Ok(())
    }

    /// Logs all tokens out, and waits until these are removed.
    pub(super) fn remove_tokens(&mut self, tokens: &[(KeyId, TokenId)]) -> EffectResult<()> {
        self.call("Logging all tokens out", TokenAccess::remove_tokens)?;
        self.room.so_pin = None;
        self.room.hands.take_out().map_err(cannot_move)?;
        self.room.inserted = None;
        for (key, token) in tokens {
            if self.is_removable(token) {
                self.await_removal(key, token)?;
            }
        }
        Ok(())
    }

    /// Logs the open token out, so that its PIN does not stay in memory. A failure shows when tokens are listed next.
    pub(super) fn log_out(&mut self) {
        let _ = self.call("Logging the token out", |tokens| {
            tokens.forget();
            Ok(())
        });
    }

    fn await_removal(&mut self, key: &KeyId, token: &TokenId) -> EffectResult<()> {
        let query = TokenQuery::exactly(token);
        let what = format!("Remove {}", self.token_title(key));
        // If a token is missing once, that may be an error of its module.
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

    /// Closes the open token after a failure that makes its session unreliable.
    pub(super) fn forget_after(&mut self, kind: FailureKind) {
        if matches!(kind, FailureKind::TokenAbsent | FailureKind::Device) {
            self.log_out();
        }
    }

    /// Lists the inserted tokens.
    pub(super) fn look(&mut self, profile: &str) -> EffectResult<Vec<Seen>> {
        let profile = profile.to_owned();
        self.call("Listing the inserted tokens", move |tokens| {
            tokens.look(&profile)
        })
    }

    /// Has the token worker do something, while the front end shows that it works.
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
            Err(Unanswered::Interrupted(Interrupt::Cancel) | Unanswered::NoWorker) => Err(failed(
                FailureKind::Canceled,
                format!("{} was canceled", lower_first(what)),
                "press Ctrl-C, remove the token and insert it again, then run: conclave resume DIR",
            )),
            Err(Unanswered::Interrupted(
                interrupt @ (Interrupt::Exception { .. }
                | Interrupt::Request(_)
                | Interrupt::Abort { .. }
                | Interrupt::Leave),
            )) => Err(EffectError::Interrupted(interrupt)),
        }
    }

    /// Has the token worker do something with the token of a key, which it opens if it is not open.
    pub(super) fn with_token<R: Send + 'static>(
        &mut self,
        key: &KeyId,
        token: &TokenId,
        what: &str,
        job: impl FnOnce(&mut OpenedToken) -> Result<R, TokenError> + Send + 'static,
    ) -> EffectResult<R> {
        let (key, token) = (key.clone(), token.clone());
        self.call(what, move |tokens| job(tokens.take(&key, &token)?))
    }

    fn await_token(&mut self, key: &KeyId, query: &TokenQuery) -> EffectResult<Seen> {
        let what = format!("Insert {}", self.token_title(key));
        let profile = self.ceremony().script().profile(&query.profile);
        let mut found = self.await_that(&query.profile, &what, &[], |seen| {
            let matching = seen.iter().filter(|seen| query.matches(seen));
            let mut matching: Vec<Seen> = matching.cloned().collect();
            if let Some(profile) = &profile {
                keep_one_blank(profile, &mut matching);
            }
            Some(matching).filter(|matching| !matching.is_empty())
        })?;
        match found.pop() {
            Some(only) if found.is_empty() => Ok(only),
            last => {
                found.extend(last);
                let found = found.into_iter().map(|seen| seen.id).collect();
                Err(TokenError::Ambiguous { found }.into())
            }
        }
    }

    /// Lists the inserted tokens repeatedly until the condition holds.
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

    /// Describes an inserted token to people who wait for another one.
    fn describe(&self, seen: &Seen) -> String {
        let ceremony = self.ceremony();
        match ceremony.key_of_token(&seen.id) {
            Some(key) => format!(
                "Inserted: {}. This is {}; nothing was tried on it.",
                seen.id,
                ceremony.token_title(key)
            ),
            None if seen.state.initialized => {
                format!("Inserted: {}. Nothing was tried on it.", seen.id)
            }
            None => format!("Inserted: {}.", seen.id),
        }
    }

    /// The token that the script names, or the simulated token that replaces it.
    fn query(&self, plan: &KeyPlan, blank: bool) -> TokenQuery {
        let ceremony = self.ceremony();
        let spec = ceremony.token_spec(&plan.id).unwrap_or(&plan.token);
        let simulated = self
            .room
            .hands
            .simulated(ceremony.token_name(&plan.id), spec);
        // The label that a token keeps identifies it before it is initialized as well.
        let keeps_label = simulated.is_none() && spec.profile.initialize.label == LabelForm::Kept;
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
                label: query.label.filter(|_| keeps_label),
                ..query
            }
        } else {
            query
        }
    }

    /// The token of that name in the script, or the simulated token that replaces it.
    pub(super) fn query_named(&self, name: &str, spec: &TokenSpec) -> TokenQuery {
        let simulated = self.room.hands.simulated(name, spec);
        simulated.unwrap_or_else(|| TokenQuery {
            manufacturer: spec.manufacturer.clone(),
            model: spec.model.clone(),
            serial: spec.serial.clone(),
            label: spec.label.clone(),
            ..TokenQuery::of(&spec.profile.name)
        })
    }

    /// No other token may have the label of this one: after a power cut they could not be distinguished.
    fn check_label_is_free(&mut self, plan: &KeyPlan) -> EffectResult<()> {
        let label = self.ceremony().token_label(&plan.id);
        let profile = self.query(plan, true).profile;
        let taken = self
            .look(&profile)?
            .into_iter()
            .find(|seen| seen.state.initialized && seen.id.label == label);
        match taken {
            None => Ok(()),
            Some(seen) => Err(failed(
                FailureKind::Exists,
                format!("another token has the label {label:?}: {}", seen.id),
                "remove that token, or give this token another label in the script",
            )),
        }
    }

    /// A token must not hold keys: nobody would know whose they are, and none is destroyed as a side effect. Of a token
    /// with slots, only the slot of the key must be empty, if the script names it.
    fn check_is_unused(
        &mut self,
        key: &KeyId,
        found: &Seen,
        slot: Option<&[u8]>,
    ) -> EffectResult<()> {
        let what = "Checking which objects the token holds";
        let objects = self.with_token(key, &found.id, what, |open| open.token.objects())?;
        let is_in_the_way = |object: &&HeldObject| {
            slot.is_none_or(|slot| slot == object.object_id) && !self.is_ignored(&found.id, object)
        };
        match objects.iter().find(is_in_the_way) {
            None => Ok(()),
            Some(object) => Err(failed(
                FailureKind::Exists,
                format!(
                    "the token {} already holds a {}{}: {:?}",
                    found.id,
                    object.kind,
                    if self.is_attesting(&found.id) {
                        format!(", in slot {}", hex::encode(&object.object_id))
                    } else {
                        String::new()
                    },
                    object.label
                ),
                "insert a token without keys; nothing was changed on this token",
            )),
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

/// A token that no step initializes must not have factory secrets.
fn check_is_set_up(found: &Seen) -> EffectResult<()> {
    if found.state.at_factory_value.is_empty() {
        return Ok(());
    }
    let names = found.state.at_factory_value.iter();
    let names: Vec<String> = names.map(ToString::to_string).collect();
    Err(failed(
        FailureKind::WrongToken,
        format!(
            "the token {} still has factory defaults: {}",
            found.id,
            names.join(", ")
        ),
        "no PIN was tried; initialize it with 'conclave token init', or with a step initialize-token in the script",
    ))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is handed to map_err, which passes errors by value"
)]
fn cannot_move(error: std::io::Error) -> EffectError {
    failed(
        FailureKind::File,
        format!("the rehearsal cannot switch its simulated tokens: {error}"),
        "check that the directory of the rehearsal is writable",
    )
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().collect::<String>() + letters.as_str()
    })
}
