//! `conclave token attestation`: what devices stated about their keys, judged by anyone, later.

mod files;
mod report;

use std::path::{Path, PathBuf};

use crate::certificate::attestation::TrustedRoots;
use crate::metadata::{Remark, RootDocument, RootFile};
use crate::storage::{FileError, Links, read_start};

use super::{Failure, Status, print};
use files::find;
use report::Report;

/// Longer than any root file or file of certificates.
const MAX_BYTES: u64 = 4 << 20;

/// Attestations of YubiKeys: signed statements that a key was made inside.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Verify(Verify),
}

/// Verify attestations, offline, against the roots of Yubico that are built in.
///
/// Looks through directories for certificates: a ceremony directory, or any other with the statement and the
/// device's own certificate (slot f9) in one folder. A folder that is named by a serial number must hold
/// statements of that device.
///
/// Exit status: 0 accepted, 1 rejected, 2 wrong usage, 4 a file could not be read.
#[derive(Debug, clap::Args)]
struct Verify {
    /// Directories with attestations.
    #[arg(required = true, value_name = "DIR")]
    directories: Vec<PathBuf>,
    /// Tell which key of the root role each is about, and want one for every key of that role.
    #[arg(long, value_name = "ROOT.json")]
    root: Option<PathBuf>,
    /// Trust the certificates of this file as well; whatever ends there is marked.
    #[arg(long, value_name = "FILE")]
    additional_root: Vec<PathBuf>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    match &arguments.command {
        Command::Verify(arguments) => verify(arguments),
    }
}

fn verify(arguments: &Verify) -> Result<Status, Failure> {
    let mut roots = TrustedRoots::yubico();
    for path in &arguments.additional_root {
        roots = roots.with(&read(path)?).map_err(|error| {
            Failure::new(Status::Usage, format!("{}: {error}", path.display()))
                .hint("give a certificate in PEM or DER form")
        })?;
    }
    let mut report = Report::default();
    if let Some(path) = &arguments.root {
        report.root = Some(match read_root(&read(path)?) {
            Ok(document) => document,
            Err(why) => {
                report.refuse_root(why);
                return finish(&report, arguments.json);
            }
        });
    }
    for directory in &arguments.directories {
        let folders = find(directory)?;
        report.judge(directory, &folders, &roots);
    }
    report.conclude();
    finish(&report, arguments.json)
}

fn finish(report: &Report, json: bool) -> Result<Status, Failure> {
    print(&if json {
        format!("{:#}", report.to_json())
    } else {
        report.for_people()
    })?;
    Ok(if report.is_accepted() {
        Status::Done
    } else {
        Status::Refused
    })
}

fn read_root(bytes: &[u8]) -> Result<RootDocument, Remark> {
    RootFile::read(bytes).map(RootFile::into_document)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    read_start(path, Links::Follow, MAX_BYTES).map_err(unreadable)
}

fn unreadable(FileError { path, problem }: FileError) -> Failure {
    Failure::new(
        Status::Io,
        format!("cannot read {}: {problem}", path.display()),
    )
    .hint("check the path and its permissions")
}
