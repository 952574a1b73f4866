//! `conclave root lint`: what particular clients stumble over.

use std::path::PathBuf;

use serde_json::json;

use super::chain_files::read_root;
use super::output::print;
use super::{Failure, Status};
use crate::metadata::{Client, LintRemark, UnknownClient, lint};

/// Tell which clients stumble over a root version, and over what.
///
/// Exit status: 0 if none does, 1 if one does.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A root file, or a directory of which the newest N.root.json is taken.
    path: PathBuf,
    /// python-tuf, tough, tuf-js, go-tuf, sigstore, notary, or all: every client of TUF 1.0, which
    /// Notary is not. May be given more than once.
    #[arg(long = "client", value_name = "CLIENT", default_value = "all", value_parser = parse_clients)]
    clients: Vec<Clients>,
    /// Print the remarks as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone)]
struct Clients(Vec<Client>);

fn parse_clients(name: &str) -> Result<Clients, UnknownClient> {
    Ok(Clients(match name {
        "all" => Client::TUF.to_vec(),
        name => vec![name.parse()?],
    }))
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let file = read_root(&arguments.path, arguments.json)?;
    let clients: Vec<Client> = arguments
        .clients
        .iter()
        .flat_map(|clients| clients.0.iter().copied())
        .collect();
    let remarks = lint(&file, &clients);
    if arguments.json {
        print(&json!({"remarks": remarks}).to_string())?;
    } else if remarks.is_empty() {
        print("no client that was asked about stumbles over it")?;
    } else {
        let lines: Vec<_> = remarks.iter().map(LintRemark::to_string).collect();
        print(&lines.join("\n"))?;
    }
    Ok(if remarks.is_empty() {
        Status::Done
    } else {
        Status::Refused
    })
}
