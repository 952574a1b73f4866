//! `conclave script new notary-migration`: the trust directory is searched for all repositories under one key.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use super::basics::Basics;
use super::source::read_file;
use crate::cli::{Failure, Status};
use crate::metadata::{RoleKind, RootFile, RootFormat};
use crate::record::visible;
use crate::script::{MigratedRepository, MigrationTemplate};
use crate::storage::{EntryKind, list};
use crate::token::key_file::{KeyFile, trust_folders};

/// How deep names of repositories lead below `tuf`.
const DEEPEST: usize = 16;

/// What is taken out of a key file
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "A migration of Docker Content Trust")]
pub(super) struct Migration {
    /// The trust directory, with private/ and tuf/ [default: those of Docker and notary]
    #[arg(long, value_name = "DIR", num_args = 1..)]
    trust: Vec<PathBuf>,
    /// The roots as their servers serve them now, DIR/GUN/root.json each: what a trust directory has may be older
    #[arg(long, value_name = "DIR")]
    roots: Option<PathBuf>,
    /// A repository that another machine knows, or a newer root of one: its name and root.json, as its server serves it
    #[arg(long, value_name = "GUN=ROOT", num_args = 1..)]
    also: Vec<String>,
}

/// A repository that was found.
struct Found {
    version: u64,
    root: Vec<u8>,
    /// Its root keys: IDs in the root, and those after which their files are called.
    keys: Vec<(String, String)>,
}

impl Migration {
    /// Whether anything of it was given.
    pub(super) const fn is_given(&self) -> bool {
        !self.trust.is_empty() || !self.also.is_empty() || self.roots.is_some()
    }

    /// What the script is to say.
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
            usage(format!("no root of {name} was found")).hint(if known.is_empty() {
                "give the trust directory with --trust DIR, or the root with --also GUN=root.json"
                    .to_owned()
            } else {
                format!(
                    "there are: {}; give others with --also GUN=root.json",
                    known.join(", ")
                )
            })
        })?;
        let (key_id, key_file) = match own.keys.as_slice() {
            [only] => only.clone(),
            keys => {
                let what = format!(
                    "its root has {} root keys: that is no root of stock tools",
                    keys.len()
                );
                return Err(usage(what).hint("write a rotation: conclave script new rotation"));
            }
        };
        if !files.iter().any(|file| file.id() == key_file) {
            let what = format!("the root key {key_file} is in no key file here");
            return Err(usage(what).hint(format!(
                "look for private/{key_file}.key on the machine that made the repository, and give its trust directory with --trust"
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
        tell(&key_file, &repositories, self.roots.is_some());
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

/// Asks whoever sits there for repositories that this machine does not know.
fn ask_for_more(key_file: &str, found: &mut BTreeMap<String, Found>) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Ok(());
    }
    let under_key = |one: &Found| one.keys.iter().any(|(_, id)| id == key_file);
    let names = found.iter().filter(|(_, one)| under_key(one));
    let names: Vec<String> = names.map(|(name, _)| visible(name)).collect();
    eprintln!(
        "Repositories under this key, as this machine knows: {}.",
        names.join(", ")
    );
    eprintln!(
        "Those that only other machines know: the name, =, and the path of its root.json. An empty line ends."
    );
    loop {
        eprint!("GUN=ROOT: ");
        let _ = io::stderr().flush();
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        let length = read.map_err(|error| Failure::new(Status::Io, error.to_string()))?;
        if length == 0 || line.trim().is_empty() {
            return Ok(());
        }
        match given(line.trim()) {
            Ok((name, repository)) if under_key(&repository) => {
                found.insert(name, repository);
            }
            Ok((name, _)) => eprintln!("{} has another root key.", visible(&name)),
            Err(failure) => eprintln!("{}", failure.message()),
        }
    }
}

/// What was found, and what nobody but a person can know.
fn tell(key_file: &str, repositories: &[MigratedRepository], is_fetched: bool) {
    eprintln!("under the root key {key_file}:");
    for repository in repositories {
        eprintln!(
            "  {}, root {}",
            visible(&repository.name),
            repository.version
        );
    }
    eprintln!(
        "hint: a repository that only another machine knows is missing here, and keeps the old key: give its root with --also GUN=root.json"
    );
    if is_fetched {
        return;
    }
    eprintln!(
        "hint: a trust directory may lag behind its server, and the server takes the next version alone. Fetch each root, and give the folder with --roots served:"
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
        // Of two machines' views of a repository the newer one is nearer to the truth.
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

/// `GUN=ROOT`
fn given(text: &str) -> Result<(String, Found), Failure> {
    let (name, path) = text
        .split_once('=')
        .ok_or_else(|| usage(format!("{text:?} is not GUN=ROOT")))?;
    let repository = read(Path::new(path)).ok_or_else(|| {
        usage(format!("{path:?} is no root of Notary"))
            .hint("fetch it from the server: GET /v2/GUN/_trust/tuf/root.json")
    })?;
    Ok((name.to_owned(), repository))
}

fn usage(what: String) -> Failure {
    Failure::new(Status::Usage, what)
}
