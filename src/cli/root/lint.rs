//! `conclave root lint`: known problems of clients with a root version.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;

use super::chain_files::read_root;
use super::{Failure, Status};
use crate::cli::output::print_as;
use crate::metadata::{Client, LintRemark, RootFormat, Service, lint, lint_notary};
use crate::record::UnknownName;

/// List known problems of TUF clients with a root version.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// A root file, or a directory whose newest N.root.json is used
    path: PathBuf,
    /// Clients: python-tuf, tough, tuf-js, go-tuf, sigstore, notary, or all (every client that supports the format of
    /// the root)
    #[arg(long = "client", value_name = "CLIENT", default_value = "all", value_parser = parse_clients)]
    clients: Vec<Clients>,
    /// The name of the repository in Notary certificates, for example docker.io/example/app
    #[arg(long, value_name = "GUN")]
    gun: Option<String>,
    /// Check certificates and expiry at this time instead of now, for example 2026-12-01T09:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Print the problems as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy)]
enum Clients {
    /// Every client that supports the format of the root.
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
    print_as(
        arguments.json,
        || json!({"remarks": remarks}),
        || match remarks.as_slice() {
            [] => "no known problems with the selected clients".to_owned(),
            remarks => {
                let lines: Vec<_> = remarks.iter().map(LintRemark::to_string).collect();
                lines.join("\n")
            }
        },
    )?;
    Ok(Status::of_verdict(remarks.is_empty()))
}
