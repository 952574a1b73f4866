//! The root role of TUF.
