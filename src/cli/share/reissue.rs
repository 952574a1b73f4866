//! `conclave share reissue`: the script of a ceremony in which custodians change.

use std::path::PathBuf;

use jiff::Timestamp;

use super::{Failure, Status};
use crate::cli::script::{Backup, BackupOptions, carried, time, write_judged};

/// Write the script that gives a root key new shares: for other custodians, or with another threshold. The root stays as
/// it is. A quorum of the old custodians comes, and what is left of the old set is destroyed before two people.
///
/// Shares are opened and made in that ceremony, not by this command: check it, rehearse it, run it.
///
/// Exit status: 0 written, 2 wrong usage or a faulty script, 4 a file could not be read or written.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The manifest of the old set, as it lies with the shares and with the record of the backup.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    #[command(flatten)]
    backup: Backup,
    /// How many of the new custodians restore the key [default: more than half]
    #[arg(long, value_name = "M")]
    threshold: Option<u8>,
    /// One line that tells what the ceremony does
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// The ceremony starts no earlier [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    not_before: Option<Timestamp>,
    /// The name of the repository, where no manifest gives it
    #[arg(long, value_name = "NAME")]
    repository: Option<String>,
    /// The profile of the token, for a key on one
    #[arg(long, value_name = "NAME", default_value = "softhsm2")]
    profile: String,
    /// The new script file
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
        Failure::new(Status::Usage, error.to_string())
            .hint("take the program anew: the script that comes with it is not whole")
    })?;
    write_judged(
        &arguments.out,
        &text,
        &carried(&template).into_iter().collect(),
    )
}
