//! The names that people go by: those of the script as corrected, and those of substitutes.

use std::collections::BTreeMap;

use crate::script::{ItemId, PersonId, Script};

use super::amendment::Amendment;
use super::approval::{Approval, strengths_of};
use super::event::{Event, EventKind, ParticipantEvent, ProgressEvent};

/// The names that people go by, where they are not those of the script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DisplayNames {
    names: BTreeMap<PersonId, String>,
}

impl DisplayNames {
    /// The name of a person, as it is read aloud now.
    pub fn name<'c>(&'c self, script: &'c Script, id: &'c PersonId) -> &'c str {
        self.names.get(id).map_or_else(
            || {
                script
                    .person(id)
                    .map_or(id.as_str(), |person| person.name.as_str())
            },
            String::as_str,
        )
    }

    /// Follows an event that may change names.
    pub fn follow(&mut self, event: &Event) {
        if let EventKind::Progress(ProgressEvent::Amended {
            amendment: Amendment::Name { person, to, .. } | Amendment::Substitute { person, to, .. },
            ..
        }) = &event.kind
        {
            self.names.insert(person.clone(), to.clone());
        }
        if let (EventKind::Participants(ParticipantEvent::Substituted { name }), [person, ..]) =
            (&event.kind, event.people.as_slice())
        {
            self.names.insert(person.clone(), name.clone());
        }
    }

    /// The names of several people, as they are read aloud.
    pub fn names(&self, script: &Script, people: &[PersonId]) -> String {
        let names: Vec<&str> = people.iter().map(|id| self.name(script, id)).collect();
        match names.as_slice() {
            [] => String::new(),
            [one] => (*one).to_owned(),
            [most @ .., last] => format!("{} and {last}", most.join(", ")),
        }
    }
}

/// The names in the sentence of an event.
pub(in crate::ceremony) struct Names<'t> {
    pub(in crate::ceremony) script: &'t Script,
    display: &'t DisplayNames,
    pub(in crate::ceremony) ids: &'t [PersonId],
    /// The names of those who took part.
    pub(in crate::ceremony) people: String,
}

impl<'t> Names<'t> {
    pub(in crate::ceremony) fn new(
        script: &'t Script,
        display_names: &'t DisplayNames,
        ids: &'t [PersonId],
    ) -> Self {
        let people = display_names.names(script, ids);
        Self {
            script,
            display: display_names,
            ids,
            people,
        }
    }

    pub(in crate::ceremony) fn of(&self, person: &'t PersonId) -> &str {
        self.display.name(self.script, person)
    }

    /// Those who took part and approved: `Ada and Bob (by code)`.
    pub(in crate::ceremony) fn approving(&self, approvals: &[Approval]) -> String {
        format!("{} ({})", self.people, strengths_of(approvals))
    }

    /// What is in a bag, by its name in the script.
    pub(in crate::ceremony) fn item(&self, item: &ItemId) -> String {
        match self.script.medium(item) {
            Some(medium) => medium.title(),
            None => format!("the token for {item}"),
        }
    }
}
