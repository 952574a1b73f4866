//! Root metadata of Notary v1 (Docker Content Trust): key objects with certificates, the form of the file, and the
//! encoding of signatures. Everything else is the same as in TUF 1.0.

mod file;
mod key;
mod leaf;

pub use key::{CertificateProblem, certificate_problems};
pub use leaf::describe_leaf;

pub(super) use key::simulated_key;

pub(super) use file::{Method, to_file_bytes, with_entries};

#[cfg(test)]
mod tests;
