//! JSON for root metadata: a strict reader, and the canonical form that is signed.

mod reader;
mod writer;

pub use reader::{JsonError, MAX_DEPTH, MAX_INTEGER, parse};
pub(super) use writer::canonical_object;
pub use writer::{canonical, parse_canonical};
