//! Errors of certificates.

use super::pem::PemError;
use super::public_key::PublicKeyError;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    #[error("cannot read a certificate: {0}")]
    Encoding(String),
    /// Well-formed, but against the rules for certificates.
    #[error("the certificate {0}")]
    Form(&'static str),
    #[error("the certificate has the critical extension {0}, which is not supported")]
    Critical(String),
    #[error(transparent)]
    Key(#[from] PublicKeyError),
    #[error("the signature algorithm {0} is not supported")]
    Algorithm(String),
}

impl From<der::Error> for CertificateError {
    fn from(error: der::Error) -> Self {
        Self::Encoding(error.to_string())
    }
}

impl From<PemError> for CertificateError {
    fn from(error: PemError) -> Self {
        Self::Encoding(error.to_string())
    }
}
