//! How long `conclave root verify` takes over long chains, against the least that it could.
//!
//! `cargo bench --bench root_chain` makes chains with five ECDSA P-256 keys and a
//! threshold of three, and times the whole process over them. Beside each run it
//! times the bare verifications in aws-lc, as many as the chain has signatures,
//! spread over the cores: with a key that is parsed each time, and with one that is
//! ready. `cargo bench --bench root_chain -- DIR [SIGNATURES]` leaves a chain of
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
    ParsedPublicKey, UnparsedPublicKey,
};
use conclave::certificate::{Algorithm, PublicKey};
use conclave::metadata::{Key, RoleKind, RootDraft, canonical};
use serde_json::{Value, json};

const KEYS: usize = 5;
const THRESHOLD: u32 = 3;
/// How often each thing is timed. The best counts: everything else in the measure is the machine's.
const RUNS: usize = 25;

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

    /// The bare verifications, and nothing else.
    fn bare(&self) -> Bare {
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
struct Bare {
    unparsed: UnparsedPublicKey<Vec<u8>>,
    parsed: ParsedPublicKey,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Bare {
    /// With a key that is parsed each time.
    fn parsing(&self, count: u32) -> Duration {
        on_all_cores(count, || {
            self.unparsed
                .verify(&self.message, &self.signature)
                .unwrap();
        })
    }

    /// With a key that is ready: the least that it could take.
    fn ready(&self, count: u32) -> Duration {
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
fn verify(directory: &Path) -> Duration {
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
fn best<const N: usize>(things: [&dyn Fn() -> Duration; N]) -> [Duration; N] {
    let mut best = [Duration::MAX; N];
    for _ in 0..RUNS {
        for (best, thing) in best.iter_mut().zip(things) {
            *best = thing().min(*best);
        }
    }
    best
}

fn times(took: Duration, limit: Duration) -> f64 {
    took.as_secs_f64() / limit.as_secs_f64()
}

fn main() {
    let signers = Signers::new();
    // Cargo passes `--bench`; any other argument is ours.
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'));
    if let Some(directory) = arguments.next() {
        let signing = arguments.next().map_or(3, |count| count.parse().unwrap());
        fs::create_dir_all(&directory).unwrap();
        signers.write_chain(Path::new(&directory), 1000, signing);
        println!("1,000 versions with {signing} signatures each are in {directory}");
        return;
    }
    let bare = signers.bare();
    for signing in [THRESHOLD, 5] {
        let chain = tempfile::tempdir().unwrap();
        signers.write_chain(chain.path(), 1000, signing as usize);
        let count = 1000 * signing;
        let [took, parsing, ready] =
            best([&|| verify(chain.path()), &|| bare.parsing(count), &|| {
                bare.ready(count)
            }]);
        println!("1000 versions, {signing} of {KEYS} sign: {took:?}");
        for (limit, key) in [(parsing, "parsed each time"), (ready, "ready")] {
            let ratio = times(took, limit);
            println!("  {ratio:.2} × {limit:?}, {count} verifications with a key {key}");
        }
    }
    let [thousand, ten_thousand] = [1000, 10_000].map(|versions| {
        let chain = tempfile::tempdir().unwrap();
        signers.write_chain(chain.path(), versions, THRESHOLD as usize);
        chain
    });
    let [once, ten_times] = best([&|| verify(thousand.path()), &|| verify(ten_thousand.path())]);
    let ratio = times(ten_times, once);
    println!("10000 versions take {ten_times:?}, {ratio:.2} × the time of 1000");
}
