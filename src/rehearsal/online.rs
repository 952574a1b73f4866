//! Throw-away keys for the online roles, so that a rehearsal's root can be tried with real clients.

use std::io;
use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

use crate::certificate::{Algorithm, PublicKey, pem};
use crate::script::{OnlineFiles, RoleKind};
use crate::storage::{Mode, write_once};

/// Generates an ECDSA P-256 key for each online role, and writes `timestamp.pem` and so on (PKCS#8) and
/// `timestamp.pub.pem` into a directory. Returns the public keys, as a script pins them.
pub fn online_keys(directory: &Path) -> io::Result<OnlineFiles> {
    let mut files = OnlineFiles::new();
    for role in RoleKind::ALL {
        let (private, public) =
            key_pair().ok_or_else(|| io::Error::other("the key generation failed"))?;
        let private = pem::encode("PRIVATE KEY", &private);
        let path = directory.join(format!("{role}.pem"));
        write_once(&path, private.as_bytes(), Mode::Private)?;
        let name = format!("{role}.pub.pem");
        write_once(&directory.join(&name), public.as_bytes(), Mode::Private)?;
        files.insert(role, vec![(format!("online/{name}"), public.into_bytes())]);
    }
    Ok(files)
}

/// A private key, PKCS#8, and its public key, PEM.
fn key_pair() -> Option<(Vec<u8>, String)> {
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let private = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).ok()?;
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, private.as_ref()).ok()?;
    let public = PublicKey::from_point(Algorithm::P256, pair.public_key().as_ref()).ok()?;
    Some((private.as_ref().to_vec(), public.to_pem()))
}
