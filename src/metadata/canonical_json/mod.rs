//! JSON as root metadata needs it: a reader that refuses what two readers could
//! understand differently, and the writer of the canonical form that is signed.

mod reader;
mod tree;
mod writer;

pub(super) use reader::read;
pub use reader::{JsonError, MAX_DEPTH, MAX_INTEGER, parse};
pub(super) use tree::{Node, Part, Tree};
pub(super) use writer::write;
pub use writer::{CanonicalError, canonical, parse_canonical};
