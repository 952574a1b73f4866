//! Settings for Notary: the names and the validity of root key certificates.

use jiff::{SignedDuration, Timestamp};

use super::Script;
use crate::certificate::Validity;
use crate::metadata::RootFormat;
use crate::script::{KeyChange, KeyId};
use crate::transfer::Destination;

/// The default validity of a certificate, as in Notary's own tools.
const USUAL_DAYS: i64 = 3650;

/// The table `[root.notary-v1]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotaryPolicy {
    /// The common name of certificates, if it is not the name of the repository: a prefix and an asterisk.
    pub certificate_name: Option<String>,
    pub certificate_expires: Option<Timestamp>,
}

impl NotaryPolicy {
    /// When certificates expire that are valid from a time on, for a root that expires then.
    pub(in crate::script) fn ends(&self, not_before: Timestamp, expires: Timestamp) -> Timestamp {
        let usual = not_before
            .checked_add(SignedDuration::from_hours(24 * USUAL_DAYS))
            .unwrap_or(Timestamp::MAX);
        self.certificate_expires.unwrap_or(usual.max(expires))
    }
}

impl Script {
    /// The format of the root that is made or signed.
    pub fn root_format(&self) -> RootFormat {
        let before = self
            .previous()
            .map(|before| before.root.document().format());
        match self.root().destination {
            Destination::NotaryV1 => RootFormat::Notary,
            _ => before.unwrap_or_default(),
        }
    }

    /// Whether the token of a key signs a certificate for it: a Notary root key that is new or gets another certificate.
    pub fn certifies(&self, key: &KeyId) -> bool {
        let is_new = |change: &KeyChange| matches!(change, KeyChange::Add | KeyChange::MoveId(_));
        self.root().destination == Destination::NotaryV1
            && self.key(key).is_some_and(|plan| is_new(&plan.change))
    }

    pub fn certificate_name(&self) -> &str {
        let name = self.root().notary.certificate_name.as_deref();
        name.unwrap_or_else(|| self.repository())
    }

    pub fn is_wildcard(&self) -> bool {
        self.certificate_name().ends_with('*')
    }

    pub fn certificate_validity(&self) -> Validity {
        let from = self.not_before();
        Validity {
            from,
            until: self.root().notary.ends(from, self.root().expires),
        }
    }
}
