//! Twins of custodians: identities that stand in for their own. They lie open in the store of the rehearsal, and guard
//! nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret as _;
use age::x25519;
use zeroize::Zeroizing;

use crate::executor::write_exclusively;
use crate::script::PersonId;

const FOLDER: &str = "custodians";

/// The file with the identities of a twin: one for each recipient that the script has for the custodian.
fn path(store: &Path, custodian: &PersonId) -> PathBuf {
    store.join(FOLDER).join(format!("{custodian}.identity"))
}

/// The recipients of a twin. Its identities are made when they are first wanted.
pub(super) fn recipients(
    store: &Path,
    custodian: &PersonId,
    count: usize,
) -> io::Result<Vec<String>> {
    let path = path(store, custodian);
    if !path.exists() {
        let mut text = Zeroizing::new("# A twin of a rehearsal: it guards nothing.\n".to_owned());
        for _ in 0..count {
            text.push_str(x25519::Identity::generate().to_string().expose_secret());
            text.push('\n');
        }
        write_exclusively(&path, text.as_bytes()).map_err(io::Error::other)?;
    }
    let text = Zeroizing::new(fs::read_to_string(&path)?);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let identity: x25519::Identity = line
                .parse()
                .map_err(|error: &str| io::Error::new(io::ErrorKind::InvalidData, error))?;
            Ok(identity.to_public().to_string())
        })
        .collect()
}

/// Recipients for a script that no custodian has a part in. What would open for them is forgotten at once.
#[must_use]
pub fn recipients_of_nobody(count: usize) -> Vec<String> {
    let nobody = |_| x25519::Identity::generate().to_public().to_string();
    (0..count).map(nobody).collect()
}

/// The identities of a twin, as a file of age.
pub(super) fn identity(store: &Path, custodian: &PersonId) -> io::Result<Zeroizing<Vec<u8>>> {
    Ok(Zeroizing::new(fs::read(path(store, custodian))?))
}
