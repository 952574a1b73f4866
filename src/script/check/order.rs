//! What each step needs to stand before it, and which steps no ceremony goes without.

use super::twice;
use crate::script::plan::{Backup, Kind};
use crate::script::read::{Draft, Log, StepEntry};
use crate::script::{Act, Grade, KeyId, Place};

pub(super) fn check(log: &Log<'_>, draft: &Draft) {
    twice(log, "ID", draft.steps.iter().filter_map(own_id));
    if draft.steps.is_empty() {
        log.fault(
            "script.steps",
            &draft.start,
            "there is no [[step]]",
            "write down what is done, one [[step]] after the other; `conclave script show --text genesis` has an example",
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

/// IDs that the script gives, and IDs that are made; a repeated act is told as such instead.
fn own_id(step: &StepEntry) -> Option<&crate::script::read::At<crate::script::StepId>> {
    let given = step.id.as_ref().filter(|id| id.span != step.span);
    match &step.act {
        Some(Act::Note { .. }) => step.id.as_ref(),
        _ => given,
    }
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

    fn steps(&self) -> impl Iterator<Item = (usize, &'o StepEntry, &'o Act)> {
        let steps = self.draft.steps.iter().enumerate();
        steps.filter_map(|(index, step)| Some((index, step, step.act.as_ref()?)))
    }

    fn first(&self, wanted: &Act) -> Option<(usize, &'o StepEntry)> {
        self.steps()
            .find(|(_, _, act)| *act == wanted)
            .map(|(index, step, _)| (index, step))
    }

    /// Whether a step was read, and its key exists.
    fn knows(&self, step: &StepEntry) -> bool {
        let keys = step.act.as_ref().map(Act::key);
        keys.is_some_and(|key| {
            key.is_none_or(|key| self.keys.contains(&key) || self.distant.contains(&key))
        })
    }

    /// The seals of keys, wherever their tokens go.
    fn seals(&self) -> Vec<Act> {
        let seals = self
            .steps()
            .filter(|(_, _, act)| matches!(act, Act::Seal { .. } | Act::SealMedium { .. }));
        seals.map(|(_, _, act)| act.clone()).collect()
    }

    fn exists(&self, key: &KeyId) -> bool {
        let mut keys = self.draft.keys.iter();
        keys.any(|entry| entry.exists() && entry.id.as_ref().is_some_and(|id| id.value == *key))
    }

    /// Whether the key is taken in by a file.
    fn is_enrolled(&self, key: &KeyId) -> bool {
        let mut keys = self.draft.keys.iter();
        let is_it = |entry: &crate::script::read::KeyEntry| {
            entry.id.as_ref().is_some_and(|id| id.value == *key)
        };
        self.distant.contains(&key) || keys.any(|entry| entry.is_enrolled && is_it(entry))
    }

    fn is_made(&self, key: &KeyId) -> bool {
        self.made.contains(&key)
    }

    /// The act that makes a key: in its token, unless a step brings it in.
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

    fn push_certifying(&self, acts: &mut Vec<Act>, key: KeyId) {
        if self.is_certified(&key) {
            acts.push(Act::CertifyKey { key });
        }
    }

    /// Whether a key comes into a root of Notary under a new certificate.
    fn is_certified(&self, key: &KeyId) -> bool {
        let mut keys = self.draft.keys.iter();
        let entry = keys.find(|entry| entry.id.as_ref().is_some_and(|id| id.value == *key));
        entry.is_some_and(|entry| self.draft.certifies(entry))
    }

    /// The act by which each key is known to be there: one that is made or enrolled, or one whose token is matched.
    fn all_keys_ready(&self) -> Vec<Act> {
        let acts = self.keys.iter().chain(&self.distant).flat_map(|&key| {
            let id = key.clone();
            let there = if self.is_backed_up(key) {
                Act::BackUpKey { key: Some(id) }
            } else if self.is_made(key) {
                self.maker(id)
            } else if self.is_enrolled(key) {
                Act::EnrolKey { key: id }
            } else {
                Act::OpenToken { key: id }
            };
            let certify = || Act::CertifyKey { key: key.clone() };
            let certified = self.is_certified(key).then(certify);
            std::iter::once(there).chain(certified)
        });
        acts.collect()
    }

    /// The tokens that are tried from cold: those of new keys, and others whose steps say so.
    fn all_keys_proven(&self) -> Vec<Act> {
        let acts = self.keys.iter().filter_map(|&key| {
            let act = Act::ProveToken { key: key.clone() };
            // What a drill restores is destroyed again.
            let is_kept = self.is_made(key) && self.draft.kind != Kind::Drill;
            (is_kept || self.first(&act).is_some()).then_some(act)
        });
        acts.collect()
    }

    /// Whether the ceremony makes keys and no root.
    fn is_enrolment(&self) -> bool {
        self.draft.kind == Kind::Enrolment
    }

    /// Whether the ceremony restores a key from its shares.
    fn restores(&self) -> bool {
        let has_set = self.draft.kind == Kind::Backup && self.draft.restore.is_some();
        has_set || matches!(self.draft.kind, Kind::Drill | Kind::Recovery)
    }

    /// The token onto which the key is restored; none where it stays in memory.
    fn restored_onto(&self) -> Option<KeyId> {
        self.keys.first().map(|&key| key.clone())
    }

    /// The acts that restore a key, and what becomes of it.
    fn restoring(&self) -> Vec<Act> {
        let key = || self.restored_onto();
        let grade = self.draft.restore.as_ref().and_then(|entry| entry.grade);
        let mut acts = Vec::new();
        if grade.is_some_and(|grade| grade >= Grade::Quorum) {
            acts.push(Act::RestoreKey { key: key() });
        }
        let reissues = self.draft.reissue().is_some();
        if grade == Some(Grade::Full) {
            acts.push(Act::ProveRestore { key: key() });
            if reissues {
                acts.push(Act::BackUpKey { key: None });
                acts.push(Act::ProveBackup { key: None });
            }
            if self.draft.kind != Kind::Recovery {
                acts.push(Act::Destroy { key: key() });
            }
        }
        if reissues || self.draft.is_replaced() {
            acts.push(Act::DestroyShares);
        }
        acts
    }

    /// The steps in which shares come in.
    fn shares(&self) -> Vec<Act> {
        let shares = self.steps().map(|(_, _, act)| act);
        let shares = shares.filter(|act| matches!(act, Act::OpenShare { .. }));
        shares.cloned().collect()
    }

    /// Every act that a genesis cannot go without, in the order in which it is done.
    fn required(&self) -> Vec<Act> {
        let mut acts = vec![
            Act::Attendance,
            Act::AttestClock,
            Act::InspectStation,
            Act::ReadScript,
        ];
        for &key in &self.keys {
            let key = || key.clone();
            acts.push(Act::OpenToken { key: key() });
            if self.is_enrolled(&key()) {
                acts.push(Act::EnrolKey { key: key() });
            }
            if !self.is_made(&key()) {
                if self.is_backed_up(&key()) {
                    acts.push(Act::BackUpKey { key: Some(key()) });
                }
                self.push_certifying(&mut acts, key());
                continue;
            }
            // A token may come initialised and with its PIN; initialising takes the PIN away.
            if self.first(&Act::InitialiseToken { key: key() }).is_some() {
                acts.push(Act::SetPin { key: key() });
            }
            acts.push(self.maker(key()));
            if self.is_backed_up(&key()) {
                acts.push(Act::BackUpKey { key: Some(key()) });
            }
            self.push_certifying(&mut acts, key());
        }
        let distant = self.distant.iter();
        acts.extend(distant.map(|&key| Act::EnrolKey { key: key.clone() }));
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
        if !self.is_enrolment() {
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

    fn is_backed_up(&self, key: &KeyId) -> bool {
        let mut keys = self.draft.keys.iter();
        keys.any(|entry| {
            let backup = entry.backup.as_ref();
            entry.id.as_ref().is_some_and(|id| id.value == *key)
                && backup.is_some_and(|backup| backup.value == Backup::Shares)
        })
    }

    /// The backups of keys: each has been seen to open before the ceremony ends.
    fn all_backups_proven(&self) -> Vec<Act> {
        let keys = self.keys.iter().filter(|key| self.is_backed_up(key));
        keys.map(|&key| Act::ProveBackup {
            key: Some(key.clone()),
        })
        .collect()
    }

    /// What must stand before an act.
    fn needs_of(&self, act: &Act) -> Vec<Act> {
        match act {
            Act::Attendance => Vec::new(),
            Act::AttestClock | Act::InspectStation | Act::ReadScript | Act::Note { .. } => {
                vec![Act::Attendance]
            }
            Act::Seal { key, .. } => {
                let mut acts = vec![Act::Export, Act::ProveToken { key: key.clone() }];
                acts.extend(
                    self.restores()
                        .then(|| self.restoring())
                        .into_iter()
                        .flatten(),
                );
                acts
            }
            Act::RestoreKey { key } => {
                let mut acts = self.shares();
                acts.extend(key.iter().flat_map(|key| {
                    [
                        Act::OpenToken { key: key.clone() },
                        Act::InitialiseToken { key: key.clone() },
                        Act::SetPin { key: key.clone() },
                    ]
                }));
                acts
            }
            Act::ProveRestore { key } => vec![Act::RestoreKey { key: key.clone() }],
            Act::Destroy { key } => vec![
                Act::ProveRestore { key: key.clone() },
                Act::ProveBackup { key: key.clone() },
            ],
            Act::DestroyShares => {
                let mut acts = vec![Act::AttestClock, Act::InspectStation, Act::ReadScript];
                acts.extend(self.shares());
                acts.push(Act::ProveBackup { key: None });
                acts.push(Act::Destroy { key: None });
                acts
            }
            Act::Break { .. } | Act::OpenToken { .. } | Act::OpenShare { .. } => {
                vec![Act::AttestClock, Act::InspectStation, Act::ReadScript]
            }
            Act::InitialiseToken { key } => vec![Act::OpenToken { key: key.clone() }],
            Act::SetPin { key } => vec![
                Act::OpenToken { key: key.clone() },
                Act::InitialiseToken { key: key.clone() },
            ],
            Act::GenerateKey { key } | Act::ImportKey { key } => vec![
                Act::OpenToken { key: key.clone() },
                Act::InitialiseToken { key: key.clone() },
                Act::SetPin { key: key.clone() },
            ],
            Act::EnrolKey { key } => vec![
                Act::AttestClock,
                Act::InspectStation,
                Act::ReadScript,
                Act::OpenToken { key: key.clone() },
            ],
            Act::CertifyKey { key } => vec![
                Act::OpenToken { key: key.clone() },
                Act::InitialiseToken { key: key.clone() },
                Act::SetPin { key: key.clone() },
                self.maker(key.clone()),
                Act::EnrolKey { key: key.clone() },
            ],
            Act::BackUpKey { key: Some(key) } => {
                vec![Act::OpenToken { key: key.clone() }, self.maker(key.clone())]
            }
            Act::BackUpKey { key: None } => vec![Act::ProveRestore { key: None }],
            Act::ProveBackup { key } => vec![Act::BackUpKey { key: key.clone() }],
            // A signing has an order of its own.
            Act::JudgeRequest => vec![Act::InspectStation],
            Act::ComposeRoot => self.all_keys_ready(),
            Act::ReviewRoot => vec![Act::ComposeRoot],
            Act::SignRoot => vec![Act::ReviewRoot],
            Act::CollectSignatures => vec![Act::SignRoot],
            Act::VerifyRoot => vec![Act::SignRoot, Act::CollectSignatures],
            Act::Export if self.is_enrolment() => self.all_keys_ready(),
            Act::Export => vec![Act::VerifyRoot],
            Act::ProveToken { .. } if self.restores() => self.restoring(),
            Act::ProveToken { key } => vec![
                Act::Export,
                Act::BackUpKey {
                    key: Some(key.clone()),
                },
            ],
            Act::SealMedium { .. } => {
                let mut acts = vec![Act::Export];
                acts.extend(self.all_backups_proven());
                acts.push(Act::ProveBackup { key: None });
                acts
            }
            Act::SignOff => {
                let mut acts = self.all_keys_proven();
                acts.extend(self.all_backups_proven());
                acts.extend(self.seals());
                if self.restores() {
                    acts.extend(self.shares());
                    acts.extend(self.restoring());
                }
                acts
            }
        }
    }

    fn repeated(&self) {
        for (index, step, act) in self.steps() {
            if matches!(act, Act::Note { .. } | Act::Break { .. }) {
                continue;
            }
            // Two seals of one token are the same step, wherever they send it; and a key is made once, wherever.
            let same = |other: &Act| {
                let is_made_again = act.makes().is_some() && other.makes() == act.makes();
                is_made_again || other.name() == act.name() && other.object() == act.object()
            };
            let earlier = self
                .steps()
                .find(|(first, _, other)| *first < index && same(other));
            if let Some((_, first, earlier_act)) = earlier {
                self.log.fault(
                    "script.step-twice",
                    &step.span,
                    format!(
                        "{} stands in line {} already",
                        described(earlier_act),
                        first.line
                    ),
                    "take one of them out: it is done once",
                );
            }
        }
    }

    /// Nothing is made, and nothing erased, on the token of a key that exists.
    fn needless(&self) {
        for (_, step, act) in self.steps() {
            let makes = act.makes().is_some()
                || matches!(act, Act::InitialiseToken { .. } | Act::SetPin { .. });
            let is_of_root = matches!(
                act,
                Act::ComposeRoot
                    | Act::ReviewRoot
                    | Act::SignRoot
                    | Act::CollectSignatures
                    | Act::VerifyRoot
            );
            if self.restores() {
                self.needless_in_restore(step, act);
                continue;
            }
            if super::restore::is_of_restore(act) {
                self.log.fault(
                    "script.unused",
                    &step.span,
                    format!("{}: only a drill or a recovery restores", act.name()),
                    "take the step out, or write kind = \"drill\"",
                );
                continue;
            }
            if (is_of_root || *act == Act::Export) && self.draft.kind == Kind::Backup {
                self.log.fault(
                    "script.unused",
                    &step.span,
                    format!("{}: a backup makes no root", act.name()),
                    "take the step out: what is written goes to the two media",
                );
            } else if is_of_root && self.is_enrolment() {
                self.log.fault(
                    "script.unused",
                    &step.span,
                    format!("{}: an enrolment makes no root", act.name()),
                    "take the step out: the root is made where the key is taken in",
                );
            } else if *act == Act::CollectSignatures && !self.owes_signatures() {
                self.log.fault(
                    "script.unused",
                    &step.span,
                    "no site owes a signature",
                    "take the step out, or write site = \"…\" at the key whose signature is owed",
                );
            }
            if let Act::CertifyKey { key } = act
                && !self.is_certified(key)
            {
                self.log.fault(
                    "script.unused",
                    &step.span,
                    format!("{:?} comes under no new certificate", key.as_str()),
                    "take the step out; with destination = \"notary-v1\", new keys and those of change = \"move-id\" are certified",
                );
            }
            if let Act::BackUpKey { key: None } | Act::ProveBackup { key: None } = act {
                self.log.fault(
                    "script.unused",
                    &step.span,
                    format!("{}: which key, nobody says", act.name()),
                    "write key = \"key-1\"; without one it is the key that old shares restore, in a backup or a drill",
                );
            }
            if let Act::BackUpKey { key: Some(key) } | Act::ProveBackup { key: Some(key) } = act
                && self.keys.contains(&key)
                && !self.is_backed_up(key)
            {
                self.log.fault(
                    "script.unused",
                    &step.span,
                    format!("{:?} has no backup", key.as_str()),
                    "take the step out, or write backup = \"shares\" at the key",
                );
            }
            if let Act::EnrolKey { key } = act
                && self.keys.contains(&key)
                && !self.is_enrolled(key)
            {
                self.log.fault(
                    "script.unused",
                    &step.span,
                    format!("{:?} has no enrolment file", key.as_str()),
                    "take the step out, or write enrolment = { file = \"…\", sha256 = \"…\" } at the key",
                );
            }
            let existing = act
                .key()
                .filter(|key| self.exists(key) || self.is_enrolled(key));
            if let (true, Some(key)) = (makes, existing) {
                self.log.fault(
                    "script.key-exists",
                    &step.span,
                    format!("{}: the key exists", described(act)),
                    format!(
                        "take the step out: {:?} is only matched with its token, by open-token{}",
                        key.as_str(),
                        if self.is_enrolled(key) {
                            ", and enrolled"
                        } else {
                            ""
                        }
                    ),
                );
            }
        }
    }

    /// Nothing is made, backed up, signed or exported where a key is restored; and nothing goes further than the grade.
    fn needless_in_restore(&self, step: &StepEntry, act: &Act) {
        let fits = match act {
            Act::Attendance
            | Act::AttestClock
            | Act::InspectStation
            | Act::ReadScript
            | Act::Note { .. }
            | Act::Break { .. }
            | Act::OpenShare { .. }
            | Act::OpenToken { .. }
            | Act::InitialiseToken { .. }
            | Act::SetPin { .. }
            | Act::SealMedium { .. }
            | Act::SignOff => true,
            Act::RestoreKey { .. }
            | Act::ProveRestore { .. }
            | Act::BackUpKey { .. }
            | Act::ProveBackup { .. }
            | Act::Destroy { .. }
            | Act::DestroyShares => self.restoring().contains(act),
            Act::ProveToken { .. } | Act::Seal { .. } => self.draft.kind == Kind::Recovery,
            _ => false,
        };
        if !fits {
            self.log.fault(
                "script.unused",
                &step.span,
                format!(
                    "{} has no place in a {}{}",
                    described(act),
                    self.draft.kind,
                    match (self.restored_onto(), act.key()) {
                        (Some(_), None) if super::restore::is_of_restore(act) =>
                            ", whose key is restored onto a token",
                        _ => "",
                    }
                ),
                match self.restored_onto() {
                    Some(key) => format!("take the step out, or write key = {:?}", key.as_str()),
                    None => "take the step out".to_owned(),
                },
            );
        }
    }

    /// Each step after everything that it needs; the first thing that it lacks is told.
    fn needs(&self) {
        for (index, step, act) in self.steps() {
            let late = self.needs_of(act).into_iter().find_map(|need| {
                let (place, found) = self.first(&need)?;
                (place > index).then_some((need, found))
            });
            if let Some((need, found)) = late {
                self.log.fault(
                    "script.order",
                    &step.span,
                    format!(
                        "{} stands before {} (line {})",
                        described(act),
                        described(&need),
                        found.line
                    ),
                    format!("change their order: {}", reason(&need)),
                );
            }
        }
    }

    fn ends(&self) {
        let sign_offs = self.steps().filter(|(_, _, act)| **act == Act::SignOff);
        let Some((place, sign_off, act)) = sign_offs.last() else {
            return;
        };
        let mut needs = self
            .needs_of(act)
            .into_iter()
            .filter_map(|need| self.first(&need));
        if needs.any(|(need, _)| need > place) {
            // It was told that sign-off stands too early.
            return;
        }
        let after = self.draft.steps.get(place + 1);
        if let Some(step) = after {
            self.log.fault(
                "script.order",
                &step.span,
                format!("a step stands after sign-off (line {})", sign_off.line),
                "make sign-off the last step: people sign for all that was done",
            );
        }
    }

    /// From open-token to generate-key, import-key, back-up-key or enrol-key the token stays in, and nobody leaves the table.
    fn blocks(&self) {
        for &key in &self.keys {
            let key = || key.clone();
            let open = self.first(&Act::OpenToken { key: key() });
            let enrolled = self.first(&Act::EnrolKey { key: key() });
            let certified = self.is_certified(&key());
            let certified = certified
                .then(|| self.first(&Act::CertifyKey { key: key() }))
                .flatten();
            let backed_up = self.first(&Act::BackUpKey { key: Some(key()) });
            let last = [certified, backed_up].into_iter().flatten();
            let last = last.max_by_key(|(place, _)| *place);
            let made = last.or(self.first(&self.maker(key()))).or(enrolled);
            let (Some((start, first)), Some((end, last))) = (open, made) else {
                continue;
            };
            let foreign = self.steps().find(|(index, step, act)| {
                (start..end).contains(index) && act.key() != Some(&key()) && self.knows(step)
            });
            if let Some((_, step, act)) = foreign {
                self.log.fault(
                    "script.order",
                    &step.span,
                    format!(
                        "{} stands inside the steps of {:?} (lines {} to {})",
                        described(act),
                        key().as_str(),
                        first.line,
                        last.line
                    ),
                    "move it before open-token or after the last step of the key: in between, the token stays in",
                );
            }
        }
    }

    fn missing(&self) {
        let required = self.required();
        let missing: Vec<&Act> = required
            .iter()
            .filter(|act| self.first(act).is_none())
            .collect();
        for key in &self.keys {
            let used = self.steps().any(|(_, _, act)| act.key() == Some(key));
            if let (false, Some(span)) = (used, self.span_of(key)) {
                self.log.fault(
                    "script.unused",
                    &span,
                    format!("no step uses the key {:?}", key.as_str()),
                    "take the key out, or write its steps, from open-token to prove-token",
                );
            }
        }
        for act in missing {
            let untouched = |key: &KeyId| {
                self.keys.contains(&key) && !self.steps().any(|(_, _, act)| act.key() == Some(key))
            };
            if act.key().is_some_and(untouched) {
                continue;
            }
            self.lacks(act);
        }
    }

    fn lacks(&self, act: &Act) {
        // Where it would have to stand: before the first step that it makes way for, or at the end.
        let next = self.steps().find(|(_, _, other)| comes_before(act, other));
        let object = act.key().map(|key| format!(", key = {:?}", key.as_str()));
        let table = format!("act = {:?}{}", act.name(), object.unwrap_or_default());
        let (span, place) = match next {
            Some((_, step, other)) => (
                &step.span,
                format!("before {} (line {})", described(other), step.line),
            ),
            None => match self.draft.steps.last() {
                Some(last) => (&last.span, format!("after line {}", last.line)),
                None => (&self.draft.start, String::new()),
            },
        };
        self.log.fault(
            "script.step-missing",
            span,
            format!("there is no step {}", described(act)),
            format!("add a [[step]] with {table} {place}: {}", reason(act)),
        );
    }

    fn span_of(&self, key: &KeyId) -> Option<crate::script::read::Span> {
        let ids = self.draft.keys.iter().filter_map(|entry| entry.id.as_ref());
        let mut ids = ids.filter(|id| id.value == *key);
        ids.next().map(|id| id.span.clone())
    }
}

/// Whether one act has to stand before another, be it for the sake of acts in between.
fn comes_before(act: &Act, other: &Act) -> bool {
    let of_keys = stage(act) < MADE && stage(other) < MADE;
    let apart = of_keys && act.key().is_some() && other.key().is_some() && act.key() != other.key();
    stage(act) < stage(other) && !apart
}

/// When all keys are there.
const MADE: u8 = 7;

/// How far a ceremony is when an act has its turn.
const fn stage(act: &Act) -> u8 {
    match act {
        Act::Attendance | Act::Note { .. } | Act::Break { .. } => 0,
        Act::AttestClock | Act::InspectStation | Act::ReadScript => 1,
        Act::OpenToken { .. } | Act::OpenShare { .. } => 2,
        Act::InitialiseToken { .. } => 3,
        Act::SetPin { .. } => 4,
        Act::GenerateKey { .. }
        | Act::ImportKey { .. }
        | Act::RestoreKey { .. }
        | Act::EnrolKey { .. } => 5,
        Act::BackUpKey { .. } | Act::CertifyKey { .. } => 6,
        Act::ComposeRoot | Act::JudgeRequest => MADE,
        Act::ReviewRoot => 8,
        Act::SignRoot => 9,
        Act::CollectSignatures => 10,
        Act::VerifyRoot => 11,
        Act::Export => 12,
        // Wherever it stands after back-up-key: at the latest before what is sealed.
        Act::ProveBackup { .. } | Act::ProveRestore { .. } => 13,
        Act::ProveToken { .. } | Act::Destroy { .. } => 14,
        Act::DestroyShares | Act::Seal { .. } | Act::SealMedium { .. } => 15,
        Act::SignOff => 16,
    }
}

/// `generate-key of "key-3"`.
fn described(act: &Act) -> String {
    match act.object() {
        Some(object) => format!("{} of {object:?}", act.name()),
        None => act.name().to_owned(),
    }
}

/// Why other steps have to wait for an act, or a ceremony cannot do without it.
const fn reason(act: &Act) -> &'static str {
    match act {
        Act::Attendance => "first of all it is established who is in the room",
        Act::AttestClock => "everything later is dated by the clock that people attested",
        Act::InspectStation => "no token is put into a machine that was not inspected",
        Act::ReadScript => "no token is touched before everyone heard which script runs",
        Act::Note { .. } => "its author wants it there",
        Act::Break { .. } => "people need one",
        Act::Seal { .. } => "a token is sealed when it is not needed any more",
        Act::SealMedium { .. } => "a medium is sealed when nothing more is written to it",
        Act::OpenToken { .. } => {
            "a token is matched with the script before anything is written to it"
        }
        Act::InitialiseToken { .. } => "a PIN is set once its token is initialised",
        Act::SetPin { .. } => {
            "a key is made behind its holder's PIN, and initialising takes a PIN away"
        }
        Act::GenerateKey { .. } | Act::ImportKey { .. } => "a root is composed of keys that exist",
        Act::BackUpKey { .. } => {
            "a key is in no root before it has its backup, and its token stays in until then"
        }
        Act::ProveBackup { .. } => {
            "no backup counts before each custodian was seen to open a share"
        }
        Act::OpenShare { .. } => "a key is restored from shares that are there",
        Act::RestoreKey { .. } => "what is proven or destroyed has to be restored first",
        Act::ProveRestore { .. } => "nothing counts as restored that was not seen to sign",
        Act::Destroy { .. } => "what was restored into memory is left nowhere",
        Act::DestroyShares => {
            "whoever has a quorum of old shares and an old wrapped key has the key"
        }
        Act::EnrolKey { .. } => "a root is composed of keys for which somebody spoke",
        Act::CertifyKey { .. } => "a root of Notary is composed of keys in certificates",
        Act::JudgeRequest => "nothing is shown for signing before it was judged",
        Act::ComposeRoot => "what is reviewed has to be frozen",
        Act::ReviewRoot => "nobody signs what was not read",
        Act::SignRoot => "what is verified has to be signed",
        Act::CollectSignatures => "the signatures that sites owe are part of the root",
        Act::VerifyRoot => "only what a client would accept leaves the room",
        Act::Export => "the result is safe before tokens are handled again",
        Act::ProveToken { .. } => "each holder leaves with a token that was seen to work from cold",
        Act::SignOff => "a ceremony ends with everybody's word",
    }
}
