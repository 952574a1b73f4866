//! `conclave root`: root metadata, as files.

mod chain_files;
mod diff;
mod lint;
mod output;
mod show;
mod verify;

use clap::Subcommand;

use super::{Failure, Status};

/// Read, verify and compare root metadata.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(show::Arguments),
    Diff(diff::Arguments),
    Verify(verify::Arguments),
    Lint(lint::Arguments),
}

pub(super) fn run(arguments: Arguments) -> Result<Status, Failure> {
    match arguments.command {
        Command::Show(arguments) => show::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Lint(arguments) => lint::run(&arguments),
    }
}
