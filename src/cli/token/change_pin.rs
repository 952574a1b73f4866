//! `conclave token change-pin`

use crate::record::Tries;
use crate::token::{PinRole, TokenError};

use super::{Failure, ReaderArguments, Status, officer_pin, select};
use crate::cli::output::print;
use crate::cli::secrets::Secrets;

/// Change the PIN of a token, or set a new PIN with the SO PIN or PUK.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    reader: ReaderArguments,
    /// Label or serial number of the token; not needed if only one is connected
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Set a new PIN with the SO PIN or PUK, if the old PIN is locked or forgotten
    #[arg(long)]
    unblock: bool,
    /// Read the old PIN (with --unblock, the SO PIN or PUK) and the new PIN from this file descriptor, one per line;
    /// before the last try, a line with LAST TRY
    #[arg(long, value_name = "N")]
    pin_fd: Option<u32>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let mut reader = arguments.reader.reader()?;
    let seen = select(reader.as_mut(), arguments.token.as_deref())?;
    let mut token = reader.open(&seen.id)?;
    eprintln!("{}: {}", seen.id, seen.state.pin_tries);

    let pins = Secrets::new(arguments.pin_fd)?;
    let length = &seen.state.pin_length;
    let new = if arguments.unblock {
        let name = officer_pin(reader.profile());
        confirm_last_try(&pins, name, seen.state.so_pin_tries)?;
        let so_pin = pins.existing_pin(name)?;
        let new = pins.new_pin("PIN", length)?;
        token.set_pin(&so_pin, &new)?;
        new
    } else {
        if seen.state.pin_tries == Tries::Exactly(0) {
            let role = PinRole::User;
            return Err(Failure::from(TokenError::PinLocked { role }).hint(
                "set a new PIN with the SO PIN or PUK: conclave token change-pin --unblock",
            ));
        }
        confirm_last_try(&pins, "PIN", seen.state.pin_tries)?;
        let old = pins.existing_pin("PIN")?;
        // Checked before the new PIN is chosen and typed twice.
        token.login(&old)?;
        token.logout()?;
        let new = pins.new_pin("PIN", length)?;
        token.change_pin(&old, &new)?;
        new
    };
    token.login(&new).and_then(|()| token.logout())?;
    print(format_args!("changed the PIN of {}", token.id()))?;
    Ok(Status::Done)
}

/// The last try is used only with an explicit confirmation.
fn confirm_last_try(pins: &Secrets, name: &str, tries: Tries) -> Result<(), Failure> {
    if !matches!(tries, Tries::Last | Tries::Exactly(1)) || pins.confirms_last_try(name)? {
        return Ok(());
    }
    Err(
        Failure::refused(format!("only one try is left for the {name}")).hint(
            "no try was used; if you are sure of it, run the command again and type LAST TRY",
        ),
    )
}
