//! YubiKeys: virtual ones, on the real PC/SC stack, judged by their maker's own tools.

mod bad_day;
mod ceremony;
mod command;
mod cross_checks;
mod elsewhere;
mod keys;
mod memory;
mod mishaps;
mod rehearsal;
mod restoring;
mod stand;
mod table;

use conclave::certificate::PublicKey;
use conclave::metadata::{Key, KeyType};
use conclave::profile::Profile;
use conclave::record::{PinPolicy, TouchPolicy, UsePolicy};
use conclave::secret::Pin;
use conclave::token::piv::YubiKeys;
use conclave::token::{GeneratedKey, KeyRequest, Reader, Token, TokenQuery};
use zeroize::Zeroizing;

const PIN: &str = "271828";
const PUK: &str = "31415926";
const OLD: &str = "25000001:5.4.3";
const NEW: &str = "25000002:5.7.4";

fn pin(text: &str) -> Pin {
    Pin::new(Zeroizing::new(text.to_owned())).unwrap()
}

fn reader() -> YubiKeys {
    YubiKeys::connect(&Profile::named("yubikey-piv").unwrap()).unwrap()
}

/// The card with that serial number, opened.
fn open(reader: &mut dyn Reader, serial: &str) -> Box<dyn Token> {
    let seen = reader.tokens().unwrap();
    let seen = seen.into_iter().find(|seen| seen.id.serial == serial);
    reader.open(&seen.unwrap().id).unwrap()
}

/// A card that was set up, opened and logged in.
fn ready(reader: &mut dyn Reader, serial: &str) -> Box<dyn Token> {
    let mut token = open(reader, serial);
    token
        .initialize(&pin(PUK), &format!("key of {serial}"))
        .unwrap();
    token.set_pin(&pin(PUK), &pin(PIN)).unwrap();
    token.login(&pin(PIN)).unwrap();
    token
}

fn request(slot: u8, key_type: KeyType) -> KeyRequest {
    KeyRequest {
        object_id: vec![slot],
        label: "conclave key-1".to_owned(),
        key_type,
        extractable: false,
    }
}

const fn policy(pin: PinPolicy, touch: TouchPolicy) -> UsePolicy {
    UsePolicy { pin, touch }
}

/// Whether metadata with that signature would be believed.
fn signs(token: &mut dyn Token, slot: u8, public: &PublicKey) -> bool {
    let message = b"{\"_type\":\"root\"}".repeat(100);
    let signature = token.sign(&[slot], public, &message).unwrap();
    Key::from_public(public)
        .unwrap()
        .verifies(&message, &signature)
}

fn made_inside(key: &GeneratedKey) -> bool {
    key.attributes.local == Some(true) && key.attributes.extractable == Some(false)
}

fn by_serial(serial: &str) -> TokenQuery {
    TokenQuery {
        serial: Some(serial.to_owned()),
        ..TokenQuery::of("yubikey-piv")
    }
}
