//! Why an event is not possible in its place, and the functions in which rules are written.

use strum::{EnumDiscriminants, EnumIter};

use super::check::Check;
use super::event::EventKind;

/// Why an event is not possible in its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, EnumDiscriminants)]
#[strum_discriminants(name(ReplayErrorKind), derive(EnumIter))]
pub enum ReplayError {
    /// The first event opens the ceremony, and no other does.
    #[error("only the first event opens the ceremony")]
    Opening,
    /// Nothing happens after the end.
    #[error("the ceremony has ended")]
    Over,
    /// The event belongs to another step than the current one.
    #[error("the event is for step {found}, but the current step is {expected}")]
    Step { expected: String, found: String },
    /// The event does not fit the action of the step.
    #[error("event {event} is not possible in step {step}")]
    Act { event: String, step: String },
    /// The event breaks one of the checks.
    #[error("{what} ({check})")]
    Check { check: Check, what: String },
    /// The event contradicts what is known.
    #[error("{0}")]
    Contradiction(String),
}

/// The result of a rule or a change.
pub(super) type Applied = Result<(), ReplayError>;

pub(super) fn contradiction(what: impl Into<String>) -> ReplayError {
    ReplayError::Contradiction(what.into())
}

pub(super) fn broken(check: Check, what: impl Into<String>) -> ReplayError {
    ReplayError::Check {
        check,
        what: what.into(),
    }
}

pub(super) fn require(condition: bool, what: &str) -> Applied {
    if condition {
        Ok(())
    } else {
        Err(contradiction(what))
    }
}

/// As [`require`], for a check that has an ID of its own.
pub(super) fn hold(check: Check, condition: bool, what: &str) -> Applied {
    if condition {
        Ok(())
    } else {
        Err(broken(check, what))
    }
}

pub(super) fn out_of_place(event: &EventKind, step: &str) -> ReplayError {
    ReplayError::Act {
        event: event.name().to_owned(),
        step: step.to_owned(),
    }
}
