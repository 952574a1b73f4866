//! What happens to the root: composed, reviewed, signed, verified, exported.

use crate::metadata::{self, FrozenRoot, SignedRoot};
use crate::script::KeyId;

use crate::ceremony::event::Fact;
use crate::ceremony::questions::review_word;
use crate::ceremony::state::{Ceremony, Intent};

use super::{Folded, contradiction, require};

impl Ceremony {
    /// What happens to the root.
    pub(super) fn fold_root(&mut self, fact: &Fact) -> Folded {
        match fact {
            Fact::RootComposed {
                version,
                signed,
                sha256,
            } => {
                let frozen = FrozenRoot::from_signed_bytes(signed.as_bytes())
                    .map_err(|error| contradiction(format!("not a root: {error}")))?;
                require(
                    frozen.version() == *version && frozen.digest() == *sha256,
                    "version or digest is not that of the root",
                )?;
                let composed = self
                    .compose_root()
                    .map_err(|error| contradiction(error.to_string()))?;
                require(
                    composed.signed_bytes() == frozen.signed_bytes(),
                    "the root is not the one that the script and the keys make",
                )?;
                self.signed = Some(SignedRoot::new(frozen.clone()));
                self.frozen = Some(frozen);
            }
            Fact::ReviewConfirmed { sha256, typed } => {
                let frozen = self.frozen_or_contradiction()?;
                require(frozen.digest() == *sha256, "another digest was reviewed")?;
                require(
                    *typed == review_word(frozen),
                    "the exact word was not typed",
                )?;
                self.reviewed = true;
            }
            Fact::SignIntended {
                key,
                sha256,
                repeat,
            } => {
                let frozen = self.frozen_or_contradiction()?;
                require(
                    frozen.digest() == *sha256,
                    "only the frozen root may be signed",
                )?;
                require(self.reviewed, "the root was not reviewed")?;
                let state = self.key_mut(key)?;
                require(state.signature.is_none(), "the key has signed already")?;
                require(
                    state.forgone.is_none(),
                    "two people decided to go on without that key",
                )?;
                require(state.generated.is_some(), "the key does not exist")?;
                require(
                    state.sign != Intent::Recorded(()),
                    "it was announced already",
                )?;
                require(
                    *repeat == matches!(state.sign, Intent::Interrupted(())),
                    "a signature is a repeat exactly when an earlier try was interrupted",
                )?;
                state.sign = Intent::Recorded(());
            }
            Fact::Signed {
                key,
                key_id,
                signature,
            } => self.fold_signature(key, key_id, signature)?,
            Fact::RootVerified {
                version,
                file_sha256,
                signatures,
                threshold,
            } => {
                let report = self
                    .verify_root()
                    .map_err(|error| contradiction(error.to_string()))?;
                require(
                    (report.version, report.count.have, report.count.need)
                        == (*version, *signatures, *threshold)
                        && report.file_sha256 == *file_sha256,
                    "the verification says something else",
                )?;
                self.verified = Some(*file_sha256);
            }
            Fact::ExportIntended { files } | Fact::Exported { files } => {
                require(self.verified.is_some(), "the root was not verified")?;
                let ours: Vec<_> = self
                    .export_files()
                    .into_iter()
                    .map(|(file, _)| file)
                    .collect();
                require(*files == ours, "other files than those of the signed root")?;
                if matches!(fact, Fact::Exported { .. }) {
                    require(self.export_intended, "the export was not announced")?;
                    self.exported.clone_from(files);
                } else {
                    require(!self.export_intended, "it was announced already")?;
                    self.export_intended = true;
                }
            }
            _ => return Err(contradiction("not an event about the root")),
        }
        Ok(())
    }

    fn fold_signature(&mut self, key: &KeyId, key_id: &str, signature: &str) -> Folded {
        let bytes =
            hex::decode(signature).map_err(|_| contradiction("the signature is not in hex"))?;
        let mut signed = self
            .signed
            .take()
            .ok_or_else(|| contradiction("there is no root yet"))?;
        let state = self.key_mut(key)?;
        require(state.signature.is_none(), "the key has signed already")?;
        require(
            matches!(state.sign, Intent::Recorded(())),
            "the signature was not announced",
        )?;
        require(
            state
                .generated
                .as_ref()
                .is_some_and(|generated| generated.key.id().as_str() == key_id),
            "the signature is by another key",
        )?;
        signed
            .attach(&metadata::KeyId::new(key_id), &bytes)
            .map_err(|error| contradiction(error.to_string()))?;
        state.signature = Some(bytes);
        state.right_pin();
        self.signed = Some(signed);
        Ok(())
    }
}
