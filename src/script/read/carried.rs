//! Public keys that are carried in, bound by the hashes of their files.

use std::collections::BTreeMap;

use super::fields::{Fields, Value};
use super::log::At;
use crate::metadata::{Key, KeyFileError};
use crate::script::carried::name_fault;
use crate::script::{CarriedFile, CarriedFiles, CarriedKey};
use crate::words::Digest;

const LONGEST_FILE: usize = 1 << 16;

/// Reads carried-in files, each once, and keeps those that are what the script says.
pub(super) struct Carrier<'f> {
    source: &'f dyn CarriedFiles,
    files: BTreeMap<String, CarriedFile>,
}

impl<'f> Carrier<'f> {
    pub(super) fn new(source: &'f dyn CarriedFiles) -> Self {
        Self {
            source,
            files: BTreeMap::new(),
        }
    }

    pub(super) fn into_files(self) -> BTreeMap<String, CarriedFile> {
        self.files
    }

    /// Reads `{ file = "…", sha256 = "…" }`.
    pub(super) fn key(&mut self, mut fields: Fields<'_, '_>) -> Option<At<CarriedKey>> {
        let file = fields.required("file", "file = \"online/timestamp.pub.pem\"");
        let sha256 = fields.required("sha256", "sha256 = \"…\", as `sha256sum` prints it");
        let span = fields.span.clone();
        fields.finish();
        let (file, sha256) = (file?, sha256?);
        let name = file.raw()?;
        if let Some(why) = name_fault(name) {
            file.fault(
                "script.file-name",
                format!("{name:?} cannot be carried"),
                why,
            );
            return None;
        }
        let claimed = sha256.digest()?;
        let bytes = self.bytes(&file, name)?;
        let found = Digest::of(&bytes);
        // A private key is told before anything else about the file.
        let key = Key::from_file(&bytes);
        if matches!(key, Err(KeyFileError::Private)) {
            file.fault(
                "script.private-key",
                format!("{name:?} holds a PRIVATE key"),
                "take it off this machine now; carry in the public key, as `openssl pkey -pubout` writes it",
            );
            return None;
        }
        let Ok(claimed) = claimed else {
            sha256.fault(
                "script.digest",
                "\"sha256\" is not 64 lower-case hex characters",
                format!("the SHA-256 of {name:?} here is {found}: compare it with its owner's"),
            );
            return None;
        };
        if claimed != found {
            sha256.fault(
                "script.hash",
                format!("{name:?} has the SHA-256 {found}, but the script binds {claimed}"),
                "find out which of the two is right before you change either",
            );
            return None;
        }
        let key = key
            .map_err(|error| {
                file.fault(
                    "script.public-key",
                    format!("{name:?} is no public key that can be used: {error}"),
                    "carry in a public key in PEM form, as `openssl pkey -pubout` writes it",
                );
            })
            .ok()?;
        self.files.insert(
            name.to_owned(),
            CarriedFile {
                name: name.to_owned(),
                sha256: found,
                bytes,
            },
        );
        Some(At {
            value: CarriedKey {
                file: name.to_owned(),
                sha256: found,
                key,
            },
            span,
        })
    }

    fn bytes(&self, file: &Value<'_, '_>, name: &str) -> Option<Vec<u8>> {
        if let Some(file) = self.files.get(name) {
            return Some(file.bytes.clone());
        }
        match self.source.read(name) {
            Ok(bytes) if bytes.len() > LONGEST_FILE => {
                file.fault(
                    "script.file-size",
                    format!("{name:?} is longer than 64 KiB"),
                    "a public key is a few lines; is this another file?",
                );
                None
            }
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                file.fault(
                    "script.file",
                    format!("there is no file {name:?}"),
                    "names are relative to the script: put the file there, or mend the name",
                );
                None
            }
            Err(error) => {
                file.fault(
                    "script.file",
                    format!("{name:?} cannot be read: {error}"),
                    "names are relative to the script: is it a file that you may read?",
                );
                None
            }
        }
    }
}
