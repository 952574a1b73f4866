//! Why a certificate is refused.

use super::pem::PemError;
use super::public_key::PublicKeyError;

/// Why bytes are not a certificate that can be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// No PEM block `CERTIFICATE`, or broken inside.
    #[error("not a certificate in PEM or DER form: {0}")]
    Encoding(String),
    /// Well-formed, but against the rules for certificates.
    #[error("the certificate {0}")]
    Form(&'static str),
    /// A critical extension that is not understood: whoever made it wants it refused then.
    #[error("the certificate has the critical extension {0}, which is not understood")]
    Critical(String),
    /// A public key that cannot be used.
    #[error(transparent)]
    Key(#[from] PublicKeyError),
    /// A signature algorithm that is not supported.
    #[error("signature algorithm {0} is not supported")]
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
