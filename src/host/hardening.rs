//! What a process can do for itself, so that its secrets stay in its memory.

use rustix::io;
use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior};

/// What was achieved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hardening {
    /// No core file will be written, and no process of the same user can look inside.
    pub undumpable: bool,
    /// No page of memory will be written to swap.
    pub locked: bool,
}

/// Forbids core dumps and tracing, makes new files private, and locks the memory where
/// the machine allows it. Harmless when called again.
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

/// Locks every page, those to come included. Under a limit the next allocation
/// beyond it would end the process, so that it is all or nothing.
fn lock_memory() -> io::Result<()> {
    if getrlimit(Resource::Memlock).current.is_some() && !super::facts::may_lock_memory() {
        return Err(io::Errno::NOMEM);
    }
    // On fault: else the stack of every thread would be filled from the start.
    mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT)
}
