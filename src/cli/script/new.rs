//! `conclave script new`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use jiff::Timestamp;

use super::backup::{Backup, BackupOptions};
use super::basics::Basics;
use super::change::Change;
use super::create::{create, failure, refuse_existing};
use super::enroll::Enroll;
use super::migration::Migration;
use super::restore::Restore;
use super::source::{read_file, read_given};
use super::{tell_errors, tell_warnings};
use crate::cli::output::display;
use crate::cli::profiles::Carried;
use crate::cli::{Failure, Status};
use crate::metadata::{Key, KeyFileError};
use crate::script::{
    CUSTODY_LIST, Kind, MigrationTemplate, OnlineFiles, PinnedFileSource as _, RoleKind, Script,
    ScriptTemplate, embedded, enroll, trust_roots,
};
use crate::storage::make_folder;

/// Write a new script, with the hashes of the public keys that it carries
///
/// The keys are copied to `online/` beside the script. A role without a key gets a
/// sample key, which is good for rehearsals only.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// What the ceremony is for
    kind: Ready,
    /// The new script file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    basics: Basics,
    /// A public key of the role timestamp
    #[arg(long, value_name = "FILE", num_args = 1..)]
    timestamp: Vec<PathBuf>,
    /// A public key of the role snapshot
    #[arg(long, value_name = "FILE", num_args = 1..)]
    snapshot: Vec<PathBuf>,
    /// A public key of the role targets
    #[arg(long, value_name = "FILE", num_args = 1..)]
    targets: Vec<PathBuf>,
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    enroll: Enroll,
    #[command(flatten)]
    restore: Restore,
    #[command(flatten)]
    backup: Backup,
    #[command(flatten)]
    migration: Migration,
}

/// The ready scripts from which a new one is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Ready {
    /// The first root
    Genesis,
    /// Another root: keys, thresholds or online roles change
    Rotation,
    /// Another root: only the expiry changes
    Renewal,
    /// Another root, without a key that is lost or stolen
    Revocation,
    /// No root: a key for one that is signed elsewhere
    Enrollment,
    /// No root: shares are seen to restore a key
    Drill,
    /// No root: shares restore a lost key onto a new token
    Recovery,
    /// No root: a key that exists gets shares
    Backup,
    /// The first root for Docker Content Trust
    Notary,
    /// Other roots for Docker Content Trust: out of a key file, into tokens
    NotaryMigration,
}

impl Ready {
    const fn name(self) -> &'static str {
        match self {
            Self::Genesis => "genesis",
            Self::Rotation => "rotation",
            Self::Renewal => "renewal",
            Self::Revocation => "revocation",
            Self::Enrollment => "enrollment",
            Self::Drill => "drill",
            Self::Recovery => "recovery",
            Self::Backup => "backup",
            Self::Notary => "notary",
            Self::NotaryMigration => "notary-migration",
        }
    }

    /// The kind of a script that restores a key from its shares.
    const fn restores(self) -> Option<Kind> {
        match self {
            Self::Drill => Some(Kind::Drill),
            Self::Recovery => Some(Kind::Recovery),
            _ => None,
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let online = online(arguments)?;
    let mut carried: BTreeMap<String, Vec<u8>> = online.values().flatten().cloned().collect();
    let makes_first = matches!(
        arguments.kind,
        Ready::Genesis | Ready::Enrollment | Ready::Notary
    );
    let enrolled = arguments.enroll.files()?;
    carried.extend(enrolled.iter().flat_map(|one| one.files.clone()));
    if arguments.backup.is_given() && arguments.kind != Ready::Backup {
        return Err(Failure::new(
            Status::Usage,
            "this ceremony gives no key that exists shares",
        )
        .hint("conclave script new backup; a key that is made gets them in its own script"));
    }
    if arguments.migration.is_given() && arguments.kind != Ready::NotaryMigration {
        return Err(
            Failure::new(Status::Usage, "nothing is taken out of a key file here")
                .hint("conclave script new notary-migration"),
        );
    }
    if arguments.restore.is_given()
        && arguments.kind.restores().is_none()
        && !(arguments.kind == Ready::Backup && arguments.restore.is_manifest_alone())
    {
        return Err(Failure::new(Status::Usage, "this ceremony restores no key")
            .hint("conclave script new drill, or recovery"));
    }
    let text = if arguments.kind == Ready::Backup {
        let template = arguments.backup.template(&BackupOptions {
            manifest: arguments.restore.manifest(),
            repository: Some(&arguments.basics.repository),
            title: arguments.basics.title.as_deref(),
            not_before: arguments.basics.not_before,
            threshold: arguments.basics.threshold,
            profile: &arguments.basics.profile,
        })?;
        carried = super::backup::carried(&template).into_iter().collect();
        template.write()
    } else if arguments.kind == Ready::NotaryMigration {
        let template = migration(arguments, !enrolled.is_empty())?;
        carried = template.files().collect();
        template.write()
    } else if let Some(kind) = arguments.kind.restores() {
        if arguments.change.is_given() || arguments.basics.tokens.is_some() || !enrolled.is_empty()
        {
            return Err(Failure::new(
                Status::Usage,
                "this ceremony changes no root, and makes no key",
            )
            .hint("give --manifest, and what else stands under \"A drill, or a recovery\""));
        }
        let template = arguments.restore.template(kind, &arguments.basics)?;
        let (name, bytes) = &template.manifest;
        carried.insert(name.clone(), bytes.clone());
        template.write()
    } else if makes_first {
        if arguments.change.is_given() {
            return Err(Failure::new(Status::Usage, "this ceremony changes no root")
                .hint("conclave script new rotation, renewal or revocation"));
        }
        template(arguments, online)?.write_from(arguments.kind.name())
    } else {
        if arguments.basics.tokens.is_some() {
            return Err(Failure::new(
                Status::Usage,
                "the root keys are those of the root; --tokens is for a first one",
            )
            .hint("--add N adds keys, --remove and --lost take them out"));
        }
        let change = &arguments.change;
        let template = change.template(arguments.kind.name(), &arguments.basics, online)?;
        carried.extend(template.files());
        template.write()
    };
    let text = text.map_err(|error| {
        Failure::new(Status::Usage, error.to_string())
            .hint("have at least two tokens more than the threshold")
    })?;
    let custody = arguments.enroll.custody(arguments.change.custody()?)?;
    let custody = (!custody.lines().is_empty()).then(|| custody.to_bytes());
    if let Some(bytes) = &custody {
        carried.insert(CUSTODY_LIST.to_owned(), bytes.clone());
    }
    let text = enroll(&text, &enrolled, custody.as_deref()).map_err(|error| {
        Failure::new(Status::Usage, error.to_string())
            .hint("make more keys: --tokens in a genesis, --add in a change")
    })?;
    let roots = arguments.enroll.roots()?;
    let text = if roots.is_empty() {
        text
    } else {
        carried.extend(roots.iter().cloned());
        trust_roots(&text, &roots)
            .map_err(|error| Failure::new(Status::Usage, error.to_string()))?
    };
    write_judged(&arguments.out, &text, &carried)
}

/// Writes a script that is sound, with all that it carries; tells the faults of one that is not.
pub(in crate::cli) fn write_judged(
    out: &Path,
    text: &str,
    carried: &BTreeMap<String, Vec<u8>>,
) -> Result<Status, Failure> {
    let name = display(out);
    // Judged before anything is written: there is no faulty script to find later.
    let beside = out.parent().unwrap_or(Path::new(""));
    let files = Carried {
        files: carried,
        beside,
    };
    let script = match Script::parse(&name, text, &files, Timestamp::now()) {
        Ok(script) => script,
        Err(errors) => return Ok(tell_errors(&errors)),
    };
    write(out, &script)?;
    tell_warnings(&script);
    eprintln!("wrote {name}");
    eprintln!("hint: write the names of the people into it, then: conclave script check {name}");
    Ok(Status::Done)
}

/// What the script of a migration is to say, if nothing else was asked for.
fn migration(arguments: &Arguments, is_enrolling: bool) -> Result<MigrationTemplate, Failure> {
    if arguments.change.is_given() || is_enrolling || arguments.basics.threshold.is_some() {
        return Err(Failure::new(
            Status::Usage,
            "a migration exchanges one key for keys of which each is enough, and changes nothing else",
        )
        .hint("give --tokens, --trust, --roots and --also; hold a rotation for all else"));
    }
    arguments.migration.template(&arguments.basics)
}

fn template(arguments: &Arguments, online: OnlineFiles) -> Result<ScriptTemplate, Failure> {
    let is_enrollment = arguments.kind == Ready::Enrollment;
    // Stock tools of Notary sign with one key: two are a key and its spare.
    let is_notary = arguments.kind == Ready::Notary;
    let tokens = arguments.basics.tokens.unwrap_or(match arguments.kind {
        Ready::Enrollment => 1,
        Ready::Notary => 2,
        _ => 5,
    });
    let kind = if is_enrollment {
        Kind::Enrollment
    } else {
        Kind::Genesis
    };
    Ok(ScriptTemplate {
        kind,
        title: arguments.basics.title.clone(),
        repository: arguments.basics.repository.clone(),
        tokens,
        threshold: arguments
            .basics
            .threshold
            .unwrap_or(if is_notary { 1 } else { tokens / 2 + 1 }),
        key_type: arguments.basics.key_type,
        profile: arguments.basics.profile.clone(),
        not_before: arguments.basics.not_before,
        expires: if is_enrollment {
            arguments.basics.not_before
        } else {
            arguments.basics.expires()?
        },
        online,
    })
}

/// The keys of each role: those that were given, or else, in a genesis, the samples of the ready script.
fn online(arguments: &Arguments) -> Result<OnlineFiles, Failure> {
    let ready = embedded()
        .iter()
        .find(|script| script.name == arguments.kind.name());
    let mut online = OnlineFiles::new();
    for role in RoleKind::ALL {
        let given = match role {
            RoleKind::Timestamp => &arguments.timestamp,
            RoleKind::Snapshot => &arguments.snapshot,
            RoleKind::Targets => &arguments.targets,
        };
        let mut keys = Vec::new();
        for (path, number) in given.iter().zip(1..) {
            let bytes = read_given(path).map_err(|failure| {
                failure.hint("give a file with a public key, as `openssl pkey -pubout` writes it")
            })?;
            let read = match arguments.kind {
                // As its server hands keys out.
                Ready::Notary => Key::from_notary_file,
                _ => Key::from_file,
            };
            read(&bytes).map_err(|error| no_key(path, &error))?;
            let number = if given.len() > 1 {
                format!("-{number}")
            } else {
                String::new()
            };
            keys.push((format!("online/{role}{number}.pub.pem"), bytes));
        }
        if keys.is_empty() {
            let name = format!("online/{role}.pub.pem");
            let sample = ready.and_then(|ready| ready.read(&name).ok());
            keys.extend(sample.map(|bytes| (name, bytes)));
        }
        if !keys.is_empty() {
            online.insert(role, keys);
        }
    }
    Ok(online)
}

fn no_key(path: &Path, error: &KeyFileError) -> Failure {
    let name = display(path);
    match error {
        KeyFileError::Private => Failure::new(Status::Usage, format!("{name} holds a PRIVATE key"))
            .hint("take it off this machine now; carry in its public key"),
        _ => Failure::new(Status::Usage, format!("{name} is no public key: {error}"))
            .hint("give a file with a public key, as `openssl pkey -pubout` writes it"),
    }
}

/// The script last: when it is there, so is everything that it carries.
fn write(out: &Path, script: &Script) -> Result<(), Failure> {
    let directory = out.parent().unwrap_or(Path::new(""));
    let mut missing = Vec::new();
    for file in script.pinned_files() {
        let path = directory.join(&file.name);
        // A key that lies where it belongs already is not copied onto itself.
        if read_file(&path).is_ok_and(|there| there == file.bytes) {
            continue;
        }
        refuse_existing(&path)?;
        missing.push((path, &file.bytes));
    }
    refuse_existing(out)?;
    for (path, bytes) in missing {
        if let Some(parent) = path.parent() {
            make_folder(parent).map_err(|error| failure(parent, &error.into()))?;
        }
        create(&path, bytes)?;
    }
    create(out, script.text().as_bytes())
}
