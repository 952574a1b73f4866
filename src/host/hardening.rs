//! How a process keeps its secrets in its memory.

use rustix::io;
use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hardening {
    /// No core file is written, and no process of the same user can read the memory.
    pub undumpable: bool,
    /// No page of memory is written to swap.
    pub locked: bool,
}

/// Forbids core dumps and tracing, makes new files private, and locks the memory if the machine allows it. May be called
/// repeatedly.
pub fn harden() -> Hardening {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    Hardening {
        undumpable: forbid_dumps().is_ok(),
        locked: lock_memory().is_ok(),
    }
}

fn forbid_dumps() -> io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    rustix::process::setrlimit(Resource::Core, none)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}

/// Locks every current and future page. With a limit, the first allocation beyond it would end the process, so the
/// memory is only locked without a limit.
fn lock_memory() -> io::Result<()> {
    if getrlimit(Resource::Memlock).current.is_some() && !super::facts::may_lock_memory() {
        return Err(io::Errno::NOMEM);
    }
    // On fault: otherwise the whole stack of every thread would be allocated.
    mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT)
}
