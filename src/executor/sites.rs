//! Other sites: the signing request that they receive, and the signatures that they return.

use std::path::{Path, PathBuf};

use crate::audit::{ReturnedSigning, read_returned, returned_path};
use crate::ceremony::{Ceremony, ExportedFile, FailureKind, Outcome};
use crate::certificate::PublicKey;
use crate::record::visible;
use crate::script::{KeyId, Place};
use crate::storage::{EntryKind, FileError, Links, Mode, list, read, write_once};
use crate::transfer::{DetachedSignature, Merge, RequestedSignature, SigningRequest};
use crate::words::Digest;

use super::Executor;
use super::failure::{EffectResult, failed};

/// The folder next to the export for the files of other sites.
const SIGNATURES: &str = "signatures";

impl Executor<'_> {
    /// Writes the signing request next to the export.
    pub(super) fn write_request(&mut self) -> EffectResult<Outcome> {
        let request = request(self.ceremony()).map_err(|what| {
            failed(
                FailureKind::InvalidAnswer,
                format!("cannot make a signing request: {what}"),
                "abort the ceremony, and check the root that the script pins",
            )
        })?;
        let bytes = request.to_file_bytes();
        let file = ExportedFile {
            name: request.file_name(),
            size: bytes.len() as u64,
            sha256: Digest::of(&bytes),
        };
        write_once(&self.export.join(&file.name), &bytes, Mode::Public)?;
        Ok(Outcome::RequestWritten(file))
    }

    /// The signature that a site has sent; in a rehearsal, that of the simulated key.
    pub(super) fn collect_signature(
        &mut self,
        key: &KeyId,
        public: &PublicKey,
        message: &[u8],
    ) -> EffectResult<Outcome> {
        if let Some(signature) = self.room.simulated_signature(key, message) {
            let collected = signature.map(|signature| Outcome::Collected {
                signature,
                record: None,
            });
            return collected.map_err(|error| {
                failed(
                    FailureKind::File,
                    format!("the simulated key of {key} failed to sign: {error}"),
                    "check that nothing changed in the directory of the rehearsal",
                )
            });
        }
        let folder = self.export.join(SIGNATURES);
        let returned_files = returned_files(&folder)?;
        let mut others = Vec::new();
        // A signature that comes with its transcript is preferred.
        for directory in returned_files.directories {
            let name = directory.file_name().map(|name| name.to_string_lossy());
            let name = visible(&name.unwrap_or_default());
            match of_signing(self.ceremony(), public, &directory) {
                Ok((signature, returned)) => {
                    for (name, bytes) in &returned.files {
                        let path = self.directory.path().join(returned_path(key, name));
                        write_once(&path, bytes, Mode::Private)?;
                    }
                    return Ok(Outcome::Collected {
                        signature,
                        record: Some(returned.record),
                    });
                }
                Err(why) => others.push(format!("{name}: {why}")),
            }
        }
        let mut found = None;
        for (name, bytes) in returned_files.files {
            match judge(self.ceremony(), public, &bytes) {
                Ok(signature) => found = Some(signature),
                Err(why) => others.push(format!("{}: {why}", visible(&name))),
            }
        }
        let found = found.map(|signature| Outcome::Collected {
            signature,
            record: None,
        });
        found.ok_or_else(|| {
            let seen = if others.is_empty() {
                "the folder has no file".to_owned()
            } else {
                others.join("; ")
            };
            failed(FailureKind::File, format!(
                    "the signature of {key} is not in {}: {seen}",
                    folder.display()
                ), "copy the ceremony directory of that site, or its signature file, into the folder, and try again")
        })
    }
}

/// A request that asks every site that owes a signature.
fn request(ceremony: &Ceremony) -> Result<SigningRequest, String> {
    let (Some(before), Some(frozen)) = (ceremony.base_root(), ceremony.frozen()) else {
        return Err("no root was composed".to_owned());
    };
    let script = ceremony.script();
    let asked = script.distant_keys().iter().filter_map(|key| {
        let Place::Site(site) = &key.place else {
            return None;
        };
        Some(RequestedSignature {
            // An added key has an ID in the new root only.
            key_id: match before.key(&key.id) {
                Some(before) => before.id.clone(),
                None => ceremony.root_key_ids(&key.id).pop()?,
            },
            holder: key.held_by.clone().unwrap_or_else(|| site.clone()),
            token: key.id.to_string(),
        })
    });
    let chain = before.chain().iter().map(|(_, bytes)| bytes.clone());
    SigningRequest::new(
        script.repository().to_owned(),
        chain.collect(),
        frozen.clone(),
        asked.collect(),
    )
    .map_err(|refusal| refusal.to_string())
}

/// The signature in a file, if it is one of this key over this root.
fn judge(ceremony: &Ceremony, public: &PublicKey, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let detached = DetachedSignature::read(bytes).map_err(|refusal| refusal.to_string())?;
    let signed = ceremony.signed().ok_or("no root was composed")?;
    if signed.ids_of(public).contains(&detached.key_id) {
        let repository = ceremony.script().repository().to_owned();
        let mut merge = Merge::new(signed.clone(), Some(repository));
        merge
            .add_first(&detached)
            .map_err(|refusal| refusal.to_string())?;
        return Ok(detached.signature);
    }
    Err("it was made by another key".to_owned())
}

/// The signature and the transcript in the directory of a signing, if it is one of this root by this key.
fn of_signing(
    ceremony: &Ceremony,
    public: &PublicKey,
    directory: &Path,
) -> Result<(Vec<u8>, ReturnedSigning), String> {
    let frozen = ceremony.frozen().ok_or("no root was composed")?;
    let repository = ceremony.script().repository();
    let returned = read_returned(directory, ceremony.mode(), repository, frozen)?;
    let mut why = "it contains no signature".to_owned();
    for detached in &returned.signatures {
        match judge(ceremony, public, &detached.to_file_bytes()) {
            Ok(signature) => return Ok((signature, returned)),
            Err(refusal) => why = refusal,
        }
    }
    Err(why)
}

/// What other sites returned: files and ceremony directories.
#[derive(Default)]
struct ReturnedFiles {
    files: Vec<(String, Vec<u8>)>,
    directories: Vec<PathBuf>,
}

/// The contents of a folder, which may be missing.
fn returned_files(folder: &Path) -> Result<ReturnedFiles, FileError> {
    const MOST: usize = 256;
    const LONGEST: u64 = 1 << 20;
    let entries = match list(folder) {
        Err(error) if error.is_missing() => return Ok(ReturnedFiles::default()),
        other => other?,
    };
    let mut returned_files = ReturnedFiles::default();
    for entry in entries.into_iter().take(MOST) {
        let is_folder = match entry.kind {
            EntryKind::Folder => true,
            EntryKind::Link => entry.path.is_dir(),
            EntryKind::File | EntryKind::Other => false,
        };
        if is_folder {
            returned_files.directories.push(entry.path);
            continue;
        }
        match read(&entry.path, Links::Follow, LONGEST) {
            Ok(bytes) => {
                let name = entry.name.to_string_lossy().into_owned();
                returned_files.files.push((name, bytes));
            }
            // A pipe, a device, or a file that is too long for a signature.
            Err(error) if error.is_about_content() && !error.is_missing() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(returned_files)
}
