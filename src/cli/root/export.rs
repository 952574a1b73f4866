//! `conclave root export`: the files for where a root is published, with instructions.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::json;

use super::carried::replace_file;
use super::chain_files::{ChainFiles, unreadable};
use super::{Failure, Status};
use crate::cli::output::{display, print};
use crate::metadata::{
    Client, LintRemark, RootFile, RootFormat, Service, lint, lint_notary, try_verify_chain,
};
use crate::storage::{is_empty, make_folder};
use crate::transfer::{Consignment, Destination};

/// Write the files for where a root is published, with instructions that can be followed to the letter.
///
/// The chain is verified first; what the destination would not take refuses it. Clients that stumble
/// over the newest version are named.
///
/// Exit status: 0 done, 1 the chain or the destination refuses it, 2 wrong usage, 4 a file could not
/// be read or written.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A directory with 1.root.json, 2.root.json …, or the files in order; the first is the trust anchor.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// What publishes it: plain, tuf-on-ci, tough, python-tuf, notary-v1.
    #[arg(long = "for", value_name = "DESTINATION", default_value = "plain")]
    destination: Destination,
    /// The name of the repository, where certificates of Notary are for more than one.
    #[arg(long, value_name = "GUN")]
    gun: Option<String>,
    /// The directory for the files: one that does not exist yet or is empty.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Judge the expiry at this time instead of now: 2026-12-01T09:00:00Z.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Report as JSON on stdout.
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
                "the root is in the format {found}, and {} wants {destination}",
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
    if arguments.json {
        let value = json!({
            "destination": arguments.destination.as_str(),
            "version": report.version(),
            "reasons": reasons,
            "files": written,
            "clients": remarks,
        });
        print(&value.to_string())?;
    } else {
        print(&for_people(&reasons, &remarks, &written, &arguments.out))?;
    }
    Ok(if reasons.is_empty() {
        Status::Done
    } else {
        Status::Refused
    })
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
        "nothing was written"
    } else {
        "follow INSTRUCTIONS.txt on the machine that publishes"
    });
    text
}

/// Writes the files, and tells their names.
fn write(arguments: &Arguments, consignment: &Consignment<'_>) -> Result<Vec<String>, Failure> {
    let out = &arguments.out;
    let empty = make_folder(out).and_then(|()| is_empty(out));
    if !empty.map_err(|error| unreadable(out, &error.problem))? {
        return Err(
            Failure::new(Status::Usage, format!("{} is not empty", display(out)))
                .hint("give a directory that does not exist yet, with --out DIR"),
        );
    }
    let documents = arguments.destination.package(consignment);
    for (name, bytes) in &documents {
        replace_file(&out.join(name), bytes)?;
    }
    Ok(documents.into_iter().map(|(name, _)| name).collect())
}
