//! What a ceremony cannot go without, and what each step waits for.

use crate::script::Act;
use crate::script::plan::Kind;

use super::Order;

impl Order<'_, '_> {
    /// Every act that a genesis cannot go without, in the order in which it is done.
    pub(super) fn required(&self) -> Vec<Act> {
        let mut acts = vec![
            Act::Attendance,
            Act::AttestClock,
            Act::InspectHost,
            Act::ReadScript,
        ];
        for &key in &self.keys {
            let key = || key.clone();
            acts.push(Act::OpenToken { key: key() });
            if self.is_enrolled(&key()) {
                acts.push(Act::EnrollKey { key: key() });
            }
            if !self.is_made(&key()) {
                if self.is_backed_up(&key()) {
                    acts.push(Act::BackUpKey { key: Some(key()) });
                }
                self.push_certifying(&mut acts, key());
                continue;
            }
            // A token may come initialized and with its PIN; initializing takes the PIN away.
            if self.first(&Act::InitializeToken { key: key() }).is_some() {
                acts.push(Act::SetPin { key: key() });
            }
            acts.push(self.maker(key()));
            if self.is_backed_up(&key()) {
                acts.push(Act::BackUpKey { key: Some(key()) });
            }
            self.push_certifying(&mut acts, key());
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

    /// What must stand before old shares are destroyed: whatever wants them, and what takes their place.
    fn before_old_shares_go(&self) -> Vec<Act> {
        let opening = [Act::AttestClock, Act::InspectHost, Act::ReadScript];
        let made = [Act::ProveBackup { key: None }, Act::Destroy { key: None }];
        let acts = opening.into_iter().chain(self.shares());
        acts.chain(made).collect()
    }

    /// What must stand before an act.
    pub(super) fn needs_of(&self, act: &Act) -> Vec<Act> {
        match act {
            Act::Attendance => Vec::new(),
            Act::AttestClock | Act::InspectHost | Act::ReadScript | Act::Note { .. } => {
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
                        Act::InitializeToken { key: key.clone() },
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
            Act::DestroyShares => self.before_old_shares_go(),
            Act::Break { .. } | Act::OpenToken { .. } | Act::OpenShare { .. } => {
                vec![Act::AttestClock, Act::InspectHost, Act::ReadScript]
            }
            Act::InitializeToken { key } => vec![Act::OpenToken { key: key.clone() }],
            Act::SetPin { key } => vec![
                Act::OpenToken { key: key.clone() },
                Act::InitializeToken { key: key.clone() },
            ],
            Act::GenerateKey { key } | Act::ImportKey { key } => vec![
                Act::OpenToken { key: key.clone() },
                Act::InitializeToken { key: key.clone() },
                Act::SetPin { key: key.clone() },
            ],
            Act::EnrollKey { key } => vec![
                Act::AttestClock,
                Act::InspectHost,
                Act::ReadScript,
                Act::OpenToken { key: key.clone() },
            ],
            Act::CertifyKey { key } => vec![
                Act::OpenToken { key: key.clone() },
                Act::InitializeToken { key: key.clone() },
                Act::SetPin { key: key.clone() },
                self.maker(key.clone()),
                Act::EnrollKey { key: key.clone() },
            ],
            Act::BackUpKey { key: Some(key) } => {
                vec![Act::OpenToken { key: key.clone() }, self.maker(key.clone())]
            }
            Act::BackUpKey { key: None } => vec![Act::ProveRestore { key: None }],
            Act::ProveBackup { key } => vec![Act::BackUpKey { key: key.clone() }],
            // A signing has an order of its own.
            Act::JudgeRequest => vec![Act::InspectHost],
            Act::ComposeRoot => self.all_keys_ready(),
            Act::ReviewRoot => vec![Act::ComposeRoot],
            Act::SignRoot => vec![Act::ReviewRoot],
            Act::CollectSignatures => vec![Act::SignRoot],
            Act::VerifyRoot => vec![Act::SignRoot, Act::CollectSignatures],
            Act::Export if self.is_enrollment() => self.all_keys_ready(),
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
}

/// Whether one act has to stand before another, be it for the sake of acts in between.
pub(super) fn comes_before(act: &Act, other: &Act) -> bool {
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
        Act::AttestClock | Act::InspectHost | Act::ReadScript => 1,
        Act::OpenToken { .. } | Act::OpenShare { .. } => 2,
        Act::InitializeToken { .. } => 3,
        Act::SetPin { .. } => 4,
        Act::GenerateKey { .. }
        | Act::ImportKey { .. }
        | Act::RestoreKey { .. }
        | Act::EnrollKey { .. } => 5,
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

/// Why other steps have to wait for an act, or a ceremony cannot do without it.
pub(super) const fn reason(act: &Act) -> &'static str {
    match act {
        Act::Attendance => "first of all it is established who is in the room",
        Act::AttestClock => "everything later is dated by the clock that people attested",
        Act::InspectHost => "no token is put into a machine that was not inspected",
        Act::ReadScript => "no token is touched before everyone heard which script runs",
        Act::Note { .. } => "its author wants it there",
        Act::Break { .. } => "people need one",
        Act::Seal { .. } => "a token is sealed when it is not needed any more",
        Act::SealMedium { .. } => "a medium is sealed when nothing more is written to it",
        Act::OpenToken { .. } => {
            "a token is matched with the script before anything is written to it"
        }
        Act::InitializeToken { .. } => "a PIN is set once its token is initialized",
        Act::SetPin { .. } => {
            "a key is made behind its holder's PIN, and initializing takes a PIN away"
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
        Act::EnrollKey { .. } => "a root is composed of keys for which somebody spoke",
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
