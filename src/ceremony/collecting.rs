//! Collecting the signatures that other sites owe: what is asked, and what an answer decides.

use crate::script::{KeyId, Step};

use super::decide::StepError;
use super::effect::Effect;
use super::event::{EventKind, SigningRecord};
use super::next::Next;
use super::prompt::{Ask, Choice, Prompt};
use super::state::{Ceremony, Owed};

/// The answers to the question whether an owed signature is here.
const HERE: &str = "it is here: read it";
const FORGONE: &str = "it is not waited for, because";

impl Ceremony {
    /// The first signature that is still owed.
    pub(super) fn next_owing(&self) -> Option<(&KeyId, &Owed)> {
        self.owed.iter().find(|(_, owed)| !owed.is_settled())
    }

    pub(super) fn next_owed(&self, step: &Step) -> Next {
        if self.request.is_none() {
            return Next::Do(Effect::WriteRequest);
        }
        let key = self.next_owing();
        let public_key = key.and_then(|(key, _)| self.distant_key(key)?.public());
        match (key, public_key, &self.frozen) {
            (Some((key, Owed::Expected)), Some(public_key), Some(frozen)) => {
                Next::Do(Effect::CollectSignature {
                    key: key.clone(),
                    public_key: public_key.clone(),
                    message: frozen.signed_bytes().to_vec(),
                })
            }
            (Some((key, _)), ..) => Next::Ask(self.ask_owed(step, key)),
            (None, ..) => Next::Ask(self.go_on(step, Vec::new(), "Go on")),
        }
    }

    fn ask_owed(&self, step: &Step, key: &KeyId) -> Prompt {
        let distant = self.script.distant_keys().iter();
        let title = distant
            .filter(|distant| distant.id == *key)
            .map(crate::script::DistantKey::title)
            .next()
            .unwrap_or_else(|| key.to_string());
        let mut lines = vec![format!("{}.", self.counters())];
        if let Some(request) = &self.request {
            lines.push(format!(
                "{} was written beside the export; {title} signs what is in it, and sends the directory of the signing back. Put it into the folder signatures there; its record then joins this one. A signature by another tool is a file by itself.",
                request.name
            ));
        }
        lines.push(
            "It may take days: leave with Ctrl-C, and go on with conclave resume when the file is here."
                .to_owned(),
        );
        Self::prompt(
            step,
            self.people_of(step),
            lines,
            Ask::Choice {
                label: format!("Signature of {title}"),
                options: vec![
                    Choice::plain(HERE),
                    Choice {
                        text: FORGONE.to_owned(),
                        wants_remark: true,
                    },
                ],
            },
        )
    }

    pub(super) fn decide_owed(&self, text: &str, reason: String) -> Result<EventKind, StepError> {
        let (key, _) = self.next_owing().ok_or(StepError::NotAsked)?;
        let key = key.clone();
        match text {
            HERE => Ok(EventKind::SignatureExpected { key }),
            FORGONE => Ok(EventKind::SignatureSkipped { key, reason }),
            _ => Err(StepError::NotAnAnswer),
        }
    }

    /// The event of a signature that came from its site.
    pub(super) fn collected(
        &self,
        signature: &[u8],
        record: Option<SigningRecord>,
    ) -> Result<EventKind, StepError> {
        let (key, _) = self.next_owing().ok_or(StepError::NotAsked)?;
        let key_id = self.root_key_ids(key).pop().ok_or(StepError::NotAsked)?;
        Ok(EventKind::SignatureCollected {
            key: key.clone(),
            key_id: key_id.as_str().to_owned(),
            signature: hex::encode(signature),
            record,
        })
    }
}
