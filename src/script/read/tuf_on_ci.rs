//! What a script says for tuf-on-ci alone: periods, and whose each key is.

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
    // What is faulty was reported, and is not what was left out.
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
                format!("{days} days"),
                format!("a period has {} to {} days", range.start(), range.end()),
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
                "what is valid for {} days cannot be signed anew {} days before its end",
                periods.expiry, periods.signing
            ),
            "signing_days is less than expiry_days",
        );
        return None;
    }
    Some(periods)
}

/// Whose an online key is.
pub(super) enum Whose {
    /// The script does not say.
    Unsaid,
    /// A person's account.
    Owner(String),
    /// A service, and where the key is in it.
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
                "a key is a person's, or is at a service",
                "take one of \"owner\" and \"uri\" out",
            );
            None
        }
    }
}

/// Reads the account of whoever owns a root key: `owner = "@alice"`.
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
            format!("{text:?} is no account"),
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
            format!("{text:?} does not say where a key is"),
            "write it as tuf-on-ci does: uri = \"gcpkms:…\", \"awskms:…\" or \"azurekms:…\"",
        );
        return None;
    }
    Some(text)
}
