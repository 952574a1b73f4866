//! `conclave script`: write, check and print ceremony scripts.

mod backup;
mod basics;
mod change;
mod check;
mod enroll;
mod json;
mod list;
mod migration;
mod new;
mod print;
mod restore;
mod show;
mod source;

use jiff::Timestamp;

use super::{Failure, Status};

pub(super) use backup::{Backup, BackupOptions, pinned_files};
pub(super) use new::write_checked;
pub(super) use source::{Source, print_warnings};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Check(check::Arguments),
    Print(print::Arguments),
    Show(show::Arguments),
    List(list::Arguments),
    New(Box<new::Arguments>),
}

pub(super) fn run(command: Command) -> Result<Status, Failure> {
    match command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Print(arguments) => print::run(&arguments),
        Command::Show(arguments) => show::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::New(arguments) => new::run(&arguments),
    }
}

/// A time in the only format that scripts use.
pub(super) fn time(text: &str) -> Result<Timestamp, &'static str> {
    let time: Option<Timestamp> = text.parse().ok();
    time.filter(|time| time.to_string() == text)
        .ok_or("the format of a time is YYYY-MM-DDTHH:MM:SSZ, for example 2026-12-01T09:00:00Z")
}
