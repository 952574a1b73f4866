//! What is Notary's own in a root of Notary v1 (Docker Content Trust): key objects with certificates in them, and
//! the form of the file with the encoding of its signatures. Everything else is as in TUF 1.0.

mod file;
mod key;
mod leaf;

pub use key::{LeafFault, leaf_faults};
pub use leaf::describe_leaf;

pub(super) use key::simulated_key;

pub(super) use file::{Method, to_file_bytes, with_entries};

#[cfg(test)]
mod tests;
