//! What happens between sites: a request is judged; a request goes out, and signatures come in.

use crate::ceremony::event::Fact;
use crate::ceremony::state::Ceremony;
use crate::transfer::Judgement;

use super::{Folded, contradiction, require};

impl Ceremony {
    /// A request was judged.
    pub(super) fn fold_judged(&mut self, fact: &Fact) -> Folded {
        let Fact::RequestJudged {
            sha256,
            card,
            again,
        } = fact
        else {
            return Ok(());
        };
        let signing = self
            .script
            .signing()
            .ok_or_else(|| contradiction("nobody asks for a signature here"))?;
        let payload = signing.request.payload().clone();
        require(payload.digest() == *sha256, "another payload was judged")?;
        let judgement = self
            .judge_request(signing, *card)
            .map_err(|refusal| contradiction(refusal.to_string()))?;
        require(
            *again == (judgement == Judgement::Again),
            "whether it was signed before is told wrongly",
        )?;
        let unsigned = signing
            .request
            .unsigned()
            .map_err(|refusal| contradiction(refusal.to_string()))?;
        self.signed = Some(unsigned);
        self.frozen = Some(payload);
        Ok(())
    }

    /// A request goes out, and signatures come in.
    pub(super) fn fold_collecting(&mut self, fact: &Fact) -> Folded {
        match fact {
            Fact::RequestIntended { file } => {
                require(
                    self.collecting.intended.is_none(),
                    "it was announced already",
                )?;
                let ours = self.request_file().map(|(file, _)| file);
                require(
                    ours.as_ref() == Some(file),
                    "another request than that of the frozen root",
                )?;
                self.collecting.intended = ours;
            }
            Fact::RequestIssued { file } => {
                require(
                    self.collecting.intended.as_ref() == Some(file),
                    "the request was not announced",
                )?;
                self.collecting.issued = true;
            }
            Fact::CollectingLooked => {
                require(self.collecting.issued, "the request was not written yet")?;
                self.collecting.is_looking = true;
            }
            Fact::NothingCollected => self.collecting.is_looking = false,
            Fact::SignatureCollected {
                file,
                key_id,
                signature,
            } => {
                require(self.collecting.issued, "nobody was asked yet")?;
                self.take_collected(key_id, signature)
                    .map_err(contradiction)?;
                self.collecting.known.push(file.sha256);
            }
            Fact::SignatureRefused {
                file,
                check,
                detail,
            } => {
                let why = format!("{check}: {detail}");
                self.collecting.refused.push((file.name.clone(), why));
                self.collecting.known.push(file.sha256);
            }
            Fact::CollectingEnded => {
                require(
                    self.progress().is_complete(),
                    "the thresholds are not reached yet",
                )?;
                self.collecting.is_ended = true;
            }
            _ => {
                return Err(contradiction(
                    "not an event about signatures of other sites",
                ));
            }
        }
        Ok(())
    }
}
