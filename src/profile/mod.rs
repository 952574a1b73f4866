//! Token profiles.
