//! `conclave token import`

use crate::executor::{bring_in_from_file, takes_keys_in};
use crate::metadata::KeyType;
use crate::profile::Kind;
use crate::token::key_file::KeyFile;
use crate::token::{KeyRequest, TokenError};

use super::pin_entry::PinEntry;
use super::{Failure, ReaderArguments, Status, print, select};

/// Bring the root key of a key file of Docker Content Trust into a token.
///
/// Whether the token takes keys in is tried with a throw-away key, before anybody types the passphrase. The file stays
/// as it is: whoever has it and its passphrase has the key.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The key file, as Docker calls it: the ID of the key, and .key.
    #[arg(value_name = "FILE")]
    file: std::path::PathBuf,
    #[command(flatten)]
    reader: ReaderArguments,
    /// The label or serial number of the token; not needed when there is only one.
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// The slot of a YubiKey: empty so far.
    #[arg(long, value_name = "SLOT", default_value = "9c")]
    slot: String,
    /// Read the PIN, then the passphrase of the file, from this file descriptor, one per line.
    #[arg(long, value_name = "N")]
    pin_fd: Option<u32>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let file = KeyFile::read(&arguments.file)?;
    file.require_root()?;
    let mut reader = arguments.reader.reader()?;
    let seen = select(reader.as_mut(), arguments.token.as_deref())?;
    let mut token = reader.open(&seen.id)?;
    let object_id = match reader.profile().kind {
        Kind::YubikeyPiv => hex::decode(&arguments.slot).unwrap_or_default(),
        // The key's own ID, of which tokens take so much.
        _ => hex::decode(file.id().get(..32).unwrap_or_default()).unwrap_or_default(),
    };
    let request = KeyRequest {
        object_id,
        label: format!("docker root {}", file.id().get(..8).unwrap_or_default()),
        key_type: KeyType::EcdsaP256,
        extractable: false,
    };
    let held = token.objects()?;
    if held.iter().any(|one| one.object_id == request.object_id) {
        return Err(TokenError::ObjectExists {
            label: request.label,
            object_id: request.object_id,
        }
        .into());
    }
    let mut pins = PinEntry::new(arguments.pin_fd)?;
    token.login(&pins.existing("PIN")?)?;
    if token.needs_management_key()? {
        let key = pins.existing("management key")?;
        token.enter_management_key(&key)?;
    }
    takes_keys_in(token.as_mut(), &request)?;
    eprintln!(
        "{} takes keys in: a throw-away one came, signed and was destroyed",
        seen.id
    );
    let passphrase = pins.existing("passphrase of the key file")?;
    let opened = file.open(&passphrase)?;
    let held = bring_in_from_file(token.as_mut(), &request, &opened)?;
    let fingerprint = held.public.fingerprint();
    drop(opened);
    token.logout()?;
    print(&format!(
        "brought {} into {}, as object {}\nfingerprint {fingerprint}",
        file.id(),
        seen.id,
        hex::encode(&request.object_id)
    ))?;
    Ok(Status::Done)
}
