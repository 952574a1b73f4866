//! A script that has passed all checks.

mod keys;
mod notary;
mod people;
mod policy;
mod repositories;
mod restore;
mod titles;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;

use crate::metadata::Key;
use crate::profile::Profile;
use crate::record::CustodyList;
use crate::transfer::PayloadRegister;
use crate::words::Digest;

use super::attestation::AttestationPolicy;
use super::backup::BackupPlan;
use super::enrolled::Enrolled;
use super::error::Warning;
use super::kind::Kind;
use super::medium::{Holds, Medium};
use super::pinned::PinnedFile;
use super::previous::{DistantKey, KeyChange, Previous};
use super::signing::Signing;
use super::spelling::spelling;
use super::token::Spare;
use super::{Act, ItemId, KeyId, PersonId, SpareId, StepId};

pub use keys::{Backup, KeyPlan};
pub use notary::NotaryPolicy;
pub use people::{Person, PersonRole};
pub use policy::{OnlineRoles, RoleKind, RolePolicy, RootPolicy};
pub use repositories::FurtherRepository;
pub(super) use repositories::{folder_of, root_key};
pub use restore::{DrillLevel, Entering, RestorePlan};

/// A ceremony script that has passed all checks.
#[derive(Debug, Clone)]
pub struct Script {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) sha256: Digest,
    pub(super) kind: Kind,
    pub(super) title: String,
    pub(super) repository: String,
    pub(super) not_before: Timestamp,
    pub(super) assurance: Assurance,
    pub(super) root: RootPolicy,
    pub(super) people: Vec<Person>,
    pub(super) keys: Vec<KeyPlan>,
    pub(super) spares: Vec<Spare>,
    pub(super) media: Vec<Medium>,
    pub(super) previous: Option<Previous>,
    pub(super) further: Arc<[FurtherRepository]>,
    pub(super) distant: Vec<DistantKey>,
    pub(super) custody: CustodyList,
    pub(super) steps: Vec<Step>,
    pub(super) pinned: BTreeMap<String, PinnedFile>,
    pub(super) profiles: BTreeMap<String, Arc<Profile>>,
    pub(super) warnings: Vec<Warning>,
    pub(super) payloads: PayloadRegister,
    pub(super) attestation: AttestationPolicy,
    pub(super) signing: Option<Signing>,
    pub(super) backup: Option<BackupPlan>,
    pub(super) restore: Option<RestorePlan>,
}

/// How many people must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Assurance {
    /// Two people other than the administrator approve important decisions.
    #[default]
    TwoPeople,
    /// One person acts alone, and every page states this.
    Solo,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Unique in the script.
    pub id: StepId,
    /// Its place in [`Script::steps`].
    pub index: usize,
    pub act: Act,
    /// The estimated duration.
    pub minutes: Option<u32>,
    /// In the script, counted from 1.
    pub line: usize,
}

/// Steps that belong together on a screen: consecutive steps of one key, or a single step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub key: Option<KeyId>,
    /// Indexes into [`Script::steps`]; never empty.
    pub steps: Range<usize>,
}

impl Script {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Of the text: read aloud, and binds a rehearsal to its ceremony.
    pub const fn sha256(&self) -> Digest {
        self.sha256
    }

    pub const fn kind(&self) -> Kind {
        self.kind
    }

    pub fn title(&self) -> &str {
        &self.title
    }

    pub fn repository(&self) -> &str {
        &self.repository
    }

    pub const fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// On every page and screen of a ceremony for one person.
    pub fn assurance_banner(&self) -> Option<&'static str> {
        let is_witnessed = self.with_role(PersonRole::Witness).next().is_some();
        let banner = if is_witnessed {
            "SOLO"
        } else {
            "SOLO, UNWITNESSED"
        };
        self.is_solo().then_some(banner)
    }

    pub const fn is_solo(&self) -> bool {
        matches!(self.assurance, Assurance::Solo)
    }

    /// The version of the root that the ceremony makes.
    pub fn root_version(&self) -> u64 {
        self.previous
            .as_ref()
            .map_or(1, |previous| previous.root.version() + 1)
    }

    pub const fn previous(&self) -> Option<&Previous> {
        self.previous.as_ref()
    }

    /// Whether the ceremony makes or signs a root.
    pub const fn makes_root(&self) -> bool {
        !matches!(
            self.kind,
            Kind::Enrollment | Kind::Drill | Kind::Recovery | Kind::Backup
        )
    }

    /// The new root; meaningless unless [`Self::makes_root`].
    pub const fn root(&self) -> &RootPolicy {
        &self.root
    }

    pub fn people(&self) -> &[Person] {
        &self.people
    }

    pub fn person(&self, id: &PersonId) -> Option<&Person> {
        self.people.iter().find(|person| person.id == *id)
    }

    /// In the order of the script.
    pub fn with_role(&self, role: PersonRole) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(move |person| person.is(role))
    }

    /// The root keys whose tokens are present.
    pub fn keys(&self) -> &[KeyPlan] {
        &self.keys
    }

    /// The root keys whose tokens are elsewhere.
    pub fn distant_keys(&self) -> &[DistantKey] {
        &self.distant
    }

    /// What happens to each root key; keys that are present first.
    pub fn key_changes(&self) -> impl Iterator<Item = (&KeyId, &KeyChange)> {
        let here = self.keys.iter().map(|plan| (&plan.id, &plan.change));
        let distant = self.distant.iter().map(|key| (&key.id, &key.change));
        here.chain(distant)
    }

    /// How many root keys the new root has.
    pub fn root_keys(&self) -> usize {
        self.key_changes()
            .filter(|(_, change)| change.stays())
            .count()
    }

    pub fn key(&self, id: &KeyId) -> Option<&KeyPlan> {
        self.keys.iter().find(|key| key.id == *id)
    }

    /// The enrolled keys; keys that are present first.
    pub fn enrolled(&self) -> impl Iterator<Item = (&KeyId, &Enrolled)> {
        let here = self.keys.iter().map(|plan| (&plan.id, &plan.enrolled));
        let distant = self.distant.iter().map(|key| (&key.id, &key.enrolled));
        let all = here.chain(distant);
        all.filter_map(|(id, enrolled)| Some((id, enrolled.as_ref()?)))
    }

    pub fn distant_key(&self, key: &KeyId) -> Option<&DistantKey> {
        self.distant.iter().find(|distant| distant.id == *key)
    }

    pub fn spares(&self) -> &[Spare] {
        &self.spares
    }

    pub fn spare(&self, id: &SpareId) -> Option<&Spare> {
        self.spares.iter().find(|spare| spare.id == *id)
    }

    pub fn media(&self) -> &[Medium] {
        &self.media
    }

    pub fn medium(&self, item: &ItemId) -> Option<&Medium> {
        let mut media = self.media.iter();
        media.find(|medium| medium.id.as_str() == item.as_str())
    }

    pub fn holder(&self, key: &KeyId) -> Option<&Person> {
        self.person(&self.key(key)?.holder)
    }

    /// Which token is in which bag, from the previous ceremony; empty without a custody log.
    pub const fn custody(&self) -> &CustodyList {
        &self.custody
    }

    pub fn initializes(&self, key: &KeyId) -> bool {
        self.has(&Act::InitializeToken { key: key.clone() })
    }

    pub fn imports(&self, key: &KeyId) -> bool {
        self.has(&Act::ImportKey { key: key.clone() })
    }

    fn has(&self, act: &Act) -> bool {
        self.steps.iter().any(|step| step.act == *act)
    }

    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == *id)
    }

    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        for (index, step) in self.steps.iter().enumerate() {
            let key = step.act.key();
            match blocks.last_mut() {
                Some(block) if key.is_some() && block.key.as_ref() == key => {
                    block.steps.end = index + 1;
                }
                _ => blocks.push(Block {
                    key: key.cloned(),
                    steps: index..index + 1,
                }),
            }
        }
        blocks
    }

    pub fn total_minutes(&self) -> u32 {
        self.steps.iter().filter_map(|step| step.minutes).sum()
    }

    /// The register of signed payloads; empty without one.
    pub const fn payloads(&self) -> &PayloadRegister {
        &self.payloads
    }

    pub const fn attestation(&self) -> &AttestationPolicy {
        &self.attestation
    }

    pub const fn backup(&self) -> Option<&BackupPlan> {
        self.backup.as_ref()
    }

    pub fn keeps_share(&self, person: &PersonId) -> bool {
        self.takes_share(person) || self.has_old_share(person)
    }

    pub fn takes_share(&self, person: &PersonId) -> bool {
        let mut custodians = self.backup.iter().flat_map(BackupPlan::custodians);
        custodians.any(|custodian| custodian == person)
    }

    /// Whether a person has a share of the set that is restored from or destroyed.
    pub fn has_old_share(&self, person: &PersonId) -> bool {
        let is_of_set = |plan: &RestorePlan| plan.manifest.share_of(person.as_str()).is_some();
        self.restore.as_ref().is_some_and(is_of_set)
    }

    /// The existing keys on tokens that get shares, with their public keys.
    pub fn known_keys(&self) -> impl Iterator<Item = (&KeyPlan, &Key)> {
        let keys = self.keys.iter().filter(|_| self.kind == Kind::Backup);
        keys.filter_map(|plan| Some((plan, &plan.change.before()?.key)))
    }

    /// Whether the key that old shares restore gets new shares.
    pub const fn reissues(&self) -> bool {
        self.backup.is_some() && self.restore.is_some()
    }

    pub const fn restore(&self) -> Option<&RestorePlan> {
        self.restore.as_ref()
    }

    pub fn restores(&self, key: &KeyId) -> bool {
        let key = Some(key.clone());
        self.has(&Act::RestoreKey { key })
    }

    pub fn backs_up(&self, key: &KeyId) -> bool {
        self.key(key)
            .is_some_and(|plan| plan.backup == Backup::Shares)
    }

    pub fn medium_for(&self, holds: Holds) -> Option<&Medium> {
        self.media.iter().find(|medium| medium.holds == holds)
    }

    pub const fn signing(&self) -> Option<&Signing> {
        self.signing.as_ref()
    }

    /// By name, each once.
    pub fn pinned_files(&self) -> impl Iterator<Item = &PinnedFile> {
        self.pinned.values()
    }

    /// The token profiles that the script names, by name.
    pub const fn profiles(&self) -> &BTreeMap<String, Arc<Profile>> {
        &self.profiles
    }

    pub fn profile_digests(&self) -> BTreeMap<String, Digest> {
        let profiles = self.profiles.iter();
        profiles
            .map(|(name, it)| (name.clone(), it.sha256()))
            .collect()
    }

    /// Whether each profile that comes with the script is recorded with its SHA-256. A built-in profile may differ in
    /// another version of this program.
    pub fn has_profiles(&self, recorded: &BTreeMap<String, Digest>) -> bool {
        let mut carried = self.profiles.iter().filter(|(_, it)| it.file().is_some());
        carried.all(|(name, it)| recorded.get(name) == Some(&it.sha256()))
    }

    /// The token profile of that name; for the simulated tokens of a rehearsal, the built-in one.
    pub fn profile(&self, name: &str) -> Option<Arc<Profile>> {
        let known = self.profiles.get(name).map(Arc::clone);
        known.or_else(|| Profile::named(name).ok().map(Arc::new))
    }

    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

spelling!(Assurance {
    TwoPeople = "two-people",
    Solo = "solo",
});
