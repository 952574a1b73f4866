//! Settings for tuf-on-ci alone: periods, and the owner of each key.

use super::fields::{Fields, Value};
use super::log::At;
use crate::metadata::Key;
use crate::transfer::{Periods, TufOnCi, online_at, owned_by};

/// Reads `[root.tuf-on-ci]`.
pub(super) fn periods(value: &Value<'_, '_>) -> Option<TufOnCi> {
    let mut fields = value.table()?;
    let root = fields.value("root").map(|value| of_one(&value));
    let online = fields.value("online").map(|value| of_one(&value));
    fields.finish();
    // An invalid period is not the same as a missing one.
    let (root, online) = (
        root.map_or(Some(None), |p| p.map(Some))?,
        online.map_or(Some(None), |p| p.map(Some))?,
    );
    Some(TufOnCi { root, online })
}

fn of_one(value: &Value<'_, '_>) -> Option<Periods> {
    let mut fields = value.table()?;
    let mut days = |name| {
        let value = fields.value(name)?;
        let days = value.integer()?;
        let range = value.range();
        if !range.contains(&days) {
            value.error(
                "script.period",
                format!("a period cannot be {days} days"),
                format!("use {} to {}", range.start(), range.end()),
            );
            return None;
        }
        u32::try_from(days).ok()
    };
    let expiry = days("expiry_days");
    let signing = days("signing_days");
    fields.finish();
    let periods = Periods {
        expiry: expiry?,
        signing: signing?,
    };
    if periods.signing >= periods.expiry {
        value.error(
            "script.period",
            format!(
                "a role that is valid for {} days cannot be signed again {} days before it expires",
                periods.expiry, periods.signing
            ),
            "make signing_days less than expiry_days",
        );
        return None;
    }
    Some(periods)
}

/// Who or what holds an online key.
pub(super) enum Whose {
    Unsaid,
    Owner(String),
    /// The URI of the key at a service.
    Service(String),
}

impl Whose {
    pub(super) fn written_into(&self, key: &Key) -> Key {
        match self {
            Self::Unsaid => key.clone(),
            Self::Owner(account) => owned_by(key, account),
            Self::Service(uri) => online_at(key, uri),
        }
    }
}

/// Reads `owner` or `uri` of an online key; `None` is an error.
pub(super) fn whose(fields: &mut Fields<'_, '_>) -> Option<Whose> {
    let (owner, uri) = (fields.value("owner"), fields.value("uri"));
    match (owner, uri) {
        (None, None) => Some(Whose::Unsaid),
        (Some(owner), None) => Some(Whose::Owner(account(&owner)?)),
        (None, Some(uri)) => Some(Whose::Service(place(&uri)?)),
        (Some(owner), Some(_)) => {
            owner.error(
                "script.owner",
                "a key has either an owner or a service",
                "remove \"owner\" or \"uri\"",
            );
            None
        }
    }
}

/// Reads the owner of a root key: `owner = "@alice"`.
pub(super) fn owner(fields: &mut Fields<'_, '_>) -> Option<At<String>> {
    fields.read("owner", account)
}

fn account(value: &Value<'_, '_>) -> Option<String> {
    let text = value.line()?;
    let name = text.strip_prefix('@').unwrap_or_default();
    let is_account = (1..=39).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_account {
        value.error(
            "script.owner",
            format!("{text:?} is not an account"),
            "write it as tuf-on-ci does: owner = \"@alice\"",
        );
        return None;
    }
    Some(text)
}

fn place(value: &Value<'_, '_>) -> Option<String> {
    let text = value.line()?;
    let is_uri = text.is_ascii()
        && !text.contains(' ')
        && text
            .split_once(':')
            .is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty());
    if !is_uri {
        value.error(
            "script.uri",
            format!("{text:?} is not the URI of a key"),
            "write it as tuf-on-ci does: uri = \"gcpkms:…\", \"awskms:…\" or \"azurekms:…\"",
        );
        return None;
    }
    Some(text)
}
