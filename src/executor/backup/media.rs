//! Media by what they hold: people are asked where each is mounted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::ceremony::{Answer, Ask, FailureKind, Mode, Prompt, SeenMedium};
use crate::script::{Holds, Medium as PlannedMedium, MediumId};
use crate::storage::{FileError, Medium, real_path};

use super::super::Executor;
use super::super::failure::{EffectResult, failed};

/// Where the media are mounted, as entered since the process began.
#[derive(Debug, Default)]
pub(in crate::executor) struct MediaRoom {
    paths: BTreeMap<MediumId, PathBuf>,
}

/// An inserted medium.
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
    /// The medium of the script for these contents. People are asked once where it is mounted.
    pub(in crate::executor) fn medium(&mut self, holds: Holds) -> EffectResult<FoundMedium> {
        let Some(medium) = self.ceremony().script().medium_for(holds).cloned() else {
            return Err(failed(
                FailureKind::File,
                format!("the script has no medium for {}", holds.title()),
                "abort the ceremony, and add a medium to the script",
            ));
        };
        if let Some(simulated) = self.room.hands.medium(&medium.id) {
            let path = simulated.map_err(|error| {
                failed(
                    FailureKind::File,
                    format!(
                        "cannot create the folder that replaces {}: {error}",
                        medium.id
                    ),
                    "check that the directory of the rehearsal is writable",
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
                "Insert {}. A witness compares it with the run sheet.",
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
                format!("the folder of {} was not entered", medium.id),
                "enter the absolute path of the folder where it is mounted",
            )),
        }
    }

    fn found(&self, medium: &PlannedMedium, path: &Path) -> EffectResult<FoundMedium> {
        let shown = crate::record::visible(&path.to_string_lossy());
        if !path.is_absolute() || !path.is_dir() {
            return Err(failed(
                FailureKind::File,
                format!("{shown} is not the absolute path of a folder"),
                "insert the medium, and enter the folder where it is mounted",
            ));
        }
        let unreadable = |error: FileError| {
            failed(
                FailureKind::File,
                format!("cannot inspect {shown}: {}", error.problem),
                "check that the medium is inserted and readable, then try again",
            )
        };
        let found = Medium::open(path).map_err(unreadable)?;
        let own = real_path(self.directory.path()).map_err(unreadable)?;
        if self.ceremony().mode() == Mode::Production && found.path().starts_with(&own) {
            return Err(failed(
                FailureKind::File,
                format!("{shown} is in the ceremony directory"),
                "insert a medium: shares and wrapped keys are not kept with the transcript",
            ));
        }
        if let Some(wanted) = &medium.serial
            && found.serial() != Some(wanted)
        {
            let there = found.serial().unwrap_or("unknown to the system");
            return Err(failed(
                FailureKind::File,
                format!(
                    "{shown} is not on the device of {}: its serial number is {}, not {wanted}",
                    medium.id,
                    crate::record::visible(there)
                ),
                "nothing was written; insert the medium that the script names",
            ));
        }
        Ok(FoundMedium::new(medium.id.clone(), found))
    }

    /// A wrapped key and its shares must not be on the same device.
    pub(in crate::executor) fn require_apart(
        &mut self,
        shares: &FoundMedium,
        wrapped: &FoundMedium,
    ) -> EffectResult<()> {
        if shares.seen.device != wrapped.seen.device {
            return Ok(());
        }
        // People are asked again where they are mounted.
        self.room.media.paths.clear();
        Err(failed(
            FailureKind::File,
            format!(
                "{} and {} are on the same device, {}",
                shares.medium.path().display(),
                wrapped.medium.path().display(),
                shares.seen.device
            ),
            "nothing was written; insert another medium: a wrapped key and its shares must be on different media",
        ))
    }
}
