//! Simulated custodians. Their identities are stored unprotected in the store of the rehearsal, and protect nothing.

use std::io;
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret as _;
use age::x25519;
use zeroize::Zeroizing;

use crate::script::PersonId;
use crate::storage::{Links, Mode, make_folder, read, read_text, replace};

const FOLDER: &str = "custodians";
/// Longer than any identity file.
const MAX_BYTES: u64 = 1 << 20;

/// The file with the identities of a simulated custodian: one for each recipient in the script.
fn path(store: &Path, custodian: &PersonId) -> PathBuf {
    store.join(FOLDER).join(format!("{custodian}.identity"))
}

/// The recipients of a simulated custodian. The identities are generated when they are first needed.
pub(super) fn recipients(
    store: &Path,
    custodian: &PersonId,
    count: usize,
) -> io::Result<Vec<String>> {
    let path = path(store, custodian);
    let text = if path.exists() {
        Zeroizing::new(read_text(&path, Links::Refuse, MAX_BYTES)?)
    } else {
        Zeroizing::new("# A simulated custodian of a rehearsal. It protects nothing.\n".to_owned())
    };
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let known: io::Result<Vec<String>> = lines
        .map(|line| {
            let identity: x25519::Identity = line
                .parse()
                .map_err(|error: &str| io::Error::new(io::ErrorKind::InvalidData, error))?;
            Ok(identity.to_public().to_string())
        })
        .collect();
    let mut recipients = known?;
    if recipients.len() < count {
        // A later ceremony with the same store may add a recipient.
        let mut longer = text;
        while recipients.len() < count {
            let identity = x25519::Identity::generate();
            longer.push_str(identity.to_string().expose_secret());
            longer.push('\n');
            recipients.push(identity.to_public().to_string());
        }
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        replace(&path, longer.as_bytes(), Mode::Private).map_err(io::Error::other)?;
    }
    recipients.truncate(count);
    Ok(recipients)
}

/// Recipients without custodians, for a rehearsal without a script. Their identities are discarded at once.
pub fn recipients_of_nobody(count: usize) -> Vec<String> {
    let nobody = |_| x25519::Identity::generate().to_public().to_string();
    (0..count).map(nobody).collect()
}

/// The identities of a simulated custodian, as an identity file of age.
pub(super) fn identity(store: &Path, custodian: &PersonId) -> io::Result<Zeroizing<Vec<u8>>> {
    let bytes = read(&path(store, custodian), Links::Refuse, MAX_BYTES)?;
    Ok(Zeroizing::new(bytes))
}
