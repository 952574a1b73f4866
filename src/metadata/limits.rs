//! Input limits: far above any real root, low enough that no file can stall the program.

/// The largest accepted root file, in bytes.
pub const MAX_FILE_BYTES: usize = 4 << 20;
/// The largest root file that python-tuf's client downloads, in bytes.
pub const CLIENT_FILE_BYTES: usize = 512_000;
/// Keys in one root.
pub const MAX_KEYS: usize = 1024;
/// Entries in `signatures`.
pub const MAX_SIGNATURES: usize = 1024;
/// Key IDs in one role.
pub const MAX_ROLE_KEYS: usize = 1024;
/// Versions in one chain.
pub const MAX_VERSIONS: u64 = 100_000;
