//! Starting this program once more with SoftHSM, and the library for smart cards, looking into a rehearsal's store: a module reads its environment
//! when it is loaded, and a process cannot safely change its own.

use std::path::Path;
use std::process::Command;

use crate::rehearsal::{NoYubiKeys, SimulatedTokens, SimulationError};

use super::{Failure, Status};

const MODULE_CONFIGURATION: &str = "SOFTHSM2_CONF";

/// Where the PC/SC library looks for the service for smart cards.
const SMART_CARDS: &str = "PCSCLITE_CSOCK_NAME";

/// This program, with SoftHSM looking into the store of the simulated tokens.
pub(super) fn with_simulated(store: &Path) -> Result<Command, Failure> {
    let program = std::env::current_exe().map_err(|error| {
        Failure::new(Status::Io, format!("this program cannot be found: {error}"))
    })?;
    let mut command = Command::new(program);
    command.env(MODULE_CONFIGURATION, SimulatedTokens::configuration(store));
    let yubikeys = SimulatedTokens::start_yubikeys(store);
    if let Some(socket) = yubikeys.map_err(|error| simulation_failure(&error))? {
        command.env(SMART_CARDS, socket);
    }
    Ok(command)
}

/// Whether this process would find the simulated tokens in a store.
pub(super) fn runs_with_simulated(store: &Path) -> bool {
    std::env::var_os(MODULE_CONFIGURATION)
        .is_some_and(|set| Path::new(&set) == SimulatedTokens::configuration(store))
}

pub(super) fn simulation_failure(error: &SimulationError) -> Failure {
    match error {
        SimulationError::Token(error) => error.clone().into(),
        SimulationError::YubiKeys(NoYubiKeys::Absent) => Failure::new(Status::Usage, error.to_string())
            .hint("rehearse with --token-kind softhsm, or name the folder of the program in CONCLAVE_VIRTUAL_YUBIKEYS; it stands in the source tree, in tests/yubikey/device"),
        SimulationError::YubiKeys(_) => Failure::new(Status::Io, error.to_string())
            .hint("they need pcscd, vsmartcard-vpcd, and Python with cryptography and pyscard; otherwise rehearse with --token-kind softhsm"),
        _ => Failure::new(Status::Io, error.to_string())
            .hint("give a directory that can be written, with --out DIR"),
    }
}
