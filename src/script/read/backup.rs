//! The table `[backup]`, and how a custodian keeps a share.

use super::fields::{Fields, Value};
use super::log::{At, Span};
use crate::backup::recipient::{Recipient, RecipientError};
use crate::script::{BackupPlan, Opens, PersonId, ShareGroup, ShareKeeping};

pub(in crate::script) struct BackupEntry {
    pub(in crate::script) span: Span,
    group_threshold: Option<At<i64>>,
    pub(in crate::script) groups: Vec<GroupEntry>,
    /// Whether every group could be read.
    is_read: bool,
}

pub(in crate::script) struct GroupEntry {
    pub(in crate::script) span: Span,
    threshold: Option<At<i64>>,
    pub(in crate::script) custodians: Vec<At<PersonId>>,
}

pub(super) fn read(mut fields: Fields<'_, '_>) -> BackupEntry {
    let span = fields.span.clone();
    let group_threshold = fields.read("group_threshold", Value::integer);
    let items = fields.value("groups").and_then(|value| value.items());
    fields.finish();
    let groups = items.iter().flatten();
    let groups: Option<Vec<GroupEntry>> = groups.map(|item| Some(group(item.table()?))).collect();
    BackupEntry {
        span,
        group_threshold,
        is_read: items.is_some() && groups.is_some(),
        groups: groups.unwrap_or_default(),
    }
}

fn group(mut fields: Fields<'_, '_>) -> GroupEntry {
    let span = fields.span.clone();
    let threshold = fields.read("threshold", Value::integer);
    let custodians = fields.value("custodians").and_then(|value| value.items());
    fields.finish();
    let custodians = custodians.iter().flatten();
    GroupEntry {
        span,
        threshold,
        custodians: custodians.filter_map(|item| item.at(item.id())).collect(),
    }
}

impl BackupEntry {
    /// The plan, if every number was read.
    pub(in crate::script) fn plan(&self) -> Option<BackupPlan> {
        let number = |at: &At<i64>| u8::try_from(at.value).ok();
        let groups = self.groups.iter().map(|group| {
            Some(ShareGroup {
                threshold: number(group.threshold.as_ref()?)?,
                custodians: group.custodians.iter().map(|at| at.value.clone()).collect(),
            })
        });
        let groups: Vec<ShareGroup> = groups.collect::<Option<_>>().filter(|_| self.is_read)?;
        Some(BackupPlan {
            group_threshold: match &self.group_threshold {
                Some(at) => number(at)?,
                None => u8::try_from(groups.len()).ok()?,
            },
            groups,
        })
    }
}

/// Reads `recipient`, `second_recipient` and `opens` of a person.
/// If an old share is opened as well (`of_both`), `opens` may be about that one alone.
pub(super) fn keeping(fields: &mut Fields<'_, '_>, of_both: bool) -> Option<At<ShareKeeping>> {
    let value = fields.value("recipient");
    let second = fields.value("second_recipient");
    let opens = fields.value("opens");
    let Some(value) = value else {
        for field in [second, opens].iter().flatten() {
            field.error(
                "script.recipient",
                "a person without \"recipient\" gets no share",
                "add, for example: recipient = \"age1…\"",
            );
        }
        return None;
    };
    let text = value.line()?;
    let alone = match text.as_str() {
        ShareKeeping::PASSPHRASE => Some(ShareKeeping::Passphrase),
        ShareKeeping::PAPER => Some(ShareKeeping::Paper),
        _ => None,
    };
    if let Some(keeping) = alone {
        let opens = opens.filter(|_| !of_both);
        for field in [second, opens].iter().flatten() {
            field.error(
                "script.recipient",
                format!(
                    "a share is either kept {} or encrypted to a recipient",
                    keeping.title()
                ),
                "remove this field, or name a recipient",
            );
        }
        return value.at(Some(keeping));
    }
    let recipient = recipient(&value)?;
    let second = match second {
        Some(second) => Some(self::recipient(&second)?),
        None => None,
    };
    let opens = match opens {
        Some(opens) => opens.word("script.recipient", Opens::SPELLINGS)?,
        None => Opens::default(),
    };
    value.at(Some(ShareKeeping::Recipient {
        recipient,
        second,
        opens,
    }))
}

/// A recipient. The error never repeats a private identity.
fn recipient(value: &Value<'_, '_>) -> Option<String> {
    let text = value.line()?;
    match text.parse::<Recipient>() {
        Ok(recipient) => Some(recipient.to_string()),
        Err(error) => {
            let hint = match error {
                RecipientError::Private => {
                    "remove it, and create a new identity: anyone who saw this script has the old one"
                }
                RecipientError::Unknown => {
                    "write \"age1…\" or \"ssh-ed25519 …\" as the custodian gave it; or \"passphrase\", or \"paper\""
                }
            };
            value.error(
                "script.recipient",
                format!("invalid recipient: {error}"),
                hint,
            );
            None
        }
    }
}
