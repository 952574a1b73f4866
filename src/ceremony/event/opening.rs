//! The opening of a ceremony.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::backup::Manifest;
use crate::certificate::PublicKey;
use crate::script::{KeyId, PersonId};
use crate::words::Digest;

/// Whether it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// On throw-away tokens: nothing that comes out may be trusted.
    Rehearsal,
    /// For real.
    Production,
}

impl Mode {
    /// The word of the banner: `REHEARSAL` or `PRODUCTION`.
    pub const fn banner(self) -> &'static str {
        match self {
            Self::Rehearsal => "REHEARSAL",
            Self::Production => "PRODUCTION",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rehearsal => "rehearsal",
            Self::Production => "production",
        })
    }
}

/// The opening of a ceremony.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// Rehearsal or production.
    pub mode: Mode,
    /// The version of the program.
    pub conclave: String,
    /// SHA-256 of the running program's file, where it can be read.
    pub program: Option<Digest>,
    /// Host name and ID of the machine.
    pub machine: String,
    /// Where exported files go, as seen from the ceremony directory.
    pub export: String,
    /// Where the simulated tokens of a rehearsal are, as seen from the ceremony directory.
    pub simulated_tokens: Option<String>,
    /// The path of the mirror, if there is one.
    pub mirror: Option<String>,
    /// The transcript digest of the completed rehearsal of this script, if there was one.
    pub rehearsal: Option<Digest>,
    /// The simulated root that replaces the base root of the script in a rehearsal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated_root: Option<SimulatedRoot>,
    /// The same for each further repository, by its name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub simulated_further_roots: BTreeMap<String, SimulatedRoot>,
    /// The root at which the attestations of simulated tokens end, PEM, where there are some that attest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated_attestation_root: Option<String>,
    /// The simulated keys that stand in for enrolled keys: the public key of each, PEM, by the name that the
    /// script gives the key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub simulated_keys: BTreeMap<KeyId, PublicKey>,
    /// The share set that replaces the one of the script in a rehearsal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated_set: Option<Box<Manifest>>,
    /// The fingerprints of the keys that were generated in that rehearsal: a production refuses them.
    pub rehearsal_keys: Vec<Digest>,
    /// The public key, PEM, of the simulated token of each person who has an approval token.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub simulated_approvals: BTreeMap<PersonId, PublicKey>,
    /// The SHA-256 of each token profile of the script, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub profiles: BTreeMap<String, Digest>,
    /// Seconds that a rehearsal adds to the clock of the machine: it starts at the `not_before` of the script.
    pub simulated_clock_offset: i64,
}

/// The root that replaces the base root of a script: simulated tokens hold a key for each of its keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatedRoot {
    /// The file, signed by the simulated keys.
    pub file: String,
    /// The public key of each simulated key, PEM, by the name that the script gives the key.
    pub keys: BTreeMap<KeyId, PublicKey>,
}
