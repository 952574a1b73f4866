//! The fields of `[[key]]` about the trusted root: which key it is, what happens to it, and where it is.

use super::enrolled::EnrollmentReader;
use super::fields::{Fields, Value};
use super::log::{At, Span};
use super::pinned::PinnedFiles;
use super::tuf_on_ci;
use crate::metadata::{Key, KeyType, RoleKind, Scheme, TrustedRoot};
use crate::script::Kind;
use crate::script::{DistantKey, Enrolled, KeyChange, KeyId, Place, RootKey};

/// What happens to a key, as it was read.
#[derive(Debug, Clone)]
pub(in crate::script) struct ChangeEntry {
    wanted: WantedKey,
    /// The key that `key_id` names; `None` for a new key or an unknown ID.
    before: Option<At<RootKey>>,
}

/// The field `change`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WantedKey {
    Add,
    Keep,
    MoveId,
    Remove,
}

const SPELLINGS: &[(&str, WantedKey)] = &[
    ("add", WantedKey::Add),
    ("keep", WantedKey::Keep),
    ("move-id", WantedKey::MoveId),
    ("remove", WantedKey::Remove),
];

/// A key whose token is elsewhere, as it was read.
pub(in crate::script) struct DistantEntry {
    pub(in crate::script) span: Span,
    pub(in crate::script) id: Option<At<KeyId>>,
    pub(in crate::script) change: Option<ChangeEntry>,
    pub(in crate::script) place: Place,
    held_by: Option<String>,
    pub(in crate::script) owner: Option<At<String>>,
    pub(in crate::script) enrolled: Option<At<Enrolled>>,
}

/// Reads `change` and `key_id`. In a genesis every key is added, in a renewal every key is kept.
pub(super) fn change(
    fields: &mut Fields<'_, '_>,
    kind: Kind,
    root: Option<&TrustedRoot>,
    files: &mut PinnedFiles<'_>,
) -> Option<ChangeEntry> {
    let wanted = match kind {
        Kind::Genesis | Kind::Enrollment | Kind::Drill | Kind::Recovery => WantedKey::Add,
        Kind::Backup => return known(fields, files),
        Kind::Rotation => fields
            .value("change")
            .and_then(|value| value.word("script.change", SPELLINGS))?,
        Kind::Renewal | Kind::Signing => WantedKey::Keep,
    };
    let before = match wanted {
        WantedKey::Add => None,
        _ => fields
            .required("key_id")
            .and_then(|value| value.at(existing(&value, root))),
    };
    Some(ChangeEntry { wanted, before })
}

/// The key of a backup: it exists, and its public key is a pinned file.
fn known(fields: &mut Fields<'_, '_>, files: &mut PinnedFiles<'_>) -> Option<ChangeEntry> {
    let value = fields.value("public_key")?;
    let before = files.key(&value).map(|at| At {
        value: RootKey {
            id: at.value.key.id().clone(),
            key: at.value.key,
        },
        span: at.span,
    });
    let wanted = WantedKey::Keep;
    Some(ChangeEntry { wanted, before })
}

fn existing(value: &Value<'_, '_>, root: Option<&TrustedRoot>) -> Option<RootKey> {
    let text = value.line()?;
    let root = root?.document();
    let mut keys = root.role_keys(RoleKind::Root);
    let found = keys.find(|(id, _)| id.as_str() == text);
    if let Some((id, listed)) = found {
        return Some(RootKey {
            id: id.clone(),
            key: listed.key().clone(),
        });
    }
    let known: Vec<String> = root
        .role(RoleKind::Root)
        .key_ids()
        .iter()
        .map(ToString::to_string)
        .collect();
    value.error(
        "script.key-id",
        format!("root {} has no root key {text:?}", root.version()),
        format!("use one of its root keys: {}", known.join(", ")),
    );
    None
}

/// Reads `site` and `status`: where a key is whose token is not present.
pub(super) fn place(
    fields: &mut Fields<'_, '_>,
    kind: Kind,
    change: Option<&ChangeEntry>,
) -> Option<Place> {
    let is_new = change.is_some_and(|change| change.wanted == WantedKey::Add);
    if matches!(
        kind,
        Kind::Enrollment | Kind::Drill | Kind::Recovery | Kind::Backup
    ) {
        return None;
    }
    if is_new {
        let value = fields.value("site")?;
        let site = value.line().unwrap_or_default();
        return Some(match kind {
            // A signing request needs a trusted root.
            Kind::Genesis => Place::Elsewhere(site),
            _ => Place::Site(site),
        });
    }
    let site = fields.value("site");
    let status = fields.value("status");
    if let (Some(_), Some(status)) = (&site, &status) {
        status.error(
            "script.place",
            "a key with \"site\" cannot have a \"status\"",
            "remove one of the two",
        );
    }
    let spellings = [("absent", Place::Absent), ("lost", Place::Lost)];
    let words = spellings.each_ref().map(|(word, _)| (*word, *word));
    site.map(|value| Place::Site(value.line().unwrap_or_default()))
        .or_else(|| {
            let value = status?;
            let word = value.word("script.place", &words);
            let of_word = spellings.into_iter().find(|(text, _)| Some(*text) == word);
            Some(of_word.map_or(Place::Absent, |(_, place)| place))
        })
}

/// The rest of a key whose token is elsewhere.
pub(super) fn distant(
    mut fields: Fields<'_, '_>,
    id: Option<At<KeyId>>,
    change: Option<ChangeEntry>,
    place: Place,
    enrollments: &mut EnrollmentReader<'_, '_>,
) -> DistantEntry {
    let span = fields.span.clone();
    let held_by = fields.value("held_by").and_then(|value| value.line());
    let enrolled = match &change {
        Some(change) if !change.exists() => {
            let site = place.to_string();
            let holder = held_by.as_deref().unwrap_or(&site);
            let id = id.as_ref().map(|at| &at.value);
            let (is_there, enrolled) = enrollments.read(&mut fields, id, holder);
            if !is_there {
                fields.missing("enrollment");
            }
            enrolled
        }
        _ => None,
    };
    let owner = tuf_on_ci::owner(&mut fields);
    fields.finish();
    DistantEntry {
        span,
        id,
        change,
        place,
        held_by,
        owner,
        enrolled,
    }
}

/// The type of a key of a root; `None` if this version cannot sign with such keys.
pub(super) fn key_type(key: &Key) -> Option<KeyType> {
    let public = key.public()?;
    let signs = key.is_of_notary() || Scheme::for_public_key(public) == key.scheme();
    let mut types = KeyType::ALL.into_iter().filter(|_| signs);
    types.find(|kind| kind.algorithm() == public.algorithm())
}

impl ChangeEntry {
    /// Whether the trusted root has the key, according to the script.
    pub(in crate::script) fn exists(&self) -> bool {
        self.wanted != WantedKey::Add
    }

    pub(in crate::script) fn stays(&self) -> bool {
        self.wanted != WantedKey::Remove
    }

    pub(in crate::script) fn changes(&self) -> bool {
        self.wanted != WantedKey::Keep
    }

    pub(in crate::script) fn is_moved(&self) -> bool {
        self.wanted == WantedKey::MoveId
    }

    /// Whether it names a key that the trusted root does not have.
    pub(in crate::script) fn is_unread(&self) -> bool {
        self.exists() && self.before.is_none()
    }

    /// The key in the trusted root, and where the script names it.
    pub(in crate::script) const fn before(&self) -> Option<&At<RootKey>> {
        self.before.as_ref()
    }

    pub(super) fn key_type(&self) -> Option<At<KeyType>> {
        let before = self.before.as_ref()?;
        Some(At {
            value: key_type(&before.value.key)?,
            span: before.span.clone(),
        })
    }

    pub(super) fn complete(self) -> Option<KeyChange> {
        let before = self.before.map(|at| at.value);
        Some(match self.wanted {
            WantedKey::Add => KeyChange::Add,
            WantedKey::Keep => KeyChange::Keep(before?),
            WantedKey::MoveId => KeyChange::MoveId(before?),
            WantedKey::Remove => KeyChange::Remove(before?),
        })
    }
}

impl DistantEntry {
    /// Whether it is a new key, from an enrollment file.
    pub(in crate::script) fn is_enrolled(&self) -> bool {
        self.change.as_ref().is_some_and(|change| !change.exists())
    }

    pub(super) fn complete(self) -> Option<DistantKey> {
        Some(DistantKey {
            id: self.id?.value,
            change: self.change?.complete()?,
            place: self.place,
            held_by: self.held_by,
            owner: self.owner.map(|at| at.value),
            enrolled: self.enrolled.map(|at| at.value),
        })
    }
}
