//! Questions about tokens, spares and envelopes.
use super::Ceremony;
use super::key_state::KeyState;
use crate::ceremony::event::Mode;
use crate::record::{TokenId, Tries};
use crate::script::{ItemId, KeyId, PersonId, Spare, SpareId, TokenSecret, TokenSpec};

/// After how many wrong PINs a simulated token counts as locked.
pub(in crate::ceremony) const SIMULATED_TRIES: u8 = 3;

/// Characters that keyboard layouts put elsewhere.
pub(in crate::ceremony) const KEYBOARD_LINE: &str = "aqwzymAQWZYM0123456789-_.:;,+*/!?";

impl Ceremony {
    /// Whether a simulated token of another make replaces a token that would attest its key: then there is no attestation.
    pub fn is_attestation_simulated(&self, key: &KeyId, token: &TokenId) -> bool {
        let planned = self.token_spec(key);
        self.mode() == Mode::Rehearsal
            && planned.is_some_and(|planned| {
                planned.profile.attests() && planned.profile.name != token.profile
            })
    }

    /// The label that a token gets: the script's, or the key's name there. At most 32 bytes.
    pub fn token_label(&self, key: &KeyId) -> String {
        self.token_spec(key)
            .and_then(|token| token.label.clone())
            .unwrap_or_else(|| self.token_name(key).chars().take(32).collect())
    }

    /// The token on which a key lives or is to live: the script's own, or the spare that was taken.
    pub fn token_spec(&self, key: &KeyId) -> Option<&TokenSpec> {
        match self.keys.get(key)?.spare() {
            Some(spare) => self.script.spare(spare).map(|spare| &spare.token),
            None => self.script.key(key).map(|plan| &plan.token),
        }
    }

    /// The name in the script of the token for a key: the key's, or that of the spare that was taken.
    pub fn token_name<'c>(&'c self, key: &'c KeyId) -> &'c str {
        let spare = self.keys.get(key).and_then(|state| state.spare());
        spare.map_or_else(|| key.as_str(), SpareId::as_str)
    }

    /// The token of a key as a sealed item.
    pub(in crate::ceremony) fn item_of(&self, key: &KeyId) -> ItemId {
        match self.keys.get(key).and_then(|state| state.spare()) {
            Some(spare) => spare.into(),
            None => key.into(),
        }
    }

    /// The key of a token, even if a spare replaced it; none for a medium.
    pub fn key_of_item(&self, item: &ItemId) -> Option<&KeyId> {
        let plans = self.script.keys().iter().map(|plan| &plan.id);
        let is_for = |key: &&KeyId| {
            let replaced = self.keys[*key].replaced();
            self.item_of(key) == *item || replaced.iter().any(|(other, _)| other == item)
        };
        plans.into_iter().find(is_for)
    }

    /// The title of a sealed item: `the token of key holder 3`, `the medium stick-a with the export`.
    pub fn item_title(&self, item: &ItemId) -> String {
        if let Some(medium) = self.script.medium(item) {
            return medium.title();
        }
        match self.key_of_item(item) {
            Some(key) if self.item_of(key) == *item => self.token_title(key),
            Some(key) if item.as_str() == key.as_str() => {
                format!("{} (replaced)", self.script.token_title(key))
            }
            Some(key) => format!("{item} of {} (replaced)", self.script.holder_title(key)),
            None => item.to_string(),
        }
    }

    /// `the token of key holder 3`, or `spare-1 of key holder 3`.
    pub fn token_title(&self, key: &KeyId) -> String {
        match self.keys.get(key).and_then(|state| state.spare()) {
            Some(spare) => format!("{spare} of {}", self.script.holder_title(key)),
            None => self.script.token_title(key),
        }
    }

    /// The spares that are available for a key.
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
            .filter(|spare| is_open && spare.serves(plan) && !self.keys.is_spare_used(&spare.id))
            .collect()
    }

    pub(in crate::ceremony) fn is_unblocking(&self) -> bool {
        let key = self.key_at_hand();
        key.is_some_and(|key| self.keys[key].is_unblocking())
    }

    /// Whether the keyboard was tested since the ceremony was last resumed. Until then, PINs have digits only.
    pub fn is_keyboard_tested(&self) -> bool {
        self.host.is_keyboard_tested()
    }

    /// The remaining PIN attempts of a simulated token; none in a production, where the token reports them.
    pub fn simulated_tries(&self, key: &KeyId) -> Option<Tries> {
        (self.mode() == Mode::Rehearsal).then(|| {
            let state = self.keys.get(key).filter(|state| !state.is_at_former());
            let wrong = state.map_or(0, KeyState::wrong_pins);
            Tries::Exactly(SIMULATED_TRIES.saturating_sub(wrong))
        })
    }

    /// The next secret of the token in use to be sealed, and the bag that the script names for it, unless it was used.
    pub(in crate::ceremony) fn envelope_due(&self) -> Option<(&KeyId, TokenSecret, Option<&str>)> {
        let key = self.key_at_hand()?;
        let state = &self.keys[key];
        if !state.is_pin_set() || state.is_unblocking() || state.token().is_none() {
            return None;
        }
        let plan = self.script.key(key)?;
        let (secret, _) = plan
            .envelopes()
            .filter(|(secret, _)| {
                *secret != TokenSecret::ManagementKey || state.is_management_key_written()
            })
            .find(|(secret, _)| !state.envelopes().contains_key(secret))?;
        let bag = self.envelope_bag(key, secret)?;
        let is_unused = !self.keys.is_bag_used(bag);
        Some((key, secret, is_unused.then_some(bag)))
    }

    /// Whether the management key of a token must still be written down, after its key was proven.
    pub(in crate::ceremony) fn owes_management_key(&self, key: &KeyId) -> bool {
        let plan = self.script.key(key);
        let state = &self.keys[key];
        plan.is_some_and(|plan| plan.management_writer().is_some())
            && state.is_proven()
            && !state.is_management_key_written()
    }

    /// Who writes down the management key of a token: the person named in the script, or the holder if that person is absent.
    pub fn management_writer(&self, key: &KeyId) -> Option<PersonId> {
        let plan = self.script.key(key)?;
        let writer = plan.management_writer();
        let is_here = |person: &&PersonId| self.participants.is_here(person);
        Some(writer.filter(is_here).unwrap_or(&plan.holder).clone())
    }

    /// Whether a bag number is new: neither in the script nor used in this ceremony.
    pub(in crate::ceremony) fn is_new_bag(&self, bag: &str) -> bool {
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
        let was_used = self.keys.is_bag_used(bag)
            || self.custody.is_bag_used(bag)
            || self.script.custody().knows_bag(bag);
        !in_script && !was_used
    }
}
