//! The command line: one file per command, which picks a front end and says how it ended.

mod conduct;
mod doctor;
mod failure;
mod output;
mod profiles;
mod rehearse;
mod restart;
mod resume;
mod resume_life;
mod root;
mod run;
mod script;
mod share;
mod token;
mod transcript;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use failure::{Failure, Status};

/// Offline root key ceremonies for The Update Framework.
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

/// Reads the arguments of the process, does what they say, and tells how it ended.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Rehearse(arguments) => rehearse::run(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Resume(arguments) => resume_life::run(&arguments),
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
