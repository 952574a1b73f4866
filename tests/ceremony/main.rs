//! The core of a ceremony: what it asks, what it takes, what it refuses.

#[path = "../ceremony_driver/mod.rs"]
mod ceremony_driver;
mod course;
mod refusals;
mod resuming;
