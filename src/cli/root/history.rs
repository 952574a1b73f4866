//! What earlier ceremonies left: whose the keys are, and what was signed.

use std::collections::HashMap;
use std::path::PathBuf;

use super::Failure;
use super::carried::refused;
use super::chain_files::read_file_up_to;
use crate::audit::{payload_register, read_record};
use crate::certificate::PublicKey;
use crate::cli::conduct::record_failure;
use crate::transfer::PayloadRegister;

/// The longest register that is read.
const LONGEST: usize = 16 << 20;

/// What is known from earlier ceremonies.
#[derive(Debug, Default)]
pub(super) struct History {
    holders: HashMap<PublicKey, String>,
    register: PayloadRegister,
}

impl History {
    /// Reads ceremony directories, and registers of payloads by themselves. A record is replayed: what it says
    /// counts, and not what lies beside it.
    pub(super) fn read(paths: &[PathBuf]) -> Result<Self, Failure> {
        let mut history = Self::default();
        for path in paths {
            if path.is_file() {
                let bytes = read_file_up_to(path, LONGEST)?;
                let register =
                    PayloadRegister::read(&bytes).map_err(|refusal| refused(path, &refusal))?;
                history.register.merge(register);
                continue;
            }
            let record = read_record(path).map_err(|error| record_failure(&error))?;
            let ceremony = record
                .replay()
                .map_err(|error| record_failure(&error.into()))?;
            for (plan, state) in ceremony.key_states() {
                let name = ceremony.script().person(&plan.holder);
                if let (Some(generated), Some(person)) = (state.generated(), name) {
                    history
                        .holders
                        .insert(generated.public_key.clone(), person.name.clone());
                }
            }
            history
                .register
                .merge(payload_register(&ceremony, &record.transcript));
        }
        Ok(history)
    }

    /// Whose a key is, by the records.
    pub(super) const fn holders(&self) -> &HashMap<PublicKey, String> {
        &self.holders
    }

    /// What was signed.
    pub(super) const fn register(&self) -> &PayloadRegister {
        &self.register
    }
}
