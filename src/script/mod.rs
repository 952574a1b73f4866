//! Ceremony scripts.
