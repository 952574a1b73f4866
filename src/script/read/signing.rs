//! Scripts of the kind `signing`, with their own tables and a fixed order of steps.

use std::sync::Arc;

use jiff::Timestamp;

use super::fields::{Fields, Value};
use super::log::{At, Log};
use super::people::PersonEntry;
use super::pinned::PinnedFiles;
use super::steps::StepEntry;
use super::{keys, people, previous, rotation, steps};
use crate::metadata::{KeyType, RoleKind, RootFile, TrustedRoot, verify_chain};
use crate::record::CustodyList;
use crate::script::Kind;
use crate::script::plan::{
    Assurance, Backup, KeyPlan, OnlineRoles, PersonRole, RootPolicy, Script,
};
use crate::script::{
    Act, AttestationPolicy, KeyChange, PinnedFile, PinnedFileSource, Previous, RootKey, Signing,
    Trust,
};
use crate::transfer::{Destination, PayloadRegister, SigningRequest};
use crate::words::Digest;

/// The first fields of every script.
pub(super) struct Head {
    pub(super) title: Option<String>,
    pub(super) repository: Option<String>,
    pub(super) not_before: Option<Timestamp>,
}

/// Reads the rest of a signing script.
pub(super) fn read(
    log: &Log<'_>,
    mut fields: Fields<'_, '_>,
    source: &dyn PinnedFileSource,
    head: Head,
) -> Option<Script> {
    let mut files = PinnedFiles::new(source);
    let request = fields
        .value("request")
        .and_then(|value| request(&value, &mut files));
    let trust = match fields.value("trust") {
        None => Some(Trust::Card),
        Some(value) => value.table().and_then(|table| trust(table, &mut files)),
    };
    let register = match fields.value("register") {
        None => Some(PayloadRegister::new()),
        Some(value) => file_of("[register]", &value, &mut files)
            .and_then(|(named, file)| previous::payloads(&named, &file)),
    };
    let tables = fields.tables("person").into_iter();
    let people: Vec<_> = tables
        .map(|table| people::read(table, &mut files, Kind::Signing))
        .collect();
    let tables = fields.tables("key").into_iter();
    let keys: Vec<_> = tables
        .map(|table| key(table, request.as_ref(), &mut files))
        .collect();
    let steps = steps::read(log, fields.tables("step"));
    let start = fields.span.clone();
    fields.finish();

    if let (Some(request), Some(repository)) = (&request, &head.repository)
        && request.repository() != repository
    {
        log.error(
            "script.request",
            &start,
            format!(
                "the request is for {:?}, not for {repository:?}",
                request.repository()
            ),
            "use the repository that the request names",
        );
    }
    check_people(log, &start, &people, &keys);
    check_steps(log, &start, &steps);
    if !log.is_clean() {
        return None;
    }
    let request = request?;
    let (pinned, profiles) = files.into_parts();
    Some(Script {
        further: Arc::default(),
        name: String::new(),
        text: String::new(),
        sha256: Digest::of(b""),
        kind: Kind::Signing,
        title: head.title?,
        repository: head.repository?,
        not_before: head.not_before?,
        // One person acts, with or without a witness.
        assurance: Assurance::Solo,
        root: policy(&request),
        previous: Some(previous(&request)),
        people: people
            .into_iter()
            .map(PersonEntry::complete)
            .collect::<Option<_>>()?,
        keys: keys
            .into_iter()
            .map(KeyEntry::complete)
            .collect::<Option<_>>()?,
        spares: Vec::new(),
        media: Vec::new(),
        custody: CustodyList::default(),
        distant: Vec::new(),
        steps: steps
            .into_iter()
            .enumerate()
            .map(|(index, step)| step.complete(index))
            .collect::<Option<_>>()?,
        pinned,
        profiles,
        warnings: Vec::new(),
        payloads: register?,
        attestation: AttestationPolicy::default(),
        backup: None,
        restore: None,
        signing: Some(Signing {
            request,
            trust: trust?,
        }),
    })
}

/// A table of the script that is a pinned input file.
fn file_of<'l, 't>(
    what: &str,
    value: &Value<'l, 't>,
    files: &mut PinnedFiles<'_>,
) -> Option<(Value<'l, 't>, PinnedFile)> {
    let mut table = value.table()?;
    table.rename(what);
    files.read_table(table, value.pin()?)
}

fn request(value: &Value<'_, '_>, files: &mut PinnedFiles<'_>) -> Option<SigningRequest> {
    let (named, file) = file_of("[request]", value, files)?;
    SigningRequest::read(&file.bytes)
        .map_err(|refusal| {
            named.error(
                "script.request",
                format!("{:?} was refused: {refusal}", file.name),
                "ask the sender over another channel which file they sent",
            );
        })
        .ok()
}

fn trust(mut fields: Fields<'_, '_>, files: &mut PinnedFiles<'_>) -> Option<Trust> {
    let roots = fields.value("roots");
    fields.finish();
    let roots = roots?;
    let items = roots.items()?;
    let files = items.iter().map(|item| {
        let (_, file) = files.read(item)?;
        Some((file.name, file.bytes))
    });
    let files = files.collect::<Option<Vec<_>>>()?;
    // An expired root can still be changed, so the time does not matter.
    let report = verify_chain(files.into_iter(), Timestamp::UNIX_EPOCH);
    if let Some(root) = report.trusted() {
        return Some(Trust::Root(root.clone()));
    }
    let reasons: Vec<String> = report.reasons().iter().map(ToString::to_string).collect();
    roots.error(
        "script.trust",
        format!("the roots cannot be trusted: {}", reasons.join("; ")),
        "use the chain from your trust anchor; or remove the table, and type the words from the card",
    );
    None
}

/// The key that signs, as it was read.
struct KeyEntry {
    entry: keys::KeyEntry,
    key: Option<(At<RootKey>, KeyType)>,
}

fn key(
    mut fields: Fields<'_, '_>,
    request: Option<&SigningRequest>,
    files: &mut PinnedFiles<'_>,
) -> KeyEntry {
    let id = fields.read("id", Value::id);
    let value = fields.value("key_id");
    let key = value.and_then(|value| {
        let text = value.line()?;
        let asked = request?
            .requested()
            .iter()
            .find(|one| one.key_id.as_str() == text);
        let found = asked.and_then(|one| root_key(request?, &one.key_id));
        let Some(found) = found else {
            value.error(
                "script.not-requested",
                format!("the request does not ask the key {text:?} to sign"),
                "use the ID of a key that the request asks to sign",
            );
            return None;
        };
        let Some(key_type) = rotation::key_type(&found.key) else {
            value.error(
                "script.not-requested",
                "this version cannot sign with keys of this type and scheme",
                "sign with another tool, and merge the signature: conclave root merge --signature",
            );
            return None;
        };
        Some((value.at(Some(found))?, key_type))
    });
    KeyEntry {
        entry: keys::signing_key(fields, id, files),
        key,
    }
}

fn root_key(request: &SigningRequest, id: &crate::metadata::KeyId) -> Option<RootKey> {
    let documents = [request.payload().document(), request.base().document()];
    let key = documents
        .iter()
        .find_map(|document| document.root_key(id))?;
    Some(RootKey {
        id: id.clone(),
        key: key.clone(),
    })
}

impl KeyEntry {
    fn complete(self) -> Option<KeyPlan> {
        let (key, key_type) = self.key?;
        let (id, holder, token) = self.entry.place()?;
        Some(KeyPlan {
            id,
            holder,
            token,
            key_type,
            // The token already has its PIN.
            activation: Vec::new(),
            owner: None,
            backup: Backup::None,
            change: KeyChange::Keep(key.value),
            enrolled: None,
        })
    }
}

fn check_people(
    log: &Log<'_>,
    start: &std::ops::Range<usize>,
    people: &[PersonEntry],
    keys: &[KeyEntry],
) {
    let [key] = keys else {
        log.error(
            "script.keys",
            start,
            "a signing has exactly one [[key]]",
            "keep one: each key holder signs in a separate signing",
        );
        return;
    };
    for own in people.iter().filter_map(PersonEntry::approval) {
        log.error(
            "script.approval",
            &own.span,
            "a signing has no approvals",
            "remove \"approval\"",
        );
    }
    let administrators = people
        .iter()
        .filter(|person| person.is(PersonRole::Administrator))
        .count();
    if administrators != 1 {
        log.error(
            "script.people",
            start,
            format!("the script has {administrators} administrators"),
            "give one person the role administrator, usually the key holder",
        );
    }
    let watching = people
        .iter()
        .filter(|person| person.is(PersonRole::Witness));
    for person in watching.filter(|person| person.is(PersonRole::Administrator)) {
        log.error(
            "script.people",
            &person.span,
            "the administrator cannot be a witness",
            "give the role witness to another person, or leave it out: the transcript then says that there was no witness",
        );
    }
    if let Some(holder) = &key.entry.holder {
        let is_holder = people.iter().any(|person| {
            person
                .id
                .as_ref()
                .is_some_and(|id| id.value == holder.value)
                && person.is(PersonRole::KeyHolder)
        });
        if !is_holder {
            log.error(
                "script.holder",
                &holder.span,
                format!("{holder:?} is not a key-holder"),
                "add \"key-holder\" to the roles of this person",
            );
        }
    }
}

/// The acts of a signing, in order; notes may be between them.
const ACTS: [&str; 9] = [
    "attendance",
    "attest-clock",
    "inspect-host",
    "verify-request",
    "identify-token",
    "review-root",
    "sign-root",
    "export",
    "sign-off",
];

fn check_steps(log: &Log<'_>, start: &std::ops::Range<usize>, steps: &[StepEntry]) {
    let acts: Vec<_> = steps
        .iter()
        .filter_map(|step| step.act.as_ref())
        .filter(|act| !matches!(act, Act::Note { .. }))
        .map(Act::name)
        .collect();
    let begins_with_note = matches!(
        steps.first().and_then(|step| step.act.as_ref()),
        Some(Act::Note { .. })
    );
    if acts != ACTS || begins_with_note {
        log.error(
            "script.order",
            start,
            format!(
                "a signing must have these steps, in this order: {}",
                ACTS.join(", ")
            ),
            "use this order; notes may follow attendance",
        );
    }
}

/// The new root, from the payload.
fn policy(request: &SigningRequest) -> RootPolicy {
    let payload = request.payload().document();
    RootPolicy {
        threshold: u32::try_from(payload.role(RoleKind::Root).threshold()).unwrap_or(u32::MAX),
        expires: payload.expires().instant(),
        consistent_snapshot: payload.consistent_snapshot().unwrap_or_default(),
        destination: Destination::Plain,
        tuf_on_ci: None,
        notary: crate::script::NotaryPolicy::default(),
        require_provenance: None,
        roles: OnlineRoles::default(),
    }
}

/// The chain of the request, in the form of `[previous]`.
fn previous(request: &SigningRequest) -> Previous {
    let chain = request
        .chain()
        .iter()
        .map(|bytes| {
            let version = RootFile::read(bytes).map_or(0, |file| file.document().version());
            PinnedFile {
                name: format!("{version}.root.json"),
                sha256: Digest::of(bytes),
                bytes: bytes.clone(),
            }
        })
        .collect();
    let root: TrustedRoot = request.base().clone();
    Previous {
        chain,
        root,
        transcript_digest: None,
        custody: None,
        register: None,
        payloads: PayloadRegister::new(),
    }
}
