//! `conclave token change-pin`

use crate::record::Tries;
use crate::token::{PinRole, TokenError};

use super::pin_entry::PinEntry;
use super::{Failure, ReaderArguments, Status, officer_pin, print, select};

/// Change the PIN of a token, or set one anew with its SO PIN or PUK.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    reader: ReaderArguments,
    /// Its label or serial number; not needed when there is only one.
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Set a new PIN with the SO PIN or PUK, for one that is locked or forgotten.
    #[arg(long)]
    unblock: bool,
    /// Read the old PIN (with --unblock, the SO PIN or PUK) and the new one from this file descriptor, one per
    /// line; before the last try, LAST TRY on a line of its own.
    #[arg(long, value_name = "N")]
    pin_fd: Option<u32>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let mut reader = arguments.reader.reader()?;
    let seen = select(reader.as_mut(), arguments.token.as_deref())?;
    let mut token = reader.open(&seen.id)?;
    eprintln!("{}: {}", seen.id, seen.state.pin_tries);

    let mut pins = PinEntry::new(arguments.pin_fd)?;
    let length = &seen.state.pin_length;
    let new = if arguments.unblock {
        let name = officer_pin(reader.profile());
        confirm_last_try(&mut pins, name, seen.state.so_pin_tries)?;
        let so_pin = pins.existing(name)?;
        let new = pins.new_pin("PIN", length)?;
        token.set_pin(&so_pin, &new)?;
        new
    } else {
        if seen.state.pin_tries == Tries::Exactly(0) {
            let role = PinRole::User;
            return Err(Failure::from(TokenError::PinLocked { role })
                .hint("set a new one with its SO PIN or PUK: --unblock"));
        }
        confirm_last_try(&mut pins, "PIN", seen.state.pin_tries)?;
        let old = pins.existing("PIN")?;
        // Before the new one is thought up and typed twice.
        token.login(&old)?;
        token.logout()?;
        let new = pins.new_pin("PIN", length)?;
        token.change_pin(&old, &new)?;
        new
    };
    token.login(&new).and_then(|()| token.logout())?;
    print(&format!("changed the PIN of {}", token.id()))?;
    Ok(Status::Done)
}

/// The last try is spent only by somebody who says so.
fn confirm_last_try(pins: &mut PinEntry, name: &str, tries: Tries) -> Result<(), Failure> {
    if !matches!(tries, Tries::Last | Tries::Exactly(1)) || pins.confirms_last_try(name)? {
        return Ok(());
    }
    Err(Failure::new(
        Status::Refused,
        format!("this is the last try of the {name}"),
    )
    .hint("nothing was tried; whoever is sure types LAST TRY first"))
}
