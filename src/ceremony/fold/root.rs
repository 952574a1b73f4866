//! What happens to the root: composed, reviewed, signed, verified, exported.

use crate::metadata::{FrozenRoot, SignedRoot};
use crate::script::KeyId;

use crate::ceremony::check::Check;
use crate::ceremony::event::{EventKind, ExportedFile};
use crate::ceremony::questions::review_word;
use crate::ceremony::state::{Ceremony, Intent};

use super::signing::refused;
use super::{Folded, broken, contradiction, hold, require};

impl Ceremony {
    /// What happens to the root.
    pub(super) fn fold_root(&mut self, fact: &EventKind) -> Folded {
        match fact {
            EventKind::RootComposed {
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
                require(
                    self.are_new_keys_proven(),
                    "a key stands in no root before its token has answered, or two people have compared its fingerprint",
                )?;
                let composed = self
                    .compose_root()
                    .map_err(|error| contradiction(error.to_string()))?;
                hold(
                    Check::RootComposition,
                    composed.signed_bytes() == frozen.signed_bytes(),
                    "the root is not the one that the script and the keys make",
                )?;
                if let Some(why) = self.refused_by_clients(&frozen) {
                    return Err(broken(Check::RootComposition, why));
                }
                self.signed = Some(match &self.base_root {
                    None => SignedRoot::new(frozen.clone()),
                    Some(before) => SignedRoot::after(frozen.clone(), before.root.clone())
                        .map_err(|error| contradiction(error.to_string()))?,
                });
                self.frozen = Some(frozen);
            }
            EventKind::ReviewConfirmed { sha256, typed } => {
                let frozen = self.frozen_or_contradiction()?;
                hold(
                    Check::RootDigest,
                    frozen.digest() == *sha256,
                    "another digest was reviewed",
                )?;
                require(
                    *typed == review_word(frozen),
                    "the exact word was not typed",
                )?;
                hold(
                    Check::RootReachability,
                    self.root_change().reachability().is_reached(),
                    "the signatures that the root needs cannot be reached",
                )?;
                self.judge_payload(frozen).map_err(refused)?;
                self.reviewed = true;
            }
            EventKind::SignIntended {
                key,
                sha256,
                repeat,
            } => {
                let frozen = self.frozen_or_contradiction()?;
                hold(
                    Check::RootDigest,
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
                require(state.token.is_some(), "the token was not found yet")?;
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
            EventKind::Signed {
                key,
                key_id,
                signature,
            } => self.fold_signature(key, key_id, signature)?,
            EventKind::RequestWritten { .. }
            | EventKind::SignatureExpected { .. }
            | EventKind::SignatureCollected { .. }
            | EventKind::SignatureSkipped { .. } => self.fold_owed(fact)?,
            EventKind::RootVerified { .. } => self.fold_verified(fact)?,
            EventKind::ExportIntended { files } | EventKind::Exported { files } => {
                self.fold_export(files, matches!(fact, EventKind::Exported { .. }))?;
            }
            _ => return Err(contradiction("not an event about the root")),
        }
        Ok(())
    }

    fn fold_verified(&mut self, fact: &EventKind) -> Folded {
        let EventKind::RootVerified {
            version,
            file_sha256,
            signatures,
            threshold,
            previous,
        } = fact
        else {
            return Ok(());
        };
        let report = self
            .verify_root()
            .map_err(|error| broken(Check::RootVerification, error.to_string()))?;
        let own = report.progress.own;
        hold(
            Check::RootVerification,
            (report.version, own.have, own.need) == (*version, *signatures, *threshold)
                && report.progress.previous.map(Into::into) == *previous
                && report.file_sha256 == *file_sha256,
            "the verification says something else",
        )?;
        self.verified = Some(*file_sha256);
        Ok(())
    }

    fn fold_export(&mut self, files: &[ExportedFile], is_done: bool) -> Folded {
        require(
            self.verified.is_some() || self.script.signing().is_some() || !self.script.makes_root(),
            "the root was not verified",
        )?;
        require(
            self.are_new_keys_proven(),
            "a key leaves no file before its token has answered",
        )?;
        let ours: Vec<_> = self
            .export_files()
            .into_iter()
            .map(|(file, _)| file)
            .collect();
        hold(
            Check::ExportContent,
            files == ours,
            "other files than those of the signed root",
        )?;
        if is_done {
            require(self.export_intended, "the export was not announced")?;
            self.exported = files.to_vec();
        } else {
            require(!self.export_intended, "it was announced already")?;
            self.export_intended = true;
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
        state.signature = Some(bytes.clone());
        state.right_pin();
        self.attach(&mut signed, key, key_id, &bytes)?;
        self.signed = Some(signed);
        Ok(())
    }

    /// Keeps a signature under each ID that the key has in either root: it counts once all the same.
    pub(super) fn attach(
        &self,
        signed: &mut SignedRoot,
        key: &KeyId,
        key_id: &str,
        bytes: &[u8],
    ) -> Folded {
        let ids = self.root_key_ids(key);
        require(
            ids.last().is_some_and(|id| id.as_str() == key_id),
            "the signature is by another key",
        )?;
        for id in &ids {
            signed
                .attach(id, bytes)
                .map_err(|error| broken(Check::RootSignature, error.to_string()))?;
        }
        Ok(())
    }
}
