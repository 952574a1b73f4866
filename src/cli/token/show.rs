//! `conclave token show`

use serde_json::{Value, json};

use crate::profile::Profile;
use crate::token::{HeldKey, HeldObject, ObjectKind, Seen};

use super::{Failure, ReaderArguments, Status, as_json, select, state_words};
use crate::cli::conduct::digest_lines;
use crate::cli::output::print_as;
use crate::record::visible;

/// Show one token and the keys that are visible without its PIN.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    reader: ReaderArguments,
    /// Label or serial number of the token; not needed if only one is connected
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Print the token as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let mut reader = arguments.reader.reader()?;
    let seen = select(reader.as_mut(), arguments.token.as_deref())?;
    let mut token = reader.open(&seen.id)?;
    let keys = token.keys()?;
    // A public key that was read is already among the keys.
    let mut others = token.objects()?;
    others.retain(|object| {
        object.kind != ObjectKind::PublicKey
            || !keys.iter().any(|key| key.object_id == object.object_id)
    });
    print_as(
        arguments.json,
        || report(&seen, &keys, &others),
        || text(reader.profile(), &seen, &keys, &others),
    )?;
    Ok(Status::Done)
}

fn report(seen: &Seen, keys: &[HeldKey], others: &[HeldObject]) -> Value {
    let keys: Vec<Value> = keys
        .iter()
        .map(|key| {
            json!({
                "id": hex::encode(&key.object_id),
                "label": key.label,
                "algorithm": key.public.algorithm().to_string(),
                "fingerprint": key.public.fingerprint(),
                "public": key.public.to_pem(),
            })
        })
        .collect();
    let others: Vec<Value> = others
        .iter()
        .map(|object| {
            json!({
                "kind": object.kind.to_string(),
                "id": hex::encode(&object.object_id),
                "label": object.label,
            })
        })
        .collect();
    json!({ "token": as_json(&seen.id, &seen.state), "keys": keys, "other_objects": others })
}

fn either(condition: bool, yes: &str, no: &str) -> String {
    if condition { yes } else { no }.to_owned()
}

fn text(make: &Profile, seen: &Seen, keys: &[HeldKey], others: &[HeldObject]) -> String {
    let mut lines: Vec<String> = [
        ("label", visible(&seen.id.label)),
        ("serial", visible(&seen.id.serial)),
        ("model", visible(&seen.id.model)),
        ("manufacturer", visible(&seen.id.manufacturer)),
        ("state", state_words(&seen.state)),
        (
            "wrong PINs",
            either(make.login.locks, "lock the token", "do not lock the token"),
        ),
        (
            "keys",
            either(make.hardware, "in hardware", "in files that can be copied"),
        ),
    ]
    .iter()
    .map(|(name, value)| format!("{name:<14}{value}"))
    .collect();
    if keys.is_empty() {
        lines.push("no key is visible without the PIN".to_owned());
    }
    for key in keys {
        let id = hex::encode(&key.object_id);
        let fingerprint = key.public.fingerprint();
        lines.push(format!(
            "key {id}  {}  {:?}",
            key.public.algorithm(),
            key.label
        ));
        lines.push(digest_lines(&fingerprint));
    }
    lines.extend(
        others
            .iter()
            .map(|object| format!("{} {:?}", object.kind, object.label)),
    );
    lines.join("\n")
}
