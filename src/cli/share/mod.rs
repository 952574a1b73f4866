//! `conclave share`: the shares of a backup, outside a ceremony.

mod check;
mod inspect;
mod opener;
mod reissue;
mod status;

use std::path::Path;

use serde_json::{Value, json};

use super::output::{display, print};
use super::root::chain_files::read_file_up_to;
use super::{Failure, Status};
use crate::backup::{Manifest, Refusal, ShareEntry};
use crate::host;
use crate::record::visible;

/// The longest file that is read: no share, manifest or wrapped key is so long.
const LONGEST: usize = 1 << 20;

/// Look at the shares of a backup, and check them.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Inspect(inspect::Arguments),
    Check(check::Arguments),
    Status(status::Arguments),
    Reissue(reissue::Arguments),
}

pub(super) fn run(arguments: Arguments) -> Result<Status, Failure> {
    // Passphrases are typed here, and shares are opened.
    let _ = host::harden();
    match arguments.command {
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Reissue(arguments) => reissue::run(&arguments),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    read_file_up_to(path, LONGEST)
}

fn read_manifest(path: &Path) -> Result<Manifest, Failure> {
    Manifest::read(&read(path)?).map_err(|refusal| refused(path, &refusal))
}

/// What a file was refused for, and what to do about it.
fn refused(path: &Path, refusal: &Refusal) -> Failure {
    use crate::backup::Check;
    let hint = match refusal.check {
        Check::ShareDecryption => {
            "give what its custodian opens it with: --identity FILE or --passphrase"
        }
        Check::ShareChanged | Check::ShareValue => {
            "take another copy of the file, or the QR codes of its sheet; if there is none, the share is lost"
        }
        Check::ShareSet | Check::ShareKey | Check::ShareSuperseded => {
            "take the manifest of the share's own set; conclave share inspect tells which it is"
        }
        Check::ShareCustodian => "take that custodian's file",
        Check::ShareWord | Check::ShareLength | Check::ShareChecksum => {
            "compare each word with what is written down; the first four letters tell every word from the others"
        }
        Check::RestoreWrapped => {
            "take another copy of the wrapped key; if there is none, back the key up anew"
        }
        Check::ManifestForm
        | Check::ManifestFormat
        | Check::ManifestGroups
        | Check::ManifestKey
        | Check::ManifestSet
        | Check::ManifestSize => {
            "take the manifest from the record of the ceremony that made the set"
        }
        _ => "docs/formats/share.md tells what each check means",
    };
    Failure::new(Status::Refused, format!("{}: {refusal}", display(path))).hint(hint)
}

/// Prints the report of a refusal where JSON was asked for.
fn refuse(path: &Path, refusal: &Refusal, json: bool) -> Failure {
    if json
        && let Err(failure) =
            print(&json!({"verdict": "rejected", "reasons": [refusal]}).to_string())
    {
        return failure;
    }
    refused(path, refusal)
}

/// A share, as the manifest knows it.
fn entry_json(entry: &ShareEntry) -> Value {
    let (label, place) = (entry.label(), &entry.label().place);
    json!({
        "custodian": label.custodian,
        "name": label.name,
        "group": place.group,
        "member": place.member,
        "file": entry.file().map(|sha256| json!({"name": label.share_file(), "sha256": sha256})),
        "on_paper": entry.custodian().on_paper,
    })
}

/// Whose share it is, and which: `Anna Muster (custodian-1): share 2 of 3 in group 1 of 1`.
fn which(entry: &ShareEntry) -> String {
    let place = &entry.label().place;
    format!(
        "{}: share {} of {} in group {} of {}",
        visible(&entry.label().who()),
        place.member,
        place.members,
        place.group,
        place.groups
    )
}
