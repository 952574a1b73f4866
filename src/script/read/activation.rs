//! The list `activation` of a key: who sets what opens its token, and what becomes of it.

use super::fields::Fields;
use super::log::{At, Span};
use crate::profile::Profile;
use crate::script::{Fate, PersonId, SecretPlan, TokenSecret};

const FATES: &[(&str, FateWord)] = &[
    ("memory", FateWord::Memory),
    ("envelope", FateWord::Envelope),
    ("discarded", FateWord::Discarded),
    ("under-pin", FateWord::UnderPin),
];

/// A fate as it is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::script) enum FateWord {
    Memory,
    Envelope,
    Discarded,
    UnderPin,
}

pub(in crate::script) struct SecretEntry {
    pub(in crate::script) span: Span,
    pub(in crate::script) secret: Option<At<TokenSecret>>,
    pub(in crate::script) set_by: Option<At<PersonId>>,
    pub(in crate::script) fate: Option<At<FateWord>>,
    pub(in crate::script) bag: Option<At<String>>,
    /// Whether each field that is there could be read.
    pub(in crate::script) is_read: bool,
}

pub(super) fn read(mut fields: Fields<'_, '_>) -> SecretEntry {
    const CHECK: &str = "script.activation";
    let secret = fields.read("what", |value| value.word(CHECK, TokenSecret::SPELLINGS));
    let setter = fields.value("set_by");
    let set_by = setter.as_ref().and_then(|value| value.at(value.id()));
    let fate = fields.read("fate", |value| value.word(CHECK, FATES));
    let number = fields.value("bag");
    let bag = number.as_ref().and_then(|value| value.at(value.line()));
    let entry = SecretEntry {
        span: fields.span.clone(),
        is_read: secret.is_some()
            && fate.is_some()
            && setter.is_some() == set_by.is_some()
            && number.is_some() == bag.is_some(),
        secret,
        set_by,
        fate,
        bag,
    };
    fields.finish();
    entry
}

/// What the script says of each secret of the make, and what is taken for granted of the others.
pub(super) fn complete(
    entries: Vec<SecretEntry>,
    holder: &PersonId,
    profile: &str,
) -> Option<Vec<SecretPlan>> {
    let make = Profile::named(profile).ok()?.kind;
    let mut stated = Vec::new();
    for entry in entries {
        let fate = match entry.fate?.value {
            FateWord::Memory => Fate::Memory,
            FateWord::Envelope => Fate::Envelope {
                bag: entry.bag?.value,
            },
            FateWord::Discarded => Fate::Discarded,
            FateWord::UnderPin => Fate::UnderPin,
        };
        stated.push(SecretPlan {
            secret: entry.secret?.value,
            set_by: entry.set_by.map(|at| at.value),
            fate,
            is_stated: true,
        });
    }
    let all = TokenSecret::of(make).iter().map(|secret| {
        let said = stated.iter().find(|plan| plan.secret == *secret).cloned();
        said.unwrap_or_else(|| {
            let (set_by, fate) = match secret {
                TokenSecret::ManagementKey => (None, Fate::UnderPin),
                _ => (Some(holder.clone()), Fate::Memory),
            };
            SecretPlan {
                secret: *secret,
                set_by,
                fate,
                is_stated: false,
            }
        })
    });
    Some(all.collect())
}
