//! Root metadata: attacks on the verifier, and what must hold of any chain.

mod attacks;
mod properties;
