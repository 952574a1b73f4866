//! `conclave token init`

use std::io::ErrorKind;

use crate::line::show_secret;
use crate::profile::Kind;
use crate::token::{Seen, Token, TokenError, TokenQuery, check_label, in_groups};

use super::pin_entry::PinEntry;
use super::{Failure, ReaderArguments, Status, as_json, officer_pin, print, select};

/// Initialize a token: give it a label, an SO PIN (a YubiKey: a PUK) and a PIN.
///
/// A YubiKey also gets a random management key, which lies under the PIN on the device.
///
/// Takes the one blank token that there is, or the one that --token names. A token that holds
/// anything is refused; one that was initialized before, and is empty, is erased with its SO PIN.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    reader: ReaderArguments,
    /// The label that it gets: 1 to 32 bytes.
    #[arg(long, value_name = "LABEL")]
    label: String,
    /// The label or serial number that it has; not needed for a blank one.
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// A YubiKey: show the management key, to be written down for the safe and typed back, and keep it on the device no
    /// more. Only at a terminal.
    #[arg(long)]
    write_management_key: bool,
    /// Read the SO PIN or PUK, and the PIN, from this file descriptor, one per line.
    #[arg(long, value_name = "N")]
    pin_fd: Option<u32>,
    /// Report as JSON on stdout.
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
        return Err(
            Failure::new(Status::Usage, "such tokens have no management key")
                .hint("leave --write-management-key out"),
        );
    }
    let mut token = reader.open(&seen.id)?;
    // A YubiKey may hold keys and still open with what it left the factory with.
    if seen.state.initialized || reader.profile().kind == Kind::YubikeyPiv {
        refuse_if_it_holds_anything(token.as_mut())?;
    }
    eprintln!("{}", announcement(&seen, &arguments.label));

    let mut pins = PinEntry::new(arguments.pin_fd)?;
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
        // Whoever set the PIN should learn now, not in the ceremony, that it does not open the token.
        .and_then(|()| token.login(&pin))?;
    if arguments.write_management_key {
        write_management_key(token.as_mut())?;
    }
    token.logout()?;
    let state = token.state()?;
    print(&if arguments.json {
        format!("{:#}", as_json(token.id(), &state))
    } else {
        let mut text = format!("initialized {}", token.id());
        if reader.profile().kind == Kind::YubikeyPiv {
            text.push_str(if arguments.write_management_key {
                "\nits management key is random now, and on the paper alone"
            } else {
                "\nits management key is random now, and lies under the PIN on the device"
            });
        }
        text
    })?;
    Ok(Status::Done)
}

/// Shows the management key once, and takes it off the token when what was typed back is that key.
fn write_management_key(token: &mut dyn Token) -> Result<(), Failure> {
    let stays = "the token is set up, and keeps its management key behind the PIN; to write that down, start again";
    let Some(key) = token.management_key()? else {
        return Err(TokenError::ManagementKey.into());
    };
    let before = [
        format!("The management key of {}.", token.id()),
        "Write it down by hand. It is typed back next; then the paper is all there is.".to_owned(),
    ];
    let after = "Enter, when it is written down: it is not shown again. ";
    show_secret(&before, &in_groups(&key), after).map_err(|error| {
        let status = match error.kind() {
            ErrorKind::Interrupted => Status::Aborted,
            _ => Status::Io,
        };
        Failure::new(status, format!("the management key was not shown: {error}")).hint(stays)
    })?;
    let typed = PinEntry::at_terminal("management key")?;
    token.release_management_key(&typed).map_err(|error| {
        let failure = Failure::from(error.clone());
        match error {
            TokenError::ManagementKey => {
                Failure::new(Status::Token, "what was typed is not the management key").hint(stays)
            }
            _ => failure,
        }
    })
}

fn announcement(seen: &Seen, label: &str) -> String {
    if seen.state.initialized {
        format!("ERASING {}; it will be {label:?}", seen.id)
    } else {
        let (model, serial) = (&seen.id.model, &seen.id.serial);
        let blank = format!("{} {}", model.escape_debug(), serial.escape_debug());
        format!("initializing a blank {} as {label:?}", blank.trim_end())
    }
}

/// Looks at what shows without a login, for nobody has a right to more before the SO PIN.
fn refuse_if_it_holds_anything(token: &mut dyn Token) -> Result<(), Failure> {
    let held = token.objects()?;
    if held.is_empty() {
        return Ok(());
    }
    let mut what = vec![format!("{} holds", token.id())];
    what.extend(held.iter().map(|object| {
        let id = hex::encode(&object.object_id);
        format!("  {} {:?}, ID {id}", object.kind, object.label)
    }));
    Err(Failure::new(Status::Token, what.join("\n"))
        .hint("nothing was changed; take a blank token, or destroy these keys in a ceremony first"))
}
