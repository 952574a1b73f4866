//! `conclave share reissue`: the script of a ceremony that makes new shares.

use std::path::PathBuf;

use jiff::Timestamp;

use super::{Failure, Status};
use crate::cli::script::{Backup, BackupOptions, pinned_files, time, write_checked};

/// Write the script of a ceremony that makes new shares for a root key.
///
/// The new shares may have other custodians or another threshold. The root does not change. In the ceremony, a quorum
/// of the old custodians opens the old shares, and the rest of the old set is destroyed in front of two people. This
/// command only writes the script: check it, rehearse it and run it.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The manifest of the old share set, a copy of which is stored with the shares and with the transcript
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    #[command(flatten)]
    backup: Backup,
    /// Number of new custodians required to restore the key [default: more than half]
    #[arg(long, value_name = "M")]
    threshold: Option<u8>,
    /// One line that describes the ceremony
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Earliest start of the ceremony [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    not_before: Option<Timestamp>,
    /// The name of the repository, if no manifest contains it
    #[arg(long, value_name = "NAME")]
    repository: Option<String>,
    /// The profile of the token, for a key on a token
    #[arg(long, value_name = "NAME", default_value = "softhsm2")]
    profile: String,
    /// The script to write; must be a new file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
    let template = arguments.backup.template(&BackupOptions {
        manifest: arguments.manifest.as_deref(),
        repository: arguments.repository.as_deref(),
        title: arguments.title.as_deref(),
        not_before: arguments.not_before.unwrap_or(now),
        threshold: arguments.threshold,
        profile: &arguments.profile,
    })?;
    let text = template.write().map_err(|error| {
        Failure::usage(error).hint("reinstall conclave: one of its ready scripts is damaged")
    })?;
    let files = pinned_files(&template).into_iter().collect();
    write_checked(&arguments.out, &text, &files)
}
