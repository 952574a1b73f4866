//! `conclave token attestation`: attestations of keys, verified later and by anyone.

mod files;
mod report;

use std::path::{Path, PathBuf};

use crate::certificate::attestation::TrustedRoots;
use crate::metadata::RootFile;
use crate::storage::{Links, read_start};

use super::{Failure, Status};
use crate::cli::output::print_as;
use files::find;
use report::Report;

/// Longer than any root file or file of certificates.
const MAX_BYTES: u64 = 4 << 20;

#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Command {
    Verify(Verify),
}

/// Verify attestations offline, against the built-in root certificates of Yubico.
///
/// Searches directories for certificates: a ceremony directory, or any directory that has the attestation and the
/// certificate of the device (slot f9) in one folder. A folder that is named by a serial number must contain only
/// attestations of that device.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Verify {
    /// Directories with attestations
    #[arg(required = true, value_name = "DIR")]
    directories: Vec<PathBuf>,
    /// Require an attestation for every key of the root role in this root file, and show which key each is for
    #[arg(long, value_name = "ROOT.json")]
    root: Option<PathBuf>,
    /// Also trust the root certificates in these files; attestations that depend on them are marked
    #[arg(long, value_name = "FILE", num_args = 1..)]
    additional_root: Vec<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Command) -> Result<Status, Failure> {
    match command {
        Command::Verify(arguments) => verify(arguments),
    }
}

fn verify(arguments: &Verify) -> Result<Status, Failure> {
    let mut roots = TrustedRoots::yubico();
    for path in &arguments.additional_root {
        roots = roots.with(&read(path)?).map_err(|error| {
            Failure::usage(format!("{}: {error}", path.display()))
                .hint("give a certificate in PEM or DER format with --additional-root FILE")
        })?;
    }
    let mut report = Report::default();
    if let Some(path) = &arguments.root {
        report.root = Some(
            match RootFile::read(&read(path)?).map(RootFile::into_document) {
                Ok(document) => document,
                Err(why) => {
                    report.refuse_root(why);
                    return finish(&report, arguments.json);
                }
            },
        );
    }
    for directory in &arguments.directories {
        let folders = find(directory)?;
        report.verify(directory, &folders, &roots);
    }
    report.conclude();
    finish(&report, arguments.json)
}

fn finish(report: &Report, json: bool) -> Result<Status, Failure> {
    print_as(json, || report.to_json(), || report.for_people())?;
    Ok(Status::of_verdict(report.is_accepted()))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    Ok(read_start(path, Links::Follow, MAX_BYTES)?)
}
