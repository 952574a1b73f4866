//! The command line: one file per command, which selects a front end and reports the result.

mod conduct;
mod doctor;
mod failure;
mod help;
mod output;
mod profiles;
mod rehearse;
mod restart;
mod resume;
mod root;
mod run;
mod script;
mod secrets;
mod share;
mod token;
mod transcript;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub use failure::{Failure, Status};

/// Offline root key ceremonies for The Update Framework (TUF).
#[derive(Debug, Parser)]
#[command(name = "conclave", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Rehearse(rehearse::Arguments),
    Run(run::Arguments),
    Resume(resume::Arguments),
    /// Write, check and print ceremony scripts.
    #[command(subcommand)]
    Script(script::Command),
    /// Inspect tokens, and prepare them for a ceremony.
    #[command(subcommand)]
    Token(token::Command),
    /// Inspect, verify, compare, sign and export root metadata.
    #[command(subcommand)]
    Root(root::Command),
    /// Inspect and check the shares of backups, and write scripts that reissue them.
    #[command(subcommand)]
    Share(share::Command),
    /// Show, verify and report the transcript of a ceremony.
    #[command(subcommand)]
    Transcript(transcript::Command),
    Doctor(doctor::Arguments),
}

pub fn main() -> ExitCode {
    let matches = help::complete(Arguments::command()).get_matches();
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let result = match arguments.command {
        Command::Rehearse(arguments) => rehearse::run(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Resume(arguments) => rehearse::resume(&arguments),
        Command::Script(command) => script::run(command),
        Command::Token(command) => token::run(command),
        Command::Root(command) => root::run(command),
        Command::Share(command) => share::run(command),
        Command::Transcript(command) => transcript::run(&command),
        Command::Doctor(arguments) => doctor::run(&arguments),
    };
    match result {
        Ok(status) => status.into(),
        Err(failure) => failure.report(),
    }
}
