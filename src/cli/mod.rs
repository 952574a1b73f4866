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
    Script(script::Arguments),
    Token(token::Arguments),
    Root(root::Arguments),
    Share(share::Arguments),
    Transcript(transcript::Arguments),
    Doctor(doctor::Arguments),
}

pub fn main() -> ExitCode {
    let matches = help::complete(Arguments::command()).get_matches();
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let result = match arguments.command {
        Command::Rehearse(arguments) => rehearse::run(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Resume(arguments) => rehearse::resume(&arguments),
        Command::Script(arguments) => script::run(arguments),
        Command::Token(arguments) => token::run(arguments),
        Command::Root(arguments) => root::run(arguments),
        Command::Share(arguments) => share::run(arguments),
        Command::Transcript(arguments) => transcript::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
    };
    match result {
        Ok(status) => status.into(),
        Err(failure) => failure.report(),
    }
}
