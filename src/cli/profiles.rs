//! The files of token profiles, and the environment that they require.

use std::collections::BTreeMap;
use std::env;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::profile::{LONGEST, Profile};
use crate::script::PinnedFileSource;
use crate::storage::{Links, read_start};

use super::Failure;

/// The possible files of a profile, in the order of the search; see docs/formats/profile.md.
fn candidates(name: &str, beside: &Path) -> Vec<PathBuf> {
    let file = format!("{name}.toml");
    let configuration = env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".config")));
    let shared = configuration.into_iter().chain(["/etc".into()]);
    [beside.join(&file), beside.join("profiles").join(&file)]
        .into_iter()
        .chain(shared.map(|folder| folder.join("conclave/profiles").join(&file)))
        .collect()
}

/// The first existing file of a profile; built-in profiles are not files.
pub(super) fn read(name: &str, beside: &Path) -> io::Result<Vec<u8>> {
    for path in candidates(name, beside) {
        match read_start(&path, Links::Follow, LONGEST as u64 + 1).map_err(io::Error::from) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => return result,
        }
    }
    Err(io::ErrorKind::NotFound.into())
}

/// The profile of an option: a path if it contains `/`, or else a name.
pub(super) fn load(option: &str) -> Result<Profile, Failure> {
    if option.contains('/') {
        return Ok(Profile::from_file(Path::new(option))?);
    }
    let mut found = candidates(option, Path::new("")).into_iter();
    match found.find(|path| Profile::is_name(option) && path.exists()) {
        Some(path) => Ok(Profile::from_file(&path)?),
        None => Ok(Profile::named(option)?),
    }
}

/// The pinned files of a new script, and the profiles that are found from its folder.
pub(super) struct PinnedFiles<'f> {
    pub(super) files: &'f BTreeMap<String, Vec<u8>>,
    pub(super) beside: &'f Path,
}

impl PinnedFileSource for PinnedFiles<'_> {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.files.read(name)
    }

    fn profile(&self, name: &str) -> io::Result<Vec<u8>> {
        read(name, self.beside)
    }
}

/// Starts this program again with the environment of the profiles, unless it has that environment. A module reads its
/// environment when it is loaded, and a process cannot safely change its own.
pub(super) fn enter_environment<'p>(
    profiles: impl IntoIterator<Item = &'p Profile>,
) -> Result<(), Failure> {
    let mut wanted: BTreeMap<&str, &str> = BTreeMap::new();
    for profile in profiles {
        for (name, value) in &profile.module.environment {
            if wanted
                .insert(name, value)
                .is_some_and(|other| other != value)
            {
                return Err(Failure::usage(format!(
                    "two profiles set the environment variable {name} to different values"
                ))
                .hint("use these profiles in separate ceremonies"));
            }
        }
    }
    let is_set = |(name, value): (&&str, &&str)| {
        env::var_os(name).is_some_and(|set| set.as_encoded_bytes() == value.as_bytes())
    };
    if wanted.iter().all(is_set) {
        return Ok(());
    }
    let program = env::current_exe().map_err(|error| cannot_start(&error))?;
    let mut command = Command::new(program);
    Err(cannot_start(
        &command.args(env::args_os().skip(1)).envs(wanted).exec(),
    ))
}

fn cannot_start(error: &io::Error) -> Failure {
    Failure::io(format!(
        "cannot start this program again with the environment of the profile: {error}"
    ))
}
