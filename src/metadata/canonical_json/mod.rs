//! JSON as root metadata needs it: a strict reader, and the writer of the canonical form that is signed.

mod reader;
mod writer;

pub use reader::{JsonError, MAX_DEPTH, MAX_INTEGER, parse};
pub(super) use writer::canonical_object;
pub use writer::{CanonicalError, canonical, parse_canonical};
