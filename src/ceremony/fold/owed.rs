//! What happens to the signatures that other sites owe.

use crate::metadata::{Progress, SignedRoot};
use crate::script::KeyId;

use crate::ceremony::event::EventKind;
use crate::ceremony::state::{Ceremony, Owed};

use super::{Folded, ReplayError, contradiction, require};

impl Ceremony {
    /// What happens while signatures are collected.
    pub(super) fn fold_owed(&mut self, fact: &EventKind) -> Folded {
        match fact {
            EventKind::RequestWritten { file } => {
                require(self.request.is_none(), "the request was written already")?;
                self.request = Some(file.clone());
            }
            EventKind::SignatureExpected { key } => {
                require(self.request.is_some(), "no site was asked yet")?;
                let owed = self.owed_mut(key)?;
                require(*owed == Owed::Waited, "it is looked for already")?;
                *owed = Owed::Expected;
            }
            EventKind::SignatureCollected {
                key,
                key_id,
                signature,
                record: _,
            } => {
                let owed = self.owed_mut(key)?;
                require(*owed == Owed::Expected, "nobody said that it is here")?;
                *owed = Owed::Collected;
                let bytes = hex::decode(signature)
                    .map_err(|_| contradiction("the signature is not in hex"))?;
                let mut signed = self
                    .signed
                    .take()
                    .ok_or_else(|| contradiction("there is no root yet"))?;
                self.attach(&mut signed, key, key_id, &bytes)?;
                self.signed = Some(signed);
            }
            EventKind::SignatureSkipped { key, reason } => {
                require(!reason.trim().is_empty(), "it is said why")?;
                let is_complete = self.signed().map(SignedRoot::progress);
                require(
                    is_complete.is_some_and(Progress::is_complete),
                    "the thresholds are not reached without it",
                )?;
                let owed = self.owed_mut(key)?;
                require(!owed.is_settled(), "it has come already")?;
                *owed = Owed::Skipped {
                    reason: reason.clone(),
                };
            }
            _ => return Err(contradiction("not an event about an owed signature")),
        }
        Ok(())
    }

    /// A signature that did not come is waited for again.
    pub(super) fn stop_looking(&mut self) {
        for owed in self.owed.values_mut() {
            if *owed == Owed::Expected {
                *owed = Owed::Waited;
            }
        }
    }

    fn owed_mut(&mut self, key: &KeyId) -> Result<&mut Owed, ReplayError> {
        self.owed
            .get_mut(key)
            .ok_or_else(|| contradiction(format!("no site owes a signature of {key}")))
    }
}
