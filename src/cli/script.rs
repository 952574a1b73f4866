//! Placeholder.
use super::{Failure, Status};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {}

pub(super) fn run(_arguments: Arguments) -> Result<Status, Failure> {
    Ok(Status::Done)
}
