//! `conclave root show`: one root version, as people read it.

use std::fmt::Write as _;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::chain_files::{ChainFiles, display, read_file};
use super::output::print;
use super::{Failure, Status};
use crate::certificate::PublicKey;
use crate::metadata::{Key, ListedKey, RoleKind, RootDocument, RootFile};

/// Show one root version.
///
/// Nothing is verified against an earlier version: `conclave root verify` does that.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A root file, or a directory of which the newest N.root.json is shown.
    path: PathBuf,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let paths = [arguments.path.clone()];
    let path = ChainFiles::find(&paths)?.last().ok_or_else(|| {
        Failure::new(
            Status::Io,
            format!("{} holds no N.root.json", display(&arguments.path)),
        )
    })?;
    match RootFile::read(&read_file(&path)?) {
        Ok(file) => {
            if arguments.json {
                print(&as_json(&file).to_string())?;
            } else {
                print(&for_people(&file))?;
            }
            Ok(Status::Done)
        }
        Err(refusal) => {
            if arguments.json {
                print(&json!({"reasons": [refusal]}).to_string())?;
            }
            Err(Failure::new(
                Status::Refused,
                format!("{}: {refusal}", display(&path)),
            ))
        }
    }
}

fn as_json(file: &RootFile) -> Value {
    let document = file.document();
    let roles: serde_json::Map<String, Value> = RoleKind::ALL
        .into_iter()
        .map(|kind| (kind.as_str().to_owned(), role_json(document, kind)))
        .collect();
    let signatures: Vec<&str> = file
        .signatures()
        .iter()
        .filter(|signature| !signature.text().is_empty())
        .map(|signature| signature.key_id().as_str())
        .collect();
    json!({
        "version": document.version(),
        "spec_version": document.spec_version(),
        "expires": document.expires().as_str(),
        "expired": document.expires().is_past(Timestamp::now()),
        "consistent_snapshot": document.consistent_snapshot(),
        "digest": document.digest(),
        "roles": roles,
        "signatures": signatures,
        "findings": file.remarks(),
    })
}

fn role_json(document: &RootDocument, kind: RoleKind) -> Value {
    let role = document.role(kind);
    let keys: Vec<Value> = role
        .key_ids()
        .iter()
        .map(|id| {
            let key = document.keys().get(id).map(ListedKey::key);
            json!({
                "keyid": id,
                "keytype": key.map(Key::key_type),
                "scheme": key.map(Key::scheme_name),
                "fingerprint": key.and_then(Key::public).map(PublicKey::fingerprint),
            })
        })
        .collect();
    json!({"threshold": role.threshold(), "keys": keys})
}

fn for_people(file: &RootFile) -> String {
    let document = file.document();
    let mut text = format!("root version {}", document.version());
    let _ = write!(
        text,
        "\nexpires {}",
        document.expires().as_str().escape_debug()
    );
    let [first, second] = document.digest().grouped_hex();
    let _ = write!(text, "\nsigned digest {first}\n              {second}");
    for kind in RoleKind::ALL {
        let role = document.role(kind);
        let _ = write!(
            text,
            "\n{kind}: {} of {} keys",
            role.threshold(),
            role.key_ids().len()
        );
        for id in role.key_ids() {
            let description = document
                .keys()
                .get(id)
                .map_or_else(|| "not listed".to_owned(), |listed| listed.key().describe());
            let _ = write!(text, "\n  {}  {description}", id.short());
        }
    }
    for remark in file.remarks() {
        let _ = write!(text, "\n[note] {remark}");
    }
    text
}
