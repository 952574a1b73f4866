//! `conclave script new notary-migration`: all repositories of one root key in the trust directories.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use super::basics::Basics;
use super::source::read_file;
use crate::cli::Failure;
use crate::metadata::{RoleKind, RootFile, RootFormat};
use crate::record::visible;
use crate::script::{MigratedRepository, MigrationTemplate};
use crate::storage::{EntryKind, list};
use crate::token::key_file::{KeyFile, trust_folders};

/// The maximum depth of repository names below `tuf`.
const DEEPEST: usize = 16;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Migration from Docker Content Trust")]
pub(super) struct Migration {
    /// Trust directories, with private/ and tuf/ [default: those of Docker and notary]
    #[arg(long, value_name = "DIR", num_args = 1..)]
    trust: Vec<PathBuf>,
    /// The current roots from the servers, as DIR/GUN/root.json; the roots in a trust directory may be older
    #[arg(long, value_name = "DIR")]
    roots: Option<PathBuf>,
    /// Repositories that are only known on another machine, or newer roots: name, and root.json from the server
    #[arg(long, value_name = "GUN=FILE", num_args = 1..)]
    also: Vec<String>,
}

struct Found {
    version: u64,
    root: Vec<u8>,
    /// Its root keys: their IDs in the root, and in the names of their key files.
    keys: Vec<(String, String)>,
}

impl Migration {
    /// Whether any of these options was given.
    pub(super) const fn is_given(&self) -> bool {
        !self.trust.is_empty() || !self.also.is_empty() || self.roots.is_some()
    }

    pub(super) fn template(&self, basics: &Basics) -> Result<MigrationTemplate, Failure> {
        let folders = if self.trust.is_empty() {
            trust_folders()
        } else {
            self.trust.clone()
        };
        let mut found = BTreeMap::new();
        for folder in &folders {
            search(&folder.join("tuf"), "", "metadata/root.json", &mut found);
        }
        if let Some(folder) = &self.roots {
            search(folder, "", "root.json", &mut found);
        }
        for text in &self.also {
            let (name, repository) = given(text)?;
            found.insert(name, repository);
        }
        let files = KeyFile::roots_in(&folders);
        let own = found.get(&basics.repository).ok_or_else(|| {
            let known: Vec<String> = found.keys().map(|name| visible(name)).collect();
            let name = visible(&basics.repository);
            Failure::usage(format!("cannot find a root of {name}")).hint(if known.is_empty() {
                "give the trust directory with --trust DIR, or the root with --also GUN=root.json"
                    .to_owned()
            } else {
                format!(
                    "found: {}; give other roots with --also GUN=root.json",
                    known.join(", ")
                )
            })
        })?;
        let (key_id, key_file) = match own.keys.as_slice() {
            [only] => only.clone(),
            keys => {
                return Err(Failure::usage(format!(
                    "the root has {} root keys; a root made by stock tools has one",
                    keys.len()
                ))
                .hint("write a rotation: conclave script new rotation"));
            }
        };
        if !files.iter().any(|file| file.id() == key_file) {
            return Err(Failure::usage(format!(
                "cannot find the key file of the root key {key_file}"
            ))
            .hint(format!(
                "find private/{key_file}.key on the machine that created the repository, and give its trust directory with --trust DIR"
            )));
        }
        ask_for_more(&key_file, &mut found)?;
        let mut repositories = Vec::new();
        let is_own = |name: &str| name == basics.repository;
        let under_key = |repository: &Found| repository.keys.iter().any(|(_, id)| *id == key_file);
        for (name, repository) in found {
            if !under_key(&repository) {
                continue;
            }
            let one = MigratedRepository {
                version: repository.version,
                root: repository.root,
                name,
            };
            if is_own(&one.name) {
                repositories.insert(0, one);
            } else {
                repositories.push(one);
            }
        }
        print_found(&key_file, &repositories, self.roots.is_some());
        Ok(MigrationTemplate {
            title: basics.title.clone(),
            not_before: basics.not_before,
            expires: basics.expires()?,
            repositories,
            key_id,
            key_file,
            tokens: basics.tokens.unwrap_or(2),
            key_type: basics.key_type,
            profile: basics.profile.clone(),
        })
    }
}

/// Asks the user for repositories that this machine does not know.
fn ask_for_more(key_file: &str, found: &mut BTreeMap<String, Found>) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Ok(());
    }
    let under_key = |one: &Found| one.keys.iter().any(|(_, id)| id == key_file);
    let names = found.iter().filter(|(_, one)| under_key(one));
    let names: Vec<String> = names.map(|(name, _)| visible(name)).collect();
    eprintln!(
        "Repositories of this root key that are known on this machine: {}.",
        names.join(", ")
    );
    eprintln!(
        "Enter repositories that are only known on other machines: name, =, path of root.json. Press Enter to finish."
    );
    loop {
        eprint!("GUN=FILE: ");
        let _ = io::stderr().flush();
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        let length =
            read.map_err(|error| Failure::io(format!("cannot read the input: {error}")))?;
        if length == 0 || line.trim().is_empty() {
            return Ok(());
        }
        match given(line.trim()) {
            Ok((name, repository)) if under_key(&repository) => {
                found.insert(name, repository);
            }
            Ok((name, _)) => eprintln!("{} has another root key.", visible(&name)),
            Err(failure) => eprintln!("{failure}"),
        }
    }
}

/// Prints the repositories that were found, and what else to look for.
fn print_found(key_file: &str, repositories: &[MigratedRepository], is_fetched: bool) {
    eprintln!("repositories of the root key {key_file}:");
    for repository in repositories {
        eprintln!(
            "  {}, root {}",
            visible(&repository.name),
            repository.version
        );
    }
    eprintln!(
        "hint: repositories that are missing here keep the old key; add those that are only known on other machines with --also GUN=root.json"
    );
    if is_fetched {
        return;
    }
    eprintln!(
        "hint: the roots in a trust directory may be older than on the server, which only accepts the next version; download the current roots, and give their directory with --roots served:"
    );
    for repository in repositories {
        let name = visible(&repository.name);
        eprintln!(
            "  curl -fsS --create-dirs https://SERVER/v2/{name}/_trust/tuf/root.json -o served/{name}/root.json"
        );
    }
}

/// The roots below a folder: `GUN/metadata/root.json` in a trust directory.
fn search(folder: &Path, name: &str, file: &str, found: &mut BTreeMap<String, Found>) {
    if let Some(repository) = read(&folder.join(file))
        && !name.is_empty()
    {
        // If two machines have different versions of a root, the newer one is used.
        if found
            .get(name)
            .is_none_or(|known| known.version < repository.version)
        {
            found.insert(name.to_owned(), repository);
        }
    }
    for entry in list(folder).unwrap_or_default() {
        let Some(own) = entry.name.to_str() else {
            continue;
        };
        if entry.kind == EntryKind::Folder && name.matches('/').count() < DEEPEST {
            let name = if name.is_empty() {
                own.to_owned()
            } else {
                format!("{name}/{own}")
            };
            search(&entry.path, &name, file, found);
        }
    }
}

fn read(path: &Path) -> Option<Found> {
    let root = read_file(path).ok()?;
    let file = RootFile::read(&root).ok()?;
    let document = file.document();
    if document.format() != RootFormat::Notary {
        return None;
    }
    let keys = document.role_keys(RoleKind::Root);
    let keys = keys.map(|(id, listed)| {
        let canonical = listed.key().canonical_id()?;
        Some((id.as_str().to_owned(), canonical.as_str().to_owned()))
    });
    Some(Found {
        version: document.version(),
        keys: keys.collect::<Option<_>>()?,
        root,
    })
}

/// `GUN=FILE`
fn given(text: &str) -> Result<(String, Found), Failure> {
    let (name, path) = text
        .split_once('=')
        .ok_or_else(|| Failure::usage(format!("{text:?} is not GUN=FILE")))?;
    let repository = read(Path::new(path)).ok_or_else(|| {
        Failure::usage(format!("{path:?} is not a Notary root file"))
            .hint("download it from the server: GET /v2/GUN/_trust/tuf/root.json")
    })?;
    Ok((name.to_owned(), repository))
}
