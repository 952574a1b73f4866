//! Public keys and certificates in their stock encodings.

pub mod attestation;
mod ed25519;
mod public_key;
mod self_signed;
mod text;
mod validity;
mod x509;

pub use public_key::{Algorithm, PublicKey, PublicKeyError};
pub use self_signed::{Leaf, SelfSigned};
pub use validity::Validity;
pub use x509::{Authority, Certificate, CertificateError};

/// A PEM block (RFC 7468): LF, 64 characters a line, with the final newline.
fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in body.as_bytes().chunks(64) {
        pem.extend(line.iter().copied().map(char::from));
        pem.push('\n');
    }
    pem.push_str("-----END ");
    pem.push_str(label);
    pem.push_str("-----\n");
    pem
}
