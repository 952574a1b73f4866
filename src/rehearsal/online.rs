//! Throw-away keys for the online roles, so that a rehearsal's root can be tried with real clients.

use std::path::{Path, PathBuf};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

use crate::certificate::{Algorithm, PublicKey, pem};
use crate::script::{OnlineFiles, RoleKind};
use crate::storage::{Mode, WriteError, write_once};

/// The key pairs of the three online roles.
#[derive(Debug, Clone)]
pub struct OnlineKeys {
    files: Vec<(RoleKind, String, Vec<u8>)>,
}

/// Why there are no such keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnlineKeysError {
    /// A key could not be made.
    #[error("cannot make a key for an online role")]
    Generate,
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl OnlineKeys {
    /// Makes an ECDSA P-256 key for each role, and writes `timestamp.pem` and the like (PKCS#8) and
    /// `timestamp.pub.pem` into a directory. Only a rehearsal may do that.
    ///
    /// # Errors
    /// When a key cannot be made, or a file is there already or cannot be written.
    pub fn generate_in(directory: &Path) -> Result<Self, OnlineKeysError> {
        let mut files = Vec::new();
        for role in RoleKind::ALL {
            let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
            let private = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new())
                .map_err(|_| OnlineKeysError::Generate)?;
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, private.as_ref())
                .map_err(|_| OnlineKeysError::Generate)?;
            let public = PublicKey::from_point(Algorithm::P256, pair.public_key().as_ref())
                .map_err(|_| OnlineKeysError::Generate)?;
            let name = format!("{}.pub.pem", role.as_str());
            let private_path: PathBuf = directory.join(format!("{}.pem", role.as_str()));
            write_once(
                &private_path,
                pem::encode("PRIVATE KEY", private.as_ref()).as_bytes(),
                Mode::Private,
            )?;
            write_once(
                &directory.join(&name),
                public.to_pem().as_bytes(),
                Mode::Private,
            )?;
            files.push((role, format!("online/{name}"), public.to_pem().into_bytes()));
        }
        Ok(Self { files })
    }

    /// The public keys, as a script carries them.
    pub fn public_files(&self) -> OnlineFiles {
        self.files
            .iter()
            .map(|(role, name, bytes)| (*role, vec![(name.clone(), bytes.clone())]))
            .collect()
    }
}
