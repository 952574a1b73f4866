//! A ceremony that is taken up again, and what a rehearsal of a whole life does after it.

use super::conduct::{Show, absolute};
use super::{Failure, Status, rehearse, resume};

pub(super) fn run(arguments: &resume::Arguments) -> Result<Status, Failure> {
    let status = resume::run(arguments)?;
    let genesis = absolute(&arguments.directory)?;
    rehearse::go_on(&genesis, status, || {
        if arguments.unattended {
            Ok(Show::Unattended)
        } else {
            Show::to_people(arguments.plain, arguments.pin_fd)
        }
    })
}
