//! The script of a rotation or a renewal, from a ready script and the root that it changes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use toml_edit::{Item, Table};

use super::document::{
    Document, NamedFile, inline, list, pinned, set, set_token, step, table, text, uncomment,
    uncommented,
};
use super::{OnlineFiles, TemplateError, new_token};
use crate::metadata::{KeyId, KeyType, RootFile};
use crate::record::CustodyList;
use crate::script::TokenSecret;
use crate::words::Digest;

/// The content of the script of a change. Keys are numbered by their places in the root: `key-3` of `holder-3`.
#[derive(Debug, Clone)]
pub struct ChangeTemplate {
    /// The ready script: `rotation`, `renewal` or `revocation`.
    pub template: String,
    /// `None` derives a title from the ready script.
    pub title: Option<String>,
    pub repository: String,
    pub not_before: Timestamp,
    pub expires: Timestamp,
    /// The versions from the trust anchor to the root that is changed: names in the script, and contents.
    pub chain: Vec<NamedFile>,
    /// The transcript digest of the previous ceremony.
    pub transcript_digest: Option<Digest>,
    /// The register of payloads of the previous ceremony, `keys/payloads.json`: name in the script, and content.
    pub register: Option<NamedFile>,
    /// The custody log of the previous ceremony, `keys/custody.jsonl`: name in the script, and content.
    pub custody: Option<NamedFile>,
    /// `None` keeps the threshold.
    pub threshold: Option<u32>,
    /// The existing root keys, in the order of the root, and what happens to each.
    pub keys: Vec<(KeyId, KeyDisposition)>,
    pub added: u8,
    pub key_type: KeyType,
    /// The token profile of every key that is present: `softhsm2`.
    pub profile: String,
    /// Public keys of the online roles that change, by file name and content.
    pub online: OnlineFiles,
}

/// What happens to an existing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyDisposition {
    /// It stays, and its token is present.
    Keep,
    /// It is removed, and its token is present.
    Remove,
    /// It is removed: it is lost or stolen.
    Lost,
    /// It stays, and does not sign this root.
    Absent,
    /// It stays, and another site signs with it.
    Site(String),
    /// It stays, under the ID that the specification defines, and its token is present.
    MoveId,
}

impl KeyDisposition {
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

/// A key of the script.
struct Named<'b> {
    number: usize,
    /// The ID in the root, and what happens to it; `None` for an added key.
    exists: Option<&'b (KeyId, KeyDisposition)>,
}

impl Named<'_> {
    fn id(&self) -> String {
        format!("key-{}", self.number)
    }

    fn holder(&self) -> String {
        format!("holder-{}", self.number)
    }

    fn is_here(&self) -> bool {
        self.exists
            .is_none_or(|(_, disposition)| disposition.is_here())
    }
}

impl ChangeTemplate {
    /// The pinned input files of the script.
    pub fn files(&self) -> impl Iterator<Item = NamedFile> {
        let lists = self.register.iter().chain(&self.custody);
        self.chain.iter().chain(lists).cloned()
    }

    /// The text of the script. Parsing it checks whether the change is possible.
    ///
    /// # Errors
    /// If the ready script is not for a change.
    pub fn write(&self) -> Result<String, TemplateError> {
        let mut document = Document::ready(&self.template)?;
        let title = self.title.clone().unwrap_or_else(|| {
            let what = match self.template.as_str() {
                "renewal" => "Renew",
                "revocation" => "Revoke a key of",
                _ => "Change",
            };
            format!("{what} the root of {}", self.repository)
        });
        document.header(title, &self.repository, self.not_before);
        self.root(document.table("root")?);
        self.previous(document.table("previous")?)?;
        let existing = self.keys.iter().map(Some);
        let added = std::iter::repeat_n(None, usize::from(self.added));
        let numbered = existing.chain(added).zip(1..);
        let keys: Vec<Named<'_>> = numbered
            .map(|(exists, number)| Named { number, exists })
            .collect();
        document.rewrite("person", |people| with_holders(people, &keys))?;
        document.rewrite("key", |tables| self.write_keys(&tables, &keys))?;
        self.spares(&mut document, &keys);
        document.rewrite("step", |steps| with_steps(&steps, &keys))?;
        Ok(document.to_string())
    }

    fn root(&self, root: &mut Table) {
        set(root, "expires", self.expires.to_string());
        match self.threshold {
            Some(threshold) => set(root, "threshold", i64::from(threshold)),
            None => drop(root.remove("threshold")),
        }
        if self.online.is_empty() {
            return;
        }
        let mut roles = Table::new();
        roles.set_implicit(true);
        for (role, files) in &self.online {
            let mut table = Table::new();
            set(&mut table, "threshold", 1);
            set(&mut table, "keys", list(files.iter().map(pinned)));
            roles.insert(role.as_str(), Item::Table(table));
        }
        root.insert("roles", Item::Table(roles));
    }

    fn previous(&self, previous: &mut Table) -> Result<(), TemplateError> {
        let Some((newest, older)) = self.chain.split_last() else {
            return Err(TemplateError::Missing("root to change"));
        };
        set(previous, "root", pinned(newest));
        if !older.is_empty() {
            set(previous, "chain", list(older.iter().map(pinned)));
        }
        if let Some(digest) = self.transcript_digest {
            set(previous, "transcript_digest", digest.words().join(" "));
        }
        for (field, file) in [("register", &self.register), ("custody_log", &self.custody)] {
            if let Some(file) = file {
                set(previous, field, pinned(file));
            }
        }
        Ok(())
    }

    /// A spare replaces the token of a new key; without a new key, none is needed.
    fn spares(&self, document: &mut Document, keys: &[Named<'_>]) {
        let added = keys.iter().filter(|key| key.exists.is_none());
        let ids: Vec<String> = added.map(Named::id).collect();
        if ids.is_empty() {
            document.remove("spare");
        }
        for spare in document.tables("spare") {
            set(spare, "keys", list(&ids));
            set_token(spare, [("profile", self.profile.as_str().into())]);
        }
    }

    /// The serial numbers of the tokens that hold keys of the root, from the custody log: they tie a token to its bag.
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

    /// Tables in the order of the root, those of new keys last. The comment above the first one is kept.
    fn write_keys(
        &self,
        tables: &[Table],
        keys: &[Named<'_>],
    ) -> Result<Vec<Table>, TemplateError> {
        let first = tables.first().ok_or(TemplateError::Missing("key"))?;
        let serials = self.serials();
        let has_change = first.contains_key("change");
        let mut written: Vec<Table> = keys
            .iter()
            .map(|key| self.key(key, has_change, &serials))
            .collect();
        if let Some(table) = written.first_mut() {
            *table.decor_mut() = first.decor().clone();
        }
        Ok(written)
    }

    fn key(&self, key: &Named<'_>, has_change: bool, serials: &BTreeMap<KeyId, String>) -> Table {
        let mut table = table([("id", key.id().into())]);
        if has_change {
            let change = key
                .exists
                .map_or("add", |(_, disposition)| disposition.change());
            set(&mut table, "change", change);
        }
        if let Some((id, disposition)) = key.exists {
            set(&mut table, "key_id", id.as_str());
            match disposition {
                KeyDisposition::Site(site) => set(&mut table, "site", site.as_str()),
                KeyDisposition::Absent => set(&mut table, "status", "absent"),
                KeyDisposition::Lost => set(&mut table, "status", "lost"),
                KeyDisposition::Keep | KeyDisposition::Remove | KeyDisposition::MoveId => {}
            }
        }
        if key.is_here() {
            set(&mut table, "holder", key.holder());
            set(
                &mut table,
                "token",
                inline(new_token(&self.profile, key.number)),
            );
            if let Some(serial) = key.exists.and_then(|(id, _)| serials.get(id)) {
                set_token(&mut table, [("serial", serial.as_str().into())]);
            }
        }
        if key.exists.is_none() {
            set(&mut table, "type", self.key_type.to_string());
            set(&mut table, "backup", "none");
            let secrets = [TokenSecret::UserPin, TokenSecret::ruling(&self.profile)];
            let secrets = secrets.map(|what| {
                inline([
                    ("type", what.as_str().into()),
                    ("set_by", key.holder().into()),
                    ("disposition", "memorized".into()),
                ])
            });
            set(&mut table, "activation", list(secrets));
        }
        table
    }
}

/// Everyone else stays, with a holder for each key that is present.
fn with_holders(people: Vec<Table>, keys: &[Named<'_>]) -> Result<Vec<Table>, TemplateError> {
    let is_holder = |table: &Table| text(table, "id").starts_with("holder-");
    let (holders, mut written): (Vec<_>, Vec<_>) = people.into_iter().partition(is_holder);
    let pattern = holders
        .first()
        .ok_or(TemplateError::Missing("key holder"))?;
    for key in keys.iter().filter(|key| key.is_here()) {
        let mut table = uncommented(pattern);
        set(&mut table, "id", key.holder());
        set(&mut table, "name", format!("Key holder {}", key.number));
        written.push(table);
    }
    Ok(written)
}

/// The ready script has the steps that identify a key, create it, and verify and seal it; each is repeated for the keys
/// that need it.
fn with_steps(steps: &[Table], keys: &[Named<'_>]) -> Result<Vec<Table>, TemplateError> {
    let is_made = |table: &Table| {
        let key = text(table, "key");
        let mut others = steps.iter();
        others.any(|other| text(other, "act") == "generate-key" && text(other, "key") == key)
    };
    let of_existing = |act: &str| {
        let mut tables = steps.iter();
        let found = tables.find(|table| text(table, "act") == act && !is_made(table));
        found.map(std::slice::from_ref)
    };
    let matching = of_existing("identify-token").ok_or(TemplateError::Missing("identify-token"))?;
    let sealing = of_existing("seal").unwrap_or_default();
    // A ready script without an added key has no pattern for one.
    let mut rotation = Document::ready("rotation")?;
    let of_new = rotation
        .tables("step")
        .filter(|table| text(table, "key") == "key-6");
    let (proving, making): (Vec<Table>, Vec<Table>) = of_new
        .map(|table| table.clone())
        .partition(|table| matches!(text(table, "act"), "verify-token" | "seal"));
    let existing = keys
        .iter()
        .filter(|key| key.exists.is_some() && key.is_here());
    let existing: Vec<&Named<'_>> = existing.collect();
    let added: Vec<&Named<'_>> = keys.iter().filter(|key| key.exists.is_none()).collect();
    let is_owed = keys
        .iter()
        .any(|key| matches!(key.exists, Some((_, KeyDisposition::Site(_)))));
    let mut written = Vec::new();
    let mut opened = false;
    for table in steps {
        match text(table, "act") {
            "verify-root" if is_owed => written.push(step("collect-signatures", None)),
            "sign-off" => {
                written.extend(repeated(sealing, &existing));
                written.extend(repeated(&proving, &added));
            }
            _ => {}
        }
        if !table.contains_key("key") {
            written.push(table.clone());
        } else if !std::mem::replace(&mut opened, true) {
            written.extend(repeated(matching, &existing));
            written.extend(repeated(&making, &added));
        }
    }
    Ok(written)
}

/// The steps for each key; only the first keeps its comment.
fn repeated(patterns: &[Table], keys: &[&Named<'_>]) -> Vec<Table> {
    let mut steps = Vec::new();
    for key in keys {
        for pattern in patterns {
            let mut step = pattern.clone();
            if !steps.is_empty() {
                uncomment(&mut step);
            }
            set(&mut step, "key", key.id());
            steps.push(step);
        }
    }
    steps
}
