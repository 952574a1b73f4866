//! From when and until when a certificate is valid (RFC 5280, section 4.1.2.5).

use der::asn1::{AnyRef, GeneralizedTime, UtcTime};
use der::{Decode as _, Encode as _, Reader, SliceReader, Tag};
use jiff::Timestamp;

use super::x509::CertificateError;

/// The first year of which the two digits of a `UTCTime` are not enough.
const FIRST_LONG: &str = "2050-01-01T00:00:00Z";

/// From when and until when a certificate is valid, in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// Not before.
    pub from: Timestamp,
    /// Not after.
    pub until: Timestamp,
}

impl Validity {
    pub(super) fn read(der: &[u8]) -> Result<Self, CertificateError> {
        let outer = AnyRef::from_der(der)?;
        let mut reader = SliceReader::new(outer.value())?;
        let (from, until) = (read_time(&mut reader)?, read_time(&mut reader)?);
        reader.finish()?;
        Ok(Self { from, until })
    }

    pub(super) fn to_der(self) -> Result<Vec<u8>, CertificateError> {
        let content = [write_time(self.from)?, write_time(self.until)?].concat();
        Ok(AnyRef::new(Tag::Sequence, &content)?.to_der()?)
    }

    /// Whether a time lies in it.
    #[must_use]
    pub fn contains(self, at: Timestamp) -> bool {
        self.from <= at && at <= self.until
    }
}

fn read_time<'d>(reader: &mut impl Reader<'d>) -> Result<Timestamp, CertificateError> {
    let since_1970 = match Tag::peek(reader)? {
        Tag::UtcTime => UtcTime::decode(reader)?.to_unix_duration(),
        _ => GeneralizedTime::decode(reader)?.to_unix_duration(),
    };
    i64::try_from(since_1970.as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or(CertificateError::Form("has a date that does not exist"))
}

fn write_time(time: Timestamp) -> Result<Vec<u8>, CertificateError> {
    let text = time.strftime("%Y%m%d%H%M%SZ").to_string();
    let is_long = time >= FIRST_LONG.parse().unwrap_or(Timestamp::MAX);
    let (tag, text) = if is_long {
        (Tag::GeneralizedTime, text.as_str())
    } else {
        (Tag::UtcTime, text.get(2..).unwrap_or_default())
    };
    Ok(AnyRef::new(tag, text.as_bytes())?.to_der()?)
}
