//! Tokens that fail and tokens that stand in for them; PINs that lock; what is sealed into bags.

use crate::certificate::attestation::known_weaknesses;
use crate::record::{Firmware, Tries};
use crate::script::{ItemId, KeyId, PersonId, Spare, SpareId, TokenSecret, TokenSpec};

use super::event::Mode;
use super::failure::{Failure, FailureKind};
use super::state::Ceremony;

/// After how many wrong PINs a twin counts as locked.
const TWIN_TRIES: u8 = 3;

/// What is typed to see that the keyboard gives what stands on its keys: letters, digits and signs that other
/// layouts have elsewhere, small and large.
pub(super) const KEYBOARD_LINE: &str = "aqwzymAQWZYM0123456789-_.:;,+*/!?";

impl Ceremony {
    /// The token on which a key lives or is to live: the script's own, or the spare that was taken.
    #[must_use]
    pub fn token_spec(&self, key: &KeyId) -> Option<&TokenSpec> {
        match self.keys.get(key)?.spare() {
            Some(spare) => self.script.spare(spare).map(|spare| &spare.token),
            None => self.script.key(key).map(|plan| &plan.token),
        }
    }

    /// The name in the script of the token for a key: the key's, or that of the spare that was taken.
    #[must_use]
    pub fn token_name<'c>(&'c self, key: &'c KeyId) -> &'c str {
        let spare = self.keys.get(key).and_then(|state| state.spare());
        spare.map_or_else(|| key.as_str(), SpareId::as_str)
    }

    /// The token of a key as something that lies in a bag.
    pub(super) fn item_of(&self, key: &KeyId) -> ItemId {
        match self.keys.get(key).and_then(|state| state.spare()) {
            Some(spare) => spare.into(),
            None => key.into(),
        }
    }

    /// The key for which a token is here, or was before it was given up; none for a medium.
    #[must_use]
    pub fn key_of_item(&self, item: &ItemId) -> Option<&KeyId> {
        let plans = self.script.keys().iter().map(|plan| &plan.id);
        let is_for = |key: &&KeyId| {
            let given_up = &self.keys[*key].given_up;
            self.item_of(key) == *item || given_up.iter().any(|(other, _)| other == item)
        };
        plans.into_iter().find(is_for)
    }

    /// What lies in a bag, in words: `the token of key holder 3`, `the medium stick-a with the export`.
    #[must_use]
    pub fn item_title(&self, item: &ItemId) -> String {
        if let Some(medium) = self.script.medium(item) {
            return medium.title();
        }
        match self.key_of_item(item) {
            Some(key) if self.item_of(key) == *item => self.token_title(key),
            Some(key) if item.as_str() == key.as_str() => {
                format!("{}, which was given up", self.script.token_title(key))
            }
            Some(key) => format!(
                "{item} of {}, which was given up",
                self.script.holder_title(key)
            ),
            None => item.to_string(),
        }
    }

    /// `the token of key holder 3`, or `spare-1 of key holder 3`.
    #[must_use]
    pub fn token_title(&self, key: &KeyId) -> String {
        match self.keys.get(key).and_then(|state| state.spare()) {
            Some(spare) => format!("{spare} of {}", self.script.holder_title(key)),
            None => self.script.token_title(key),
        }
    }

    /// The spares that may still be taken for a key.
    #[must_use]
    pub fn spares_for(&self, key: &KeyId) -> Vec<&Spare> {
        let Some(plan) = self.script.key(key) else {
            return Vec::new();
        };
        let is_open = self.may_keys_change()
            && self.is_made_here(key)
            && self.is_past_reading()
            && !self.is_holder_away(key)
            && self.keys[key].to_destroy().is_none();
        self.script
            .spares()
            .iter()
            .filter(|spare| is_open && spare.serves(plan) && !self.used_spares.contains(&spare.id))
            .collect()
    }

    /// What a token still had as it left the factory, for those who are about to change it.
    pub(super) fn factory_line(&self, key: &KeyId) -> Option<String> {
        let names: Vec<String> = self
            .keys
            .get(key)?
            .at_factory_value
            .iter()
            .map(ToString::to_string)
            .collect();
        (!names.is_empty()).then(|| {
            format!(
                "Still as every such token leaves the factory, and so known to everybody: {}. All of them are changed now and with the PIN.",
                names.join(", ")
            )
        })
    }

    /// What is known to be wrong with keys that are made in such a token.
    pub(super) fn weakness_lines(&self, key: &KeyId) -> Vec<String> {
        let token = self.keys.get(key).and_then(|state| state.token.as_ref());
        let firmware = token.and_then(|token| token.model.strip_prefix("YubiKey "));
        let firmware = firmware.and_then(|firmware| firmware.parse::<Firmware>().ok());
        let (Some(firmware), Some(plan)) = (firmware, self.script.key(key)) else {
            return Vec::new();
        };
        known_weaknesses(firmware, plan.key_type.algorithm())
            .iter()
            .map(|finding| format!("Known of it: {finding}."))
            .collect()
    }

    pub(super) fn is_unblocking(&self) -> bool {
        let key = self.key_at_hand();
        key.is_some_and(|key| self.keys[key].unblocking)
    }

    /// Whether the keyboard's test line was passed since the ceremony was last taken up. Until then PINs have
    /// digits only.
    #[must_use]
    pub const fn is_keyboard_tested(&self) -> bool {
        self.keyboard_tested
    }

    /// What is known of the tries left for a twin's PIN; none in a production, where the token itself is asked.
    #[must_use]
    pub fn simulated_tries(&self, key: &KeyId) -> Option<Tries> {
        (self.mode() == Mode::Rehearsal).then(|| {
            let state = self.keys.get(key).filter(|state| !state.is_at_former());
            let wrong = state.map_or(0, |state| state.wrong_pins);
            Tries::Exactly(TWIN_TRIES.saturating_sub(wrong))
        })
    }

    /// A failure as a rehearsal has it: its tokens never lock a PIN, so that it is said of them after the third
    /// wrong one, and the record tells that it was said and not seen.
    pub(super) fn as_simulated(&self, failure: Failure) -> Failure {
        let is_wrong = matches!(failure.kind, FailureKind::WrongPin { .. });
        let tries = self.failing_key().and_then(|key| self.simulated_tries(key));
        match tries {
            Some(Tries::Exactly(left)) if is_wrong && left <= 1 => simulated_is_locked(),
            Some(Tries::Exactly(left)) if is_wrong => {
                let tries = Tries::Exactly(left - 1);
                Failure {
                    kind: FailureKind::WrongPin { tries },
                    what: format!("the PIN is wrong; {tries}, as for a token that locks"),
                    ..failure
                }
            }
            _ => failure,
        }
    }

    /// The next secret of the token at hand that is to be sealed into a bag, and the bag that the script names
    /// for it; no bag where that one is used up.
    pub(super) fn envelope_due(&self) -> Option<(&KeyId, TokenSecret, Option<&str>)> {
        let key = self.key_at_hand()?;
        let state = &self.keys[key];
        if !state.pin_set || state.unblocking || state.token.is_none() {
            return None;
        }
        let plan = self.script.key(key)?;
        let (secret, _) = plan
            .envelopes()
            .filter(|(secret, _)| *secret != TokenSecret::ManagementKey || state.management_written)
            .find(|(secret, _)| !state.envelopes.contains_key(secret))?;
        let bag = self.envelope_bag(key, secret)?;
        let is_unused = !self.used_bags.contains(bag);
        Some((key, secret, is_unused.then_some(bag)))
    }

    /// Whether the management key of a key's token is still to be written down: when the key is made and proven, for
    /// nothing more is made there then.
    pub(super) fn owes_management_key(&self, key: &KeyId) -> bool {
        let plan = self.script.key(key);
        let state = &self.keys[key];
        plan.is_some_and(|plan| plan.management_writer().is_some())
            && state.is_proven()
            && !state.management_written
    }

    /// Who writes the management key of a key's token down: whoever the script says, or else the holder.
    #[must_use]
    pub fn management_writer(&self, key: &KeyId) -> Option<PersonId> {
        let plan = self.script.key(key)?;
        let writer = plan.management_writer();
        let is_here = |person: &&PersonId| self.attended.contains_key(*person);
        Some(writer.filter(is_here).unwrap_or(&plan.holder).clone())
    }

    /// What a rehearsal that plays by itself says that it read from a new bag: none is there.
    pub(super) fn usual_envelope(&self) -> String {
        let mut numbered = (1..).map(|number| format!("twin-envelope-{number}"));
        numbered
            .find(|bag| self.is_new_bag(bag))
            .unwrap_or_default()
    }

    /// Whether a bag's number stands nowhere yet: neither in the script nor on a bag of this ceremony.
    pub(super) fn is_new_bag(&self, bag: &str) -> bool {
        let keys = self.script.keys().iter();
        let in_script = keys
            .flat_map(|plan| plan.envelopes().map(|(_, bag)| bag))
            .chain(
                self.script
                    .keys()
                    .iter()
                    .filter_map(|plan| self.bag(&plan.id)),
            )
            .chain(
                self.script
                    .spares()
                    .iter()
                    .filter_map(|spare| spare.token.bag.as_deref()),
            )
            .any(|known| known == bag);
        let was_used = self.used_bags.contains(bag)
            || self.custody.used.contains(bag)
            || self.script.custody().knows_bag(bag);
        !in_script && !was_used
    }
}

/// The failure of a twin whose PIN was wrong too often.
#[must_use]
pub fn simulated_is_locked() -> Failure {
    Failure {
        kind: FailureKind::PinLocked,
        what: format!(
            "the PIN is locked: it was wrong {TWIN_TRIES} times, and this rehearsal says of its tokens what it would be with tokens that lock"
        ),
        hint: "unblock it, or take another way under \"other\": the spare, or the key made anew"
            .to_owned(),
    }
}
