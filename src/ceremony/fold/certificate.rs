//! A key signs a certificate of itself, for a root of Notary.

use crate::ceremony::check::Check;
use crate::ceremony::event::EventKind;
use crate::ceremony::state::{Ceremony, Intent};
use crate::script::KeyId;

use super::{Folded, broken, require};

impl Ceremony {
    pub(super) fn fold_certificate(&mut self, key: &KeyId, fact: &EventKind) -> Folded {
        match fact {
            EventKind::CertifyIntended { name, .. } => {
                require(
                    *name == self.script.certificate_name(),
                    "the certificate is for another name than the script says",
                )?;
                let state = self.key_mut(key)?;
                require(
                    state.certify != Intent::Recorded(()),
                    "it was announced already",
                )?;
                state.certify = Intent::Recorded(());
            }
            EventKind::KeyCertified { certificate, .. } => {
                let certified = self
                    .read_certificate(key, certificate)
                    .map_err(|why| broken(Check::KeyCertificate, why))?;
                let state = self.key_mut(key)?;
                require(
                    state.certify == Intent::Recorded(()),
                    "the certificate was not announced",
                )?;
                require(
                    state.certificate.is_none(),
                    "the key has a certificate already",
                )?;
                state.certificate = Some(certified);
                state.right_pin();
                self.share_certificate(key);
            }
            _ => {}
        }
        Ok(())
    }
}
