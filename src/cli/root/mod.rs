//! `conclave root`: files of root metadata.

pub(in crate::cli) mod carried;
pub(super) mod chain_files;
mod diff;
mod export;
mod history;
mod lint;
mod merge;
mod show;
mod sign;
mod status;
mod verify;

use super::{Failure, Status};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Show(show::Arguments),
    Status(status::Arguments),
    Diff(diff::Arguments),
    Verify(verify::Arguments),
    Lint(lint::Arguments),
    Sign(sign::Arguments),
    Merge(merge::Arguments),
    Export(export::Arguments),
}

pub(super) fn run(command: Command) -> Result<Status, Failure> {
    match command {
        Command::Show(arguments) => show::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Sign(arguments) => sign::run(&arguments),
        Command::Merge(arguments) => merge::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Lint(arguments) => lint::run(&arguments),
    }
}
