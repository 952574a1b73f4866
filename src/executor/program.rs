//! The program that runs, as a transcript identifies it.

use std::path::Path;

use crate::storage::{Links, digest};
use crate::words::Digest;

/// SHA-256 of the file of the running program, if it is readable.
pub fn program_digest() -> Option<Digest> {
    // The link leads to the file that was started, even if another file has its path now.
    digest(Path::new("/proc/self/exe"), Links::Follow).ok()
}
