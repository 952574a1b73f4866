//! Starts this program again with SoftHSM and the smart card library using the tokens of a rehearsal: a module reads
//! its environment when it is loaded, and a process cannot safely change its own.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use crate::rehearsal::SimulatedTokens;

use super::Failure;

const MODULE_CONFIGURATION: &str = "SOFTHSM2_CONF";

/// Where the PC/SC library looks for the smart card service.
const SMART_CARDS: &str = "PCSCLITE_CSOCK_NAME";

/// Becomes the same command with more arguments, using the simulated tokens in a store. Returns only on failure.
pub(super) fn with_simulated(store: &Path, arguments: &[&Path]) -> Failure {
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return Failure::io(format!("cannot find this program: {error}")),
    };
    let mut command = Command::new(program);
    command.env(MODULE_CONFIGURATION, SimulatedTokens::configuration(store));
    match SimulatedTokens::start_yubikeys(store) {
        Ok(Some(socket)) => {
            command.env(SMART_CARDS, socket);
        }
        Ok(None) => {}
        Err(error) => return error.into(),
    }
    let error = command
        .args(std::env::args_os().skip(1))
        .args(arguments)
        .exec();
    Failure::io(format!("cannot start this program again: {error}"))
}

/// Whether this process uses the simulated tokens in a store.
pub(super) fn runs_with_simulated(store: &Path) -> bool {
    std::env::var_os(MODULE_CONFIGURATION)
        .is_some_and(|set| Path::new(&set) == SimulatedTokens::configuration(store))
}
