//! How long shares take: split and put together 16 of 16, and every quorum of 6 of 16 tried, each beside the reference
//! implementation of SLIP-39 doing the same, which runs in a Python that is started before.
//!
//! `cargo bench --bench shares`; the reference is installed by `./softhsm-setup.sh --test-tools`.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run has nothing to report"
)]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use conclave::backup::slip39::{Group, Share, Split, combine, every_quorum};

const RUNS: u32 = 9;
/// What the reference takes for each of its combinations is so long that a sample is enough.
const SAMPLE: u32 = 50;

/// Times the reference: best of some runs in seconds for each, in one line.
const REFERENCE: &str = r"
import itertools, time, sys
import shamir_mnemonic as s
runs, sample = int(sys.argv[1]), int(sys.argv[2])
def best(act, count=runs):
    times = []
    for _ in range(count):
        start = time.perf_counter(); act(); times.append(time.perf_counter() - start)
    return min(times)
secret = bytes(range(32))
whole = s.generate_mnemonics(1, [(16, 16)], secret)[0]
some = s.generate_mnemonics(1, [(6, 16)], secret)[0]
quorums = list(itertools.islice(itertools.combinations(some, 6), sample))
def groups(words):
    return s.shamir.decode_mnemonics(words)
print(best(lambda: s.generate_mnemonics(1, [(16, 16)], secret)),
      best(lambda: s.combine_mnemonics(whole)),
      best(lambda: [s.shamir.recover_ems(groups(q)) for q in quorums], 3) / sample)
";

fn best(mut act: impl FnMut()) -> Duration {
    let run = |_| {
        let start = Instant::now();
        act();
        start.elapsed()
    };
    (0..RUNS).map(run).min().unwrap()
}

fn split(threshold: u8) -> Vec<Share> {
    let group = Group {
        threshold,
        count: 16,
    };
    let split = Split::new(1, vec![group]).unwrap();
    let secret: Vec<u8> = (0..32).collect();
    let mut groups = split
        .of(&secret.try_into().unwrap(), aws_lc_rs::rand::fill)
        .unwrap();
    groups.remove(0)
}

fn main() {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(".peers/shamir/bin/python");
    let output = Command::new(&python)
        .args(["-c", REFERENCE, &RUNS.to_string(), &SAMPLE.to_string()])
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", python.display()));
    assert!(output.status.success(), "{output:?}");
    let reference: Vec<Duration> = String::from_utf8(output.stdout)
        .unwrap()
        .split_whitespace()
        .map(|seconds| Duration::from_secs_f64(seconds.parse().unwrap()))
        .collect();

    let whole = split(16);
    let words: Vec<_> = whole.iter().map(Share::words).collect();
    let some = split(6);
    let some: Vec<&Share> = some.iter().collect();
    let mut tried = 0;
    let splitting = best(|| {
        split(16);
    });
    let combining = best(|| {
        // The reference reads words as well.
        let shares: Vec<Share> = words.iter().map(|w| Share::read(w).unwrap()).collect();
        let shares: Vec<&Share> = shares.iter().collect();
        combine(&shares, b"").unwrap();
    });
    let quorums = best(|| {
        every_quorum(&some, |count| tried = count).unwrap();
    });
    println!("the best of {RUNS} runs");
    let tell = |what: &str, ours: Duration, theirs: Duration| {
        let times = theirs.as_secs_f64() / ours.as_secs_f64();
        println!("{what}: {ours:?}; the reference takes {times:.0} × as long, {theirs:?}");
    };
    tell("split 16 of 16", splitting, reference[0]);
    tell("put 16 of 16 together", combining, reference[1]);
    let all = reference[2] * u32::try_from(tried).unwrap();
    tell(&format!("try all {tried} quorums of 6 of 16"), quorums, all);
    println!("  of which the reference was timed on {SAMPLE}");
}
