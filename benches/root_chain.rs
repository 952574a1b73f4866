//! How long `conclave root verify` takes over long chains, against the least that it could.
//!
//! `cargo bench --bench root_chain` makes chains of 1,000 and 10,000 versions with
//! five ECDSA P-256 keys and a threshold of three, times the whole process over
//! them, and compares with the bare time of the signature verifications in aws-lc,
//! spread over the cores. `cargo bench --bench root_chain -- DIR` leaves the chain of
//! 1,000 versions in DIR, for other verifiers to be timed on.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run has nothing to report"
)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};
use conclave::certificate::{Algorithm, PublicKey};
use conclave::metadata::{Key, RoleKind, RootDraft, canonical};
use serde_json::{Value, json};

const KEYS: usize = 5;
const THRESHOLD: u32 = 3;
/// How often each thing is timed. The best counts: everything else in the measure is the machine's.
const RUNS: usize = 15;

struct Signers {
    pairs: Vec<EcdsaKeyPair>,
    keys: Vec<Key>,
}

impl Signers {
    fn new() -> Self {
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
    fn write_chain(&self, directory: &Path, versions: u64, signing: usize) {
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

    /// The bare time of one verification, hashing included, with all cores at work: the best of several rounds.
    fn verification_time(&self) -> Duration {
        const ROUNDS: u32 = 500;
        let message = vec![b'x'; 3000];
        let signature = self.pairs[0].sign(&SystemRandom::new(), &message).unwrap();
        let point = self.pairs[0].public_key().as_ref();
        let verify = || {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point)
                .verify(&message, signature.as_ref())
                .unwrap();
        };
        let round = || {
            let begin = Instant::now();
            std::thread::scope(|scope| {
                for _ in 0..cores() {
                    scope.spawn(|| (0..ROUNDS).for_each(|_| verify()));
                }
            });
            begin.elapsed() / ROUNDS
        };
        (0..RUNS).map(|_| round()).min().unwrap()
    }
}

fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1))
}

/// The best of several runs of the whole process.
fn verify_time(directory: &Path) -> Duration {
    (0..RUNS)
        .map(|_| {
            let begin = Instant::now();
            let output = Command::new(env!("CARGO_BIN_EXE_conclave"))
                .args(["root", "verify", "--json"])
                .arg(directory)
                .output()
                .unwrap();
            let took = begin.elapsed();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stdout)
            );
            took
        })
        .min()
        .unwrap()
}

fn main() {
    let signers = Signers::new();
    // Cargo passes `--bench`; any other argument is the directory.
    if let Some(directory) = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
    {
        fs::create_dir_all(&directory).unwrap();
        signers.write_chain(Path::new(&directory), 1000, KEYS);
        println!("1,000 versions are in {directory}");
        return;
    }
    let single = signers.verification_time();
    println!("one verification: {single:?} on each of {} cores", cores());
    let mut thousand = Duration::MAX;
    for (versions, signing) in [(1000, 3), (1000, KEYS), (10_000, KEYS)] {
        let directory = tempfile::tempdir().unwrap();
        signers.write_chain(directory.path(), versions, signing);
        let took = verify_time(directory.path());
        let floor = single * THRESHOLD * u32::try_from(versions).unwrap() / cores();
        let ratio = took.as_secs_f64() / floor.as_secs_f64();
        println!("{versions} versions, {signing} of {KEYS} sign: {took:?}, {ratio:.2} × {floor:?}");
        if versions == 1000 {
            thousand = took;
        } else {
            let growth = took.as_secs_f64() / thousand.as_secs_f64();
            println!("10,000 versions take {growth:.2} × the time of 1,000");
        }
    }
}
