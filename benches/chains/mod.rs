//! Chains with five ECDSA P-256 keys and a threshold of three, and how a thing is timed over them.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each benchmark uses what it needs"
)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
    ParsedPublicKey, UnparsedPublicKey,
};
use conclave::certificate::{Algorithm, PublicKey};
use conclave::metadata::{Key, RoleKind, RootDraft, canonical};
use serde_json::{Value, json};

pub const KEYS: usize = 5;
pub const THRESHOLD: u32 = 3;

pub struct Signers {
    pairs: Vec<EcdsaKeyPair>,
    keys: Vec<Key>,
}

impl Signers {
    pub fn new() -> Self {
        let pairs: Vec<_> = (0..KEYS)
            .map(|_| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
            .collect();
        let keys = pairs
            .iter()
            .map(|pair| {
                let point = pair.public_key().as_ref();
                Key::from_public(&PublicKey::from_point(Algorithm::P256, point).unwrap()).unwrap()
            })
            .collect();
        Self { pairs, keys }
    }

    /// Writes a chain of which `signing` keys sign each version.
    pub fn write_chain(&self, directory: &Path, versions: u64, signing: usize) {
        let mut draft = RootDraft::genesis("2100-01-01T00:00:00Z".parse().unwrap(), true);
        for kind in RoleKind::ALL {
            draft.set_role(kind, THRESHOLD, self.keys.iter().cloned());
        }
        let mut signed = Value::Object(draft.freeze().unwrap().document().tree().clone());
        let random = SystemRandom::new();
        for version in 1..=versions {
            signed["version"] = json!(version);
            let message = canonical(&signed).unwrap();
            let signatures: Vec<Value> = self
                .pairs
                .iter()
                .zip(&self.keys)
                .take(signing)
                .map(|(pair, key)| {
                    let signature = pair.sign(&random, &message).unwrap();
                    json!({"keyid": key.id(), "sig": hex::encode(signature)})
                })
                .collect();
            let file = json!({"signatures": signatures, "signed": signed});
            let bytes = serde_json::to_vec_pretty(&file).unwrap();
            fs::write(directory.join(format!("{version}.root.json")), bytes).unwrap();
        }
    }

    /// The bare verifications, and nothing else.
    pub fn bare(&self) -> Bare {
        let pair = &self.pairs[0];
        let message = vec![b'x'; 3000];
        let signature = pair.sign(&SystemRandom::new(), &message).unwrap();
        let point = pair.public_key().as_ref();
        Bare {
            unparsed: UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point.to_vec()),
            parsed: ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).unwrap(),
            signature: signature.as_ref().to_vec(),
            message,
        }
    }
}

/// One signature, to be verified again and again.
pub struct Bare {
    unparsed: UnparsedPublicKey<Vec<u8>>,
    parsed: ParsedPublicKey,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Bare {
    /// With a key that is parsed each time.
    pub fn parsing(&self, count: u32) -> Duration {
        on_all_cores(count, || {
            self.unparsed
                .verify(&self.message, &self.signature)
                .unwrap();
        })
    }

    /// With a key that is ready: the least that it could take.
    pub fn ready(&self, count: u32) -> Duration {
        on_all_cores(count, || {
            self.parsed
                .verify_sig(&self.message, &self.signature)
                .unwrap();
        })
    }
}

fn on_all_cores(count: u32, verify: impl Fn() + Sync) -> Duration {
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..cores() {
            scope.spawn(|| (0..count / cores()).for_each(|_| verify()));
        }
    });
    begin.elapsed()
}

fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1))
}

/// The whole process.
pub fn verify(directory: &Path) -> Duration {
    let begin = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_conclave"))
        .args(["root", "verify", "--json"])
        .arg(directory)
        .output()
        .unwrap();
    let took = begin.elapsed();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}");
    took
}

/// The best of each, timed in turns.
pub fn best<const N: usize>(runs: usize, things: [&dyn Fn() -> Duration; N]) -> [Duration; N] {
    let mut best = [Duration::MAX; N];
    for _ in 0..runs {
        for (best, thing) in best.iter_mut().zip(things) {
            *best = thing().min(*best);
        }
    }
    best
}

pub fn times(took: Duration, limit: Duration) -> f64 {
    took.as_secs_f64() / limit.as_secs_f64()
}
