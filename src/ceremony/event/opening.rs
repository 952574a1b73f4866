//! What is known when a ceremony opens.

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

/// What is known when a ceremony opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// Rehearsal or production.
    pub mode: Mode,
    /// The version of the program.
    pub conclave: String,
    /// SHA-256 of the running program's file, where it can be read.
    pub program: Option<Digest>,
    /// What the machine says of itself.
    pub machine: String,
    /// Where exported files go, as seen from the ceremony directory.
    pub export: String,
    /// Where the simulated tokens of a rehearsal are, as seen from the ceremony directory.
    pub simulated_tokens: Option<String>,
    /// Where a second copy of the record is kept, where there is one.
    pub mirror: Option<String>,
    /// The head of the record of the completed rehearsal of this very script, where there was one.
    pub rehearsal: Option<Digest>,
    /// The simulated root that a rehearsal changes in place of the root that the script carries.
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
    /// The share set that stands in, in a rehearsal, for the one that the script restores from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated_set: Option<Box<Manifest>>,
    /// The fingerprints of the keys that were made in that rehearsal: none of them may come here.
    pub rehearsal_keys: Vec<Digest>,
    /// The public key, PEM, of the simulated token of each person who has an approval token.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub simulated_approvals: BTreeMap<PersonId, PublicKey>,
    /// The SHA-256 of each token profile of the script, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub profiles: BTreeMap<String, Digest>,
    /// A rehearsal's clock starts at the script's `not_before`: what is added to the machine's clock, in seconds.
    pub simulated_clock_offset: i64,
}

/// A root that stands in for the one that a script carries: simulated tokens hold its keys, one for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatedRoot {
    /// The file, signed by the simulated keys.
    pub file: String,
    /// The public key of each simulated key, PEM, by the name that the script gives the key.
    pub keys: BTreeMap<KeyId, PublicKey>,
}
