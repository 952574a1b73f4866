//! Root keys of Docker Content Trust in files, as tokens that can only sign, after the passphrase was typed. A decrypted key is
//! in the locked memory of this process, and is wiped when the file is closed.

mod encrypted;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use zeroize::Zeroizing;

use self::encrypted::EncryptedKey;
use super::{
    GeneratedKey, HeldKey, HeldObject, KeyRequest, ObjectKind, PinRole, Reader, Seen, Token,
    TokenError, TokenState,
};
use crate::certificate::pem::{self, Block, PemError};
use crate::certificate::{Algorithm, PublicKey};
use crate::metadata::{Key, Scheme};
use crate::profile::Profile;
use crate::record::{TokenId, Tries};
use crate::secret::{Pin, PrivateKey};
use crate::storage::{self, EntryKind, FileError, Links, list, real_path};

/// The name of the profile by which scripts name key files.
pub const PROFILE: &str = "docker-key-file";

/// The maximum size of a key file, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// How deep key files are below `private`: old clients kept them in folders named after the repository.
const DEEPEST: usize = 8;

/// The trust folders of Docker and of Notary's stock client: `DOCKER_CONFIG/trust` or `~/.docker/trust`, and `~/.notary`.
pub fn trust_folders() -> Vec<PathBuf> {
    let home = env::var_os("HOME").map(PathBuf::from);
    let docker = env::var_os("DOCKER_CONFIG")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(home.as_ref()?.join(".docker")));
    let docker = docker.map(|folder| folder.join("trust"));
    let notary = home.map(|home| home.join(".notary"));
    docker.into_iter().chain(notary).collect()
}

/// A key file, as far as it can be read without its passphrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFile {
    path: PathBuf,
    id: String,
    role: String,
}

impl KeyFile {
    /// Reads a file as far as no passphrase is needed.
    ///
    /// # Errors
    /// When it cannot be read, or is not a key file of Docker Content Trust.
    pub fn read(path: &Path) -> Result<Self, TokenError> {
        let (id, role) = id_in(path).unwrap_or_default();
        if id.len() != 64 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong(
                path,
                "does not have the name of a Docker key file, which is the key ID in 64 hex digits, and .key",
            ));
        }
        let text = read_text(path)?;
        let (block, _) = first_block(&text).map_err(|problem| wrong(path, problem))?;
        let role = block.header("role").unwrap_or(role).to_owned();
        Ok(Self {
            path: path.to_owned(),
            id: id.to_ascii_lowercase(),
            role,
        })
    }

    /// The root keys in these trust folders.
    pub fn roots_in(folders: &[PathBuf]) -> Vec<Self> {
        let mut paths = Vec::new();
        for folder in folders {
            collect(&folder.join("private"), DEEPEST, &mut paths);
        }
        paths.sort();
        let mut found: Vec<Self> = Vec::new();
        for path in paths {
            if let Ok(file) = Self::read(&path)
                && file.is_root()
                && !found.iter().any(|known| known.id == file.id)
            {
                found.push(file);
            }
        }
        found
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The canonical ID of the key, after which the file is named.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn is_root(&self) -> bool {
        self.role == "root"
    }

    /// # Errors
    /// When it is not a root key.
    pub fn require_root(&self) -> Result<(), TokenError> {
        if self.is_root() {
            return Ok(());
        }
        let problem = match self.role.as_str() {
            "" => "does not state the role of its key".to_owned(),
            role => format!("holds a key of the role {role:?}, not a root key"),
        };
        Err(wrong(&self.path, problem))
    }

    /// Decrypts the key in it.
    ///
    /// # Errors
    /// When the passphrase is wrong, the file is damaged, or it does not hold the key that its name states.
    pub fn open(&self, passphrase: &Pin) -> Result<OpenedKeyFile, TokenError> {
        self.require_root()?;
        let text = read_text(&self.path)?;
        let wrong = |problem: String| wrong(&self.path, problem);
        let (block, content) = first_block(&text).map_err(wrong)?;
        let encrypted = EncryptedKey::read(&block, content).map_err(wrong)?;
        let private = encrypted.decrypt(passphrase).ok_or(TokenError::WrongPin {
            role: PinRole::Passphrase,
            tries: Tries::Unknown,
        })?;
        let public = public_of(&private).ok_or_else(|| {
            wrong(
                "does not hold a P-256 key, which Notary's tools generate as root keys".to_owned(),
            )
        })?;
        if canonical_id(&public).as_deref() != Some(self.id.as_str()) {
            return Err(wrong(
                "does not hold the key that its name states".to_owned(),
            ));
        }
        Ok(OpenedKeyFile { private, public })
    }

    fn token_id(&self) -> TokenId {
        TokenId {
            profile: PROFILE.to_owned(),
            manufacturer: "Docker Content Trust".to_owned(),
            model: "key file".to_owned(),
            serial: self.id.clone(),
            label: self.role.clone(),
        }
    }
}

/// The text of a file. It may hold a private key in the clear, which is refused later.
fn read_text(path: &Path) -> Result<Zeroizing<String>, TokenError> {
    storage::read_text(path, Links::Follow, MAX_BYTES)
        .map(Zeroizing::new)
        .map_err(|error| unreadable(&error))
}

/// The first block of a text, and its content, which is not secret if it is encrypted.
fn first_block(text: &str) -> Result<(Block<'_>, Vec<u8>), String> {
    let block = pem::blocks(text)
        .next()
        .ok_or("is not PEM: it has no line -----BEGIN …-----")?;
    let content = block.decode().map_err(|error| match error {
        PemError::NoEnd => format!("is truncated: it has no line -----END {}-----", block.label),
        PemError::Base64(_) => {
            "is damaged: the text between BEGIN and END is not base64".to_owned()
        }
    })?;
    Ok((block, content))
}

/// A decrypted key in memory.
pub struct OpenedKeyFile {
    pub private: PrivateKey,
    /// The public half, computed from it.
    pub public: PublicKey,
}

/// The canonical ID of a key, as Notary computes it.
fn canonical_id(public: &PublicKey) -> Option<String> {
    let key = Key::notary(public).ok()?;
    Some(key.canonical_id()?.as_str().to_owned())
}

/// Every file in these trust folders that is named after a key, whatever it holds, each once.
///
/// # Errors
/// When a folder cannot be read, or a link has that name: then nobody knows whether there is another file.
pub fn files_of(id: &str, folders: &[PathBuf]) -> Result<Vec<PathBuf>, TokenError> {
    let mut files = Vec::new();
    for folder in folders {
        let private = folder.join("private");
        if storage::is_taken(&private).map_err(|error| unreadable(&error))? {
            collect_named(id, &private, DEEPEST, &mut files)?;
        }
    }
    // Two trust folders may be the same folder.
    let mut seen = BTreeSet::new();
    let mut once = Vec::new();
    for file in files {
        if seen.insert(real_path(&file).map_err(|error| unreadable(&error))?) {
            once.push(file);
        }
    }
    Ok(once)
}

fn collect_named(
    id: &str,
    folder: &Path,
    depth: usize,
    files: &mut Vec<PathBuf>,
) -> Result<(), TokenError> {
    for entry in list(folder).map_err(|error| unreadable(&error))? {
        let path = entry.path;
        let is_named = id_in(&path).is_some_and(|(named, _)| named.eq_ignore_ascii_case(id));
        match entry.kind {
            EntryKind::Folder if depth > 0 => collect_named(id, &path, depth - 1, files)?,
            EntryKind::File if is_named => files.push(path),
            EntryKind::Link | EntryKind::Other if is_named => {
                return Err(wrong(
                    &path,
                    "is not a regular file; replace it with the file itself, or remove it",
                ));
            }
            EntryKind::Folder | EntryKind::File | EntryKind::Link | EntryKind::Other => {}
        }
    }
    Ok(())
}

/// Overwrites and removes these files of a key, and verifies that the trust folders hold no other file of it.
///
/// # Errors
/// When a file cannot be erased, or another file of the key is left. Files before it are gone.
pub fn erase(id: &str, files: &[PathBuf], folders: &[PathBuf]) -> Result<(), TokenError> {
    for path in files {
        storage::erase(path)
            .map_err(|error| wrong(path, format!("cannot be erased: {}", error.problem)))?;
    }
    match files_of(id, folders)?.first() {
        None => Ok(()),
        Some(left) => Err(wrong(
            left,
            "is named after the same key and was not erased",
        )),
    }
}

/// Removes what an interrupted [`erase`] left of these files. It overwrites with zeros, which no key file begins with.
///
/// # Errors
/// When the folder of a file is not there, so that its absence means nothing, or a file cannot be read or erased.
pub fn finish_erasing(files: &[PathBuf]) -> Result<(), TokenError> {
    for path in files {
        if !path.parent().is_some_and(Path::is_dir) {
            return Err(wrong(path, "cannot be found: its folder does not exist"));
        }
        if !storage::is_taken(path).map_err(|error| unreadable(&error))? {
            continue;
        }
        let start =
            storage::read_start(path, Links::Refuse, 0).map_err(|error| unreadable(&error))?;
        if start.first().is_none_or(|byte| *byte == 0) {
            storage::erase(path)
                .map_err(|error| wrong(path, format!("cannot be erased: {}", error.problem)))?;
        }
    }
    Ok(())
}

fn wrong(path: &Path, problem: impl Into<String>) -> TokenError {
    TokenError::KeyFile {
        file: path.display().to_string(),
        problem: problem.into(),
    }
}

fn unreadable(error: &FileError) -> TokenError {
    wrong(&error.path, format!("cannot be read: {}", error.problem))
}

/// The key ID in the name of a key file, and the role, which old clients added.
fn id_in(path: &Path) -> Option<(&str, &str)> {
    let stem = path.file_stem()?.to_str()?;
    path.extension().filter(|end| *end == "key")?;
    Some(stem.split_once('_').unwrap_or((stem, "")))
}

fn collect(folder: &Path, depth: usize, paths: &mut Vec<PathBuf>) {
    for entry in list(folder).unwrap_or_default() {
        let path = entry.path;
        match entry.kind {
            EntryKind::Folder if depth > 0 => collect(&path, depth - 1, paths),
            EntryKind::File if path.extension().is_some_and(|end| end == "key") => paths.push(path),
            EntryKind::Folder | EntryKind::File | EntryKind::Link | EntryKind::Other => {}
        }
    }
}

/// The key pair on the only curve that Notary's tools use for root keys.
fn pair(private: &PrivateKey) -> Option<EcdsaKeyPair> {
    EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, private.expose()).ok()
}

fn public_of(private: &PrivateKey) -> Option<PublicKey> {
    PublicKey::from_point(Algorithm::P256, pair(private)?.public_key().as_ref()).ok()
}

/// The key files in the trust folders of this machine.
pub struct KeyFiles {
    profile: Profile,
    folders: Vec<PathBuf>,
}

impl KeyFiles {
    /// Uses the trust folders of the current user.
    pub fn open(profile: &Profile) -> Self {
        Self {
            profile: profile.clone(),
            folders: trust_folders(),
        }
    }
}

impl Reader for KeyFiles {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn tokens(&mut self) -> Result<Vec<Seen>, TokenError> {
        let files = KeyFile::roots_in(&self.folders).into_iter();
        let seen = files.map(|file| Seen {
            id: file.token_id(),
            state: state(),
        });
        Ok(seen.collect())
    }

    fn reset(&mut self) -> Result<(), TokenError> {
        Ok(())
    }

    fn open(&mut self, id: &TokenId) -> Result<Box<dyn Token>, TokenError> {
        let mut files = KeyFile::roots_in(&self.folders).into_iter();
        let file = files.find(|file| file.token_id() == *id);
        let file = file.ok_or_else(|| TokenError::NotFound {
            wanted: format!("key file {}.key", id.serial),
        })?;
        Ok(Box::new(KeyFileToken {
            id: id.clone(),
            file,
            opened: None,
        }))
    }
}

fn state() -> TokenState {
    TokenState {
        initialized: true,
        pin_set: true,
        pin_tries: Tries::Unknown,
        so_pin_tries: Tries::Unknown,
        pin_length: 1..=255,
        login_required: true,
        pin_pad: false,
        write_protected: true,
        at_factory_value: Vec::new(),
    }
}

/// A key file as a token.
struct KeyFileToken {
    id: TokenId,
    file: KeyFile,
    opened: Option<OpenedKeyFile>,
}

impl KeyFileToken {
    fn is_there(&self) -> bool {
        self.file.path.is_file()
    }

    fn object_id(&self) -> Vec<u8> {
        hex::decode(&self.file.id).unwrap_or_default()
    }
}

fn cannot(what: &str) -> TokenError {
    TokenError::unsupported(format!("{what}: it is a file"))
}

impl Token for KeyFileToken {
    fn id(&self) -> &TokenId {
        &self.id
    }

    fn state(&mut self) -> Result<TokenState, TokenError> {
        if self.is_there() {
            Ok(state())
        } else {
            Err(TokenError::Removed)
        }
    }

    fn initialize(&mut self, _so_pin: &Pin, _label: &str) -> Result<(), TokenError> {
        Err(cannot("be initialized"))
    }

    fn set_pin(&mut self, _so_pin: &Pin, _pin: &Pin) -> Result<(), TokenError> {
        Err(cannot("have a PIN set"))
    }

    fn change_pin(&mut self, _old: &Pin, _new: &Pin) -> Result<(), TokenError> {
        Err(cannot("have its passphrase changed"))
    }

    fn login(&mut self, pin: &Pin) -> Result<(), TokenError> {
        self.opened = None;
        self.opened = Some(self.file.open(pin)?);
        Ok(())
    }

    fn logout(&mut self) -> Result<(), TokenError> {
        self.opened = None;
        Ok(())
    }

    fn objects(&mut self) -> Result<Vec<HeldObject>, TokenError> {
        if !self.is_there() {
            return Ok(Vec::new());
        }
        Ok(vec![HeldObject {
            kind: ObjectKind::PrivateKey,
            object_id: self.object_id(),
            label: self.file.role.clone(),
        }])
    }

    fn keys(&mut self) -> Result<Vec<HeldKey>, TokenError> {
        let opened = self.opened.iter();
        let held = opened.map(|opened| HeldKey {
            object_id: self.object_id(),
            label: self.file.role.clone(),
            public: opened.public.clone(),
        });
        Ok(held.collect())
    }

    /// The public half is encrypted too, but the file is named after it.
    fn holding(&mut self, public: &PublicKey) -> Result<Option<HeldKey>, TokenError> {
        let is_named = canonical_id(public).as_deref() == Some(self.file.id.as_str());
        let is_it = is_named && self.is_there();
        Ok(is_it.then(|| HeldKey {
            object_id: self.object_id(),
            label: self.file.role.clone(),
            public: public.clone(),
        }))
    }

    fn generate(&mut self, _request: &KeyRequest) -> Result<GeneratedKey, TokenError> {
        Err(cannot("generate keys"))
    }

    fn recover(&mut self, _request: &KeyRequest) -> Result<Option<GeneratedKey>, TokenError> {
        Ok(None)
    }

    fn sign_by(
        &mut self,
        object_id: &[u8],
        public: &PublicKey,
        scheme: Scheme,
        message: &[u8],
    ) -> Result<Vec<u8>, TokenError> {
        let opened = self.opened.as_ref().ok_or(TokenError::LoginNeeded)?;
        if opened.public != *public {
            return Err(TokenError::key_not_found(object_id));
        }
        if scheme != Scheme::EcdsaP256 {
            return Err(cannot("sign with that scheme"));
        }
        let signed =
            pair(&opened.private).and_then(|pair| pair.sign(&SystemRandom::new(), message).ok());
        let signature = signed.ok_or_else(|| cannot("sign with that scheme"))?;
        Ok(signature.as_ref().to_vec())
    }

    fn random(&mut self, _length: usize) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        Err(cannot("generate random bytes"))
    }

    /// A key may have several files: see [`erase`].
    fn destroy(&mut self, _object_id: &[u8]) -> Result<(), TokenError> {
        Err(cannot("have a single object destroyed"))
    }
}
