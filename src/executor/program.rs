//! Which program runs: what a transcript says of it.

use std::path::Path;

use crate::storage::{Links, digest};
use crate::words::Digest;

/// SHA-256 of the running program's file, where it can be read.
pub fn program_digest() -> Option<Digest> {
    // The link leads to the file that was started, whatever lies at its path by now.
    digest(Path::new("/proc/self/exe"), Links::Follow).ok()
}
