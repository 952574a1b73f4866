//! The steps that a ceremony requires, and the steps that each step follows.

use crate::script::Act;
use crate::script::Kind;
use crate::script::act::{Description, Need, Stage};

use super::{Found, Order};

impl<'o> Order<'o, '_> {
    /// Every required act, in the order in which it is done.
    pub(super) fn required(&self) -> Vec<Act> {
        let mut acts = vec![
            Act::Attendance,
            Act::AttestClock,
            Act::InspectHost,
            Act::ReadScript,
        ];
        for &key in &self.keys {
            let key = || key.clone();
            acts.push(Act::IdentifyToken { key: key() });
            if self.is_enrolled(&key()) {
                acts.push(Act::EnrollKey { key: key() });
            }
            if self.is_made(&key()) {
                // A token may arrive initialized with its PIN; initializing it deletes the PIN.
                if self.first(&Act::InitializeToken { key: key() }).is_some() {
                    acts.push(Act::SetPin { key: key() });
                }
                acts.push(self.maker(key()));
            }
            acts.extend(self.backing_up(&key()));
            acts.extend(self.certifying(&key()));
        }
        let distant = self.distant.iter();
        acts.extend(distant.map(|&key| Act::EnrollKey { key: key.clone() }));
        if self.restores() {
            acts.extend(self.restoring());
            acts.extend(self.all_keys_proven());
            acts.push(Act::SignOff);
            return acts;
        }
        if self.draft.kind == Kind::Backup {
            acts.extend(self.all_backups_proven());
            acts.push(Act::SignOff);
            return acts;
        }
        if !self.is_enrollment() {
            acts.extend([Act::ComposeRoot, Act::ReviewRoot, Act::SignRoot]);
            if self.owes_signatures() {
                acts.push(Act::CollectSignatures);
            }
            acts.push(Act::VerifyRoot);
        }
        acts.push(Act::Export);
        acts.extend(self.all_backups_proven());
        acts.extend(self.all_keys_proven());
        acts.push(Act::SignOff);
        acts
    }

    /// The steps of the script that an act must follow.
    pub(super) fn needed(&self, act: &Act) -> Vec<Found<'o>> {
        let of = |description: &Description| {
            let is_first = |found: &Found<'_>| {
                self.first(found.act)
                    .is_some_and(|first| first.place == found.place)
            };
            let steps = self.steps().filter(|found| found.act.is(description));
            steps.filter(is_first).collect::<Vec<_>>()
        };
        let present = |acts: Vec<Act>| acts.iter().filter_map(|act| self.first(act)).collect();
        let needs = act.description().needs.iter();
        needs
            .flat_map(|need| match need {
                Need::Every(description) => of(description),
                Need::Same(description) => {
                    let mut steps = of(description);
                    steps.retain(|found| found.act.key() == act.key());
                    steps
                }
                Need::KeysReady => present(self.all_keys_ready()),
                Need::KeysReadyToExport if self.is_enrollment() => present(self.all_keys_ready()),
                Need::KeysReadyToExport => Vec::new(),
                Need::Restored => present(self.restoring()),
            })
            .collect()
    }
}

/// Whether one act must precede another, directly or through acts in between.
pub(super) fn comes_before(act: &Act, other: &Act) -> bool {
    let (stage, later) = (act.description().stage, other.description().stage);
    let of_keys = later < Stage::Compose;
    let apart = of_keys && act.key().is_some() && other.key().is_some() && act.key() != other.key();
    stage < later && !apart
}
