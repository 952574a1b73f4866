//! The PIN and the PUK, and their factory defaults.

use zeroize::Zeroizing;

use crate::record::Tries;
use crate::secret::Pin;

use super::super::{PinRole, TokenError};
use super::card::{Card, Command, Status};
use super::connection::padded;
use super::fill_random;

/// The PIN and PUK of every new YubiKey.
const FACTORY_PIN: &str = "123456";
const FACTORY_PUK: &str = "12345678";

pub(super) fn verify(card: &Card, pin: &Pin) -> Result<(), TokenError> {
    let answer = card.transmit(Command::VERIFY_PIN, padded(pin)?.as_slice())?;
    check_pin_status(Command::VERIFY_PIN, answer.status, PinRole::User)
}

/// The result of a command that takes a PIN or PUK.
fn check_pin_status(command: Command, status: Status, role: PinRole) -> Result<(), TokenError> {
    match (status, status.tries()) {
        (Status::OK, _) => Ok(()),
        (_, Some(0)) => Err(TokenError::PinLocked { role }),
        (_, Some(left)) => Err(TokenError::WrongPin {
            role,
            tries: Tries::Exactly(left),
        }),
        (Status::WRONG_DATA, _) => Err(TokenError::PinFormat {
            length: super::connection::PIN_LENGTH,
        }),
        _ => Err(command.failed(status)),
    }
}

/// A command that takes an old and a new PIN or PUK.
pub(super) fn exchange_pins(
    card: &Card,
    command: Command,
    role: PinRole,
    old: &[u8],
    new: &[u8],
) -> Result<(), TokenError> {
    let pair = Zeroizing::new([old, new].concat());
    check_pin_status(command, card.transmit(command, &pair)?.status, role)
}

pub(super) fn refuse_factory(pin: &Pin, role: PinRole) -> Result<(), TokenError> {
    if [FACTORY_PIN, FACTORY_PUK].contains(&pin.expose()) {
        return Err(TokenError::FactoryPin { role });
    }
    Ok(())
}

pub(super) fn factory_puk() -> [u8; 8] {
    let mut puk = [0xff; 8];
    puk.copy_from_slice(FACTORY_PUK.as_bytes());
    puk
}

/// Erases the card except slot f9. The card permits that only when PIN and PUK are locked.
pub(super) fn erase(card: &Card) -> Result<(), TokenError> {
    for (command, length) in [(Command::VERIFY_PIN, 8), (Command::CHANGE_PUK, 16)] {
        // A card may be configured with up to 255 tries.
        for _ in 0..=255 {
            let mut wrong = [0; 16];
            fill_random(&mut wrong)?;
            // Bytes that no keyboard types cannot be the PIN.
            for byte in &mut wrong {
                *byte = 0x80 | (*byte >> 1);
            }
            if card.transmit(command, &wrong[..length])?.status == Status::BLOCKED {
                break;
            }
        }
    }
    card.transmit(Command::RESET, &[])?
        .expect(Command::RESET)
        .map(|_| ())
}
