//! A key signs its own certificate, for a Notary root.

use super::asking::{prompt, with_key};
use crate::ceremony::at::At;
use crate::ceremony::replay::{Applied, broken, require};
use crate::ceremony::state::Intent;
use crate::ceremony::{Ask, Ceremony, Check, Effect, EventKind, Next, Prompt, RootEvent};
use crate::certificate::{Certificate, Leaf, PublicKey, SelfSigned};
use crate::metadata::Key;
use crate::script::{Act, KeyId, Step};
use crate::words::Digest;

/// The content of a key's certificate. It follows from the script and the key, so that a repeated attempt makes the
/// same certificate.
pub(crate) fn leaf_of(c: &Ceremony, key: &KeyId) -> Option<(PublicKey, Leaf)> {
    let public = c.keys.get(key)?.generated()?.public_key.clone();
    let script = c.script.sha256();
    let domain = b"conclave certificate v1\n".as_slice();
    let digest = Digest::of(&[domain, script.as_bytes(), public.as_der()].concat());
    let mut serial = [0; 16];
    serial.copy_from_slice(digest.as_bytes().get(..16)?);
    let leaf = Leaf {
        common_name: c.script.certificate_name().to_owned(),
        serial,
        validity: c.script.certificate_validity(),
    };
    Some((public, leaf))
}

/// The certificate that a key is to sign.
pub(crate) fn blank_certificate(c: &Ceremony, key: &KeyId) -> Option<SelfSigned> {
    let (public, leaf) = leaf_of(c, key)?;
    SelfSigned::leaf(&public, &leaf).ok()
}

pub(crate) fn next_certify(c: &Ceremony, step: &Step, key: &KeyId) -> Next {
    let blank = blank_certificate(c, key);
    if let (Intent::Recorded(()), Some(blank)) = (c.root().certifying(key), blank) {
        return with_key(c, key, |token, public_key| Effect::Sign {
            key: key.clone(),
            token,
            scheme: None,
            public_key,
            message: blank.to_be_signed().to_vec(),
        });
    }
    Next::Ask(ask_to_certify(c, step))
}

pub(crate) fn ask_to_certify(c: &Ceremony, step: &Step) -> Prompt {
    let name = c.script.certificate_name();
    let validity = c.script.certificate_validity();
    let mut lines = vec![format!(
        "The token signs a certificate of its key for {name}, valid from {} until {}.",
        validity.from, validity.until
    )];
    let ask = if c.script.is_wildcard() {
        lines.push(
            "The certificate is valid for every repository whose name begins like this. To confirm, type the name.".to_owned(),
        );
        Ask::Word {
            word: name.to_owned(),
        }
    } else {
        Ask::Enter {
            action: "Sign the certificate".to_owned(),
        }
    };
    prompt(step, c.people_of(step), lines, ask)
}

/// The key in a certificate, if it is the one that the script and the key make.
pub(crate) fn read_certificate(
    c: &Ceremony,
    key: &KeyId,
    certificate: &Certificate,
) -> Result<Key, String> {
    let wanted = blank_certificate(c, key);
    let wanted = wanted.ok_or("the key does not exist yet")?;
    if certificate.signed_bytes() != wanted.to_be_signed() {
        return Err(
            "the content of the certificate does not follow from the script and the key".to_owned(),
        );
    }
    match certificate.is_signed_by(certificate) {
        Ok(true) => Key::of_certificate(certificate).map_err(|error| error.to_string()),
        Ok(false) | Err(_) => Err("the certificate is not signed by its own key".to_owned()),
    }
}

const fn is_it(act: &Act) -> bool {
    matches!(act, Act::CertifyKey { .. })
}

pub(crate) fn announced(c: &mut Ceremony, at: &At<'_>, key: &KeyId, name: &str) -> Applied {
    at.key(c, key, is_it)?;
    require(
        name == c.script.certificate_name(),
        "the certificate is not for the name in the script",
    )?;
    c.root_mut().announce_certificate(key)
}

pub(crate) fn certified(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    certificate: &Certificate,
) -> Applied {
    at.key(c, key, is_it)?;
    let certified =
        read_certificate(c, key, certificate).map_err(|why| broken(Check::KeyCertificate, why))?;
    c.root_mut().certify(key, certified.clone())?;
    c.keys_mut().change(key)?.right_pin();
    c.share_certificate(key, &certified);
    Ok(())
}

/// The event of a signature over the certificate; none if it makes no certificate.
pub(crate) fn event_of_certificate(
    c: &Ceremony,
    key: &KeyId,
    signature: &[u8],
) -> Option<EventKind> {
    let certificate = blank_certificate(c, key)?.finish(signature).ok()?;
    Some(EventKind::Root(RootEvent::KeyCertified {
        key: key.clone(),
        certificate: Box::new(certificate),
    }))
}

pub(crate) fn certify_intended_sentence(key: &KeyId, name: &str) -> String {
    format!("About to sign the certificate of {key}, for {name}.")
}

pub(crate) fn key_certified_sentence(key: &KeyId) -> String {
    format!("{key} signed its certificate.")
}
