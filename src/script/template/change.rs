//! Writing the script of a rotation or a renewal from a ready one and the root that it changes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value};

use super::{BlueprintError, OnlineFiles, bound, set, tables, text, uncomment, unplaced};
use crate::metadata::{KeyId, KeyType, RootFile};
use crate::record::CustodyList;
use crate::script::TokenSecret;
use crate::script::embedded::embedded;
use crate::words::Digest;

/// What the script of a change is to say. Keys get names by their places in the root: `key-3` of `holder-3`.
#[derive(Debug, Clone)]
pub struct ChangeBlueprint {
    /// The ready script that it is written from: `rotation`, `renewal` or `revocation`.
    pub template: String,
    /// `None` keeps the kind of title that the ready script has.
    pub title: Option<String>,
    /// The name of the line of roots.
    pub repository: String,
    /// The clock may not be earlier.
    pub not_before: Timestamp,
    /// When the new root expires.
    pub expires: Timestamp,
    /// The versions from the trust anchor on, the root that is changed last: names in the script, and contents.
    pub chain: Vec<(String, Vec<u8>)>,
    /// The head of the record of the ceremony before.
    pub record: Option<Digest>,
    /// The register of payloads of the ceremony before, `keys/payloads.json`: name in the script, and content.
    pub register: Option<(String, Vec<u8>)>,
    /// The custody list of the ceremony before, `keys/custody.jsonl`: name in the script, and content.
    pub custody: Option<(String, Vec<u8>)>,
    /// `None` keeps the threshold.
    pub threshold: Option<u32>,
    /// The root keys that exist, in the order of the root, and what becomes of each.
    pub keys: Vec<(KeyId, KeyFate)>,
    /// How many keys are added.
    pub added: u8,
    /// The type of added keys.
    pub key_type: KeyType,
    /// The token profile of every key that is here: `softhsm2`.
    pub profile: String,
    /// Public keys of the online roles that change, by file name and content.
    pub online: OnlineFiles,
}

/// What becomes of a key that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFate {
    /// It stays, and its token is here.
    Keep,
    /// It goes, and its token is here.
    Remove,
    /// It goes: nobody has it.
    Lost,
    /// It stays, and does not sign this time.
    Absent,
    /// It stays, and another site owes its signature.
    Site(String),
    /// It stays under the ID that the specification gives it, and its token is here.
    MoveId,
}

impl KeyFate {
    const fn is_here(&self) -> bool {
        matches!(self, Self::Keep | Self::Remove | Self::MoveId)
    }

    const fn change(&self) -> &'static str {
        match self {
            Self::Keep | Self::Absent | Self::Site(_) => "keep",
            Self::Remove | Self::Lost => "remove",
            Self::MoveId => "move-id",
        }
    }
}

/// A key as the script names it.
struct Named<'b> {
    number: usize,
    /// The ID in the root, and what becomes of it; none for a key that is added.
    exists: Option<&'b (KeyId, KeyFate)>,
}

impl Named<'_> {
    fn is_here(&self) -> bool {
        self.exists.is_none_or(|(_, fate)| fate.is_here())
    }
}

impl ChangeBlueprint {
    /// The files of the ceremonies before that the script carries.
    pub fn files(&self) -> impl Iterator<Item = (String, Vec<u8>)> {
        let lists = self.register.iter().chain(&self.custody);
        self.chain.iter().chain(lists).cloned()
    }

    /// The script's text. It still has to be parsed: whether the change can be made is not judged here.
    ///
    /// # Errors
    /// When the ready script is not one of a change.
    pub fn write(&self) -> Result<String, BlueprintError> {
        let template = embedded().iter().find(|ready| ready.name == self.template);
        let template = template.ok_or(BlueprintError::Template("text"))?;
        let mut document: DocumentMut = template
            .text
            .parse()
            .map_err(|_| BlueprintError::Template("text"))?;
        let title = self.title.clone().unwrap_or_else(|| {
            let what = match self.template.as_str() {
                "renewal" => "Renew",
                "revocation" => "Revoke a key of",
                _ => "Change",
            };
            format!("{what} the root of {}", self.repository)
        });
        set(&mut document, "title", title);
        set(&mut document, "repository", self.repository.as_str());
        set(&mut document, "not_before", self.not_before.to_string());
        self.root(&mut document)?;
        self.previous(&mut document)?;
        let existing = self.keys.iter().map(Some);
        let added = std::iter::repeat_n(None, usize::from(self.added));
        let names: Vec<Named<'_>> = existing
            .chain(added)
            .zip(1..)
            .map(|(exists, number)| Named { number, exists })
            .collect();
        people(tables(&mut document, "person")?, &names)?;
        self.write_keys(tables(&mut document, "key")?, &names)?;
        self.spares(&mut document, &names);
        steps(tables(&mut document, "step")?, &names)?;
        Ok(document.to_string())
    }

    fn root(&self, document: &mut DocumentMut) -> Result<(), BlueprintError> {
        let root = document.get_mut("root").and_then(Item::as_table_mut);
        let root = root.ok_or(BlueprintError::Template("[root]"))?;
        set(root, "expires", self.expires.to_string());
        match self.threshold {
            Some(threshold) => set(root, "threshold", i64::from(threshold)),
            None => drop(root.remove("threshold")),
        }
        if self.online.is_empty() {
            return Ok(());
        }
        let mut roles = Table::new();
        roles.set_implicit(true);
        for (role, files) in &self.online {
            let mut table = Table::new();
            set(&mut table, "threshold", 1);
            let keys: Array = files
                .iter()
                .map(|(name, bytes)| bound(name, bytes))
                .collect();
            set(&mut table, "keys", keys);
            roles.insert(role.as_str(), Item::Table(table));
        }
        root.insert("roles", Item::Table(roles));
        Ok(())
    }

    fn previous(&self, document: &mut DocumentMut) -> Result<(), BlueprintError> {
        let previous = document.get_mut("previous").and_then(Item::as_table_mut);
        let previous = previous.ok_or(BlueprintError::Template("[previous]"))?;
        let Some(((name, bytes), older)) = self.chain.split_last() else {
            return Err(BlueprintError::Template("root to change"));
        };
        set(previous, "root", bound(name, bytes));
        if !older.is_empty() {
            let chain: Array = older
                .iter()
                .map(|(name, bytes)| bound(name, bytes))
                .collect();
            set(previous, "chain", chain);
        }
        if let Some(record) = self.record {
            set(previous, "record", record.words().join(" "));
        }
        for (field, file) in [("register", &self.register), ("custody", &self.custody)] {
            if let Some((name, bytes)) = file {
                set(previous, field, bound(name, bytes));
            }
        }
        Ok(())
    }

    /// A spare stands in for the token of a new key; where none is made, none is needed.
    fn spares(&self, document: &mut DocumentMut, names: &[Named<'_>]) {
        let added = names.iter().filter(|key| key.exists.is_none());
        let keys: Array = added.map(|key| format!("key-{}", key.number)).collect();
        if keys.is_empty() {
            document.remove("spare");
        }
        let spares = document.get_mut("spare");
        let spares = spares.and_then(Item::as_array_of_tables_mut);
        for spare in spares.into_iter().flat_map(ArrayOfTables::iter_mut) {
            set(spare, "keys", keys.clone());
            if let Some(token) = spare.get_mut("token").and_then(Item::as_inline_table_mut) {
                token.insert("profile", self.profile.as_str().into());
            }
        }
    }

    /// The serial numbers of the tokens that hold keys of the root, as the custody list knows them: by these a token
    /// is matched with its bag.
    fn serials(&self) -> BTreeMap<KeyId, String> {
        let list = self
            .custody
            .as_ref()
            .and_then(|(_, bytes)| CustodyList::parse(bytes).ok())
            .unwrap_or_default();
        let root = self.chain.last();
        let root = root.and_then(|(_, bytes)| RootFile::read(bytes).ok());
        let keys = root.iter().flat_map(|root| root.document().keys().iter());
        let serial = |fingerprint: &str| {
            let lines = list.lines().iter().rev();
            let mut of_key = lines.filter(|line| line.fingerprint.as_deref() == Some(fingerprint));
            of_key.find_map(|line| Some(line.token.as_ref()?.serial.clone()))
        };
        keys.filter_map(|(id, key)| {
            let fingerprint = key.key().public()?.fingerprint().to_string();
            Some((id.clone(), serial(&fingerprint)?))
        })
        .collect()
    }

    /// Tables in the order of the root, those of new keys last. The comment above the first one stays.
    fn write_keys(
        &self,
        keys: &mut ArrayOfTables,
        names: &[Named<'_>],
    ) -> Result<(), BlueprintError> {
        let decor = keys.get(0).map(|first| first.decor().clone());
        let decor = decor.ok_or(BlueprintError::Template("key"))?;
        let serials = self.serials();
        let says_change = keys
            .get(0)
            .is_some_and(|first| first.contains_key("change"));
        keys.clear();
        for (index, key) in names.iter().enumerate() {
            let number = key.number;
            let mut table = Table::new();
            uncomment(&mut table);
            if index == 0 {
                *table.decor_mut() = decor.clone();
            }
            set(&mut table, "id", format!("key-{number}"));
            let change = key.exists.map_or("add", |(_, fate)| fate.change());
            if says_change {
                set(&mut table, "change", change);
            }
            if let Some((id, fate)) = key.exists {
                set(&mut table, "key_id", id.as_str());
                match fate {
                    KeyFate::Site(site) => set(&mut table, "site", site.as_str()),
                    KeyFate::Absent => set(&mut table, "status", "absent"),
                    KeyFate::Lost => set(&mut table, "status", "lost"),
                    KeyFate::Keep | KeyFate::Remove | KeyFate::MoveId => {}
                }
            }
            if key.is_here() {
                set(&mut table, "holder", format!("holder-{number}"));
                let mut token = InlineTable::new();
                token.insert("profile", self.profile.as_str().into());
                token.insert("label", format!("conclave-key-{number}").into());
                if let Some(serial) = key.exists.and_then(|(id, _)| serials.get(id)) {
                    token.insert("serial", serial.as_str().into());
                }
                set(&mut table, "token", token);
            }
            if key.exists.is_none() {
                set(&mut table, "type", self.key_type.to_string());
                set(&mut table, "backup", "none");
                let ruling = TokenSecret::ruling(&self.profile);
                let secrets = [TokenSecret::UserPin, ruling].map(|what| {
                    let mut secret = InlineTable::new();
                    secret.insert("what", what.as_str().into());
                    secret.insert("set_by", format!("holder-{number}").into());
                    secret.insert("fate", "memory".into());
                    Value::from(secret)
                });
                set(
                    &mut table,
                    "activation",
                    secrets.into_iter().collect::<Array>(),
                );
            }
            keys.push(table);
        }
        Ok(())
    }
}

/// Everyone else stays; a holder for each key that is here.
fn people(people: &mut ArrayOfTables, names: &[Named<'_>]) -> Result<(), BlueprintError> {
    let is_holder = |table: &Table| text(table, "id").starts_with("holder-");
    let all: Vec<Table> = people.iter().cloned().collect();
    let pattern = all.iter().find(|table| is_holder(table)).cloned();
    let pattern = pattern.ok_or(BlueprintError::Template("key holder"))?;
    people.clear();
    for table in all.into_iter().filter(|table| !is_holder(table)) {
        people.push(unplaced(table));
    }
    for key in names.iter().filter(|key| key.is_here()) {
        let mut table = pattern.clone();
        uncomment(&mut table);
        set(&mut table, "id", format!("holder-{}", key.number));
        set(&mut table, "name", format!("Key holder {}", key.number));
        people.push(unplaced(table));
    }
    Ok(())
}

/// The ready script has the steps of matching, those of making, and those of proving and sealing a key; each is repeated for
/// the keys that need it.
fn steps(steps: &mut ArrayOfTables, names: &[Named<'_>]) -> Result<(), BlueprintError> {
    let all: Vec<Table> = steps.iter().cloned().collect();
    let made = |table: &Table| {
        let key = text(table, "key");
        let generates =
            |other: &Table| text(other, "act") == "generate-key" && text(other, "key") == key;
        all.iter().any(generates)
    };
    let matched = all
        .iter()
        .find(|table| text(table, "act") == "open-token" && !made(table))
        .ok_or(BlueprintError::Template("open-token"))?;
    // Without an added key of its own, a ready script has no pattern for one.
    let rotation = embedded().iter().find(|ready| ready.name == "rotation");
    let rotation: Option<DocumentMut> = rotation.and_then(|ready| ready.text.parse().ok());
    let of_new: Vec<Table> = rotation
        .as_ref()
        .and_then(|document| document.get("step")?.as_array_of_tables())
        .map(|steps| {
            let new = steps.iter().filter(|table| text(table, "key") == "key-6");
            new.cloned().collect()
        })
        .unwrap_or_default();
    let (making, proving): (Vec<Table>, Vec<Table>) = of_new
        .into_iter()
        .partition(|table| !matches!(text(table, "act"), "prove-token" | "seal"));
    let sealing = all
        .iter()
        .find(|table| text(table, "act") == "seal" && !made(table));
    let added: Vec<&Named<'_>> = names.iter().filter(|key| key.exists.is_none()).collect();
    let existing = names
        .iter()
        .filter(|key| key.exists.is_some() && key.is_here());
    let for_key = |pattern: &Table, key: &Named<'_>, is_first: bool| {
        let mut table = pattern.clone();
        if !is_first {
            uncomment(&mut table);
        }
        set(&mut table, "key", format!("key-{}", key.number));
        unplaced(table)
    };
    let owed = |key: &Named<'_>| matches!(key.exists, Some((_, KeyFate::Site(_))));
    let is_owed = names.iter().any(owed);
    steps.clear();
    let mut opened = false;
    for table in &all {
        if text(table, "act") == "verify-root" && is_owed {
            let mut collect = Table::new();
            uncomment(&mut collect);
            set(&mut collect, "act", "collect-signatures");
            steps.push(collect);
        }
        if text(table, "act") == "sign-off" {
            for (n, key) in existing.clone().enumerate() {
                let sealing = sealing.iter();
                steps.extend(sealing.map(|pattern| for_key(pattern, key, n == 0)));
            }
            for (n, key) in added.iter().enumerate() {
                for (m, pattern) in proving.iter().enumerate() {
                    steps.push(for_key(pattern, key, n + m == 0));
                }
            }
        }
        if !table.contains_key("key") {
            steps.push(unplaced(table.clone()));
            continue;
        }
        if std::mem::replace(&mut opened, true) {
            continue;
        }
        for (n, key) in existing.clone().enumerate() {
            steps.push(for_key(matched, key, n == 0));
        }
        for (n, key) in added.iter().enumerate() {
            for (m, pattern) in making.iter().enumerate() {
                steps.push(for_key(pattern, key, n + m == 0));
            }
        }
    }
    Ok(())
}
