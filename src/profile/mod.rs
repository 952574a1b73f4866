//! Token profiles: everything Conclave must know about a make of token to work with it.
//!
//! A profile is one TOML file. `hsm-config/` has those that are built in, and a site may bring its own. A field that is
//! unknown or misspelled is an error.

mod declaration;
mod fields;
mod reference;

use std::fmt;
use std::path::Path;

pub use self::fields::{
    Backup, Blank, EqualBlanks, IdForm, Initialize, InitializedBy, Keys, Kind, LabelForm, Login,
    LoginMethod, Module, ObjectClass, PinForm, PrivateAttribute, Profile, PublicAttribute, Rescan,
    SignatureMechanism, Signing, Slots, Tried, WrappingMechanism,
};
pub use self::reference::reference;
use crate::metadata::KeyType;
use crate::storage::{FileError, Links, read_text};
use crate::words::Digest;

/// The built-in profiles: name and text.
const BUILT_IN: [(&str, &str); 16] = [
    ("cloudhsm", include_str!("../../hsm-config/cloudhsm.toml")),
    (
        "docker-key-file",
        include_str!("../../hsm-config/docker-key-file.toml"),
    ),
    (
        "google-kms",
        include_str!("../../hsm-config/google-kms.toml"),
    ),
    ("kryoptic", include_str!("../../hsm-config/kryoptic.toml")),
    ("luna", include_str!("../../hsm-config/luna.toml")),
    ("nshield", include_str!("../../hsm-config/nshield.toml")),
    ("nss", include_str!("../../hsm-config/nss.toml")),
    (
        "opencryptoki",
        include_str!("../../hsm-config/opencryptoki.toml"),
    ),
    ("opensc", include_str!("../../hsm-config/opensc.toml")),
    (
        "smartcard-hsm",
        include_str!("../../hsm-config/smartcard-hsm.toml"),
    ),
    ("softhsm2", include_str!("../../hsm-config/softhsm2.toml")),
    (
        "tpm2-pkcs11",
        include_str!("../../hsm-config/tpm2-pkcs11.toml"),
    ),
    ("utimaco", include_str!("../../hsm-config/utimaco.toml")),
    ("ykcs11", include_str!("../../hsm-config/ykcs11.toml")),
    ("yubihsm2", include_str!("../../hsm-config/yubihsm2.toml")),
    (
        "yubikey-piv",
        include_str!("../../hsm-config/yubikey-piv.toml"),
    ),
];

/// Longer than any profile.
pub const LONGEST: usize = 1 << 20;

/// The longest label of a PKCS#11 token, in bytes.
const LONGEST_LABEL: usize = 32;

/// Why a text is not a profile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    #[error("cannot read {0}")]
    Read(#[from] FileError),
    /// Not TOML, or a field that is unknown or of the wrong type.
    #[error("{origin}:{line}:{column}: {detail}")]
    Syntax {
        origin: String,
        /// Counted from 1.
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
    /// No profile has that name.
    #[error("there is no token profile {name:?}; built in: {known}")]
    Unknown { name: String, known: String },
}

impl Profile {
    /// # Errors
    /// Never in a build that passed its tests: they read each profile.
    pub fn built_in() -> Result<Vec<Self>, ProfileError> {
        BUILT_IN
            .iter()
            .map(|(name, text)| Self::parse(text, name))
            .collect()
    }

    /// The built-in profile of a name: `softhsm2`.
    ///
    /// # Errors
    /// When no built-in profile has that name.
    pub fn named(name: &str) -> Result<Self, ProfileError> {
        match BUILT_IN.iter().find(|(known, _)| *known == name) {
            Some((name, text)) => Self::parse(text, name),
            None => Err(ProfileError::Unknown {
                name: name.to_owned(),
                known: BUILT_IN.map(|(known, _)| known).join(", "),
            }),
        }
    }

    /// # Errors
    /// When the file cannot be read or is not a profile.
    pub fn from_file(path: &Path) -> Result<Self, ProfileError> {
        let text = read_text(path, Links::Follow, LONGEST as u64)?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads the text of a profile; `origin` names it in errors.
    ///
    /// # Errors
    /// When it is not TOML, a field is unknown or of the wrong type, or a value is not allowed.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ProfileError> {
        let profile: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let before = before.unwrap_or_default();
            ProfileError::Syntax {
                origin: origin.to_owned(),
                line: before.matches('\n').count() + 1,
                column: before.chars().rev().take_while(|c| *c != '\n').count() + 1,
                detail: error.message().trim_end().to_owned(),
            }
        })?;
        match profile.problem() {
            None => Ok(Self {
                text: text.to_owned(),
                ..profile
            }),
            Some((field, problem)) => Err(ProfileError::Value {
                origin: origin.to_owned(),
                field,
                problem,
            }),
        }
    }

    /// Whether a profile can have that name.
    pub fn is_name(text: &str) -> bool {
        let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !text.is_empty() && text.chars().all(word)
    }

    /// The first field with a value that is not allowed, and why.
    fn problem(&self) -> Option<(&'static str, &'static str)> {
        let [shortest, longest] = match self.login.pin_length[..] {
            [] => [1, usize::MAX],
            [shortest, longest] => [shortest, longest],
            _ => [0, 0],
        };
        let is_id = hex::decode(&self.keys.id).is_ok_and(|id| !id.is_empty());
        let is_fixed = self.keys.id_form == IdForm::Fixed;
        let problems = [
            (
                !Self::is_name(&self.name),
                "name",
                "must consist of lower-case letters, digits and hyphens",
            ),
            (self.title.trim().is_empty(), "title", "is missing"),
            (
                self.tried == Tried::With(Vec::new()),
                "tried",
                "is empty: name the versions, or write false",
            ),
            (
                self.kind != Kind::Pkcs11 && self.module != Module::default(),
                "module",
                "is only for the kind \"pkcs11\"",
            ),
            (
                self.kind == Kind::Pkcs11 && self.module.paths.is_empty(),
                "module.paths",
                "is empty",
            ),
            (
                // A relative path would be searched for in folders that an attacker may write to.
                self.module.paths.iter().any(|path| !path.is_absolute()),
                "module.paths",
                "has a path that is not absolute",
            ),
            (
                (self.module.environment.keys())
                    .any(|name| name.is_empty() || name.contains(['=', '\0'])),
                "module.environment",
                "has a name that a variable cannot have",
            ),
            (
                !(1..=LONGEST_LABEL).contains(&self.initialize.label_length),
                "initialize.label_length",
                "must be 1 to 32",
            ),
            (
                !(1..=255).contains(&shortest) || longest < shortest,
                "login.pin_length",
                "must be a shortest and a longest length",
            ),
            (
                !(1..=32).contains(&self.keys.id_length),
                "keys.id_length",
                "must be 1 to 32",
            ),
            (
                is_fixed != is_id || is_fixed == self.keys.id.is_empty(),
                "keys.id",
                "must be hex if id_form is \"fixed\", and is omitted otherwise",
            ),
            (
                self.keys.public_templates.is_empty() || self.keys.private_templates.is_empty(),
                "keys",
                "must have at least one template for each half",
            ),
            (
                self.backup.mechanisms.is_empty() && !self.backup.wraps.is_empty(),
                "backup.mechanisms",
                "is empty",
            ),
        ];
        let problem = problems.into_iter().find(|(is_wrong, ..)| *is_wrong)?;
        Some((problem.1, problem.2))
    }

    /// The same profile with its module at one path only.
    ///
    /// # Errors
    /// When the path is not absolute, or the kind has no module.
    pub fn with_module(mut self, path: &Path) -> Result<Self, ProfileError> {
        self.module.paths = vec![path.to_owned()];
        match self.problem() {
            None => Ok(self),
            Some((field, problem)) => Err(ProfileError::Value {
                origin: format!("profile {}", self.name),
                field,
                problem,
            }),
        }
    }

    /// The SHA-256 of the profile's text, which identifies it.
    pub fn sha256(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }

    /// Whether such a token proves, signed, where a key was generated. It also keeps keys in numbered slots, with
    /// policies.
    pub fn attests(&self) -> bool {
        self.kind == Kind::YubikeyPiv
    }

    /// The `CKA_ID` of a new key; `random` is used where the profile leaves it to chance.
    pub fn new_object_id(&self, random: &[u8; 8]) -> Vec<u8> {
        if self.keys.id_form == IdForm::Fixed {
            return hex::decode(&self.keys.id).unwrap_or_default();
        }
        let longer = Digest::of(random);
        let (id, length) = (longer.as_bytes(), self.keys.id_length);
        match random.get(..length) {
            Some(random) => random.to_vec(),
            None => id.get(..length).unwrap_or(id).to_vec(),
        }
    }

    /// Whether it is for key files, which are not tokens.
    pub fn is_key_file(&self) -> bool {
        self.kind == Kind::KeyFile
    }

    /// The file by which scripts carry it; none for a built-in profile.
    pub fn file(&self) -> Option<(String, Vec<u8>)> {
        let mut built_in = BUILT_IN.iter();
        let is_built_in = built_in.any(|it| *it == (self.name.as_str(), self.text.as_str()));
        (!is_built_in).then(|| {
            let path = format!("profiles/{}.toml", self.name);
            (path, self.text.clone().into_bytes())
        })
    }

    /// Whether it is a file under the name of a built-in profile.
    pub fn replaces_built_in(&self) -> bool {
        BUILT_IN.iter().any(|(name, _)| *name == self.name) && self.file().is_some()
    }

    pub fn is_tried(&self) -> bool {
        self.tried != Tried::Never
    }

    /// Whether a private key of that type can be backed up from such a token.
    pub fn wraps(&self, key_type: KeyType) -> bool {
        self.backup.wraps.contains(&key_type)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = BUILT_IN[10].1;

    #[test]
    fn every_profile_of_the_folder_is_built_in_under_its_name() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("hsm-config");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let names = Profile::built_in().unwrap();
        let names: Vec<_> = names.iter().map(|it| format!("{}.toml", it.name)).collect();
        assert_eq!(files, names);
        assert_eq!(
            files,
            BUILT_IN.map(|(name, _)| format!("{name}.toml")).to_vec()
        );
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = Profile::named("softhsm").unwrap_err().to_string();
        assert!(
            error.starts_with(
                "there is no token profile \"softhsm\"; built in: cloudhsm, docker-key-file, "
            ),
            "{error}"
        );
    }

    #[test]
    fn errors_name_their_place() {
        for (from, to, expected) in [
            (
                "locks = false",
                "lock = false",
                ":31:1: unknown field `lock`",
            ),
            ("title = \"SoftHSM 2\"", "", ": title is missing"),
            (
                "\"reinitialize\"\n",
                "\"restart\"\n",
                ":27:10: unknown variant `restart`",
            ),
            (
                "kind = \"pkcs11\"",
                "kind = \"yubikey-piv\"",
                ": module is only for the kind",
            ),
            (
                "hardware = false",
                "hardware = 1",
                ":11:12: invalid type: integer `1`",
            ),
            ("\"softhsm2\"", "\"Soft HSM\"", ": name must consist of"),
            (
                "\"/usr/lib/softhsm/",
                "\"softhsm/",
                ": module.paths has a path that is not absolute",
            ),
            (
                "locks = false",
                "pin_length = [4]",
                ": login.pin_length must be",
            ),
            (
                "[keys]\n",
                "[keys]\nid_form = \"fixed\"\n",
                ": keys.id must be hex",
            ),
            ("tried = [", "tried = true #", ":9:9: name the versions"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            assert_ne!(text, GOOD, "{from}");
            let error = Profile::parse(&text, "my.toml").unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("my.toml{expected}")),
                "{expected}: {error}"
            );
        }
    }
}
