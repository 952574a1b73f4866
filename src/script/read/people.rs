//! The tables `[[person]]`.

use super::backup;
use super::fields::{Fields, Value};
use super::keys::{self, TokenEntry};
use super::log::{At, Span};
use super::pinned::PinnedFiles;
use crate::script::Kind;
use crate::script::plan::{Person, PersonRole};
use crate::script::{ApprovalToken, Opens, PersonId, PinnedKey, ShareKeeping};

pub(in crate::script) struct PersonEntry {
    pub(in crate::script) span: Span,
    pub(in crate::script) id: Option<At<PersonId>>,
    pub(in crate::script) name: Option<At<String>>,
    pub(in crate::script) roles: Option<At<Vec<PersonRole>>>,
    pub(in crate::script) substitute: Option<At<String>>,
    pub(in crate::script) approval: Option<ApprovalEntry>,
    /// How the person keeps a share.
    pub(in crate::script) keeping: Option<At<ShareKeeping>>,
    /// Whether the fields about that were valid.
    pub(in crate::script) is_keeping_read: bool,
    opens: Opens,
}

/// A person's approval token.
pub(in crate::script) struct ApprovalEntry {
    pub(in crate::script) span: Span,
    pub(in crate::script) token: Option<TokenEntry>,
    pub(in crate::script) key: Option<At<PinnedKey>>,
}

pub(super) fn read(
    mut fields: Fields<'_, '_>,
    files: &mut PinnedFiles<'_>,
    kind: Kind,
) -> PersonEntry {
    let span = fields.span.clone();
    let id = fields.read("id", Value::id);
    let name = fields.read("name", Value::line);
    let roles = fields.read("roles", roles);
    let substitute = fields.read("substitute", Value::line);
    let approval = fields.table("approval");
    let approval = approval.map(|table| approval_token(table, files));
    let has_recipient = fields.value("recipient").is_some();
    // How an existing share is kept is in its manifest.
    let is_restored = matches!(kind, Kind::Drill | Kind::Recovery | Kind::Backup);
    let opens = if is_restored {
        fields.read("opens", |value| {
            value.word("script.restore", Opens::SPELLINGS)
        })
    } else {
        None
    };
    let keeping = match kind {
        Kind::Recovery => None,
        // At most an old share is opened.
        Kind::Drill | Kind::Backup if !has_recipient => None,
        _ => backup::keeping(&mut fields, is_restored),
    };
    fields.finish();
    PersonEntry {
        span,
        id,
        name,
        roles,
        substitute,
        approval,
        is_keeping_read: has_recipient == keeping.is_some(),
        keeping,
        opens: opens.map(|at| at.value).unwrap_or_default(),
    }
}

fn approval_token(mut fields: Fields<'_, '_>, files: &mut PinnedFiles<'_>) -> ApprovalEntry {
    let span = fields.span.clone();
    let token = fields.table("token");
    let token = token.map(|token| keys::token(token, files));
    let key = fields
        .value("public_key")
        .and_then(|value| files.key(&value));
    fields.finish();
    ApprovalEntry { span, token, key }
}

fn roles(value: &Value<'_, '_>) -> Option<Vec<PersonRole>> {
    let items = value.items()?;
    if items.is_empty() {
        value.error(
            "script.person",
            "\"roles\" is empty",
            "add at least one of: administrator, witness, key-holder, custodian",
        );
        return None;
    }
    let mut roles = Vec::new();
    for item in &items {
        let role = item.word("script.person", PersonRole::SPELLINGS)?;
        if roles.contains(&role) {
            item.error(
                "script.duplicate",
                format!("\"roles\" has {:?} twice", role.as_str()),
                "remove one of them",
            );
            return None;
        }
        roles.push(role);
    }
    Some(roles)
}

impl PersonEntry {
    pub(in crate::script) const fn approval(&self) -> Option<&ApprovalEntry> {
        self.approval.as_ref()
    }

    pub(in crate::script) fn is(&self, role: PersonRole) -> bool {
        self.roles
            .as_ref()
            .is_some_and(|roles| roles.value.contains(&role))
    }

    pub(in crate::script) fn complete(self) -> Option<Person> {
        Some(Person {
            id: self.id?.value,
            name: self.name?.value,
            roles: self.roles?.value,
            substitute: self.substitute.map(|name| name.value),
            keeping: self.keeping.map(|at| at.value),
            opens: self.opens,
            approval: match self.approval {
                Some(entry) => Some(ApprovalToken {
                    token: entry.token?.complete()?,
                    key: entry.key?.value,
                }),
                None => None,
            },
        })
    }
}
