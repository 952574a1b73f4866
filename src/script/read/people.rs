//! The tables `[[person]]`.

use super::MOST;
use super::backup;
use super::carried::PinnedFiles;
use super::fields::{Fields, Value};
use super::keys::{self, TokenEntry};
use super::log::{At, Span};
use crate::script::plan::{Kind, Person, PersonRole};
use crate::script::{ApprovalToken, Opens, PersonId, PinnedKey, ShareKeeping};

/// A person as it was read.
pub(in crate::script) struct PersonEntry {
    pub(in crate::script) span: Span,
    pub(in crate::script) id: Option<At<PersonId>>,
    pub(in crate::script) name: Option<At<String>>,
    pub(in crate::script) roles: Option<At<Vec<PersonRole>>>,
    pub(in crate::script) substitute: Option<At<String>>,
    pub(in crate::script) approval: Option<OwnTokenEntry>,
    /// How the person keeps a share.
    pub(in crate::script) keeping: Option<At<ShareKeeping>>,
    /// Whether that is all that the script says of it: nothing of it was faulty.
    pub(in crate::script) is_keeping_read: bool,
    opens: Opens,
}

/// A person's approval token as it was read.
pub(in crate::script) struct OwnTokenEntry {
    pub(in crate::script) span: Span,
    pub(in crate::script) token: Option<TokenEntry>,
    pub(in crate::script) key: Option<At<PinnedKey>>,
}

pub(super) fn read(
    tables: Vec<Fields<'_, '_>>,
    carrier: &mut PinnedFiles<'_>,
    kind: Kind,
) -> Vec<PersonEntry> {
    let tables = tables.into_iter();
    tables.map(|fields| person(fields, carrier, kind)).collect()
}

fn person(mut fields: Fields<'_, '_>, carrier: &mut PinnedFiles<'_>, kind: Kind) -> PersonEntry {
    let span = fields.span.clone();
    let id = fields
        .required("id", "id = \"holder-1\"")
        .and_then(|value| value.at(value.id()));
    let name = fields
        .required("name", "name = \"Ada Lindgren\"")
        .and_then(|value| value.at(value.line(60)));
    let roles = fields
        .required("roles", "roles = [\"key-holder\"]")
        .and_then(|value| value.at(roles(&value)));
    let substitute = fields
        .optional("substitute")
        .and_then(|value| value.at(value.line(60)));
    let approval = fields
        .optional("approval")
        .and_then(|value| value.table("\"approval\""))
        .map(|table| approval_token(table, carrier));
    // How a share is kept that exists, its manifest says.
    let is_restored = matches!(kind, Kind::Drill | Kind::Recovery | Kind::Backup);
    let keeps = kind != Kind::Recovery && fields.optional("recipient").is_some();
    let opens = if is_restored {
        fields
            .optional("opens")
            .and_then(|value| value.one_of("script.restore", Opens::SPELLINGS))
    } else {
        None
    };
    let keeping = match kind {
        Kind::Recovery => None,
        // An old share that is opened, perhaps, and no new one.
        Kind::Drill | Kind::Backup if !keeps => None,
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
        is_keeping_read: keeps == keeping.is_some(),
        keeping,
        opens: opens.unwrap_or_default(),
    }
}

fn approval_token(mut fields: Fields<'_, '_>, carrier: &mut PinnedFiles<'_>) -> OwnTokenEntry {
    let span = fields.span.clone();
    let token = fields
        .required(
            "token",
            "token = { profile = \"yubikey-piv\", serial = \"15835999\" }",
        )
        .and_then(|value| value.table("\"token\""))
        .map(keys::token);
    let key = fields
        .required(
            "public_key",
            "public_key = { file = \"approval/witness-1.pub.pem\", sha256 = \"…\" }",
        )
        .and_then(|value| value.table("\"public_key\""))
        .and_then(|table| carrier.key(table));
    fields.finish();
    OwnTokenEntry { span, token, key }
}

fn roles(value: &Value<'_, '_>) -> Option<Vec<PersonRole>> {
    let items = value.items(MOST)?;
    if items.is_empty() {
        value.fault(
            "script.person",
            "\"roles\" is empty",
            "give at least one: administrator, witness, key-holder, custodian",
        );
        return None;
    }
    let mut roles = Vec::new();
    for item in &items {
        let role = item.one_of("script.person", PersonRole::SPELLINGS)?;
        if roles.contains(&role) {
            item.fault(
                "script.twice",
                format!("\"roles\" has {:?} twice", role.as_str()),
                "take one out",
            );
            return None;
        }
        roles.push(role);
    }
    Some(roles)
}

impl PersonEntry {
    pub(in crate::script) const fn approval(&self) -> Option<&OwnTokenEntry> {
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
