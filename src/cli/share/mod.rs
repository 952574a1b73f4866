//! `conclave share`: the shares of a backup, outside of a ceremony.

mod check;
mod inspect;
mod opener;
mod reissue;
mod status;

use std::path::Path;

use serde_json::{Value, json};

use super::failure::share_hint;
use super::output::{display, print};
use super::root::carried::read_file_up_to;
use super::{Failure, Status};
use crate::backup::{Manifest, Refusal, ShareEntry};
use crate::host;
use crate::record::visible;

/// Longer than any share, manifest or wrapped key.
const LONGEST: usize = 1 << 20;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Inspect(inspect::Arguments),
    Check(check::Arguments),
    Status(status::Arguments),
    Reissue(reissue::Arguments),
}

pub(super) fn run(command: Command) -> Result<Status, Failure> {
    // These commands handle passphrases and opened shares.
    let _ = host::harden();
    match command {
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

fn refused(path: &Path, refusal: &Refusal) -> Failure {
    Failure::refused(format!("{}: {refusal}", display(path))).hint(share_hint(refusal.check))
}

/// Also prints the refusal as JSON where that was requested.
fn refuse(path: &Path, refusal: &Refusal, json: bool) -> Failure {
    if json
        && let Err(failure) = print(format_args!(
            "{:#}",
            json!({"verdict": "rejected", "reasons": [refusal]})
        ))
    {
        return failure;
    }
    refused(path, refusal)
}

/// A share as the manifest describes it.
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

/// `Anna Muster (custodian-1): share 2 of 3 in group 1 of 1`
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
