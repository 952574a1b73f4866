//! The tables `[[person]]`.

use super::MOST;
use super::fields::Fields;
use super::log::{At, Span};
use crate::script::PersonId;
use crate::script::plan::{Person, PersonRole};

/// A person as it was read.
pub(in crate::script) struct PersonEntry {
    pub(in crate::script) span: Span,
    pub(in crate::script) id: Option<At<PersonId>>,
    pub(in crate::script) name: Option<At<String>>,
    pub(in crate::script) roles: Option<At<Vec<PersonRole>>>,
    pub(in crate::script) substitute: Option<At<String>>,
}

pub(super) fn read(tables: Vec<Fields<'_, '_>>) -> Vec<PersonEntry> {
    tables.into_iter().map(person).collect()
}

fn person(mut fields: Fields<'_, '_>) -> PersonEntry {
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
    fields.finish();
    PersonEntry {
        span,
        id,
        name,
        roles,
        substitute,
    }
}

fn roles(value: &super::fields::Value<'_, '_>) -> Option<Vec<PersonRole>> {
    let items = value.items(MOST)?;
    if items.is_empty() {
        value.fault(
            "script.person",
            "\"roles\" is empty",
            "give at least one: administrator, witness, key-holder",
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
        })
    }
}
