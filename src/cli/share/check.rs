//! `conclave share check`: that a share opens and is the one that was made.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::opener::{OpenerArguments, SecretEntry};
use super::{Failure, Status, entry_json, print, read, read_manifest, refuse, which};
use crate::backup::{Collected, Manifest, OpenedShare, Refusal, ShareEntry};
use crate::secret::ShareWords;

/// Open a share, and hold it against the manifest of its set. Its words are not shown.
///
/// Exit status: 0 it is the share that was made, 1 it is not, 2 wrong usage, 4 a file could not be read, 130 aborted.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The file of the share.
    #[arg(required_unless_present = "words")]
    file: Option<PathBuf>,
    /// The manifest of the set, KEY.ID.manifest.json.
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    #[command(flatten)]
    with: OpenerArguments,
    /// Whose share it must be: the custodian's ID.
    #[arg(long, value_name = "ID")]
    custodian: Option<String>,
    /// Show the check words, for a custodian who is asked to read them out.
    #[arg(long)]
    check_words: bool,
    /// Read what is asked for from this file descriptor, one per line.
    #[arg(long, value_name = "N")]
    pin_fd: Option<u32>,
    /// Report as JSON.
    #[arg(long)]
    json: bool,
}

/// A share that is the one that was made.
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
            Failure::new(Status::Usage, format!("{id:?} keeps no share of this set"))
                .hint(format!("these do: {}", ids.join(", "))),
        );
    }
    let secrets = SecretEntry::new(arguments.pin_fd)?;
    let checked = match &arguments.file {
        None => {
            let typed = ShareWords::new(&secrets.ask("words of the share, in one line")?);
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
    tell(&manifest, &checked, arguments)?;
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

fn tell(manifest: &Manifest, checked: &Checked<'_>, arguments: &Arguments) -> Result<(), Failure> {
    let check_words = checked.opened.as_ref().filter(|_| arguments.check_words);
    if arguments.json {
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
        return print(&value.to_string());
    }
    let mut text = format!(
        "[ok] it is the share that was made for {}",
        which(checked.entry)
    );
    if manifest.facts().is_rehearsal {
        text.push_str("\nREHEARSAL: this share protects nothing");
    }
    if checked.opened.is_some() && !checked.is_same_file {
        text.push_str(
            "\nthe file is not the one that the manifest has: the same share was encrypted anew",
        );
    }
    if let Some(opened) = check_words {
        text.push_str("\ncheck words: ");
        text.push_str(opened.check_words());
    }
    print(&text)
}
