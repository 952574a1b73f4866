//! Authenticating with the management key.

use super::super::TokenError;
use super::card::Card;
use super::connection::Session;
use super::management::ManagementKey;
use super::metadata::ManagementKeyStatus;
use super::pins::verify;

/// The key that is stored behind the PIN of the user who is logged in.
pub(super) fn management_key_under_pin(
    card: &Card,
    session: &Session,
) -> Result<Option<ManagementKey>, TokenError> {
    let pin = session.pin.as_ref().ok_or(TokenError::LoginNeeded)?;
    verify(card, pin)?;
    ManagementKey::protected(card, ManagementKeyStatus::ask(card)?)
}

/// Authenticates with the management key that is stored behind the PIN, or that was entered.
pub(super) fn authenticate_management_key(
    card: &Card,
    session: &Session,
) -> Result<(), TokenError> {
    let protected = management_key_under_pin(card, session)?;
    if let Some(key) = protected.as_ref().or(session.management.as_ref()) {
        return key.authenticate(card);
    }
    let status = ManagementKeyStatus::ask(card)?;
    if !status.factory {
        return Err(TokenError::ManagementKey);
    }
    ManagementKey::factory(status).authenticate(card)
}
