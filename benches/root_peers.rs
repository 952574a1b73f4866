//! How long other verifiers take over the chain of which `conclave root verify` takes the time of its signatures.
//!
//! `cargo bench --bench root_peers` makes a chain of 1,000 versions with five ECDSA P-256 keys, of which three sign, and
//! times all of them over it in turns: Conclave as a whole process; sigstore-tuf, python-tuf and tuf-js without
//! the start of their process, each by its set of trusted metadata alone; tough as a client that loads, for it has nothing
//! less. What python-tuf and tuf-js need is installed by `./softhsm-setup.sh --test-tools`.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run has nothing to report"
)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use sigstore_tuf::TrustedMetadataSet;
use tough::RepositoryLoader;
use url::Url;

mod chains;

use chains::{Signers, THRESHOLD, best, times, verify};

const VERSIONS: u64 = 1000;
/// How often each is timed. The best counts.
const RUNS: usize = 9;

fn file(chain: &Path, version: u64) -> Vec<u8> {
    fs::read(chain.join(format!("{version}.root.json"))).unwrap()
}

fn sigstore_tuf(chain: &Path) -> Duration {
    let begin = Instant::now();
    let mut trusted = TrustedMetadataSet::from_root(&file(chain, 1)).unwrap();
    for version in 2..=VERSIONS {
        trusted.update_root(&file(chain, version)).unwrap();
    }
    begin.elapsed()
}

/// The repository has roots and nothing else, so that tough walks the chain and then misses the timestamp.
fn tough(chain: &Path) -> Duration {
    let url = Url::from_directory_path(chain).unwrap();
    let anchor = file(chain, 1);
    let begin = Instant::now();
    let loader = RepositoryLoader::new(&anchor, url.clone(), url).limits(tough::Limits {
        max_root_updates: VERSIONS,
        ..tough::Limits::default()
    });
    let outcome = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(loader.load());
    let took = begin.elapsed();
    let missed = outcome.unwrap_err().to_string();
    assert!(missed.contains("timestamp.json"), "{missed}");
    took
}

/// What a script says that it took, in seconds.
fn script(interpreter: &str, name: &str, chain: &Path) -> Duration {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(root.join(".peers").join(interpreter))
        .arg(root.join("benches/root_peers").join(name))
        .arg(chain)
        .arg(VERSIONS.to_string())
        .env("NODE_PATH", root.join(".peers/js/node_modules"))
        .output()
        .unwrap_or_else(|e| {
            panic!("{interpreter}: {e}; ./softhsm-setup.sh --test-tools installs it")
        });
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let seconds = String::from_utf8(output.stdout).unwrap();
    Duration::from_secs_f64(seconds.trim().parse().unwrap())
}

fn main() {
    let signers = Signers::new();
    let chain = tempfile::tempdir().unwrap();
    let chain = chain.path();
    signers.write_chain(chain, VERSIONS, THRESHOLD as usize);
    let bare = signers.bare();
    let count = u32::try_from(VERSIONS).unwrap() * THRESHOLD;
    let [limit, conclave, sigstore, python, tough, tuf_js] = best(
        RUNS,
        [
            &|| bare.parsing(count),
            &|| verify(chain),
            &|| sigstore_tuf(chain),
            &|| script("python/bin/python", "time_python_tuf.py", chain),
            &|| tough(chain),
            &|| script("node/bin/node", "time_tuf_js.js", chain),
        ],
    );
    println!(
        "{VERSIONS} versions, {THRESHOLD} signatures each; the bare verifications take {limit:?}"
    );
    println!(
        "  Conclave, the whole process: {conclave:?}, {:.2} × the bare ones",
        times(conclave, limit)
    );
    for (name, took) in [
        ("sigstore-tuf", sigstore),
        ("python-tuf", python),
        ("tough", tough),
        ("tuf-js", tuf_js),
    ] {
        println!(
            "  {name}: {took:?}, {:.1} × Conclave",
            times(took, conclave)
        );
    }
}
