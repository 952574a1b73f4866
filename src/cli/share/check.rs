//! `conclave share check`: whether a share opens and belongs to its set.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::opener::OpenerArguments;
use super::{Failure, Status, entry_json, read, read_manifest, refuse, which};
use crate::backup::{Collected, Manifest, OpenedShare, Refusal, ShareEntry};
use crate::cli::output::print_as;
use crate::cli::secrets::Secrets;
use crate::secret::ShareWords;

/// Open a share, and compare it with the manifest of its set.
///
/// The words of the share are not shown.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The share file
    #[arg(required_unless_present = "words")]
    file: Option<PathBuf>,
    /// The manifest of the share set, KEY.ID.manifest.json
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    #[command(flatten)]
    with: OpenerArguments,
    /// The ID of the custodian who must be the owner of the share
    #[arg(long, value_name = "ID")]
    custodian: Option<String>,
    /// Show the check words, for a custodian who is asked to read them aloud
    #[arg(long)]
    check_words: bool,
    /// Read the secrets from this file descriptor, one per line
    #[arg(long, value_name = "N")]
    pin_fd: Option<u32>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// A share that matches the manifest.
struct Checked<'m> {
    entry: &'m ShareEntry,
    opened: Option<OpenedShare>,
    is_same_file: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let manifest = read_manifest(&arguments.manifest)?;
    let expected = arguments.custodian.as_deref();
    if let Some(id) = expected
        && manifest.share_of(id).is_none()
    {
        let ids: Vec<&str> = manifest
            .shares()
            .iter()
            .map(|entry| entry.label().custodian.as_str())
            .collect();
        return Err(
            Failure::usage(format!("{id:?} is not a custodian of this share set"))
                .hint(format!("give one of these IDs: {}", ids.join(", "))),
        );
    }
    let secrets = Secrets::new(arguments.pin_fd)?;
    let checked = match &arguments.file {
        None => {
            let typed = secrets.ask("words of the share", "Words of the share, in one line: ")?;
            let typed = ShareWords::new(&typed);
            let words = Path::new("the words");
            by_words(&manifest, &typed, expected)
                .map_err(|refusal| refuse(words, &refusal, arguments.json))?
        }
        Some(path) => {
            let file = read(path)?;
            let with = arguments.with.opener(&secrets)?;
            let opened = manifest.open(&file, &with, expected);
            opened
                .and_then(|opened| {
                    let entry = manifest.check_share(&opened)?;
                    Ok(Checked {
                        entry,
                        is_same_file: manifest.share_in(&file) == Some(entry),
                        opened: Some(opened),
                    })
                })
                .map_err(|refusal| refuse(path, &refusal, arguments.json))?
        }
    };
    report(&manifest, &checked, arguments)?;
    Ok(Status::Done)
}

fn by_words<'m>(
    manifest: &'m Manifest,
    words: &ShareWords,
    expected: Option<&str>,
) -> Result<Checked<'m>, Refusal> {
    let mut collected = Collected::new(manifest.clone());
    let custodian = collected
        .add_words(words, expected)?
        .label()
        .custodian
        .clone();
    let entry = manifest.share_of(&custodian).ok_or_else(|| {
        let check = crate::backup::Check::ShareCustodian;
        Refusal::new(check, check.meaning())
    })?;
    Ok(Checked {
        entry,
        opened: None,
        is_same_file: false,
    })
}

fn report(
    manifest: &Manifest,
    checked: &Checked<'_>,
    arguments: &Arguments,
) -> Result<(), Failure> {
    let check_words = checked.opened.as_ref().filter(|_| arguments.check_words);
    let value = || {
        let mut value = json!({
            "verdict": "accepted",
            "set": manifest.set(),
            "key": manifest.facts().key,
            "repository": manifest.facts().repository,
            "rehearsal": manifest.facts().is_rehearsal,
            "share": entry_json(checked.entry),
            "file_unchanged": checked.opened.as_ref().map(|_| checked.is_same_file),
        });
        if let Some(opened) = check_words {
            value["check_words"] = json!(opened.check_words());
        }
        value
    };
    let text = || {
        let mut text = format!("[ok] this is the share of {}", which(checked.entry));
        if manifest.facts().is_rehearsal {
            text.push_str("\nREHEARSAL: this share protects nothing");
        }
        if checked.opened.is_some() && !checked.is_same_file {
            text.push_str(
                "\nnote: the file was encrypted again; its digest differs from the manifest",
            );
        }
        if let Some(opened) = check_words {
            text.push_str("\ncheck words: ");
            text.push_str(opened.check_words());
        }
        text
    };
    print_as(arguments.json, value, text)
}
