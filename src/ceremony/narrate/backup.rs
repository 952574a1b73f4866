//! What happens to the backup of a key, in a sentence.

use crate::ceremony::event::{Event, EventKind, Randomness, WrappedIn};

impl Event {
    /// The same, for what is of a backup. Names have no control characters.
    pub(super) fn narrate_backup(&self, people: &str) -> Option<String> {
        Some(match &self.fact {
            EventKind::RecipientProven { by, .. } => {
                format!("{people} opened a test message {}.", by.title())
            }
            EventKind::BackupIntended { key, id } => {
                format!("{key} is about to be backed up, in folders called {key}-{id}.")
            }
            EventKind::BackedUp(made) => format!(
                "{} was wrapped {} and what wrapped it was split into set {}; its shares are on {} ({}), the wrapped key on {} ({}). All {} quorums restored it from memory, and it was wiped ({}).",
                made.key,
                match made.wrapped_in {
                    WrappedIn::Token => "in its token",
                    WrappedIn::Memory => "in locked memory",
                },
                made.manifest.set().short_hex(),
                made.shares_on.medium,
                made.shares_on.device,
                made.wrapped_on.medium,
                made.wrapped_on.device,
                made.quorums,
                match made.randomness {
                    Randomness::SystemAndToken => "random from the system and the token",
                    Randomness::System => "random from the system alone",
                }
            ),
            EventKind::KeyConfined { key, .. } => {
                format!("{key} leaves its token no more, and the token says so.")
            }
            EventKind::ShareOpened { key, set, by, .. } => format!(
                "{people} opened the own share of {key}, set {}, {}.",
                set.short_hex(),
                by.title()
            ),
            _ => return None,
        })
    }
}
