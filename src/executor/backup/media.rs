//! Media by what they hold: the room is asked where each is mounted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::ceremony::{Answer, Ask, FailureKind, Mode, Prompt, SeenMedium};
use crate::script::{Holds, Medium as PlannedMedium, MediumId};
use crate::storage::{FileError, Medium, real_path};

use super::super::Executor;
use super::super::failure::EffectResult;
use super::super::failure::failed;

/// Where the media are, as the room has told it since the process began.
#[derive(Debug, Default)]
pub(in crate::executor) struct MediaRoom {
    paths: BTreeMap<MediumId, PathBuf>,
}

/// A medium that is in.
#[derive(Debug, Clone)]
pub(in crate::executor) struct FoundMedium {
    pub(in crate::executor) medium: Medium,
    pub(in crate::executor) seen: SeenMedium,
}

impl FoundMedium {
    fn new(id: MediumId, medium: Medium) -> Self {
        Self {
            seen: SeenMedium {
                medium: id,
                device: medium.device().to_owned(),
            },
            medium,
        }
    }
}

impl Executor<'_> {
    /// The medium of the script that holds such things, where it is mounted now. The room is asked once.
    pub(in crate::executor) fn medium(&mut self, holds: Holds) -> EffectResult<FoundMedium> {
        let Some(medium) = self.ceremony().script().medium_for(holds).cloned() else {
            return Err(failed(
                FailureKind::File,
                format!("the script has no medium for {}", holds.title()),
                "break off, and name one in the script",
            ));
        };
        if let Some(simulated) = self.room.hands.medium(&medium.id) {
            let path = simulated.map_err(|error| {
                failed(
                    FailureKind::File,
                    format!(
                        "the folder that stands in for {} cannot be made: {error}",
                        medium.id
                    ),
                    "look whether the directory of the rehearsal can be written",
                )
            })?;
            let device = format!("simulated {}", medium.id);
            return Ok(FoundMedium::new(medium.id, Medium::simulated(path, device)));
        }
        let path = match self.room.media.paths.get(&medium.id) {
            Some(path) => path.clone(),
            None => self.ask_for_medium(&medium)?,
        };
        let found = self.found(&medium, &path);
        if found.is_ok() {
            self.room.media.paths.insert(medium.id, path);
        } else {
            self.room.media.paths.remove(&medium.id);
        }
        found
    }

    fn ask_for_medium(&mut self, medium: &PlannedMedium) -> EffectResult<PathBuf> {
        let administrator = self.ceremony().script().people().iter();
        let who = administrator
            .filter(|person| person.is(crate::script::PersonRole::Administrator))
            .map(|person| person.id.clone());
        let prompt = Prompt {
            step: self.ceremony().current_step().map(|step| step.id.clone()),
            who: who.collect(),
            lines: vec![format!(
                "Put in {}. A witness compares it with the run sheet.",
                medium.title()
            )],
            ask: Ask::Text {
                label: format!("Folder where {} is mounted", medium.id),
                default: None,
            },
            approval: false,
        };
        match self.front_end.ask(&self.ceremony, &prompt)? {
            Answer::Text(text) if !text.trim().is_empty() => Ok(PathBuf::from(text.trim())),
            Answer::Text(_) | Answer::Enter | Answer::Choice { .. } => Err(failed(
                FailureKind::File,
                format!("nobody said where {} is", medium.id),
                "give the folder where the system shows it, from / on",
            )),
        }
    }

    fn found(&self, medium: &PlannedMedium, path: &Path) -> EffectResult<FoundMedium> {
        let shown = crate::record::visible(&path.to_string_lossy());
        if !path.is_absolute() || !path.is_dir() {
            return Err(failed(
                FailureKind::File,
                format!("{shown} is no folder, given from / on"),
                "put the medium in, and give the folder where the system shows it",
            ));
        }
        let unreadable = |error: FileError| {
            failed(
                FailureKind::File,
                format!("{shown} cannot be looked at: {}", error.problem),
                "look at the medium: is it there, and may it be read?",
            )
        };
        let found = Medium::open(path).map_err(unreadable)?;
        let own = real_path(self.directory.path()).map_err(unreadable)?;
        if self.ceremony().mode() == Mode::Production && found.path().starts_with(&own) {
            return Err(failed(
                FailureKind::File,
                format!("{shown} lies in the directory of this ceremony"),
                "neither shares nor wrapped keys are kept with the record: put a medium in",
            ));
        }
        if let Some(wanted) = &medium.serial
            && found.serial() != Some(wanted)
        {
            let there = found.serial().unwrap_or("none that the system tells");
            return Err(failed(
                FailureKind::File,
                format!(
                    "{shown} is on another device than {}: its serial number is {}, not {wanted}",
                    medium.id,
                    crate::record::visible(there)
                ),
                "nothing was written; put in the medium that the script names",
            ));
        }
        Ok(FoundMedium::new(medium.id.clone(), found))
    }

    /// A wrapped key and its shares never lie on the same device.
    pub(in crate::executor) fn require_apart(
        &mut self,
        shares: &FoundMedium,
        wrapped: &FoundMedium,
    ) -> EffectResult<()> {
        if shares.seen.device != wrapped.seen.device {
            return Ok(());
        }
        // The room is asked anew where they are.
        self.room.media.paths.clear();
        Err(failed(
            FailureKind::File,
            format!(
                "{} and {} are on the same device, {}",
                shares.medium.path().display(),
                wrapped.medium.path().display(),
                shares.seen.device
            ),
            "nothing was written; a wrapped key and its shares never lie on one medium: put in another one",
        ))
    }
}
