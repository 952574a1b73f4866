//! Events of a ceremony. The type of an event names the part of the state that it changes. No event holds a secret.

mod backup;
mod custody;
mod host;
mod keys;
mod opening;
mod participants;
mod particulars;
mod progress;
mod restore;
mod root;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use strum::VariantNames as _;

use crate::script::{PersonId, StepId};

pub use backup::{BackedUp, BackupEvent, OpenedBy, Randomness, SeenMedium, WrappedIn};

pub use custody::CustodyEvent;

pub use host::HostEvent;

pub use keys::KeyEvent;

pub use opening::{Mode, Opening, SimulatedRoot};

pub use participants::ParticipantEvent;

pub use particulars::{Counted, ExceptionReport, ExportedFile, SigningTranscript, Verdict};

pub use progress::ProgressEvent;

pub use restore::{EnteredBy, RestoreEvent};

pub use root::RootEvent;

/// An event, its step, and the people who took part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// None for events of the whole ceremony.
    pub step: Option<StepId>,
    pub people: Vec<PersonId>,
    pub kind: EventKind,
}

/// An event, by the part of the state that it changes.
///
/// In JSON it is flat, `{"event": NAME, "data": {…}}`: names are unique across the parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum EventKind {
    Progress(ProgressEvent),
    Participants(ParticipantEvent),
    Host(HostEvent),
    Keys(KeyEvent),
    Custody(CustodyEvent),
    Root(RootEvent),
    Backup(BackupEvent),
    Restore(RestoreEvent),
}

impl EventKind {
    /// The name in the transcript: `token-found`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Progress(event) => event.into(),
            Self::Participants(event) => event.into(),
            Self::Host(event) => event.into(),
            Self::Keys(event) => event.into(),
            Self::Custody(event) => event.into(),
            Self::Root(event) => event.into(),
            Self::Backup(event) => event.into(),
            Self::Restore(event) => event.into(),
        }
    }
}

impl<'de> Deserialize<'de> for EventKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        fn read<T: DeserializeOwned, E: serde::de::Error>(value: Value) -> Result<T, E> {
            serde_json::from_value(value).map_err(E::custom)
        }
        let value = Value::deserialize(deserializer)?;
        let name = value
            .get("event")
            .and_then(Value::as_str)
            .ok_or_else(|| D::Error::missing_field("event"))?;
        let is_of = |names: &[&str]| names.contains(&name);
        if is_of(ProgressEvent::VARIANTS) {
            read(value).map(Self::Progress)
        } else if is_of(ParticipantEvent::VARIANTS) {
            read(value).map(Self::Participants)
        } else if is_of(HostEvent::VARIANTS) {
            read(value).map(Self::Host)
        } else if is_of(KeyEvent::VARIANTS) {
            read(value).map(Self::Keys)
        } else if is_of(CustodyEvent::VARIANTS) {
            read(value).map(Self::Custody)
        } else if is_of(RootEvent::VARIANTS) {
            read(value).map(Self::Root)
        } else if is_of(BackupEvent::VARIANTS) {
            read(value).map(Self::Backup)
        } else if is_of(RestoreEvent::VARIANTS) {
            read(value).map(Self::Restore)
        } else {
            Err(D::Error::custom(format_args!("unknown event {name:?}")))
        }
    }
}
