//! How long one signature takes through `conclave root sign`, against `pkcs11-tool --sign` with the same key.
//!
//! `cargo bench --profile dist --bench sign_root` makes a SoftHSM token with an ECDSA P-256 key, and times whole processes of the
//! two in turn, so that whatever else the machine does is shared. Both look for the token, log in and sign the same
//! root; Conclave also judges the request, writes its record to the disk line by line, verifies the signature and
//! writes it where it can be read back.
//!
//! A third time is that of a durable record alone: pkcs11-tool, and then the very files of Conclave's ceremony
//! directory, each written and waited for. Where other work shares the machine, `chrt -f 5` in front of the benchmark
//! keeps it from being pushed aside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that cannot run has nothing to report"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use support::site::{Line, Site};

/// How often each is timed.
const RUNS: usize = 40;

/// Who is there, the clock, the machine, the request; the word; then the signature, the export, the verdict, the end.
const ANSWERS: &str = "\n\n\n\nSIGN ROOT 2\n\n\n\n\n\n";

fn main() {
    let site = Site::new("here");
    let line = Line::begin(vec![site.make_key("holder-a"), site.make_key("holder-b")]);
    site.receive("request.json", &line.request(&["holder-a"]));
    site.receive("1.root.json", &line.files[0]);
    let (mut ours, mut theirs, mut durable) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..RUNS {
        let out = format!("signing-{run}");
        let begun = Instant::now();
        let done = site.play(
            &["root", "sign", "request.json", "--token", "holder-a"]
                .into_iter()
                .chain(["--trust", "1.root.json", "--out", &out])
                .collect::<Vec<_>>(),
            ANSWERS,
            1,
        );
        ours.push(begun.elapsed());
        assert_eq!(done.status, 0, "{}", done.said);
        let files = files_below(&site.path(&out));
        let signed = line.time_another_tool(0);
        theirs.push(signed);
        let copy = site.path(&format!("copy-{run}"));
        let begun = Instant::now();
        write_durably(&files, &copy);
        durable.push(signed + begun.elapsed());
    }
    let (ours, theirs, durable) = (Times::of(ours), Times::of(theirs), Times::of(durable));
    println!("conclave root sign              {ours}");
    println!("pkcs11-tool --sign              {theirs}");
    println!("ratio                           {}", ours.ratio(&theirs));
    println!("pkcs11-tool and the same files  {durable}");
    println!("ratio                           {}", ours.ratio(&durable));
}

/// The files below a directory, by their paths from there.
fn files_below(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                files.push((path.strip_prefix(directory).unwrap().to_owned(), bytes));
            }
        }
    }
    files
}

/// Writes files one after the other, and waits for each and for the directories.
fn write_durably(files: &[(PathBuf, Vec<u8>)], directory: &Path) {
    let mut folders = BTreeSet::new();
    for (name, bytes) in files {
        let path = directory.join(name);
        let folder = path.parent().unwrap().to_owned();
        fs::create_dir_all(&folder).unwrap();
        folders.insert(folder);
        let mut file = File::create_new(&path).unwrap();
        file.write_all(bytes).unwrap();
        file.sync_all().unwrap();
    }
    for folder in folders {
        File::open(folder).unwrap().sync_all().unwrap();
    }
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

    fn ratio(&self, other: &Self) -> String {
        format!(
            "median {:.2}, best {:.2}",
            self.median.as_secs_f64() / other.median.as_secs_f64(),
            self.best.as_secs_f64() / other.best.as_secs_f64(),
        )
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
