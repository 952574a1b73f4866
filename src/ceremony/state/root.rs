//! The root of one repository: its base, its progress, and the signature of each key.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ceremony::base_root::BaseRoot;
use crate::ceremony::event::ExportedFile;
use crate::ceremony::replay::{Applied, ReplayError, contradiction, require};
use crate::metadata::{FrozenRoot, Key, SignedRoot};
use crate::record::Signature;
use crate::script::{KeyId, Place, Script};
use crate::words::Digest;

use super::intent::Intent;
use super::key_state::Generated;

/// A signature that another site owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owed {
    Waited,
    /// Its file is expected in the folder.
    Expected,
    Collected,
    Skipped {
        reason: String,
    },
}

impl Owed {
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Collected | Self::Skipped { .. })
    }
}

#[derive(Debug, Clone)]
pub(in crate::ceremony) struct Root {
    /// The script as if it were for this repository alone.
    script: Arc<Script>,
    base: Option<Arc<BaseRoot>>,
    keys: BTreeMap<KeyId, RootKey>,
    frozen: Option<FrozenRoot>,
    reviewed: bool,
    signed: Option<SignedRoot>,
    verified: Option<Digest>,
    request: Option<ExportedFile>,
    owed: BTreeMap<KeyId, Owed>,
    export_intended: bool,
    exported: Vec<ExportedFile>,
    /// Payloads of this version that two people abandoned, with their reasons.
    abandoned: Vec<(Digest, String)>,
}

/// The part of a key in one root.
#[derive(Debug, Clone, Default)]
struct RootKey {
    /// As a further root had it before, where that differs from the script's own root.
    earlier: Option<Generated>,
    certify: Intent<()>,
    certificate: Option<Key>,
    sign: Intent<()>,
    signature: Option<Signature>,
}

impl Root {
    pub(super) fn new(script: Arc<Script>) -> Self {
        let keys = script.keys().iter().map(|plan| plan.id.clone());
        let sites = script.distant_keys().iter();
        let owed = sites
            .filter(|key| matches!(key.place, Place::Site(_)))
            .map(|key| (key.id.clone(), Owed::Waited));
        Self {
            keys: keys.map(|id| (id, RootKey::default())).collect(),
            owed: owed.collect(),
            base: None,
            script,
            frozen: None,
            reviewed: false,
            signed: None,
            verified: None,
            request: None,
            export_intended: false,
            exported: Vec::new(),
            abandoned: Vec::new(),
        }
    }

    pub(in crate::ceremony) const fn script(&self) -> &Arc<Script> {
        &self.script
    }

    pub(in crate::ceremony) fn base(&self) -> Option<&BaseRoot> {
        self.base.as_deref()
    }

    pub(in crate::ceremony) const fn frozen(&self) -> Option<&FrozenRoot> {
        self.frozen.as_ref()
    }

    pub(in crate::ceremony) const fn is_reviewed(&self) -> bool {
        self.reviewed
    }

    pub(in crate::ceremony) const fn signed(&self) -> Option<&SignedRoot> {
        self.signed.as_ref()
    }

    pub(in crate::ceremony) const fn verified(&self) -> Option<&Digest> {
        self.verified.as_ref()
    }

    pub(in crate::ceremony) const fn request(&self) -> Option<&ExportedFile> {
        self.request.as_ref()
    }

    pub(in crate::ceremony) const fn owed(&self) -> &BTreeMap<KeyId, Owed> {
        &self.owed
    }

    pub(in crate::ceremony) const fn is_export_announced(&self) -> bool {
        self.export_intended
    }

    pub(in crate::ceremony) fn exported(&self) -> &[ExportedFile] {
        &self.exported
    }

    pub(in crate::ceremony) fn abandoned(&self) -> &[(Digest, String)] {
        &self.abandoned
    }

    pub(in crate::ceremony) fn earlier(&self, key: &KeyId) -> Option<&Generated> {
        self.keys.get(key)?.earlier.as_ref()
    }

    pub(in crate::ceremony) fn certificate(&self, key: &KeyId) -> Option<&Key> {
        self.keys.get(key)?.certificate.as_ref()
    }

    pub(in crate::ceremony) fn signature(&self, key: &KeyId) -> Option<&Signature> {
        self.keys.get(key)?.signature.as_ref()
    }

    pub(in crate::ceremony) fn certifying(&self, key: &KeyId) -> Intent<()> {
        self.keys.get(key).map_or(Intent::None, |key| key.certify)
    }

    pub(in crate::ceremony) fn signing(&self, key: &KeyId) -> Intent<()> {
        self.keys.get(key).map_or(Intent::None, |key| key.sign)
    }

    /// # Errors
    /// When nothing was composed yet.
    pub(in crate::ceremony) fn require_frozen(&self) -> Result<&FrozenRoot, ReplayError> {
        self.frozen
            .as_ref()
            .ok_or_else(|| contradiction("the root was not composed yet"))
    }
}

/// Changes.
impl Root {
    pub(in crate::ceremony) fn build_on(&mut self, base: Option<BaseRoot>) {
        self.base = base.map(Arc::new);
    }

    /// A further root lists the keys as it had them before.
    pub(in crate::ceremony) fn list_earlier_keys(&mut self) {
        for (id, key) in &mut self.keys {
            let listed = self.base.as_ref().and_then(|base| base.key(id));
            key.earlier = listed.and_then(|listed| Generated::earlier(&listed.key));
        }
    }

    fn key(&mut self, id: &KeyId) -> Result<&mut RootKey, ReplayError> {
        self.keys
            .get_mut(id)
            .ok_or_else(|| contradiction(format!("the script has no key {id:?}")))
    }

    pub(in crate::ceremony) fn announce_certificate(&mut self, key: &KeyId) -> Applied {
        self.key(key)?.certify.announce_again()
    }

    pub(in crate::ceremony) fn certify(&mut self, key: &KeyId, certificate: Key) -> Applied {
        let state = self.key(key)?;
        require(
            state.certify == Intent::Recorded(()),
            "the certificate was not announced",
        )?;
        require(
            state.certificate.is_none(),
            "the key already has a certificate",
        )?;
        state.certificate = Some(certificate);
        Ok(())
    }

    /// A wildcard certificate is valid for all repositories.
    pub(in crate::ceremony) fn share_certificate(&mut self, key: &KeyId, certificate: &Key) {
        if let Some(state) = self.keys.get_mut(key) {
            state.certificate = Some(certificate.clone());
        }
    }

    pub(in crate::ceremony) fn forget_certificate(&mut self, key: &KeyId) {
        if let Some(state) = self.keys.get_mut(key) {
            (state.certify, state.certificate) = (Intent::None, None);
        }
    }

    pub(in crate::ceremony) fn freeze(&mut self, frozen: FrozenRoot, unsigned: SignedRoot) {
        self.frozen = Some(frozen);
        self.signed = Some(unsigned);
    }

    pub(in crate::ceremony) fn review(&mut self) {
        self.reviewed = true;
    }

    pub(in crate::ceremony) fn announce_signature(&mut self, key: &KeyId, repeat: bool) -> Applied {
        let state = self.key(key)?;
        require(state.signature.is_none(), "the key has already signed")?;
        require(
            state.sign != Intent::Recorded(()),
            "the signature was already announced",
        )?;
        require(
            repeat == (state.sign == Intent::Interrupted(())),
            "a signature is a repetition if and only if an earlier attempt was interrupted",
        )?;
        state.sign.announce_again()
    }

    /// `signed` is the root with the signature attached.
    pub(in crate::ceremony) fn sign(
        &mut self,
        key: &KeyId,
        signature: &Signature,
        signed: SignedRoot,
    ) {
        if let Some(state) = self.keys.get_mut(key) {
            state.signature = Some(signature.clone());
        }
        self.signed = Some(signed);
    }

    pub(in crate::ceremony) fn require_signature_announced(&self, key: &KeyId) -> Applied {
        require(self.signature(key).is_none(), "the key has already signed")?;
        require(
            self.signing(key) == Intent::Recorded(()),
            "the signature was not announced",
        )
    }

    pub(in crate::ceremony) fn write_request(&mut self, file: &ExportedFile) -> Applied {
        require(
            self.request.is_none(),
            "the signing request was already written",
        )?;
        self.request = Some(file.clone());
        Ok(())
    }

    fn owed_by(&mut self, key: &KeyId) -> Result<&mut Owed, ReplayError> {
        self.owed.get_mut(key).ok_or_else(|| {
            contradiction(format!(
                "no signature from {key} is awaited from another site"
            ))
        })
    }

    pub(in crate::ceremony) fn expect_signature(&mut self, key: &KeyId) -> Applied {
        require(
            self.request.is_some(),
            "the signing request was not written yet",
        )?;
        let owed = self.owed_by(key)?;
        require(
            *owed == Owed::Waited,
            "the signature was already reported to have arrived",
        )?;
        *owed = Owed::Expected;
        Ok(())
    }

    pub(in crate::ceremony) fn require_expected(&mut self, key: &KeyId) -> Applied {
        let owed = self.owed_by(key)?;
        require(
            *owed == Owed::Expected,
            "the signature was not reported to have arrived",
        )
    }

    pub(in crate::ceremony) fn collect_signature(
        &mut self,
        key: &KeyId,
        signed: SignedRoot,
    ) -> Applied {
        *self.owed_by(key)? = Owed::Collected;
        self.signed = Some(signed);
        Ok(())
    }

    pub(in crate::ceremony) fn skip_signature(&mut self, key: &KeyId, reason: &str) -> Applied {
        let owed = self.owed_by(key)?;
        require(
            !owed.is_settled(),
            "the signature was already collected or skipped",
        )?;
        *owed = Owed::Skipped {
            reason: reason.to_owned(),
        };
        Ok(())
    }

    /// People are asked again whether the file has arrived.
    pub(in crate::ceremony) fn stop_expecting(&mut self) {
        for owed in self.owed.values_mut() {
            if *owed == Owed::Expected {
                *owed = Owed::Waited;
            }
        }
    }

    pub(in crate::ceremony) fn verify(&mut self, file: Digest) {
        self.verified = Some(file);
    }

    pub(in crate::ceremony) fn announce_export(&mut self) -> Applied {
        require(!self.export_intended, "the export was already announced")?;
        self.export_intended = true;
        Ok(())
    }

    pub(in crate::ceremony) fn export(&mut self, files: &[ExportedFile]) -> Applied {
        require(self.export_intended, "the export was not announced")?;
        self.exported = files.to_vec();
        Ok(())
    }

    pub(in crate::ceremony) fn abandon(&mut self, payload: Digest, reason: &str) {
        self.abandoned.push((payload, reason.to_owned()));
    }

    pub(in crate::ceremony) fn interrupt(&mut self) {
        for key in self.keys.values_mut() {
            key.certify.interrupt();
            key.sign.interrupt();
        }
        self.stop_expecting();
    }
}

#[cfg(test)]
mod tests;
