//! `conclave root lint`: what particular clients stumble over.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;

use super::chain_files::read_root;
use super::{Failure, Status};
use crate::cli::output::print;
use crate::metadata::{Client, LintRemark, RootFormat, Service, lint, lint_notary};
use crate::record::UnknownName;

/// Tell which clients stumble over a root version, and over what.
///
/// Exit status: 0 if none does, 1 if one does.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A root file, or a directory of which the newest N.root.json is taken.
    path: PathBuf,
    /// python-tuf, tough, tuf-js, go-tuf, sigstore, notary, or all: every client of TUF 1.0, or, of a
    /// root in Notary's format, Notary. May be given more than once.
    #[arg(long = "client", value_name = "CLIENT", default_value = "all", value_parser = parse_clients)]
    clients: Vec<Clients>,
    /// The name of the repository, as in docker.io/example/app: certificates of Notary are for one name.
    #[arg(long, value_name = "GUN")]
    gun: Option<String>,
    /// Judge certificates and expiry at this time instead of now: 2026-12-01T09:00:00Z.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Print the remarks as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy)]
enum Clients {
    /// Every client of the root's own format.
    All,
    One(Client),
}

fn parse_clients(name: &str) -> Result<Clients, UnknownName> {
    Ok(match name {
        "all" => Clients::All,
        name => Clients::One(name.parse()?),
    })
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let file = read_root(&arguments.path, arguments.json)?;
    let format = file.document().format();
    let clients: Vec<Client> = arguments
        .clients
        .iter()
        .flat_map(|clients| match (clients, format) {
            (Clients::All, RootFormat::Tuf) => Client::TUF.to_vec(),
            (Clients::All, RootFormat::Notary) => vec![Client::Notary],
            (Clients::One(client), _) => vec![*client],
        })
        .collect();
    let mut remarks = lint(&file, &clients);
    if format == RootFormat::Notary && clients.contains(&Client::Notary) {
        let service = Service {
            gun: arguments.gun.as_deref(),
            at: arguments.at.unwrap_or_else(Timestamp::now),
        };
        remarks.extend(lint_notary(&file, service));
    }
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
