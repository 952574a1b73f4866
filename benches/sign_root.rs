//! How long one signature takes through `conclave root sign`, against `pkcs11-tool --sign` with the same key.
//!
//! `cargo bench --bench sign_root` makes a SoftHSM token with an ECDSA P-256 key, and times whole processes of the
//! two in turn, so that whatever else the machine does is shared. Both look for the token, log in and sign the same
//! root; Conclave also judges the request, writes its record to the disk line by line, verifies the signature and
//! writes it where it can be read back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that cannot run has nothing to report"
)]

#[path = "../tests/sites/site.rs"]
mod site;
#[path = "../tests/store/mod.rs"]
mod store;

use std::time::{Duration, Instant};

use site::{Line, Site};

/// How often each is timed.
const RUNS: usize = 40;

fn main() {
    let site = Site::new("here");
    let line = Line::begin(vec![site.make_key("holder-a"), site.make_key("holder-b")]);
    site.receive("request.json", &line.request(&["holder-a"]));
    site.receive("1.root.json", &line.files[0]);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        let out = format!("signing-{run}");
        let begun = Instant::now();
        let done = site.sign(
            "request.json",
            "holder-a",
            &out,
            &["--trust", "1.root.json"],
            "SIGN ROOT 2\n",
        );
        ours.push(begun.elapsed());
        assert_eq!(done.status, 0, "{}", done.said);
        theirs.push(line.time_another_tool(0));
    }
    let (ours, theirs) = (Times::of(ours), Times::of(theirs));
    println!("conclave root sign   {ours}");
    println!("pkcs11-tool --sign   {theirs}");
    println!(
        "ratio                median {:.2}, best {:.2}",
        ours.median.as_secs_f64() / theirs.median.as_secs_f64(),
        ours.best.as_secs_f64() / theirs.best.as_secs_f64(),
    );
}

struct Times {
    median: Duration,
    best: Duration,
}

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self {
            median: times[times.len() / 2],
            best: times[0],
        }
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        write!(
            f,
            "median {:.1} ms, best {:.1} ms",
            ms(self.median),
            ms(self.best)
        )
    }
}
