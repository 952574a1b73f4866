//! The key holders and signed payloads of earlier ceremonies.

use std::collections::HashMap;
use std::path::PathBuf;

use super::Failure;
use super::carried::read_file_up_to;
use super::carried::{LONGEST, refused};
use crate::audit::payload_register;
use crate::certificate::PublicKey;
use crate::cli::conduct::read_ceremony;
use crate::transfer::PayloadRegister;

#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) holders: HashMap<PublicKey, String>,
    pub(super) register: PayloadRegister,
}

impl History {
    /// Reads ceremony directories and single payload registers. In a ceremony directory, only the replayed transcript
    /// counts, not the files derived from it.
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
            let (ceremony, record) = read_ceremony(path)?;
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
}
