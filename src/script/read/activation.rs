//! The list `activation` of a key: who sets each secret of its token, and how the secret is kept.

use super::fields::Fields;
use super::log::{At, Span};
use crate::profile::Profile;
use crate::script::{PersonId, SecretDisposition, SecretPlan, TokenSecret};

const DISPOSITIONS: &[(&str, DispositionWord)] = &[
    ("memorized", DispositionWord::Memorized),
    ("sealed", DispositionWord::Sealed),
    ("discarded", DispositionWord::Discarded),
    ("pin-protected", DispositionWord::PinProtected),
];

/// A disposition without its bag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::script) enum DispositionWord {
    Memorized,
    Sealed,
    Discarded,
    PinProtected,
}

pub(in crate::script) struct SecretEntry {
    pub(in crate::script) span: Span,
    pub(in crate::script) secret: Option<At<TokenSecret>>,
    pub(in crate::script) set_by: Option<At<PersonId>>,
    pub(in crate::script) disposition: Option<At<DispositionWord>>,
    pub(in crate::script) bag: Option<At<String>>,
    /// Whether each field that is there could be read.
    pub(in crate::script) is_read: bool,
}

pub(super) fn read(mut fields: Fields<'_, '_>) -> SecretEntry {
    const CHECK: &str = "script.activation";
    let secret = fields.read("type", |value| value.word(CHECK, TokenSecret::SPELLINGS));
    let setter = fields.value("set_by");
    let set_by = setter.as_ref().and_then(|value| value.at(value.id()));
    let disposition = fields.read("disposition", |value| value.word(CHECK, DISPOSITIONS));
    let number = fields.value("bag");
    let bag = number.as_ref().and_then(|value| value.at(value.line()));
    let entry = SecretEntry {
        span: fields.span.clone(),
        is_read: secret.is_some()
            && disposition.is_some()
            && setter.is_some() == set_by.is_some()
            && number.is_some() == bag.is_some(),
        secret,
        set_by,
        disposition,
        bag,
    };
    fields.finish();
    entry
}

/// The secrets of the profile: as the script says, or by default.
pub(super) fn complete(
    entries: Vec<SecretEntry>,
    holder: &PersonId,
    make: &Profile,
) -> Option<Vec<SecretPlan>> {
    let mut stated = Vec::new();
    for entry in entries {
        let disposition = match entry.disposition?.value {
            DispositionWord::Memorized => SecretDisposition::Memorized,
            DispositionWord::Sealed => SecretDisposition::Sealed {
                bag: entry.bag?.value,
            },
            DispositionWord::Discarded => SecretDisposition::Discarded,
            DispositionWord::PinProtected => SecretDisposition::PinProtected,
        };
        stated.push(SecretPlan {
            secret: entry.secret?.value,
            set_by: entry.set_by.map(|at| at.value),
            disposition,
            is_stated: true,
        });
    }
    let all = TokenSecret::of(make).iter().map(|secret| {
        let said = stated.iter().find(|plan| plan.secret == *secret).cloned();
        said.unwrap_or_else(|| {
            let (set_by, disposition) = match secret {
                TokenSecret::ManagementKey => (None, SecretDisposition::PinProtected),
                _ => (Some(holder.clone()), SecretDisposition::Memorized),
            };
            SecretPlan {
                secret: *secret,
                set_by,
                disposition,
                is_stated: false,
            }
        })
    });
    Some(all.collect())
}
