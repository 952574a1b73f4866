//! `conclave token change-pin`

use super::pin_entry::PinEntry;
use super::{Failure, ReaderArguments, Status, print, select};

/// Change the PIN of a token.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    reader: ReaderArguments,
    /// Its label or serial number; not needed when there is only one.
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Read the old and the new PIN from this file descriptor, one per line.
    #[arg(long, value_name = "N")]
    pin_fd: Option<u32>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let mut reader = arguments.reader.reader()?;
    let seen = select(reader.as_mut(), arguments.token.as_deref())?;
    let mut token = reader.open(&seen.id)?;
    eprintln!("{}: {}", seen.id, seen.state.pin_tries);

    let mut pins = PinEntry::new(arguments.pin_fd)?;
    let old = pins.existing("PIN")?;
    // Before the new one is thought up and typed twice.
    token.login(&old)?;
    token.logout()?;
    let new = pins.new_pin("PIN", &seen.state.pin_length)?;
    token
        .change_pin(&old, &new)
        .and_then(|()| token.login(&new))
        .and_then(|()| token.logout())?;
    print(&format!("changed the PIN of {}", token.id()))?;
    Ok(Status::Done)
}
