//! Who stands for which person of the script: its names as they were corrected, and substitutes.

use std::collections::BTreeMap;

use crate::script::{PersonId, Script};

use super::amendment::Amendment;
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

    /// Takes in what an event says of names. Events that say nothing of them change nothing.
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

    /// The names of several people, as one reads them aloud.
    pub fn names(&self, script: &Script, people: &[PersonId]) -> String {
        let names: Vec<&str> = people.iter().map(|id| self.name(script, id)).collect();
        match names.as_slice() {
            [] => String::new(),
            [one] => (*one).to_owned(),
            [most @ .., last] => format!("{} and {last}", most.join(", ")),
        }
    }
}
