//! `conclave root show`: one root version.

use std::fmt::Write as _;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::chain_files::read_root;
use super::{Failure, Status};
use crate::certificate::{Certificate, PublicKey};
use crate::cli::output::print_as;
use crate::metadata::{Key, KeyId, ListedKey, RoleKind, RootFile, RootFormat, SignatureState};
use crate::record::visible;
use crate::words::Digest;

/// Show one root version.
///
/// The file is not verified against earlier versions; use `conclave root verify` for that.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// A root file, or a directory whose newest N.root.json is used
    path: PathBuf,
    /// Count the days until the expiry from this time instead of now, for example 2026-12-01T09:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Print the root as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let file = read_root(&arguments.path, arguments.json)?;
    let at = arguments.at.unwrap_or_else(Timestamp::now);
    print_as(
        arguments.json,
        || as_json(&file, at),
        || for_people(&file, at),
    )?;
    Ok(Status::Done)
}

fn as_json(file: &RootFile, at: Timestamp) -> Value {
    let document = file.document();
    let roles: Map<String, Value> = RoleKind::ALL
        .into_iter()
        .map(|kind| (kind.as_str().to_owned(), role_json(file, kind)))
        .collect();
    json!({
        "format": document.format().as_str(),
        "version": document.version(),
        "spec_version": document.spec_version(),
        "expires": document.expires().as_str(),
        "expired": document.expires().is_past(at),
        "days_left": document.expires().days_left(at),
        "consistent_snapshot": document.consistent_snapshot(),
        "digest": document.digest(),
        "roles": roles,
        "findings": file.remarks(),
    })
}

fn role_json(file: &RootFile, kind: RoleKind) -> Value {
    let role = file.document().role(kind);
    let keys: Vec<Value> = role
        .key_ids()
        .iter()
        .map(|id| {
            let listed = file.document().keys().get(id);
            let key = listed.map(ListedKey::key);
            let mut members = json!({
                "keyid": id,
                "keytype": key.map(Key::key_type),
                "scheme": key.map(Key::scheme_name),
                "fingerprint": key.and_then(Key::public).map(PublicKey::fingerprint),
                "holder": key.and_then(Key::holder),
            });
            if let Some(key) = key.filter(|key| key.is_of_notary()) {
                members["canonical_keyid"] = json!(key.canonical_id());
                members["certificate"] = json!(key.certificates().first().map(leaf_json));
            }
            if kind == RoleKind::Root {
                members["signature"] = json!(file.signature_of(id).into_str());
            }
            members
        })
        .collect();
    json!({"threshold": role.threshold(), "keys": keys})
}

fn leaf_json(leaf: &Certificate) -> Value {
    let validity = leaf.validity().ok();
    json!({
        "name": leaf.subject_name().map(visible),
        "not_before": validity.map(|validity| validity.from),
        "not_after": validity.map(|validity| validity.until),
        "sha256": Digest::of(leaf.as_der()),
    })
}

fn for_people(file: &RootFile, at: Timestamp) -> String {
    let document = file.document();
    let mut text = format!("root version {}", document.version());
    if document.format() == RootFormat::Notary {
        text.push_str(" of Notary v1 (Docker Content Trust)");
    }
    let days = document.expires().days_left(at);
    let left = match days {
        _ if document.expires().is_past(at) => "EXPIRED".to_owned(),
        0 => "less than a day left".to_owned(),
        1 => "1 day left".to_owned(),
        days => format!("{days} days left"),
    };
    let _ = write!(
        text,
        "\nexpires {} ({left})",
        document.expires().as_str().escape_debug()
    );
    let layout = match document.consistent_snapshot() {
        Some(true) => "on",
        Some(false) => "off",
        None => "not specified",
    };
    let _ = write!(text, "\nconsistent snapshots {layout}");
    let [first, second] = document.digest().grouped_hex();
    let _ = write!(text, "\nsigned digest {first}\n              {second}");
    for kind in RoleKind::ALL {
        let role = document.role(kind);
        let _ = write!(
            text,
            "\n\n{kind}: signatures from {} of {} keys required",
            role.threshold(),
            role.key_ids().len()
        );
        for id in role.key_ids() {
            let _ = write!(text, "\n  {}{}", mark(file, kind, id), describe(file, id));
            text.push_str(&both_ids(file, id));
        }
    }
    if !file.remarks().is_empty() {
        text.push('\n');
    }
    for remark in file.remarks() {
        let _ = write!(text, "\n[note] {remark}");
    }
    text
}

/// Whether this file has a signature from a root key.
fn mark(file: &RootFile, kind: RoleKind, id: &KeyId) -> &'static str {
    match (kind, file.signature_of(id)) {
        (RoleKind::Root, SignatureState::Verified) => "[signed]     ",
        (RoleKind::Root, SignatureState::Missing) => "[not signed] ",
        (RoleKind::Root, SignatureState::Invalid) => "[INVALID]    ",
        _ => "",
    }
}

/// The two IDs that Notary's tools use for a key in a certificate.
fn both_ids(file: &RootFile, id: &KeyId) -> String {
    let listed = file.document().keys().get(id).map(ListedKey::key);
    let key = listed.filter(|key| !key.certificates().is_empty());
    key.and_then(Key::canonical_id)
        .map_or_else(String::new, |canonical| {
            format!("\n      certificate ID {id}\n      canonical ID   {canonical}")
        })
}

fn describe(file: &RootFile, id: &KeyId) -> String {
    let Some(listed) = file.document().keys().get(id) else {
        return format!("{}  not listed", id.short());
    };
    let key = listed.key();
    match key.holder() {
        Some(holder) => format!("{}  {} ({holder})", id.short(), key.describe()),
        None => format!("{}  {}", id.short(), key.describe()),
    }
}
