//! Deliberate bounds on what is read: far above any real root, low enough that no file stalls a machine.

/// The largest root file that is read, in bytes.
pub const MAX_FILE_BYTES: usize = 4 << 20;
/// The largest root file that python-tuf's client downloads, in bytes.
pub const CLIENT_FILE_BYTES: usize = 512_000;
/// The most keys in one root.
pub const MAX_KEYS: usize = 1024;
/// The most entries in `signatures`.
pub const MAX_SIGNATURES: usize = 1024;
/// The most key IDs in one role.
pub const MAX_ROLE_KEYS: usize = 1024;
/// The most versions in one chain.
pub const MAX_VERSIONS: u64 = 100_000;
