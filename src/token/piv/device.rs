//! A YubiKey as a token.

use std::sync::{Arc, Mutex};

use crate::record::{Firmware, TokenId, UsePolicy};

use super::super::{TokenError, TouchObserver, lock};
use super::card::Card;
use super::connection::{Connection, Session};

pub(super) struct YubiKey {
    pub(super) connection: Arc<Mutex<Connection>>,
    pub(super) id: TokenId,
    pub(super) firmware: Firmware,
    pub(super) observer: TouchObserver,
    pub(super) policy: UsePolicy,
}

impl YubiKey {
    pub(super) fn new(
        connection: Arc<Mutex<Connection>>,
        id: TokenId,
        firmware: Firmware,
        observer: TouchObserver,
    ) -> Self {
        Self {
            connection,
            id,
            firmware,
            observer,
            policy: UsePolicy::default(),
        }
    }

    pub(super) fn with<T>(
        &self,
        act: impl FnOnce(&Card, &mut Session) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        lock(&self.connection).use_card(act)
    }
}
