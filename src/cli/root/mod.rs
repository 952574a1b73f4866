//! `conclave root`: root metadata, as files.

mod chain_files;
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
    Verify(verify::Arguments),
    Show(show::Arguments),
}

pub(super) fn run(arguments: Arguments) -> Result<Status, Failure> {
    match arguments.command {
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Show(arguments) => show::run(&arguments),
    }
}
