//! The order of steps, and the steps that are required.

mod missing;
mod needless;
mod needs;

use super::twice;
use crate::script::Kind;
use crate::script::plan::Backup;
use crate::script::read::{At, Draft, KeyEntry, Log, StepEntry};
use crate::script::{Act, DrillLevel, KeyId, Place, StepId};

pub(super) fn check(log: &Log<'_>, draft: &Draft) {
    twice(log, "ID", draft.steps.iter().filter_map(own_id));
    if draft.steps.is_empty() {
        log.error(
            "script.steps",
            &draft.start,
            "the script has no [[step]]",
            "add the steps in order; `conclave script show --text genesis` prints an example",
        );
        return;
    }
    let keys: Vec<&KeyId> = draft
        .keys
        .iter()
        .filter_map(|key| Some(&key.id.as_ref()?.value))
        .collect();
    let made = draft.keys.iter().filter(|key| key.is_made());
    let made = made.filter_map(|key| Some(&key.id.as_ref()?.value));
    let distant = draft.distant.iter().filter(|key| key.is_enrolled());
    let distant = distant.filter_map(|key| Some(&key.id.as_ref()?.value));
    let order = Order {
        distant: distant.collect(),
        log,
        draft,
        made: made.collect(),
        keys,
    };
    order.repeated();
    order.needless();
    order.needs();
    order.ends();
    order.blocks();
    let steps_known = order.draft.steps.iter().all(|step| order.knows(step));
    if steps_known && order.keys.len() == draft.keys.len() {
        order.missing();
    }
}

/// IDs from the script, and generated IDs of acts that may repeat; for other acts, the repetition is reported.
fn own_id(step: &StepEntry) -> Option<&At<StepId>> {
    let act = step.act.as_ref();
    let repeats = act.is_some_and(|act| act.description().repeats);
    let id = step.id.as_ref();
    id.filter(|id| repeats || id.span != step.span)
}

/// A step whose act was read.
#[derive(Clone, Copy)]
struct Found<'o> {
    /// Among all steps.
    place: usize,
    step: &'o StepEntry,
    act: &'o Act,
}

struct Order<'o, 't> {
    log: &'o Log<'t>,
    draft: &'o Draft,
    keys: Vec<&'o KeyId>,
    /// Those that are made in this ceremony.
    made: Vec<&'o KeyId>,
    /// Those at other sites that are enrolled.
    distant: Vec<&'o KeyId>,
}

impl<'o> Order<'o, '_> {
    fn owes_signatures(&self) -> bool {
        let mut places = self.draft.distant.iter().map(|key| &key.place);
        places.any(|place| matches!(place, Place::Site(_)))
    }

    fn steps(&self) -> impl Iterator<Item = Found<'o>> {
        let steps = self.draft.steps.iter().enumerate();
        steps.filter_map(|(place, step)| {
            let act = step.act.as_ref()?;
            Some(Found { place, step, act })
        })
    }

    fn first(&self, wanted: &Act) -> Option<Found<'o>> {
        self.steps().find(|found| found.act == wanted)
    }

    /// Whether a step was read, and its key exists.
    fn knows(&self, step: &StepEntry) -> bool {
        let keys = step.act.as_ref().map(Act::key);
        keys.is_some_and(|key| {
            key.is_none_or(|key| self.keys.contains(&key) || self.distant.contains(&key))
        })
    }

    fn exists(&self, key: &KeyId) -> bool {
        self.draft.key(key).is_some_and(KeyEntry::exists)
    }

    /// Whether the key is enrolled.
    fn is_enrolled(&self, key: &KeyId) -> bool {
        self.distant.contains(&key) || self.draft.key(key).is_some_and(|entry| entry.is_enrolled)
    }

    fn is_made(&self, key: &KeyId) -> bool {
        self.made.contains(&key)
    }

    /// The act that creates a key: in its token, unless a step imports or restores it.
    fn maker(&self, key: KeyId) -> Act {
        let import = Act::ImportKey { key: key.clone() };
        if self.restores() {
            Act::RestoreKey { key: Some(key) }
        } else if self.first(&import).is_some() {
            import
        } else {
            Act::GenerateKey { key }
        }
    }

    fn certifying(&self, key: &KeyId) -> Option<Act> {
        let key = Some(key).filter(|key| self.is_certified(key))?;
        Some(Act::CertifyKey { key: key.clone() })
    }

    fn backing_up(&self, key: &KeyId) -> Option<Act> {
        let key = Some(key).filter(|key| self.is_backed_up(key))?;
        Some(Act::BackUpKey {
            key: Some(key.clone()),
        })
    }

    /// Whether a key gets a new Notary certificate.
    fn is_certified(&self, key: &KeyId) -> bool {
        let entry = self.draft.key(key);
        entry.is_some_and(|entry| self.draft.certifies(entry))
    }

    /// For each key, the act after which it can be used.
    fn all_keys_ready(&self) -> Vec<Act> {
        let acts = self.keys.iter().chain(&self.distant).flat_map(|&key| {
            let id = key.clone();
            let there = if let Some(backing_up) = self.backing_up(key) {
                backing_up
            } else if self.is_made(key) {
                self.maker(id)
            } else if self.is_enrolled(key) {
                Act::EnrollKey { key: id }
            } else {
                Act::IdentifyToken { key: id }
            };
            std::iter::once(there).chain(self.certifying(key))
        });
        acts.collect()
    }

    /// The tokens that are verified at the end: those of new keys, and others that have such a step.
    fn all_keys_proven(&self) -> Vec<Act> {
        let acts = self.keys.iter().filter_map(|&key| {
            let act = Act::VerifyToken { key: key.clone() };
            // A drill destroys the restored key.
            let is_kept = self.is_made(key) && self.draft.kind != Kind::Drill;
            (is_kept || self.first(&act).is_some()).then_some(act)
        });
        acts.collect()
    }

    /// Whether the ceremony makes keys and no root.
    fn is_enrollment(&self) -> bool {
        self.draft.kind == Kind::Enrollment
    }

    /// Whether the ceremony restores a key from its shares.
    fn restores(&self) -> bool {
        let has_set = self.draft.kind == Kind::Backup && self.draft.restore.is_some();
        has_set || matches!(self.draft.kind, Kind::Drill | Kind::Recovery)
    }

    /// The token onto which the key is restored; `None` if it stays in memory.
    fn restored_onto(&self) -> Option<KeyId> {
        self.keys.first().map(|&key| key.clone())
    }

    /// The acts that restore a key and end with it.
    fn restoring(&self) -> Vec<Act> {
        let key = || self.restored_onto();
        let level = self.draft.restore.as_ref().and_then(|entry| entry.level);
        let mut acts = Vec::new();
        if level.is_some_and(|level| level >= DrillLevel::Quorum) {
            acts.push(Act::RestoreKey { key: key() });
        }
        let reissues = self.draft.reissue().is_some();
        if level == Some(DrillLevel::Full) {
            acts.push(Act::VerifyRestoredKey { key: key() });
            if reissues {
                acts.push(Act::BackUpKey { key: None });
                acts.push(Act::VerifyBackup { key: None });
            }
            if self.draft.kind != Kind::Recovery {
                acts.push(Act::DestroyRestoredKey { key: key() });
            }
        }
        if reissues || self.draft.is_replaced() {
            acts.push(Act::DestroyShares);
        }
        acts
    }

    fn is_backed_up(&self, key: &KeyId) -> bool {
        let backup = self.draft.key(key).and_then(|entry| entry.backup.as_ref());
        backup.is_some_and(|backup| backup.value == Backup::Shares)
    }

    /// The verifications of all backups.
    fn all_backups_proven(&self) -> Vec<Act> {
        let keys = self.keys.iter().filter(|key| self.is_backed_up(key));
        keys.map(|&key| Act::VerifyBackup {
            key: Some(key.clone()),
        })
        .collect()
    }

    fn repeated(&self) {
        for Found { place, step, act } in self.steps() {
            if act.description().repeats {
                continue;
            }
            // Two seals of one token are duplicates whatever their places are; and a key is created only once.
            let same = |other: &Act| {
                let is_made_again = act.makes().is_some() && other.makes() == act.makes();
                is_made_again || other.name() == act.name() && other.object() == act.object()
            };
            let mut steps = self.steps();
            let earlier = steps.find(|found| found.place < place && same(found.act));
            if let Some(earlier) = earlier {
                self.log.error(
                    "script.step-duplicate",
                    &step.span,
                    format!(
                        "{} is already in line {}",
                        described(earlier.act),
                        earlier.step.line
                    ),
                    "remove one of them: it is done only once",
                );
            }
        }
    }

    /// Each step follows everything that it needs; the first violation is reported.
    fn needs(&self) {
        for Found { place, step, act } in self.steps() {
            let needed = self.needed(act);
            if let Some(late) = needed.iter().find(|need| need.place > place) {
                self.log.error(
                    "script.order",
                    &step.span,
                    format!(
                        "{} is before {} (line {})",
                        described(act),
                        described(late.act),
                        late.step.line
                    ),
                    format!("change the order: {}", late.act.description().reason),
                );
            }
        }
    }

    fn ends(&self) {
        let sign_offs = self.steps().filter(|found| *found.act == Act::SignOff);
        let Some(sign_off) = sign_offs.last() else {
            return;
        };
        let needed = self.needed(sign_off.act);
        if needed.iter().any(|need| need.place > sign_off.place) {
            // That sign-off is too early has been reported.
            return;
        }
        if let Some(step) = self.draft.steps.get(sign_off.place + 1) {
            self.log.error(
                "script.order",
                &step.span,
                format!("a step follows sign-off (line {})", sign_off.step.line),
                "make sign-off the last step, so that it covers everything that was done",
            );
        }
    }

    /// From identify-token to the last step of making the key, the token stays inserted.
    fn blocks(&self) {
        for &key in &self.keys {
            let key = || key.clone();
            let open = self.first(&Act::IdentifyToken { key: key() });
            let enrolled = self.first(&Act::EnrollKey { key: key() });
            let certified = self.certifying(&key()).and_then(|act| self.first(&act));
            let backed_up = self.first(&Act::BackUpKey { key: Some(key()) });
            let last = [certified, backed_up].into_iter().flatten();
            let last = last.max_by_key(|found| found.place);
            let made = last.or(self.first(&self.maker(key()))).or(enrolled);
            let (Some(first), Some(last)) = (open, made) else {
                continue;
            };
            let foreign = self.steps().find(|found| {
                (first.place..last.place).contains(&found.place)
                    && found.act.key() != Some(&key())
                    && self.knows(found.step)
            });
            if let Some(foreign) = foreign {
                self.log.error(
                    "script.order",
                    &foreign.step.span,
                    format!(
                        "{} is between the steps of {:?} (lines {} to {})",
                        described(foreign.act),
                        key().as_str(),
                        first.step.line,
                        last.step.line
                    ),
                    "move it before identify-token or after the last step of the key: the token stays inserted in between",
                );
            }
        }
    }
}

/// `generate-key of "key-3"`.
fn described(act: &Act) -> String {
    match act.object() {
        Some(object) => format!("{} of {object:?}", act.name()),
        None => act.name().to_owned(),
    }
}
