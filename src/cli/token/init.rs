//! `conclave token init`

use std::io::ErrorKind;

use crate::line::show_secret;
use crate::profile::Kind;
use crate::token::{Seen, Token, TokenError, TokenQuery, check_label, in_groups};

use super::{Failure, ReaderArguments, Status, as_json, officer_pin, select};
use crate::cli::output::print_as;
use crate::cli::secrets::Secrets;

/// Initialize a token: set its label, SO PIN (on a YubiKey: PUK) and PIN.
///
/// A YubiKey also gets a random management key, which is stored on the device and protected by the PIN.
///
/// Uses the only blank token, or the token selected with --token. A token that contains any object is refused. An
/// empty token that was initialized before is erased with its SO PIN.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    reader: ReaderArguments,
    /// The new label: 1 to 32 bytes
    #[arg(long, value_name = "LABEL")]
    label: String,
    /// Current label or serial number of the token; not needed for a blank token
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// On a YubiKey: show the management key once, so that it can be written down and typed back, and then remove it
    /// from the device; requires a terminal
    #[arg(long)]
    write_management_key: bool,
    /// Read the SO PIN or PUK and then the PIN from this file descriptor, one per line
    #[arg(long, value_name = "N")]
    pin_fd: Option<u32>,
    /// Print the state of the token as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    check_label(&arguments.label)?;
    let mut reader = arguments.reader.reader()?;
    let seen = match &arguments.token {
        Some(selector) => select(reader.as_mut(), Some(selector))?,
        None => reader.find(&TokenQuery::blank(&reader.profile().name))?,
    };
    if arguments.write_management_key && reader.profile().kind != Kind::YubikeyPiv {
        return Err(Failure::usage("only YubiKeys have a management key")
            .hint("omit --write-management-key"));
    }
    let mut token = reader.open(&seen.id)?;
    // A YubiKey may contain keys although its PIN is still the factory default.
    if seen.state.initialized || reader.profile().kind == Kind::YubikeyPiv {
        refuse_if_not_empty(token.as_mut())?;
    }
    eprintln!("{}", announcement(&seen, &arguments.label));

    let pins = Secrets::new(arguments.pin_fd)?;
    let length = &seen.state.pin_length;
    let so_pin = if reader.profile().initialize.so_pin {
        Some(pins.new_pin(officer_pin(reader.profile()), length)?)
    } else {
        None
    };
    let pin = pins.new_pin("PIN", length)?;

    // A token without an SO PIN ignores the one that it gets.
    token
        .initialize(so_pin.as_ref().unwrap_or(&pin), &arguments.label)
        .and_then(|()| token.set_pin(so_pin.as_ref().unwrap_or(&pin), &pin))
        // A PIN that does not open the token should fail now, not in the ceremony.
        .and_then(|()| token.login(&pin))?;
    if arguments.write_management_key {
        write_management_key(token.as_mut())?;
    }
    token.logout()?;
    let state = token.state()?;
    let management_key = match (reader.profile().kind, arguments.write_management_key) {
        (Kind::YubikeyPiv, true) => "\nits new random management key is on the paper only",
        (Kind::YubikeyPiv, false) => {
            "\nits new random management key is on the device, protected by the PIN"
        }
        _ => "",
    };
    print_as(
        arguments.json,
        || as_json(token.id(), &state),
        || format!("initialized {}{management_key}", token.id()),
    )?;
    Ok(Status::Done)
}

/// Shows the management key once, and removes it from the token after it was typed back correctly.
fn write_management_key(token: &mut dyn Token) -> Result<(), Failure> {
    let kept = "the token is initialized and keeps its management key, protected by the PIN; to write the key down, run the command again";
    let Some(key) = token.management_key()? else {
        return Err(TokenError::ManagementKey.into());
    };
    let before = [
        format!("The management key of {}.", token.id()),
        "Write it down by hand. You type it back next; then it is removed from the device."
            .to_owned(),
    ];
    let after = "Press Enter when it is written down. It is not shown again. ";
    show_secret(&before, &in_groups(&key), after).map_err(|error| {
        let status = match error.kind() {
            ErrorKind::Interrupted => Status::Aborted,
            _ => Status::Io,
        };
        Failure::new(status, format!("cannot show the management key: {error}")).hint(kept)
    })?;
    let typed = Secrets::TERMINAL.existing_pin("management key")?;
    token
        .release_management_key(&typed)
        .map_err(|error| match error {
            TokenError::ManagementKey => {
                Failure::new(Status::Token, "the typed management key is wrong").hint(kept)
            }
            error => error.into(),
        })
}

fn announcement(seen: &Seen, label: &str) -> String {
    if seen.state.initialized {
        format!("ERASING {}; its new label is {label:?}", seen.id)
    } else {
        let (model, serial) = (&seen.id.model, &seen.id.serial);
        let blank = format!("{} {}", model.escape_debug(), serial.escape_debug());
        format!(
            "initializing a blank {} with label {label:?}",
            blank.trim_end()
        )
    }
}

/// Checks the objects that are visible without a login.
fn refuse_if_not_empty(token: &mut dyn Token) -> Result<(), Failure> {
    let held = token.objects()?;
    if held.is_empty() {
        return Ok(());
    }
    let mut lines = vec![format!("{} is not empty; it contains", token.id())];
    lines.extend(held.iter().map(|object| {
        let id = hex::encode(&object.object_id);
        format!("  {} {:?}, ID {id}", object.kind, object.label)
    }));
    Err(Failure::new(Status::Token, lines.join("\n"))
        .hint("nothing was changed; use a blank token, or destroy these keys in a ceremony first"))
}
