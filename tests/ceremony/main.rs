//! The core of a ceremony: what it asks, what it takes, what it refuses.

#![allow(
    clippy::unwrap_used,
    reason = "the helpers of a test may panic as it may"
)]

mod approval_token;
mod backup;
#[path = "../ceremony_driver/mod.rs"]
mod ceremony_driver;
#[path = "../changes/mod.rs"]
mod changes;
mod checks;
mod course;
mod custody;
mod enrollment;
mod foreign;
mod media;
mod order;
mod payloads;
mod people;
mod publisher;
mod refusals;
mod reissue;
mod repositories;
mod restore;
mod resuming;
mod rotation;
mod rotation_table;
mod share_standing;
mod tokens;
