//! The core of a ceremony: what it asks, what it takes, what it refuses.

mod approval_token;
mod backup;
mod checks;
mod course;
mod custody;
pub(crate) mod destruction;
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
mod wording;

use conclave::ceremony::{Check, ReplayError, StepError};

/// The check that refused an input.
fn check_of(error: &StepError) -> Option<Check> {
    match error {
        StepError::Rule(ReplayError::Check { check, .. }) => Some(*check),
        _ => None,
    }
}
