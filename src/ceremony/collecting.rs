//! Signatures that other sites owe: a request goes out, files come back, and each is verified before it is kept.

use crate::metadata::KeyId;
use crate::record::visible;
use crate::script::{Place, Step};
use crate::transfer::{Asked, DetachedSignature, Merge, Refusal, SigningRequest};
use crate::words::Digest;

use super::decide::StepError;
use super::effect::{Effect, Outcome};
use super::event::{ExportedFile, Fact};
use super::next::Next;
use super::prompt::{Ask, Choice};
use super::state::Ceremony;

/// The choice that ends the collecting.
const ENOUGH: &str = "go on with the signatures that are there";
/// The choice that goes on with it.
const LOOK: &str = "look for files that came back";

/// How far the collecting is.
#[derive(Debug, Clone, Default)]
pub(super) struct Collecting {
    pub(super) intended: Option<ExportedFile>,
    pub(super) issued: bool,
    /// The digests of the files that came, taken or not.
    pub(super) known: Vec<Digest>,
    /// Files that were not taken, and why.
    pub(super) refused: Vec<(String, String)>,
    /// Whether the import folder is being gone through.
    pub(super) is_looking: bool,
    /// Whether the room goes on with what is there.
    pub(super) is_ended: bool,
}

impl Ceremony {
    /// The request for what other sites owe; none before the root was frozen, or where nobody owes anything.
    #[must_use]
    pub fn signing_request(&self) -> Option<SigningRequest> {
        let frozen = self.frozen.clone()?;
        let previous = self.script.previous()?;
        let chain = previous.chain_files().map(|(_, bytes)| bytes).collect();
        let asked: Vec<Asked> = self
            .script
            .distant_keys()
            .iter()
            .filter(|key| matches!(key.place, Place::Site(_)))
            .filter_map(|key| {
                let Place::Site(site) = &key.place else {
                    return None;
                };
                Some(Asked {
                    key_id: key.change.before()?.id.clone(),
                    holder: key.held_by.clone().unwrap_or_else(|| key.id.to_string()),
                    token: format!("{} at {site}", key.id),
                })
            })
            .collect();
        SigningRequest::new(self.script.repository().to_owned(), chain, frozen, asked).ok()
    }

    pub(super) fn request_file(&self) -> Option<(ExportedFile, Vec<u8>)> {
        let request = self.signing_request()?;
        let bytes = request.to_file_bytes();
        let file = ExportedFile {
            name: request.file_name(),
            size: bytes.len() as u64,
            sha256: Digest::of(&bytes),
        };
        Some((file, bytes))
    }

    pub(super) fn next_collect(&self, step: &Step) -> Next {
        let collecting = &self.collecting;
        let Some((file, bytes)) = self.request_file() else {
            return Next::Ask(self.go_on(
                step,
                vec!["No other site owes a signature.".to_owned()],
                "Go on",
            ));
        };
        if !collecting.issued {
            if collecting.intended.is_some() {
                return Next::Do(Effect::Export {
                    files: vec![(file, bytes)],
                });
            }
            let line = format!(
                "The request goes to each site that owes a signature: {} ({} bytes), digest of the payload {}.",
                file.name,
                file.size,
                self.frozen
                    .as_ref()
                    .map_or_else(String::new, |frozen| frozen.digest().short_hex())
            );
            return Next::Ask(self.go_on(step, vec![line], "Write the signing request"));
        }
        if collecting.is_looking {
            return Next::Do(Effect::LookForSignature {
                known: collecting.known.clone(),
            });
        }
        let mut lines = vec![format!("{}.", self.counters())];
        lines.extend(self.owed_lines());
        lines.extend(
            collecting
                .refused
                .iter()
                .map(|(name, why)| format!("Not taken: {name}: {why}")),
        );
        lines.push(
            "Put the files that came back into the folder import of this ceremony directory."
                .to_owned(),
        );
        if !self.progress().is_complete() {
            return Next::Ask(self.go_on(step, lines, "Look for files that came back"));
        }
        Next::Ask(Self::prompt(
            step,
            self.people_of(step),
            lines,
            Ask::Choice {
                label: "Both thresholds are reached".to_owned(),
                options: [ENOUGH, LOOK].map(Choice::plain).to_vec(),
            },
        ))
    }

    /// Who still owes a signature, a line each.
    fn owed_lines(&self) -> Vec<String> {
        let Some(signed) = &self.signed else {
            return Vec::new();
        };
        self.script
            .distant_keys()
            .iter()
            .filter(|key| matches!(key.place, Place::Site(_)))
            .filter(|key| {
                let ids = key.change.before().and_then(|before| {
                    let public = before.key.public()?;
                    Some(signed.ids_of(public))
                });
                !ids.is_some_and(|ids| ids.iter().any(|id| signed.signatures().contains_key(id)))
            })
            .map(|key| format!("Owed by {}.", key.title()))
            .collect()
    }

    pub(super) fn decide_collecting(&self, text: &str) -> Result<Fact, StepError> {
        let Some((file, _)) = self.request_file() else {
            return Ok(Fact::CollectingEnded);
        };
        Ok(if self.collecting.intended.is_none() {
            Fact::RequestIntended { file }
        } else if text == ENOUGH {
            Fact::CollectingEnded
        } else {
            Fact::CollectingLooked
        })
    }

    /// What came of writing the request, or of looking for files.
    pub(super) fn decide_collected(&self, outcome: Outcome) -> Result<Fact, StepError> {
        Ok(match outcome {
            Outcome::Exported => Fact::RequestIssued {
                file: self
                    .collecting
                    .intended
                    .clone()
                    .ok_or(StepError::NotAsked)?,
            },
            Outcome::NoSignatureFound => Fact::NothingCollected,
            Outcome::SignatureFound { name, bytes } => {
                let file = ExportedFile {
                    name: visible(&name),
                    size: bytes.len() as u64,
                    sha256: Digest::of(&bytes),
                };
                match self.judge_file(&bytes) {
                    Ok(detached) => Fact::SignatureCollected {
                        file,
                        key_id: detached.key_id.as_str().to_owned(),
                        signature: hex::encode(&detached.signature),
                    },
                    Err(refusal) => Fact::SignatureRefused {
                        file,
                        check: refusal.check.id().to_owned(),
                        detail: visible(&refusal.detail),
                    },
                }
            }
            _ => return Err(StepError::NotAsked),
        })
    }

    fn judge_file(&self, bytes: &[u8]) -> Result<DetachedSignature, Refusal> {
        let detached = DetachedSignature::read(bytes)?;
        self.merged(&detached)?;
        Ok(detached)
    }

    /// The root with one more signature.
    fn merged(&self, detached: &DetachedSignature) -> Result<Merge, Refusal> {
        let signed = self.signed.clone().ok_or_else(|| {
            Refusal::new(
                crate::transfer::Check::SignaturePayload,
                "there is no root yet",
            )
        })?;
        let mut merge = Merge::new(signed, Some(self.script.repository().to_owned()));
        merge.take_first(detached)?;
        Ok(merge)
    }

    /// Takes a signature that came, as the record has it.
    pub(super) fn take_collected(&mut self, key_id: &str, signature: &str) -> Result<(), String> {
        let frozen = self.frozen.as_ref().ok_or("there is no root yet")?;
        let signature = hex::decode(signature).map_err(|_| "the signature is not in hex")?;
        let detached = DetachedSignature {
            repository: self.script.repository().to_owned(),
            version: frozen.version(),
            sha256: frozen.digest(),
            key_id: KeyId::new(key_id),
            signature,
        };
        let merge = self
            .merged(&detached)
            .map_err(|refusal| refusal.to_string())?;
        self.signed = Some(merge.root().clone());
        Ok(())
    }
}
