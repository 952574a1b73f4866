//! `conclave token import`

use crate::executor::{bring_in_from_file, takes_keys_in};
use crate::metadata::KeyType;
use crate::profile::Kind;
use crate::token::key_file::KeyFile;
use crate::token::{KeyRequest, TokenError};

use super::{Failure, ReaderArguments, Status, select};
use crate::cli::output::print;
use crate::cli::secrets::Secrets;

/// Import the root key of a Docker Content Trust key file into a token.
///
/// A throw-away key first shows that the token supports imports; only then is the passphrase requested. The key file is
/// not changed: anyone who has the file and its passphrase has the key.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The key file, named KEYID.key by Docker
    #[arg(value_name = "FILE")]
    file: std::path::PathBuf,
    #[command(flatten)]
    reader: ReaderArguments,
    /// Label or serial number of the token; not needed if only one is connected
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// An empty slot of a YubiKey
    #[arg(long, value_name = "SLOT", default_value = "9c")]
    slot: String,
    /// Read the PIN and then the passphrase of the key file from this file descriptor, one per line
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
        // The ID of the key, as much of it as tokens support.
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
    let pins = Secrets::new(arguments.pin_fd)?;
    token.login(&pins.existing_pin("PIN")?)?;
    if token.needs_management_key()? {
        let key = pins.existing_pin("management key")?;
        token.enter_management_key(&key)?;
    }
    takes_keys_in(token.as_mut(), &request)?;
    eprintln!(
        "{} supports imports: a throw-away key was imported, signed, and was destroyed",
        seen.id
    );
    let passphrase = pins.existing_pin("passphrase of the key file")?;
    let opened = file.open(&passphrase)?;
    let held = bring_in_from_file(token.as_mut(), &request, &opened)?;
    let fingerprint = held.public.fingerprint();
    drop(opened);
    token.logout()?;
    print(format_args!(
        "imported {} into {} as object {}\nfingerprint {fingerprint}",
        file.id(),
        seen.id,
        hex::encode(&request.object_id)
    ))?;
    Ok(Status::Done)
}
