//! Token profiles: what Conclave must know of a make of token to work with it.
//!
//! A profile is one TOML file of `hsm-config/`, and nothing but that file: a
//! field that is unknown, misspelled or missing is an error.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::storage::{FileError, Links, read_text};

/// The profiles that are built in: name of the file, and its text.
const EMBEDDED: [(&str, &str); 3] = [
    (
        "hsm-config/docker-key-file.toml",
        include_str!("../../hsm-config/docker-key-file.toml"),
    ),
    (
        "hsm-config/softhsm2.toml",
        include_str!("../../hsm-config/softhsm2.toml"),
    ),
    (
        "hsm-config/yubikey-piv.toml",
        include_str!("../../hsm-config/yubikey-piv.toml"),
    ),
];

/// Longer than any profile.
const MAX_BYTES: u64 = 1 << 20;

/// How one make of token is reached and how it behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    name: String,
    title: String,
    kind: Kind,
    module: ModuleFile,
    quirks: Quirks,
    wraps: Vec<String>,
}

/// How a token is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// Through a PKCS#11 module.
    Pkcs11,
    /// As a YubiKey, through its PIV application and the system's service for smart cards.
    YubikeyPiv,
    /// As files on a disk, each with a root key of Docker Content Trust.
    KeyFile,
}

/// Where the module of a profile lies. What needs none has no paths.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModuleFile {
    paths: Vec<PathBuf>,
    install: String,
}

/// The service that a make needs in place of a module.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    install: String,
}

/// What a make of token does differently from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quirks {
    /// How tokens that came or went are noticed.
    pub rescan: Rescan,
    /// Whether wrong PINs lock the token.
    pub locks_pin: bool,
    /// Whether public keys show only after a login.
    pub public_keys_need_login: bool,
    /// Whether private keys live in hardware; those of software tokens can be copied with their files.
    pub hardware: bool,
}

/// What a make of token can do for the backup of a key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Abilities {
    wraps: Vec<String>,
}

/// What it takes to notice tokens that came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rescan {
    /// To list the slots.
    List,
    /// To finalize and initialize the module, which ends every session.
    Reinitialize,
}

/// Why a text is no profile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    #[error("cannot read {0}")]
    Read(#[from] FileError),
    /// Not TOML, or a field that is unknown, missing or of the wrong kind.
    #[error("{origin}:{line}:{column}: {detail}")]
    Syntax {
        origin: String,
        /// Counted from 1; where a field is missing, its table's.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
        detail: String,
    },
    #[error("{origin}: {field} {problem}")]
    Value {
        origin: String,
        /// The field: `module.paths`.
        field: &'static str,
        problem: &'static str,
    },
    /// No built-in profile of that name.
    #[error("there is no token profile {name:?}; there are: {known}")]
    Unknown { name: String, known: String },
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    name: String,
    title: String,
    kind: Kind,
    module: Option<ModuleFile>,
    service: Option<Service>,
    quirks: Quirks,
    backup: Abilities,
}

impl Profile {
    /// # Errors
    /// Never in a build that passed its tests: they read each of them.
    pub fn embedded() -> Result<Vec<Self>, ProfileError> {
        EMBEDDED
            .iter()
            .map(|(origin, text)| Self::parse(text, origin))
            .collect()
    }

    /// The built-in profile of a name: `softhsm2`.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn named(name: &str) -> Result<Self, ProfileError> {
        let mut profiles = Self::embedded()?;
        match profiles.iter().position(|profile| profile.name == name) {
            Some(index) => Ok(profiles.swap_remove(index)),
            None => Err(ProfileError::Unknown {
                name: name.to_owned(),
                known: profiles
                    .iter()
                    .map(Self::name)
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
        }
    }

    /// Reads a profile of the officer's own.
    ///
    /// # Errors
    /// When the file cannot be read or is no profile.
    pub fn from_file(path: &Path) -> Result<Self, ProfileError> {
        let text = read_text(path, Links::Follow, MAX_BYTES)?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads the text of a profile; `origin` names it in errors.
    ///
    /// # Errors
    /// When it is not TOML, a field is unknown, missing or of the wrong kind, or a value cannot be.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ProfileError> {
        let document: Document = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let before = before.unwrap_or_default();
            ProfileError::Syntax {
                origin: origin.to_owned(),
                line: before.matches('\n').count() + 1,
                column: before.chars().rev().take_while(|c| *c != '\n').count() + 1,
                detail: error.message().trim_end().to_owned(),
            }
        })?;
        let wrong = |field, problem| ProfileError::Value {
            origin: origin.to_owned(),
            field,
            problem,
        };
        let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if document.name.is_empty() || !document.name.chars().all(word) {
            return Err(wrong(
                "name",
                "is made of lower-case letters, digits and hyphens",
            ));
        }
        if document.title.trim().is_empty() {
            return Err(wrong("title", "is empty"));
        }
        let module = match (document.kind, document.module, document.service) {
            (Kind::Pkcs11, Some(module), None) => module,
            (Kind::Pkcs11, None, _) => return Err(wrong("module", "is missing")),
            (Kind::Pkcs11, Some(_), Some(_)) | (Kind::KeyFile, None, Some(_)) => {
                return Err(wrong("service", "is not for this kind"));
            }
            (Kind::YubikeyPiv, None, Some(service)) => ModuleFile {
                paths: Vec::new(),
                install: service.install,
            },
            (Kind::KeyFile, None, None) => ModuleFile {
                paths: Vec::new(),
                install: String::new(),
            },
            (Kind::YubikeyPiv, _, None) => return Err(wrong("service", "is missing")),
            (Kind::YubikeyPiv | Kind::KeyFile, Some(_), _) => {
                return Err(wrong("module", "is not for this kind"));
            }
        };
        if document.kind == Kind::Pkcs11 && module.paths.is_empty() {
            return Err(wrong("module.paths", "names no path"));
        }
        // A relative name would be searched for in places that an attacker may write to.
        if module.paths.iter().any(|path| !path.is_absolute()) {
            return Err(wrong("module.paths", "has a path that is not absolute"));
        }
        Ok(Self {
            name: document.name,
            title: document.title,
            kind: document.kind,
            module,
            quirks: document.quirks,
            wraps: document.backup.wraps,
        })
    }

    /// The same make with its module at one place only.
    ///
    /// # Errors
    /// When the path is not absolute, or the make has no module.
    pub fn with_module(mut self, path: &Path) -> Result<Self, ProfileError> {
        let wrong = |field, problem| ProfileError::Value {
            origin: format!("profile {}", self.name),
            field,
            problem,
        };
        if self.kind != Kind::Pkcs11 {
            return Err(wrong("module", "is not for this kind"));
        }
        if !path.is_absolute() {
            return Err(wrong("module.paths", "has a path that is not absolute"));
        }
        self.module.paths = vec![path.to_owned()];
        Ok(self)
    }

    /// The name that scripts use: `softhsm2`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name that people read: `SoftHSM 2`.
    pub fn title(&self) -> &str {
        &self.title
    }

    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Where the module may lie, in the order of trying; nowhere for a make without one.
    pub fn module_paths(&self) -> &[PathBuf] {
        &self.module.paths
    }

    /// What to tell an operator who has no such module or service.
    pub fn install_hint(&self) -> &str {
        &self.module.install
    }

    /// Whether a private key of that type, made in such a token, can leave it wrapped by AES-KWP.
    pub fn wraps(&self, key_type: &str) -> bool {
        self.wraps.iter().any(|known| known == key_type)
    }

    /// The types of key of which that is so.
    pub fn wrapped_key_types(&self) -> impl Iterator<Item = &str> {
        self.wraps.iter().map(String::as_str)
    }

    pub const fn quirks(&self) -> Quirks {
        self.quirks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = EMBEDDED[1].1;

    #[test]
    fn every_built_in_profile_is_found_by_its_name_and_stands_in_a_file_of_that_name() {
        for (profile, (origin, _)) in Profile::embedded().unwrap().iter().zip(EMBEDDED) {
            assert_eq!(&Profile::named(profile.name()).unwrap(), profile);
            assert_eq!(origin, format!("hsm-config/{}.toml", profile.name()));
        }
    }

    #[test]
    fn every_profile_of_the_folder_is_built_in() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("hsm-config");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| format!("hsm-config/{}", entry.unwrap().file_name().display()))
            .collect();
        files.sort();
        assert_eq!(files, EMBEDDED.map(|(origin, _)| origin));
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        assert_eq!(
            Profile::named("softhsm").unwrap_err().to_string(),
            "there is no token profile \"softhsm\"; there are: docker-key-file, softhsm2, yubikey-piv"
        );
    }

    #[test]
    fn faults_are_told_with_their_place() {
        for (from, to, told) in [
            ("locks_pin", "lock_pin", ":40:1: unknown field `lock_pin`"),
            ("title = \"SoftHSM 2\"", "", ":1:1: missing field `title`"),
            (
                "\"reinitialize\"\n",
                "\"restart\"\n",
                ":37:10: unknown variant `restart`",
            ),
            (
                "kind = \"pkcs11\"",
                "kind = 11",
                ":15:8: wanted string or table",
            ),
            (
                "kind = \"pkcs11\"",
                "kind = \"yubikey-piv\"",
                ": service is missing",
            ),
            (
                "[quirks]",
                "[service]\ninstall = \"\"\n[quirks]",
                ": service is not for this kind",
            ),
            ("kind = \"pkcs11\"", "kind = ", ":15:8: "),
            ("\"softhsm2\"", "\"Soft HSM\"", ": name is made of"),
            ("\"SoftHSM 2\"", "\" \"", ": title is empty"),
            (
                "\"/usr/lib/softhsm/",
                "\"softhsm/",
                ": module.paths has a path that is not absolute",
            ),
        ] {
            let text = GOOD.replacen(from, to, 1);
            assert_ne!(text, GOOD, "{from}");
            let error = Profile::parse(&text, "my.toml").unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("my.toml{told}")),
                "{told}: {error}"
            );
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Profile::from_file(Path::new("/nowhere/hsm.toml")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot read /nowhere/hsm.toml: ")
        );
    }
}
