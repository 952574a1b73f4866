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

mod chains;

use chains::{KEYS, Signers, THRESHOLD, best, times, verify};

/// How often each thing is timed. The best counts: everything else in the measure is the machine's.
const RUNS: usize = 25;

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
        let [took, parsing, ready] = best(
            RUNS,
            [&|| verify(chain.path()), &|| bare.parsing(count), &|| {
                bare.ready(count)
            }],
        );
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
    let [once, ten_times] = best(
        RUNS,
        [&|| verify(thousand.path()), &|| verify(ten_thousand.path())],
    );
    let ratio = times(ten_times, once);
    println!("10000 versions take {ten_times:?}, {ratio:.2} × the time of 1000");
}
