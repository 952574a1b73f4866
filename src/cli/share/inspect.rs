//! `conclave share inspect`: identifies a file of a share set without opening it.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Failure, Status, entry_json, read, read_manifest, refuse, which};
use crate::backup::{Check, Manifest, Refusal, recipient_kinds};
use crate::cli::output::print_as;
use crate::record::visible;
use crate::words::Digest;

/// Identify a share file, manifest or wrapped key without opening it.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// A share file, a manifest, or a wrapped key
    file: PathBuf,
    /// The manifest of the share set; identifies the owner of a share, and verifies a wrapped key
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let path = &arguments.file;
    let bytes = read(path)?;
    let manifest = arguments
        .manifest
        .as_deref()
        .map(read_manifest)
        .transpose()?;
    let found = match (bytes.first(), &manifest) {
        (Some(b'{'), _) => {
            Manifest::read(&bytes).map(|manifest| (of_manifest(&manifest), manifest.to_json()))
        }
        (_, Some(manifest)) if Digest::of(&bytes) == manifest.wrapped().sha256 => {
            Ok(wrapped(manifest))
        }
        _ => match recipient_kinds(&bytes) {
            Ok(kinds) => of_share(&bytes, &kinds, manifest.as_ref()),
            // A file that begins like an age file is a changed share; any other can only be a wrapped key.
            Err(refusal) => match &manifest {
                Some(manifest) if !bytes.starts_with(b"age-") && !bytes.starts_with(b"-----") => {
                    manifest.check_wrapped(&bytes).map(|()| wrapped(manifest))
                }
                _ => Err(refusal),
            },
        },
    };
    let (text, value) = found.map_err(|refusal| refuse(path, &refusal, arguments.json))?;
    print_as(arguments.json, || value, || text)?;
    Ok(Status::Done)
}

fn wrapped(manifest: &Manifest) -> (String, Value) {
    let facts = manifest.facts();
    let text = format!(
        "the wrapped key {} of {}, unchanged: {} bytes, SHA-256 {}",
        visible(&facts.key),
        visible(&facts.repository),
        manifest.wrapped().bytes,
        manifest.wrapped().sha256
    );
    let value = json!({
        "type": "wrapped-key",
        "key": facts.key,
        "repository": facts.repository,
        "set": manifest.set(),
        "sha256": manifest.wrapped().sha256,
    });
    (text, value)
}

fn of_share(
    file: &[u8],
    kinds: &[String],
    manifest: Option<&Manifest>,
) -> Result<(String, Value), Refusal> {
    let sha256 = Digest::of(file);
    let entry = match manifest {
        None => None,
        Some(manifest) => Some(manifest.share_in(file).ok_or_else(|| {
            Refusal::new(
                Check::ShareChanged,
                "the file is not in the manifest: it belongs to another set, was changed, or was encrypted again",
            )
        })?),
    };
    let names: Vec<String> = kinds.iter().map(|kind| visible(kind)).collect();
    let mut text = format!(
        "an encrypted share: {} bytes, SHA-256 {sha256}\nencrypted to: {}",
        file.len(),
        names.join(", ").replace("scrypt", "a passphrase")
    );
    if let Some(entry) = entry {
        let _ = write!(text, "\nshare of {}", which(entry));
    }
    let value = json!({
        "type": "encrypted-share",
        "bytes": file.len(),
        "sha256": sha256,
        "encrypted_to": kinds,
        "share": entry.map(entry_json),
    });
    Ok((text, value))
}

fn of_manifest(manifest: &Manifest) -> String {
    let facts = manifest.facts();
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<16}{}", visible(value));
    };
    line("Repository", &facts.repository);
    line("Key", &facts.key);
    line("Public key", &facts.public_key.fingerprint().to_string());
    line("Provenance", facts.provenance.as_str());
    line("Made", &facts.created_at.to_string());
    if facts.is_rehearsal {
        line("Mode", "REHEARSAL");
    }
    line("Set", &manifest.set().to_string());
    line("", &manifest.set().first_words(8));
    line(
        "Wrapped key",
        &format!(
            "{} bytes, SHA-256 {}",
            manifest.wrapped().bytes,
            manifest.wrapped().sha256
        ),
    );
    for old in &facts.supersedes {
        line(
            "Replaces",
            &format!("share set {} of {}", old.set.short_hex(), old.created_at),
        );
    }
    let _ = write!(
        text,
        "\n{} of {} groups are required:",
        facts.groups_needed,
        facts.groups.len()
    );
    for (number, group) in (1..).zip(&facts.groups) {
        let _ = write!(
            text,
            "\n  group {number}: {} of {}",
            group.threshold,
            group.custodians.len()
        );
        let entries = manifest
            .shares()
            .iter()
            .filter(|entry| entry.label().place.group == number);
        for entry in entries {
            let custodian = entry.custodian();
            let mut how: Vec<String> = custodian
                .protection
                .iter()
                .map(ToString::to_string)
                .collect();
            if custodian.on_paper {
                how.push("written by hand".to_owned());
            }
            let _ = write!(
                text,
                "\n    {}, {}",
                visible(&entry.label().who()),
                how.join(", ")
            );
        }
    }
    text
}
