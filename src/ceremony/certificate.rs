//! Certificates of root keys, for a root of Notary: what they say, and that each is signed by its own key.

use crate::certificate::{Certificate, Leaf, PublicKey, SelfSigned};
use crate::metadata::Key;
use crate::script::{KeyId, KeyPlan, Step};
use crate::words::Digest;

use super::effect::Effect;
use super::event::EventKind;
use super::next::Next;
use super::prompt::{Ask, Prompt};
use super::state::{Ceremony, Intent};

impl Ceremony {
    /// What the certificate of a key says. It follows from the script and the key, so that an interrupted try makes
    /// the same one again.
    fn leaf_of(&self, key: &KeyId) -> Option<(PublicKey, Leaf)> {
        let public = self.keys.get(key)?.generated()?.public_key.clone();
        let script = self.script.sha256();
        let domain = b"conclave certificate v1\n".as_slice();
        let digest = Digest::of(&[domain, script.as_bytes(), public.as_der()].concat());
        let mut serial = [0; 16];
        serial.copy_from_slice(digest.as_bytes().get(..16)?);
        let leaf = Leaf {
            common_name: self.script.certificate_name().to_owned(),
            serial,
            validity: self.script.certificate_validity(),
        };
        Some((public, leaf))
    }

    /// The certificate that a key is to sign.
    fn blank_certificate(&self, key: &KeyId) -> Option<SelfSigned> {
        let (public, leaf) = self.leaf_of(key)?;
        SelfSigned::leaf(&public, &leaf).ok()
    }

    pub(super) fn next_certify(&self, step: &Step, key: &KeyId) -> Next {
        let blank = self.blank_certificate(key);
        if let (Intent::Recorded(()), Some(blank)) = (&self.keys[key].certify, blank) {
            return self.with_key(key, |token, public_key| Effect::Sign {
                key: key.clone(),
                token,
                scheme: None,
                public_key,
                message: blank.to_be_signed().to_vec(),
            });
        }
        Next::Ask(self.ask_to_certify(step))
    }

    fn ask_to_certify(&self, step: &Step) -> Prompt {
        let name = self.script.certificate_name();
        let validity = self.script.certificate_validity();
        let mut lines = vec![format!(
            "The token signs a certificate of its key: for {name}, from {} until {}.",
            validity.from, validity.until
        )];
        let ask = if self.script.is_wildcard() {
            lines.push(
                "It is good for every repository whose name begins so. Type the name to confirm that this is meant.".to_owned(),
            );
            Ask::Word {
                word: name.to_owned(),
            }
        } else {
            Ask::Enter {
                action: "Sign the certificate".to_owned(),
            }
        };
        Self::prompt(step, self.people_of(step), lines, ask)
    }

    /// What a token gave back for the certificate of its key. What is false in it is told by the fold.
    pub(super) fn certified(&self, key: &KeyId, signature: &[u8]) -> EventKind {
        let certificate = self
            .blank_certificate(key)
            .and_then(|blank| blank.finish(signature).ok());
        EventKind::KeyCertified {
            key: key.clone(),
            certificate: certificate.map_or_else(String::new, |made| made.to_pem()),
        }
    }

    /// The key in a certificate, if it is the one that the script and the key make.
    pub(super) fn read_certificate(&self, key: &KeyId, pem: &str) -> Result<Key, String> {
        let mut found = Certificate::read_all(pem.as_bytes()).map_err(|error| error.to_string())?;
        let (Some(certificate), true) = (found.pop(), found.is_empty()) else {
            return Err("the token signed no certificate".to_owned());
        };
        let wanted = self.blank_certificate(key);
        let wanted = wanted.ok_or("there is no key to certify yet")?;
        if certificate.signed_bytes() != wanted.to_be_signed() {
            return Err(
                "the certificate says something else than the script and the key".to_owned(),
            );
        }
        match certificate.is_signed_by(&certificate) {
            Ok(true) => Key::of_certificate(&certificate).map_err(|error| error.to_string()),
            _ => Err("the certificate is not signed by its own key".to_owned()),
        }
    }

    /// The key as the new root lists it: in its certificate, where it has one of this ceremony.
    pub(super) fn listed_key(&self, plan: &KeyPlan) -> Option<&Key> {
        let state = self.keys.get(&plan.id)?;
        state
            .certificate
            .as_ref()
            .or_else(|| Some(&state.generated()?.key))
    }
}
