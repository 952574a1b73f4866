//! The validity of a certificate (RFC 5280, section 4.1.2.5).

use std::time::SystemTime;

use der::asn1::Any;
use jiff::Timestamp;
use x509_cert::certificate::Rfc5280;
use x509_cert::time::{Time, Validity as Encoded};

use super::error::CertificateError;

/// In whole seconds, including both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    pub from: Timestamp,
    pub until: Timestamp,
}

impl Validity {
    pub(super) fn read(encoded: &Any) -> Result<Self, CertificateError> {
        let Encoded {
            not_before,
            not_after,
            ..
        } = encoded.decode_as::<Encoded<Rfc5280>>()?;
        Ok(Self {
            from: read_time(not_before)?,
            until: read_time(not_after)?,
        })
    }

    pub(super) fn to_any(self) -> Result<Any, CertificateError> {
        let time = |time: Timestamp| Time::try_from(SystemTime::from(time));
        Ok(Any::encode_from(&Encoded::<Rfc5280>::new(
            time(self.from)?,
            time(self.until)?,
        ))?)
    }

    pub fn contains(self, at: Timestamp) -> bool {
        self.from <= at && at <= self.until
    }
}

fn read_time(time: Time) -> Result<Timestamp, CertificateError> {
    Timestamp::try_from(time.to_system_time())
        .map_err(|_| CertificateError::Form("contains a date that does not exist"))
}
