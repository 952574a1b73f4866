//! `conclave script new`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use jiff::Timestamp;

use super::backup::{Backup, BackupOptions};
use super::basics::Basics;
use super::change::Change;
use super::enroll::Enroll;
use super::migration::Migration;
use super::print_warnings;
use super::restore::Restore;
use super::source::{read_file, read_given};
use crate::cli::output::display;
use crate::cli::profiles::PinnedFiles;
use crate::cli::{Failure, Status};
use crate::metadata::{Key, KeyFileError};
use crate::script::{
    CUSTODY_LIST, Kind, MigrationTemplate, OnlineFiles, PinnedFileSource as _, RoleKind, Script,
    ScriptTemplate, embedded, enroll, trust_roots,
};
use crate::storage::{Mode, WriteError, is_taken, make_folder, write_new};

/// Write a new script, and the files that it pins.
///
/// The public keys of the online roles are copied to `online/` next to the script. A role without a key gets a sample
/// key, which can only be used in rehearsals.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The purpose of the ceremony
    kind: Ready,
    /// The script to write; must be a new file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    basics: Basics,
    /// Public keys of the timestamp role
    #[arg(long, value_name = "FILE", num_args = 1..)]
    timestamp: Vec<PathBuf>,
    /// Public keys of the snapshot role
    #[arg(long, value_name = "FILE", num_args = 1..)]
    snapshot: Vec<PathBuf>,
    /// Public keys of the targets role
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
    /// The initial root
    Genesis,
    /// A new root version: keys, thresholds or online roles change
    Rotation,
    /// A new root version: only the expiry changes
    Renewal,
    /// A new root version without a lost or stolen key
    Revocation,
    /// No root: generates a key for a root that is signed at another site
    Enrollment,
    /// No root: tests that shares restore a key
    Drill,
    /// No root: restores a lost key from its shares to a new token
    Recovery,
    /// No root: makes shares of an existing key
    Backup,
    /// The initial root for Docker Content Trust
    Notary,
    /// New roots for Docker Content Trust: moves from a key file to tokens
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

    /// The kind, if the ceremony restores a key from its shares.
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
    let mut pinned: BTreeMap<String, Vec<u8>> = online.values().flatten().cloned().collect();
    let makes_first = matches!(
        arguments.kind,
        Ready::Genesis | Ready::Enrollment | Ready::Notary
    );
    let enrolled = arguments.enroll.files()?;
    pinned.extend(enrolled.iter().flat_map(|one| one.files.clone()));
    if arguments.backup.is_given() && arguments.kind != Ready::Backup {
        return Err(Failure::usage("only a backup ceremony has custodians as options")
            .hint("for an existing key: conclave script new backup; for a new key, write the custodians into its script"));
    }
    if arguments.migration.is_given() && arguments.kind != Ready::NotaryMigration {
        return Err(
            Failure::usage("only a notary-migration uses trust directories")
                .hint("use: conclave script new notary-migration"),
        );
    }
    if arguments.restore.is_given()
        && arguments.kind.restores().is_none()
        && !(arguments.kind == Ready::Backup && arguments.restore.is_manifest_alone())
    {
        return Err(Failure::usage("only a drill or a recovery restores a key")
            .hint("use: conclave script new drill, or: conclave script new recovery"));
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
        pinned = super::backup::pinned_files(&template).into_iter().collect();
        template.write()
    } else if arguments.kind == Ready::NotaryMigration {
        let template = migration(arguments, !enrolled.is_empty())?;
        pinned = template.files().collect();
        template.write()
    } else if let Some(kind) = arguments.kind.restores() {
        if arguments.change.is_given() || arguments.basics.tokens.is_some() || !enrolled.is_empty()
        {
            return Err(Failure::usage(
                "a drill or recovery does not change a root or generate keys",
            )
            .hint("use only --manifest, --level, --onto and --opens-here"));
        }
        let template = arguments.restore.template(kind, &arguments.basics)?;
        let (name, bytes) = &template.manifest;
        pinned.insert(name.clone(), bytes.clone());
        template.write()
    } else if makes_first {
        if arguments.change.is_given() {
            return Err(
                Failure::usage("this kind of ceremony does not change an existing root")
                    .hint("use: conclave script new rotation, renewal or revocation"),
            );
        }
        template(arguments, online)?.write_from(arguments.kind.name())
    } else {
        if arguments.basics.tokens.is_some() {
            return Err(Failure::usage("--tokens is only for an initial root")
                .hint("add keys with --add N, and remove keys with --remove or --lost"));
        }
        let change = &arguments.change;
        let template = change.template(arguments.kind.name(), &arguments.basics, online)?;
        pinned.extend(template.files());
        template.write()
    };
    let text = text.map_err(|error| {
        Failure::usage(error).hint(
            "use at least two tokens more than the threshold, for example: --tokens 5 --threshold 3",
        )
    })?;
    let custody = arguments.enroll.custody(arguments.change.custody()?)?;
    let custody = (!custody.lines().is_empty()).then(|| custody.to_bytes());
    if let Some(bytes) = &custody {
        pinned.insert(CUSTODY_LIST.to_owned(), bytes.clone());
    }
    let text = enroll(&text, &enrolled, custody.as_deref()).map_err(|error| {
        Failure::usage(error)
            .hint("add more keys: with --tokens N in a genesis, with --add N in a change")
    })?;
    let roots = arguments.enroll.roots()?;
    let text = if roots.is_empty() {
        text
    } else {
        pinned.extend(roots.iter().cloned());
        trust_roots(&text, &roots).map_err(Failure::usage)?
    };
    write_checked(&arguments.out, &text, &pinned)
}

/// Writes a valid script with its pinned input files.
pub(in crate::cli) fn write_checked(
    out: &Path,
    text: &str,
    pinned: &BTreeMap<String, Vec<u8>>,
) -> Result<Status, Failure> {
    let name = display(out);
    // Checked before anything is written, so that no invalid script remains.
    let beside = out.parent().unwrap_or(Path::new(""));
    let files = PinnedFiles {
        files: pinned,
        beside,
    };
    let script = Script::parse(&name, text, &files, Timestamp::now())?;
    write(out, &script)?;
    print_warnings(&script);
    eprintln!("written: {name}");
    eprintln!(
        "hint: enter the names of the participants in the script, then: conclave script check {name}"
    );
    Ok(Status::Done)
}

fn migration(arguments: &Arguments, is_enrolling: bool) -> Result<MigrationTemplate, Failure> {
    if arguments.change.is_given() || is_enrolling || arguments.basics.threshold.is_some() {
        return Err(Failure::usage(
            "a migration only replaces one root key by several, each of which can sign alone",
        )
        .hint("use only --tokens, --trust, --roots and --also; for other changes: conclave script new rotation"));
    }
    arguments.migration.template(&arguments.basics)
}

fn template(arguments: &Arguments, online: OnlineFiles) -> Result<ScriptTemplate, Failure> {
    let is_enrollment = arguments.kind == Ready::Enrollment;
    // Notary's own tools sign with one key: of two keys, one is a spare.
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

/// The keys of each role: those that were given, or else the sample keys of the ready script.
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
                failure.hint("give a public key file, as written by: openssl pkey -pubout")
            })?;
            let read = match arguments.kind {
                // The format in which a Notary server exports its keys.
                Ready::Notary => Key::from_notary_file,
                _ => Key::from_file,
            };
            read(&bytes).map_err(|error| not_a_public_key(path, &error))?;
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

fn not_a_public_key(path: &Path, error: &KeyFileError) -> Failure {
    let name = display(path);
    match error {
        KeyFileError::Private => Failure::usage(format!("{name} contains a PRIVATE key"))
            .hint("remove it from this machine now, and give the public key instead"),
        _ => Failure::usage(format!("{name} is not a public key: {error}"))
            .hint("give a public key file, as written by: openssl pkey -pubout"),
    }
}

/// Writes the script last, so that its pinned input files exist whenever it does.
fn write(out: &Path, script: &Script) -> Result<(), Failure> {
    let directory = out.parent().unwrap_or(Path::new(""));
    let mut missing = Vec::new();
    for file in script.pinned_files() {
        let path = directory.join(&file.name);
        // A key that is already at its place is not copied.
        if read_file(&path).is_ok_and(|there| there == file.bytes) {
            continue;
        }
        refuse_existing(&path)?;
        missing.push((path, &file.bytes));
    }
    refuse_existing(out)?;
    for (path, bytes) in missing {
        if let Some(parent) = path.parent() {
            make_folder(parent)?;
        }
        write_new(&path, bytes, Mode::Public)?;
    }
    Ok(write_new(out, script.text().as_bytes(), Mode::Public)?)
}

/// Refuses a path at which something exists, before anything is written.
fn refuse_existing(path: &Path) -> Result<(), Failure> {
    if is_taken(path)? {
        return Err(WriteError::Exists {
            path: path.to_owned(),
        }
        .into());
    }
    Ok(())
}
