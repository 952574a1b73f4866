//! From text to a draft: every part of a script, valid or not, with its places.

mod activation;
mod attestation;
mod backup;
#[cfg(test)]
mod coverage;
mod custody;
mod enrolled;
mod fields;
mod keys;
mod log;
mod media;
mod notary;
mod people;
mod pinned;
mod pins;
mod previous;
mod repositories;
mod restore;
mod role;
mod root;
mod rotation;
mod signing;
mod spares;
mod steps;
mod tuf_on_ci;

use std::collections::BTreeMap;

use jiff::Timestamp;
use toml::de::DeTable;

use super::kind::Kind;
use super::plan::{Assurance, RootPolicy, Script};
use super::schema::SCRIPT;
use super::{Act, PinnedFileSource, Warning};
use crate::metadata::{RoleKind, TrustedRoot};
use crate::record::CustodyList;
use crate::transfer::Destination;
use crate::words::Digest;
use enrolled::EnrollmentReader;
use fields::{Fields, Value};
use pinned::PinnedFiles;

pub(super) use activation::{DispositionWord, SecretEntry};
pub(super) use attestation::AttestationEntry;
pub(super) use backup::BackupEntry;
pub(super) use keys::{KeyEntry, TokenEntry};
pub(super) use log::{At, Log, Span};
pub(super) use media::MediumEntry;
pub(super) use people::PersonEntry;
pub(super) use previous::PreviousEntry;
pub(super) use repositories::RepositoryEntry;
pub(super) use restore::RestoreEntry;
pub(super) use role::RoleEntry;
pub(super) use root::RootEntry;
pub(super) use rotation::{ChangeEntry, DistantEntry};
pub(super) use spares::SpareEntry;
pub(super) use steps::StepEntry;

const LONGEST_SCRIPT: usize = 1 << 20;

/// Everything that was read, valid or not, with its places.
pub(super) struct Draft {
    pub(super) start: Span,
    pub(super) kind: Kind,
    pub(super) repository: Option<String>,
    pub(super) not_before: Option<Timestamp>,
    pub(super) assurance: Assurance,
    pub(super) root: RootEntry,
    pub(super) attestation: AttestationEntry,
    pub(super) people: Vec<PersonEntry>,
    pub(super) previous: Option<PreviousEntry>,
    pub(super) further: Vec<RepositoryEntry>,
    pub(super) custody: Option<At<CustodyList>>,
    pub(super) keys: Vec<KeyEntry>,
    pub(super) spares: Vec<SpareEntry>,
    pub(super) media: Vec<MediumEntry>,
    pub(super) distant: Vec<DistantEntry>,
    pub(super) steps: Vec<StepEntry>,
    pub(super) backup: Option<BackupEntry>,
    pub(super) restore: Option<RestoreEntry>,
}

impl Draft {
    /// The step that imports a key.
    pub(super) fn import_of(&self, key: &KeyEntry) -> Option<&StepEntry> {
        let id = &key.id.as_ref()?.value;
        let is_it =
            |step: &&StepEntry| matches!(&step.act, Some(Act::ImportKey { key }) if key == id);
        self.steps.iter().find(is_it)
    }

    /// How many root keys the new root has.
    pub(super) fn root_keys(&self) -> usize {
        let here = self.keys.iter().filter(|key| key.stays()).count();
        let distant = self.distant.iter().filter_map(|key| key.change.as_ref());
        here + distant.filter(|change| change.stays()).count()
    }

    /// The threshold of the new root; by default that of the trusted root.
    pub(super) fn threshold(&self) -> Option<At<i64>> {
        let stays = || {
            let threshold = self.before()?.role(RoleKind::Root).threshold();
            Some(At {
                value: i64::try_from(threshold).ok()?,
                span: self.previous.as_ref()?.span.clone(),
            })
        };
        self.root.threshold.clone().or_else(stays)
    }

    /// Whether the token of a key signs a certificate for it: a Notary root key that is new or gets another ID.
    pub(super) fn certifies(&self, key: &KeyEntry) -> bool {
        let destination = self.root.destination.as_ref().map(|at| at.value);
        destination == Some(Destination::NotaryV1)
            && key.change.is_some()
            && (!key.exists() || key.is_moved())
    }

    /// The place of the set whose key gets new shares; `None` if no key does.
    pub(super) fn reissue(&self) -> Option<&Span> {
        let entry = self.restore.as_ref()?;
        let reissues = match self.kind {
            Kind::Backup => !self.is_replaced(),
            _ => self.backup.is_some(),
        };
        reissues.then_some(&entry.span)
    }

    /// Whether the set in the script is already superseded.
    pub(super) fn is_replaced(&self) -> bool {
        let level = self.restore.as_ref().and_then(|entry| entry.level);
        self.kind == Kind::Backup && level == Some(super::DrillLevel::Custody)
    }

    /// The trusted root that is changed.
    pub(super) fn before(&self) -> Option<&TrustedRoot> {
        Some(&self.previous.as_ref()?.root.as_ref()?.value)
    }
}

/// Checks a draft: `None` if it has errors, otherwise its warnings.
pub(super) type Judge<'j> = &'j dyn Fn(&Draft) -> Option<Vec<Warning>>;

/// Reads a script, and has `judge` check whether its parts fit together.
pub(super) fn read(
    log: &Log<'_>,
    source: &dyn PinnedFileSource,
    judge: Judge<'_>,
) -> Option<Script> {
    let text = log.text();
    let start = 0..0;
    if text.len() > LONGEST_SCRIPT {
        log.error(
            "script.size",
            &start,
            "the script is longer than 1 MiB",
            "check that this is the right file: a script is a few pages long",
        );
        return None;
    }
    characters(log);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        log.error(
            "script.toml",
            &error.span().unwrap_or(start.clone()),
            format!("this is not TOML: {}", error.message().replace('\n', ", ")),
            "correct the line: a field is written name = \"text\", name = 3 or name = [\"a\", \"b\"]",
        );
    }
    pins::in_fields(log, document.get_ref());
    pins::in_text(log);
    if !errors.is_empty() {
        return None;
    }
    let fields = Fields::new(log, document.get_ref(), start, &SCRIPT);
    document_fields(log, fields, source, judge)
}

/// Reports characters that cannot be seen, also in comments.
fn characters(log: &Log<'_>) {
    let hidden = |c: char| fields::is_invisible(c) || (c.is_control() && !"\t\r\n".contains(c));
    for (at, c) in log.text().char_indices().filter(|(_, c)| hidden(*c)) {
        let span = at..at + c.len_utf8();
        if !log.has("script.characters", &span) {
            log.error(
                "script.characters",
                &span,
                format!("the character U+{:04X} cannot be seen", c as u32),
                "remove it: a script must read the same to everyone",
            );
        }
    }
}

fn is_known_schema(fields: &mut Fields<'_, '_>) -> bool {
    fields.value("schema").is_some_and(|value| {
        let number = value.integer();
        if number.is_some_and(|number| number != 1) {
            value.error(
                "script.schema",
                "this version only reads scripts with schema = 1",
                "use the version of Conclave that the script was written for",
            );
        }
        number == Some(1)
    })
}

fn document_fields(
    log: &Log<'_>,
    mut fields: Fields<'_, '_>,
    source: &dyn PinnedFileSource,
    judge: Judge<'_>,
) -> Option<Script> {
    let schema = is_known_schema(&mut fields);
    let kind = fields.read("kind", |value| value.word("script.kind", Kind::SPELLINGS));
    // With another schema or an unknown kind, all other errors would mislead.
    let kind = kind.filter(|_| schema)?.value;
    fields.set_kind(kind);
    let title = fields.value("title").and_then(|value| value.line());
    let repository = fields
        .value("repository")
        .and_then(|value| repository(&value));
    let not_before = fields.value("not_before").and_then(|value| value.time());
    let assurance = fields
        .value("assurance")
        .and_then(|value| value.word("script.assurance", Assurance::SPELLINGS))
        .unwrap_or_default();
    if kind == Kind::Signing {
        let head = signing::Head {
            title,
            repository,
            not_before,
        };
        return signing::read(log, fields, source, head);
    }

    let mut files = PinnedFiles::new(source);
    let previous = fields.table("previous");
    let previous = previous.map(|table| previous::read(table, &mut files, not_before));
    let further = fields.tables("further_repository").into_iter();
    let further = further.map(|table| repositories::read(table, &mut files, not_before));
    let further = further.collect();
    let custody = custody_list(
        log,
        &mut fields,
        &mut files,
        previous.as_ref(),
        repository.as_deref(),
    );
    let before = previous
        .as_ref()
        .and_then(|previous| Some(&previous.root.as_ref()?.value));
    let root = fields.table("root");
    let root = root.map(|table| root::read(table, &mut files, kind));
    let root = root.unwrap_or_default();
    let attestation = fields.table("attestation");
    let attestation = attestation.map(|table| attestation::read(table, &mut files));
    let attestation = attestation.unwrap_or_default();
    let people = fields.tables("person").into_iter();
    let people = people.map(|table| people::read(table, &mut files, kind));
    let people = people.collect();
    let mut enrollments = EnrollmentReader {
        files: &mut files,
        roots: &attestation.trusted,
        repository: repository.as_deref(),
    };
    let (keys, distant) = keys::read(fields.tables("key"), kind, before, &mut enrollments);
    let spares = fields.tables("spare").into_iter();
    let spares = spares
        .map(|table| spares::read(table, &mut files))
        .collect();
    let media = fields.tables("medium").into_iter();
    let media = media.map(media::read).collect();
    let backup = fields.table("backup").map(backup::read);
    let restore = fields.table("restore");
    let restore = restore.map(|table| restore::read(table, &mut files, kind));
    let steps = steps::read(log, fields.tables("step"));
    let start = fields.span.clone();
    fields.finish();

    let draft = Draft {
        start,
        kind,
        repository: repository.clone(),
        not_before,
        assurance,
        root,
        attestation,
        people,
        previous,
        further,
        custody,
        keys,
        spares,
        media,
        distant,
        steps,
        backup,
        restore,
    };
    let warnings = judge(&draft)?;
    let (pinned, profiles) = files.into_parts();
    complete(draft, warnings).map(|script| Script {
        title: title.unwrap_or_default(),
        repository: repository.unwrap_or_default(),
        pinned,
        profiles,
        ..script
    })
}

/// The custody log, from `[previous]` or, without that table, from the script itself.
fn custody_list(
    log: &Log<'_>,
    fields: &mut Fields<'_, '_>,
    files: &mut PinnedFiles<'_>,
    previous: Option<&PreviousEntry>,
    repository: Option<&str>,
) -> Option<At<CustodyList>> {
    let own = match previous {
        None => fields
            .value("custody_log")
            .and_then(|value| custody::read(&value, files)),
        Some(_) => None,
    };
    let list = own.or_else(|| previous?.custody_list.clone())?;
    if let Some(repository) = repository {
        custody::of_repository(log, &list, repository);
    }
    Some(list)
}

/// The script of a draft without errors; its name, text, title and pinned files are added by the caller.
fn complete(draft: Draft, warnings: Vec<Warning>) -> Option<Script> {
    let previous = match draft.previous {
        Some(entry) => Some(entry.complete()?),
        None => None,
    };
    let before = previous.as_ref().map(|previous| &previous.root);
    let payloads = previous
        .as_ref()
        .map(|previous| previous.payloads.clone())
        .unwrap_or_default();
    let people = draft.people.into_iter().map(PersonEntry::complete);
    let keys = draft.keys.into_iter().map(KeyEntry::complete);
    let spares = draft.spares.into_iter().map(SpareEntry::complete);
    let media = draft.media.into_iter().map(MediumEntry::complete);
    let distant = draft.distant.into_iter().map(DistantEntry::complete);
    let steps = draft.steps.into_iter().enumerate();
    let steps = steps.map(|(index, step)| step.complete(index));
    let further = draft.further.into_iter().map(RepositoryEntry::complete);
    Some(Script {
        name: String::new(),
        text: String::new(),
        sha256: Digest::of(b""),
        kind: draft.kind,
        title: String::new(),
        repository: String::new(),
        not_before: draft.not_before?,
        assurance: draft.assurance,
        root: match draft.kind {
            Kind::Enrollment | Kind::Drill | Kind::Recovery | Kind::Backup => RootPolicy::NONE,
            _ => draft.root.complete(before)?,
        },
        previous,
        further: further.collect::<Option<_>>()?,
        people: people.collect::<Option<_>>()?,
        keys: keys.collect::<Option<_>>()?,
        spares: spares.collect::<Option<_>>()?,
        media: media.collect::<Option<_>>()?,
        distant: distant.collect::<Option<_>>()?,
        custody: draft.custody.map(|list| list.value).unwrap_or_default(),
        steps: steps.collect::<Option<_>>()?,
        pinned: BTreeMap::new(),
        profiles: BTreeMap::new(),
        warnings,
        payloads,
        attestation: draft.attestation.complete(),
        signing: None,
        backup: match draft.backup {
            Some(entry) => Some(entry.plan()?),
            None => None,
        },
        restore: match draft.restore {
            Some(entry) => Some(entry.complete()?),
            None => None,
        },
    })
}

fn repository(value: &Value<'_, '_>) -> Option<String> {
    let text = value.line()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:".contains(c);
    if text.chars().all(plain) {
        return Some(text);
    }
    value.error(
        "script.repository",
        format!("{text:?} cannot name a repository"),
        "use A-Z, a-z, 0-9, \".\", \"_\", \"-\", \"/\", \":\", for example \"example.com/updates\"",
    );
    None
}
