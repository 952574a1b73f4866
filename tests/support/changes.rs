//! A world with a first root whose keys are on software tokens; every kind of change of it in every situation, and what
//! must come of each.
//!
//! The root of the table has five keys, of which four must sign: one loss is survived, a second one is not.

use std::collections::BTreeMap;
use std::sync::Arc;

use conclave::ceremony::Mode;
use conclave::metadata::{KeyId as RootKeyId, KeyType, RoleKind};
use conclave::script::{
    ChangeTemplate, KeyDisposition, OnlineFiles, Script, ScriptErrors, embedded,
};

use crate::support::ceremony_driver::{Room, SoftwareToken, genesis};

/// A first root, its file, and the tokens of its keys.
pub(crate) struct World {
    pub(crate) root: Vec<u8>,
    pub(crate) ids: Vec<RootKeyId>,
    pub(crate) tokens: BTreeMap<String, SoftwareToken>,
}

impl World {
    pub(crate) fn new(keys: usize, threshold: u8) -> Self {
        let script = genesis(&vec![KeyType::Ed25519; keys], threshold);
        Self::after(&Room::closed(script, Mode::Production))
    }

    /// What a ceremony left.
    pub(crate) fn after(room: &Room) -> Self {
        let signed = room.ceremony.signed().unwrap();
        let role = signed.frozen().document().role(RoleKind::Root);
        Self {
            root: signed.to_file_bytes(),
            ids: role.key_ids().to_vec(),
            tokens: room.tokens().clone(),
        }
    }

    /// A rotation in which every key is kept, nothing is added and the threshold stays.
    pub(crate) fn unchanged(&self, template: &str) -> ChangeTemplate {
        ChangeTemplate {
            template: template.to_owned(),
            title: None,
            repository: "example.com/updates".to_owned(),
            not_before: "2027-06-01T09:00:00Z".parse().unwrap(),
            expires: "2028-06-01T00:00:00Z".parse().unwrap(),
            chain: vec![("previous/1.root.json".to_owned(), self.root.clone())],
            transcript_digest: None,
            register: None,
            custody: None,
            threshold: None,
            keys: self
                .ids
                .iter()
                .map(|id| (id.clone(), KeyDisposition::Keep))
                .collect(),
            added: 0,
            key_type: KeyType::Ed25519,
            profile: "softhsm2".to_owned(),
            online: OnlineFiles::new(),
        }
    }

    pub(crate) fn open(&self, script: Arc<Script>) -> Room {
        Room::open_with(script, Mode::Production, &self.tokens)
    }
}

/// The script of a blueprint. A site's signature is collected after signing.
pub(crate) fn script(template: &ChangeTemplate) -> Result<Arc<Script>, ScriptErrors> {
    edited(template, |text| text)
}

/// The same with its text changed.
pub(crate) fn edited(
    template: &ChangeTemplate,
    edit: impl FnOnce(String) -> String,
) -> Result<Arc<Script>, ScriptErrors> {
    let text = edit(template.write().unwrap());
    let mut files: BTreeMap<String, Vec<u8>> = template.files().collect();
    files.extend(template.online.values().flatten().cloned());
    Script::parse("rotation.toml", &text, &files, template.not_before).map(Arc::new)
}

pub(crate) const CHANGES: [Change; 8] = [
    Change::Add,
    Change::Remove,
    Change::Replace,
    Change::ThresholdUp,
    Change::ThresholdDown,
    Change::OnlineKeys,
    Change::Renewal,
    Change::AllNewKeys,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Add,
    Remove,
    Replace,
    ThresholdUp,
    ThresholdDown,
    OnlineKeys,
    Renewal,
    /// The same people, a whole set at once.
    AllNewKeys,
}

pub(crate) const SITUATIONS: [Situation; 4] = [
    Situation::AllPresent,
    Situation::OneRemote,
    Situation::OneLost,
    Situation::TwoLost,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Situation {
    AllPresent,
    /// Key 4 is in Lisbon, and owes its signature.
    OneRemote,
    /// Key 5 is lost. It stays, unless the change takes it out.
    OneLost,
    /// Keys 4 and 5 are lost: fewer are left than must sign.
    TwoLost,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The room alone made it: counters of signatures.
    Signed(&'static str),
    /// The room was not enough; with the signature of Lisbon it was: counters before and after.
    Owed(&'static str, &'static str),
    /// Refused by the check of the script, with this way out.
    Refused(&'static str),
}

const STRANDED: Outcome = Outcome::Refused(
    "make 1 more key of the previous root available, here or at another site; until then, no \
     change can be signed",
);

/// What must come of it.
#[expect(clippy::match_same_arms, reason = "a table is read line by line")]
pub(crate) const fn expected(change: Change, situation: Situation) -> Outcome {
    use Change::{
        Add, AllNewKeys, OnlineKeys, Remove, Renewal, Replace, ThresholdDown, ThresholdUp,
    };
    use Outcome::{Owed, Refused, Signed};
    use Situation::{AllPresent, OneLost, OneRemote, TwoLost};
    match (change, situation) {
        (_, TwoLost) => STRANDED,

        (Add, AllPresent) => Signed("root 1 keys 5/4 · root 2 keys 6/4"),
        (Remove, AllPresent) => Signed("root 1 keys 5/4 · root 2 keys 4/4"),
        (Replace, AllPresent) => Signed("root 1 keys 5/4 · root 2 keys 5/4"),
        (ThresholdUp, AllPresent) => Signed("root 1 keys 5/4 · root 2 keys 5/5"),
        (ThresholdDown, AllPresent) => Signed("root 1 keys 5/4 · root 2 keys 5/3"),
        (OnlineKeys | Renewal, AllPresent) => Signed("root 1 keys 5/4 · root 2 keys 5/4"),
        (AllNewKeys, AllPresent) => Signed("root 1 keys 5/4 · root 2 keys 5/4"),

        (Add, OneRemote) => Signed("root 1 keys 4/4 · root 2 keys 5/4"),
        // The removed key signs under the old root only, so that the new one needs Lisbon.
        (Remove, OneRemote) => Owed(
            "root 1 keys 4/4 · root 2 keys 3/4",
            "root 1 keys 5/4 · root 2 keys 4/4",
        ),
        (Replace, OneRemote) => Signed("root 1 keys 4/4 · root 2 keys 4/4"),
        (ThresholdUp, OneRemote) => Owed(
            "root 1 keys 4/4 · root 2 keys 4/5",
            "root 1 keys 5/4 · root 2 keys 5/5",
        ),
        (ThresholdDown, OneRemote) => Signed("root 1 keys 4/4 · root 2 keys 4/3"),
        (OnlineKeys | Renewal, OneRemote) => Signed("root 1 keys 4/4 · root 2 keys 4/4"),
        (AllNewKeys, OneRemote) => Signed("root 1 keys 4/4 · root 2 keys 5/4"),

        (Add, OneLost) => Signed("root 1 keys 4/4 · root 2 keys 5/4"),
        (Remove, OneLost) => Signed("root 1 keys 4/4 · root 2 keys 4/4"),
        (Replace, OneLost) => Signed("root 1 keys 4/4 · root 2 keys 5/4"),
        (ThresholdUp, OneLost) => Refused(
            "first add or make available 1 more key that can sign; then raise the threshold from 4 to 5",
        ),
        (ThresholdDown, OneLost) => Signed("root 1 keys 4/4 · root 2 keys 4/3"),
        (OnlineKeys | Renewal, OneLost) => Signed("root 1 keys 4/4 · root 2 keys 4/4"),
        (AllNewKeys, OneLost) => Signed("root 1 keys 4/4 · root 2 keys 5/4"),
    }
}

pub(crate) fn template(world: &World, change: Change, situation: Situation) -> ChangeTemplate {
    let template = match change {
        Change::Renewal => "renewal",
        _ => "rotation",
    };
    let mut template = world.unchanged(template);
    match situation {
        Situation::AllPresent => {}
        Situation::OneRemote => template.keys[3].1 = KeyDisposition::Site("Lisbon".to_owned()),
        Situation::OneLost => template.keys[4].1 = KeyDisposition::Absent,
        Situation::TwoLost => {
            template.keys[3].1 = KeyDisposition::Absent;
            template.keys[4].1 = KeyDisposition::Absent;
        }
    }
    let remove = |disposition: &mut KeyDisposition| {
        *disposition = match disposition {
            KeyDisposition::Absent => KeyDisposition::Lost,
            _ => KeyDisposition::Remove,
        };
    };
    match change {
        Change::Add => template.added = 1,
        Change::Remove => remove(&mut template.keys[4].1),
        Change::Replace => {
            remove(&mut template.keys[4].1);
            template.added = 1;
        }
        Change::ThresholdUp => template.threshold = Some(5),
        Change::ThresholdDown => template.threshold = Some(3),
        Change::OnlineKeys => template.online = new_timestamp_key(),
        Change::Renewal => {}
        Change::AllNewKeys => {
            for (_, disposition) in &mut template.keys {
                if !matches!(disposition, KeyDisposition::Site(_)) {
                    remove(disposition);
                }
            }
            template.added = 5;
            // The one in Lisbon stays this time, and is one of those that come to six.
            if situation == Situation::OneRemote {
                template.threshold = Some(4);
            }
        }
    }
    template
}

/// The targets role's sample key takes the place of the timestamp role's.
fn new_timestamp_key() -> OnlineFiles {
    let genesis = embedded()
        .iter()
        .find(|ready| ready.name == "genesis")
        .unwrap();
    let (_, bytes) = genesis
        .files
        .iter()
        .find(|(name, _)| name.contains("targets"))
        .unwrap();
    let file = ("online/timestamp.pub.pem".to_owned(), bytes.to_vec());
    BTreeMap::from([(conclave::script::RoleKind::Timestamp, vec![file])])
}
