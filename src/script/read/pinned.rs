//! Pinned input files: files that a script binds by their hashes.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::fields::{Fields, Value};
use super::log::At;
use super::tuf_on_ci;
use crate::metadata::{Key, KeyFileError};
use crate::profile::Profile;
use crate::script::pinned::{name_error, profile_path};
use crate::script::schema::{PUBLIC_KEY, Pin};
use crate::script::{PinnedFile, PinnedFileSource, PinnedKey};
use crate::words::Digest;

/// A file that was read, and the digest that the script claims for it.
struct Bound<'l, 't> {
    file: Value<'l, 't>,
    sha256: Value<'l, 't>,
    name: &'l str,
    claimed: Result<Digest, ()>,
    bytes: Vec<u8>,
}

impl Bound<'_, '_> {
    /// The digest of the file, if it is the one that the script binds.
    fn check(&self) -> Option<Digest> {
        let (name, found) = (self.name, Digest::of(&self.bytes));
        let Ok(claimed) = self.claimed else {
            self.sha256.error(
                "script.digest",
                "\"sha256\" is not 64 lower-case hex characters",
                format!(
                    "compare with the owner of the file: the SHA-256 of {name:?} here is {found}"
                ),
            );
            return None;
        };
        if claimed != found {
            self.sha256.error(
                "script.hash",
                format!("{name:?} has the SHA-256 {found}, but the script has {claimed}"),
                "find out which of the two is right before you change either",
            );
            return None;
        }
        Some(found)
    }
}

const PROFILE_CHECK: &str = "script.profile";

fn parse_profile(value: &Value<'_, '_>, path: &str, bytes: &[u8]) -> Option<Profile> {
    let profile = std::str::from_utf8(bytes)
        .map_err(|_| format!("{path} is not UTF-8 text"))
        .and_then(|text| Profile::parse(text, path).map_err(|error| error.to_string()));
    profile
        .map_err(|error| value.error(PROFILE_CHECK, error, "correct the profile"))
        .ok()
}

/// Reads pinned input files, and keeps those with the right hash.
pub(super) struct PinnedFiles<'f> {
    source: &'f dyn PinnedFileSource,
    files: BTreeMap<String, PinnedFile>,
    profiles: BTreeMap<String, Arc<Profile>>,
}

impl<'f> PinnedFiles<'f> {
    pub(super) fn new(source: &'f dyn PinnedFileSource) -> Self {
        Self {
            source,
            files: BTreeMap::new(),
            profiles: BTreeMap::new(),
        }
    }

    /// The files, and the token profiles by name.
    pub(super) fn into_parts(
        self,
    ) -> (BTreeMap<String, PinnedFile>, BTreeMap<String, Arc<Profile>>) {
        (self.files, self.profiles)
    }

    /// The token profile that a value names, or the file that it binds.
    pub(super) fn profile(&mut self, value: &Value<'_, '_>) -> Option<Arc<Profile>> {
        let profile = if value.is_table() {
            let (named, file) = self.read(value)?;
            parse_profile(&named, &file.name, &file.bytes)?
        } else {
            self.named_profile(value)?
        };
        let known = (self.profiles)
            .entry(profile.name.clone())
            .or_insert_with(|| Arc::new(profile.clone()));
        if **known != profile {
            value.error(
                PROFILE_CHECK,
                format!(
                    "another profile of this script has the name {:?}",
                    profile.name
                ),
                "give one of the two profiles another name",
            );
            return None;
        }
        Some(Arc::clone(known))
    }

    fn named_profile(&mut self, value: &Value<'_, '_>) -> Option<Profile> {
        let name = value.raw()?;
        let unknown = |error: String| {
            value.error(
                PROFILE_CHECK,
                error,
                "name a built-in profile, or put the profile next to the script as NAME.toml",
            );
        };
        let found = if Profile::is_name(name) {
            self.source.profile(name)
        } else {
            Err(io::ErrorKind::NotFound.into())
        };
        match found {
            Ok(bytes) => {
                let path = profile_path(name);
                let profile = parse_profile(value, &path, &bytes)?;
                if profile.name != name {
                    unknown(format!(
                        "the profile {path} has the name {:?}",
                        profile.name
                    ));
                    return None;
                }
                let sha256 = Digest::of(&bytes);
                if self
                    .files
                    .get(&path)
                    .is_some_and(|file| file.sha256 != sha256)
                {
                    unknown(format!(
                        "the profile {name:?} is not the pinned file {path:?}"
                    ));
                    return None;
                }
                self.keep(&path, sha256, bytes);
                Some(profile)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Profile::named(name)
                .map_err(|error| unknown(error.to_string()))
                .ok(),
            Err(error) => {
                unknown(format!("cannot read the profile {name:?}: {error}"));
                None
            }
        }
    }

    /// Reads the public key of an online role, with its owner for tuf-on-ci.
    pub(super) fn online_key(
        &mut self,
        mut fields: Fields<'_, '_>,
        is_notary: bool,
    ) -> Option<At<PinnedKey>> {
        let whose = tuf_on_ci::whose(&mut fields);
        let read = if is_notary {
            Key::from_notary_file
        } else {
            Key::from_file
        };
        let mut pinned = self.key_by(fields, read)?;
        let key = &mut pinned.value.key;
        *key = whose?.written_into(key);
        Some(pinned)
    }

    pub(super) fn key(&mut self, value: &Value<'_, '_>) -> Option<At<PinnedKey>> {
        self.key_by(value.table()?, Key::from_file)
    }

    fn key_by(
        &mut self,
        fields: Fields<'_, '_>,
        read: fn(&[u8]) -> Result<Key, KeyFileError>,
    ) -> Option<At<PinnedKey>> {
        let span = fields.span.clone();
        let bound = self.bound(fields, PUBLIC_KEY)?;
        let name = bound.name;
        // A private key is reported before anything else about the file.
        let key = read(&bound.bytes);
        if matches!(key, Err(KeyFileError::Private)) {
            bound.file.error(
                "script.private-key",
                format!("{name:?} contains a PRIVATE key"),
                "remove it from this machine now; use the public key, as `openssl pkey -pubout` writes it",
            );
            return None;
        }
        let sha256 = bound.check()?;
        let key = key
            .map_err(|error| {
                bound.file.error(
                    "script.public-key",
                    format!("{name:?} is not a public key that can be used: {error}"),
                    "use a public key in PEM form, as `openssl pkey -pubout` writes it",
                );
            })
            .ok()?;
        let file = name.to_owned();
        self.keep(name, sha256, bound.bytes);
        Some(At {
            value: PinnedKey { file, sha256, key },
            span,
        })
    }

    /// Reads any other file; the value is the one that names it.
    pub(super) fn read<'l, 't>(
        &mut self,
        value: &Value<'l, 't>,
    ) -> Option<(Value<'l, 't>, PinnedFile)> {
        self.read_table(value.table()?, value.pin()?)
    }

    /// The same, for a table with its own name.
    pub(super) fn read_table<'l, 't>(
        &mut self,
        fields: Fields<'l, 't>,
        pin: Pin,
    ) -> Option<(Value<'l, 't>, PinnedFile)> {
        let bound = self.bound(fields, pin)?;
        let sha256 = bound.check()?;
        let file = self.keep(bound.name, sha256, bound.bytes);
        Some((bound.file, file))
    }

    fn keep(&mut self, name: &str, sha256: Digest, bytes: Vec<u8>) -> PinnedFile {
        let file = PinnedFile {
            name: name.to_owned(),
            sha256,
            bytes,
        };
        self.files.insert(name.to_owned(), file.clone());
        file
    }

    fn bound<'l, 't>(&mut self, mut fields: Fields<'l, 't>, pin: Pin) -> Option<Bound<'l, 't>> {
        let example = format!("file = {:?}", pin.example);
        let file = fields.required_as("file", &example);
        let sha256 = fields.value("sha256");
        fields.finish();
        let (file, sha256) = (file?, sha256?);
        let name = file.raw()?;
        if let Some(why) = name_error(name) {
            file.error(
                "script.file-name",
                format!("{name:?} is not a valid file name"),
                why,
            );
            return None;
        }
        let claimed = sha256.digest()?;
        let bytes = self.bytes(&file, name, pin.longest)?;
        Some(Bound {
            file,
            sha256,
            name,
            claimed,
            bytes,
        })
    }

    fn bytes(&self, file: &Value<'_, '_>, name: &str, longest: usize) -> Option<Vec<u8>> {
        if let Some(file) = self.files.get(name) {
            return Some(file.bytes.clone());
        }
        let (check, what, hint) = match self.source.read(name) {
            Ok(bytes) if bytes.len() <= longest => return Some(bytes),
            Ok(_) => (
                "script.file-size",
                format!("{name:?} is longer than {} KiB", longest.div_ceil(1024)),
                "check that this is the right file",
            ),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (
                "script.file",
                format!("there is no file {name:?}"),
                "put the file there, or correct the name: names are relative to the script",
            ),
            Err(error) => (
                "script.file",
                format!("{name:?} cannot be read: {error}"),
                "check that it is a file that you may read: names are relative to the script",
            ),
        };
        file.error(check, what, hint);
        None
    }
}
