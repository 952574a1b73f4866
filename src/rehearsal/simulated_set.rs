//! A simulated share set: shares for simulated custodians of a key that protects nothing.

use std::io;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::backup::recipient::{Recipient, encrypt, encrypt_under};
use crate::backup::{
    BackupSet, Custodian, CustodianGroup, KeyEncryptionKey, Manifest, Protection, SetFacts, SetPlan,
};
use crate::executor::{Hands as _, MemoryKey};
use crate::record::Provenance;
use crate::script::{PersonId, Script};
use crate::secret::Passphrase;
use crate::storage::{Mode, list, write_once};
use crate::words::Digest;

use super::simulated_tokens::{MEDIA, SimulatedTokens, SimulationError};

/// The simulated media of the files of a simulated set.
const SHARES: &str = "simulated-shares";
const WRAPPED: &str = "simulated-wrapped-key";

impl SimulatedTokens {
    /// The path of a file of a share set in this store.
    pub(super) fn kept_file(&self, folder: &str, file: &str) -> io::Result<PathBuf> {
        let media = list(&self.store.join(MEDIA))?;
        let mut places = media
            .into_iter()
            .map(|medium| medium.path.join(folder).join(file));
        let first = places.find(|path| path.is_file());
        first.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    /// Makes a share set that replaces the set in a script. `None` if an earlier rehearsal with this store made the set in
    /// the script, or if the script restores nothing.
    pub fn simulated_set(&mut self, script: &Script) -> Result<Option<Manifest>, SimulationError> {
        let Some(plan) = script.restore() else {
            return Ok(None);
        };
        if self.has_set(&plan.manifest) {
            return Ok(None);
        }
        let real = plan.manifest.facts();
        let key = MemoryKey::generate(real.public_key.algorithm())
            .ok_or_else(|| failed("cannot generate a key of that type"))?;
        let groups = real.groups.iter().map(|group| {
            let custodians = group
                .custodians
                .iter()
                .map(|custodian| self.simulated_of(custodian));
            Ok(CustodianGroup {
                threshold: group.threshold,
                custodians: custodians.collect::<Result<_, SimulationError>>()?,
            })
        });
        let facts = SetFacts {
            id: hex::encode(random::<8>()?),
            repository: real.repository.clone(),
            key: real.key.clone(),
            public_key: key.public.clone(),
            provenance: Provenance::WasExtractable,
            groups_needed: real.groups_needed,
            groups: groups.collect::<Result<_, SimulationError>>()?,
            created_at: script.not_before(),
            is_rehearsal: true,
            supersedes: Vec::new(),
        };
        let plan = SetPlan::new(facts).map_err(|error| failed(error.to_string()))?;
        let kek = KeyEncryptionKey::new(Box::new(Zeroizing::new(random::<32>()?)));
        let set = BackupSet::split(&kek, plan, |bytes| {
            aws_lc_rs::rand::fill(bytes).map_err(|_| io::Error::other("no random bytes"))
        })
        .map_err(|_| failed("the random number generator of the system failed"))?;
        let wrapped = kek
            .wrap(&key.private)
            .map_err(|error| failed(error.to_string()))?;
        let mut files = Vec::new();
        for (custodian, share) in set.custodians() {
            let file = self.closed(custodian, share.text().as_bytes())?;
            files.push((custodian.id.clone(), file));
        }
        let digest_of = |custodian: &str| {
            let mut files = files.iter();
            let (_, file) = files.find(|(id, _)| id == custodian)?;
            Some(Digest::of(file))
        };
        let manifest = set
            .manifest(digest_of, &wrapped)
            .map_err(|refusal| failed(refusal.to_string()))?;
        let folder = format!("{}-{}", manifest.facts().key, manifest.facts().id);
        let place = |medium: &str, name: String| {
            self.store.join(MEDIA).join(medium).join(&folder).join(name)
        };
        let write = |path: PathBuf, bytes: &[u8]| {
            write_once(&path, bytes, Mode::Private).map_err(|error| failed(error.to_string()))
        };
        for (custodian, file) in &files {
            write(place(SHARES, set.plan().share_file(custodian)), file)?;
        }
        write(place(WRAPPED, set.plan().wrapped_file()), &wrapped)?;
        Ok(Some(manifest))
    }

    /// Whether a rehearsal with this store made a set, and all its files exist.
    fn has_set(&self, manifest: &Manifest) -> bool {
        let facts = manifest.facts();
        let folder = format!("{}-{}", facts.key, facts.id);
        let names = manifest
            .shares()
            .iter()
            .map(|share| share.file().map(|_| share.label().share_file()));
        let wrapped = Some(crate::backup::wrapped_file(&facts.key, &facts.id));
        let mut all = names.chain([wrapped]);
        facts.is_rehearsal
            && all.all(|name| name.is_some_and(|name| self.kept_file(&folder, &name).is_ok()))
    }

    /// A custodian of a simulated set. The share is encrypted to the simulated custodian, even if the real share is on paper
    /// only.
    fn simulated_of(&self, custodian: &Custodian) -> Result<Custodian, SimulationError> {
        let closing = match &custodian.protection {
            Some(Protection::Passphrase) => Protection::Passphrase,
            closing => {
                let count = match closing {
                    Some(Protection::Recipients(recipients)) => recipients.len(),
                    _ => 1,
                };
                let texts = self.simulated_recipients(&person(custodian)?, count);
                let texts = texts.unwrap_or_else(|| Ok(Vec::new()));
                let texts = texts.map_err(|error| failed(error.to_string()))?;
                let read: Result<Vec<Recipient>, _> =
                    texts.iter().map(|text| text.parse()).collect();
                Protection::Recipients(read.map_err(|error| failed(error.to_string()))?)
            }
        };
        Ok(Custodian {
            protection: Some(closing),
            ..custodian.clone()
        })
    }

    fn closed(&self, custodian: &Custodian, text: &[u8]) -> Result<Vec<u8>, SimulationError> {
        let closed = if let Some(Protection::Recipients(recipients)) = &custodian.protection {
            encrypt(text, recipients, &age::NoCallbacks)
        } else {
            let phrase = self
                .given_passphrase(&person(custodian)?)
                .unwrap_or_default();
            let phrase = Passphrase::new(Zeroizing::new(phrase))
                .map_err(|error| failed(error.to_string()))?;
            encrypt_under(text, &phrase)
        };
        closed.map_err(|error| failed(error.to_string()))
    }
}

fn person(custodian: &Custodian) -> Result<PersonId, SimulationError> {
    let id = custodian.id.parse();
    id.map_err(|_| failed(format!("{:?} is not a valid custodian ID", custodian.id)))
}

fn random<const N: usize>() -> Result<[u8; N], SimulationError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| failed("the system gives no random bytes"))?;
    Ok(bytes)
}

fn failed(why: impl Into<String>) -> SimulationError {
    SimulationError::Set { why: why.into() }
}
