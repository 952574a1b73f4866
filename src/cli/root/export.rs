//! `conclave root export`: the files to publish, with instructions.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::json;

use super::chain_files::ChainFiles;
use super::{Failure, Status};
use crate::cli::output::{display, print_as};
use crate::metadata::{
    Client, LintRemark, RootFile, RootFormat, Service, lint, lint_notary, try_verify_chain,
};
use crate::storage::{Mode, is_empty, make_folder, replace};
use crate::transfer::{Consignment, Destination};

/// Write the files to publish for a destination, with exact instructions.
///
/// The chain is verified first. It is refused if the destination does not support the newest version. Clients that
/// have problems with the newest version are listed.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// A directory with 1.root.json, 2.root.json …, or the files in order; the first is the trust anchor
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The software that publishes the root: plain, tuf-on-ci, tough, python-tuf, notary-v1
    #[arg(long = "for", value_name = "DESTINATION", default_value = "plain")]
    destination: Destination,
    /// The name of the repository, if the Notary certificates are for several
    #[arg(long, value_name = "GUN")]
    gun: Option<String>,
    /// The directory for the files; must be new or empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Check the expiry at this time instead of now, for example 2026-12-01T09:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let files = ChainFiles::find(&arguments.paths)?
        .read()
        .collect::<Result<Vec<_>, _>>()?;
    let at = arguments.at.unwrap_or_else(Timestamp::now);
    let report = try_verify_chain(files.iter().cloned().map(Ok::<_, Failure>), at)?;
    let mut reasons: Vec<String> = report.reasons().iter().map(ToString::to_string).collect();
    let roots: Vec<RootFile> = files
        .iter()
        .filter_map(|(_, bytes)| RootFile::read(bytes).ok())
        .collect();
    let mut remarks = Vec::new();
    if let (true, Some(newest)) = (report.is_accepted(), roots.last()) {
        reasons.extend(arguments.destination.objections(newest.document()));
        let destination = arguments.destination.format();
        let found = newest.document().format();
        if found != destination {
            reasons.push(format!(
                "the format of the root is {found}, but {} requires {destination}",
                arguments.destination
            ));
        }
        remarks = match found {
            RootFormat::Tuf => lint(newest, &Client::TUF),
            RootFormat::Notary => {
                let gun = arguments.gun.as_deref();
                lint_notary(newest, Service { gun, at })
            }
        };
        let own = arguments.destination.own_client();
        let refused = |remark: &&LintRemark| {
            Some(remark.client) == own && remark.effect == crate::metadata::Effect::RefusesFile
        };
        reasons.extend(remarks.iter().filter(refused).map(ToString::to_string));
    }
    let written = match (reasons.is_empty(), roots.split_last()) {
        (true, Some((newest, others))) => {
            let versions = roots.iter().map(|root| root.document().version());
            let bytes = files.iter().map(|(_, bytes)| bytes.clone());
            let consignment = Consignment {
                files: versions.zip(bytes).collect(),
                root: newest.document(),
                previous: others.last().map(RootFile::document),
                repository: arguments.gun.as_deref(),
                is_rehearsal: false,
                further: Vec::new(),
                key_files: Vec::new(),
            };
            write(arguments, &consignment)?
        }
        _ => Vec::new(),
    };
    print_as(
        arguments.json,
        || {
            json!({
                "destination": arguments.destination.as_str(),
                "version": report.version(),
                "reasons": reasons,
                "files": written,
                "clients": remarks,
            })
        },
        || for_people(&reasons, &remarks, &written, &arguments.out),
    )?;
    Ok(Status::of_verdict(reasons.is_empty()))
}

fn for_people(
    reasons: &[String],
    remarks: &[LintRemark],
    written: &[String],
    out: &Path,
) -> String {
    let mut text = String::new();
    for reason in reasons {
        let _ = writeln!(text, "[FAIL] {reason}");
    }
    for remark in remarks {
        let _ = writeln!(text, "[note] {remark}");
    }
    for name in written {
        let _ = writeln!(text, "{}", display(&out.join(name)));
    }
    text.push_str(if written.is_empty() {
        "no file was written"
    } else {
        "next: follow INSTRUCTIONS.txt on the publishing machine"
    });
    text
}

/// Writes the files, and returns their names.
fn write(arguments: &Arguments, consignment: &Consignment<'_>) -> Result<Vec<String>, Failure> {
    let out = &arguments.out;
    if !make_folder(out).and_then(|()| is_empty(out))? {
        return Err(Failure::usage(format!("{} is not empty", display(out)))
            .hint("choose a new directory with --out DIR"));
    }
    let documents = arguments.destination.package(consignment);
    for (name, bytes) in &documents {
        replace(&out.join(name), bytes, Mode::Public)?;
    }
    Ok(documents.into_iter().map(|(name, _)| name).collect())
}
