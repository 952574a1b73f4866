//! `conclave script`: write, check and print ceremony scripts.

mod backup;
mod basics;
mod change;
mod check;
mod create;
mod enroll;
mod json;
mod list;
mod migration;
mod new;
mod print;
mod restore;
mod show;
mod source;

use clap::Subcommand;
use jiff::Timestamp;

use super::{Failure, Status};

pub(super) use backup::{Backup, BackupOptions, carried};
pub(super) use new::write_judged;
pub(super) use source::{Source, tell_errors, tell_warnings};

/// Write, check and print ceremony scripts.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Arguments),
    Print(print::Arguments),
    Show(show::Arguments),
    List(list::Arguments),
    New(Box<new::Arguments>),
}

pub(super) fn run(arguments: Arguments) -> Result<Status, Failure> {
    match arguments.command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Print(arguments) => print::run(&arguments),
        Command::Show(arguments) => show::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::New(arguments) => new::run(&arguments),
    }
}

/// A time in the one form that scripts have.
pub(super) fn time(text: &str) -> Result<Timestamp, &'static str> {
    let time: Option<Timestamp> = text.parse().ok();
    time.filter(|time| time.to_string() == text)
        .ok_or("a time is written YYYY-MM-DDTHH:MM:SSZ, as in 2026-12-01T09:00:00Z")
}

/// Text for people, on stdout. A reader who has gone away wants no more of it.
fn say(text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new(
            Status::Io,
            format!("standard output cannot be written: {error}"),
        )),
        _ => Ok(()),
    }
}
