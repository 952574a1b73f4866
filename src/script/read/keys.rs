//! The tables `[[key]]`.

use std::sync::Arc;

use super::activation::{self, SecretEntry};
use super::enrolled::EnrollmentReader;
use super::fields::{Fields, Value};
use super::log::At;
use super::pinned::PinnedFiles;
use super::rotation::{self, ChangeEntry, DistantEntry};
use super::tuf_on_ci;
use crate::metadata::KeyType;
use crate::metadata::TrustedRoot;
use crate::profile::Profile;
use crate::record::{PinPolicy, TouchPolicy, UsePolicy};
use crate::script::Kind;
use crate::script::plan::{Backup, KeyPlan};
use crate::script::{Enrolled, KeyId, PersonId, SlotPlan, TokenSpec};

#[derive(Default)]
pub(in crate::script) struct KeyEntry {
    pub(in crate::script) id: Option<At<KeyId>>,
    pub(in crate::script) holder: Option<At<PersonId>>,
    pub(in crate::script) token: Option<TokenEntry>,
    pub(in crate::script) key_type: Option<At<KeyType>>,
    pub(in crate::script) activation: Vec<SecretEntry>,
    pub(in crate::script) change: Option<ChangeEntry>,
    pub(in crate::script) owner: Option<At<String>>,
    /// Whether the script names an enrollment file, valid or not.
    pub(in crate::script) is_enrolled: bool,
    pub(in crate::script) enrolled: Option<At<Enrolled>>,
    pub(in crate::script) backup: Option<At<Backup>>,
}

pub(in crate::script) struct TokenEntry {
    pub(in crate::script) profile: Option<At<Arc<Profile>>>,
    manufacturer: Option<String>,
    model: Option<String>,
    pub(in crate::script) serial: Option<At<String>>,
    pub(in crate::script) label: Option<At<String>>,
    pub(in crate::script) bag: Option<At<String>>,
    pub(in crate::script) slot: Option<At<u8>>,
    pub(in crate::script) pin_policy: Option<At<PinPolicy>>,
    pub(in crate::script) touch_policy: Option<At<TouchPolicy>>,
}

/// The keys whose tokens are present, and those whose tokens are elsewhere.
pub(super) fn read(
    tables: Vec<Fields<'_, '_>>,
    kind: Kind,
    root: Option<&TrustedRoot>,
    enrollments: &mut EnrollmentReader<'_, '_>,
) -> (Vec<KeyEntry>, Vec<DistantEntry>) {
    let (mut here, mut distant) = (Vec::new(), Vec::new());
    for mut fields in tables {
        let id = fields.read("id", Value::id);
        let change = rotation::change(&mut fields, kind, root, enrollments.files);
        match rotation::place(&mut fields, kind, change.as_ref()) {
            Some(place) => {
                distant.push(rotation::distant(fields, id, change, place, enrollments));
            }
            None => here.push(key(fields, id, change, kind, enrollments)),
        }
    }
    (here, distant)
}

fn key(
    mut fields: Fields<'_, '_>,
    id: Option<At<KeyId>>,
    change: Option<ChangeEntry>,
    kind: Kind,
    enrollments: &mut EnrollmentReader<'_, '_>,
) -> KeyEntry {
    let (holder, token) = place(&mut fields, enrollments.files);
    let is_new = change.as_ref().is_some_and(|change| !change.exists());
    let (is_enrolled, enrolled) = if is_new {
        let holder = holder.as_ref().map(|at| at.value.as_str());
        let id = id.as_ref().map(|at| &at.value);
        enrollments.read(&mut fields, id, holder.unwrap_or_default())
    } else {
        (false, None)
    };
    let (key_type, backup) = match &change {
        // The enrollment file has the type.
        Some(_) if is_enrolled => {
            let key_type = enrolled.as_ref().map(|at| At {
                value: at.value.enrollment.key_type(),
                span: at.span.clone(),
            });
            (key_type, None)
        }
        // The trusted root has the type.
        Some(change) if change.exists() => {
            // Every key of a backup gets shares.
            let shares = id.as_ref().filter(|_| kind == Kind::Backup).map(|id| At {
                value: Backup::Shares,
                span: id.span.clone(),
            });
            (change.key_type(), shares)
        }
        // Whether the key exists is unknown.
        None => {
            for name in ["key_id", "type", "backup"] {
                fields.allow(name);
            }
            (None, None)
        }
        Some(_) => (
            (fields.required("type")).and_then(|value| value.at(key_type(&value))),
            (fields.required("backup"))
                .and_then(|value| value.at(value.word("script.backup", Backup::SPELLINGS))),
        ),
    };
    let activation = fields.tables("activation");
    let activation = activation.into_iter().map(activation::read).collect();
    let owner = tuf_on_ci::owner(&mut fields);
    fields.finish();
    KeyEntry {
        id,
        holder,
        token,
        key_type,
        activation,
        change,
        owner,
        is_enrolled,
        enrolled,
        backup,
    }
}

fn place(
    fields: &mut Fields<'_, '_>,
    files: &mut PinnedFiles<'_>,
) -> (Option<At<PersonId>>, Option<TokenEntry>) {
    let holder = fields.required("holder");
    let holder = holder.and_then(|value| value.at(value.id()));
    let token = fields.required("token").and_then(|value| value.table());
    (holder, token.map(|token| self::token(token, files)))
}

pub(super) fn token(mut fields: Fields<'_, '_>, files: &mut PinnedFiles<'_>) -> TokenEntry {
    let profile = fields.read("profile", |value| files.profile(value));
    let manufacturer = fields.read("manufacturer", Value::line);
    let model = fields.read("model", Value::line);
    let entry = TokenEntry {
        profile,
        manufacturer: manufacturer.map(|at| at.value),
        model: model.map(|at| at.value),
        serial: fields.read("serial", Value::line),
        bag: fields.read("bag", Value::line),
        label: fields.read("label", label),
        slot: fields.read("slot", slot),
        pin_policy: fields.read("pin_policy", pin_policy),
        touch_policy: fields.read("touch_policy", |value| {
            value.word("script.policy", SlotPlan::TOUCH_POLICIES)
        }),
    };
    fields.finish();
    entry
}

fn slot(value: &Value<'_, '_>) -> Option<u8> {
    let text = value.raw()?;
    let number = SlotPlan::number_of(text);
    if number.is_none() {
        value.error(
            "script.slot",
            format!("a YubiKey has no slot {text:?} for a root key"),
            "use \"9c\", the slot for signatures, or \"9a\", \"9d\", \"9e\", \"82\" to \"95\"",
        );
    }
    number
}

/// The value may be a PIN by mistake, so the error does not repeat it.
fn pin_policy(value: &Value<'_, '_>) -> Option<PinPolicy> {
    let text = value.raw()?;
    let mut known = SlotPlan::PIN_POLICIES.iter();
    let found = known.find(|(word, _)| *word == text);
    if found.is_none() {
        value.error(
            "script.policy",
            "\"pin_policy\" must say when the key requires the PIN",
            "use one of: always, once; if you wrote a PIN, never use that PIN again",
        );
    }
    found.map(|(_, policy)| *policy)
}

fn label(value: &Value<'_, '_>) -> Option<String> {
    let text = value.line()?;
    if text.len() > 32 || text != text.trim() {
        value.error(
            "script.label",
            format!("a token cannot be labeled {text:?}"),
            "use at most 32 bytes, without leading or trailing spaces",
        );
        return None;
    }
    Some(text)
}

fn key_type(value: &Value<'_, '_>) -> Option<KeyType> {
    let all = KeyType::MADE;
    let names = all.map(|kind| kind.to_string());
    let spellings: Vec<(&str, KeyType)> = names.iter().map(String::as_str).zip(all).collect();
    value.word("script.key-type", &spellings)
}

impl TokenEntry {
    /// Profile and model, as far as the script says.
    pub(in crate::script) fn make(&self) -> Option<(&str, Option<&str>)> {
        let profile = self.profile.as_ref()?;
        Some((&profile.value.name, self.model.as_deref()))
    }
}

/// The key of a signing: its holder and its token. The request has its type.
pub(super) fn signing_key(
    mut fields: Fields<'_, '_>,
    id: Option<At<KeyId>>,
    files: &mut PinnedFiles<'_>,
) -> KeyEntry {
    let (holder, token) = place(&mut fields, files);
    fields.finish();
    KeyEntry {
        id,
        holder,
        token,
        ..KeyEntry::default()
    }
}

impl KeyEntry {
    pub(super) fn place(self) -> Option<(KeyId, PersonId, TokenSpec)> {
        Some((self.id?.value, self.holder?.value, self.token?.complete()?))
    }

    /// Whether the trusted root has it, according to the script.
    pub(in crate::script) fn exists(&self) -> bool {
        self.change.as_ref().is_some_and(ChangeEntry::exists)
    }

    pub(in crate::script) fn is_made(&self) -> bool {
        !self.is_enrolled && self.change.as_ref().is_some_and(|change| !change.exists())
    }

    pub(in crate::script) fn is_moved(&self) -> bool {
        self.change.as_ref().is_some_and(ChangeEntry::is_moved)
    }

    /// Whether the new root has it.
    pub(in crate::script) fn stays(&self) -> bool {
        self.change.as_ref().is_none_or(ChangeEntry::stays)
    }

    pub(in crate::script) fn complete(self) -> Option<KeyPlan> {
        let token = self.token?.complete()?;
        let holder = self.holder?.value;
        Some(KeyPlan {
            id: self.id?.value,
            activation: activation::complete(self.activation, &holder, &token.profile)?,
            holder,
            token,
            key_type: self.key_type?.value,
            owner: self.owner.map(|at| at.value),
            backup: self.backup.map_or(Backup::None, |at| at.value),
            change: self.change?.complete()?,
            enrolled: self.enrolled.map(|at| at.value),
        })
    }
}

impl TokenEntry {
    pub(super) fn complete(self) -> Option<TokenSpec> {
        let profile = self.profile?.value;
        let usual = SlotPlan::default();
        let slot = profile.attests().then(|| SlotPlan {
            number: self.slot.map_or(usual.number, |at| at.value),
            policy: UsePolicy {
                pin: self.pin_policy.map_or(usual.policy.pin, |at| at.value),
                touch: self.touch_policy.map_or(usual.policy.touch, |at| at.value),
            },
        });
        Some(TokenSpec {
            profile,
            manufacturer: self.manufacturer,
            model: self.model,
            serial: self.serial.map(|at| at.value),
            label: self.label.map(|at| at.value),
            bag: self.bag.map(|at| at.value),
            slot,
        })
    }
}
