//! How quick and how idle the screen is, of the whole program in a terminal.
//!
//! `cargo bench --bench screen` rehearses with `SoftHSM` and prints, each over many tries: the time from a key
//! to the frame that it leads to; the time that the processor spends while nobody does anything; and the time
//! from the start of the program to its first screen.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that cannot run has nothing to report"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::pty::{Size, Terminal};

const KEYS: usize = 1000;
const STARTS: usize = 20;
const IDLE: Duration = Duration::from_secs(10);
const UP: &str = "\x1b[A";
const DOWN: &str = "\x1b[B";

fn main() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("rehearsal");
    for size in [
        Size::STANDARD,
        Size {
            columns: 132,
            rows: 43,
        },
    ] {
        let _ = fs::remove_dir_all(&out);
        let mut terminal = start(&["rehearse", "--out", out.to_str().unwrap()], size);
        let what = format!("key to frame at {}x{}", size.columns, size.rows);
        report(&what, keys_to_frames(&mut terminal));
        let spent = terminal.leave_alone(IDLE);
        println!(
            "{:<28} {:.2} % of a processor over {} s",
            "idle",
            100.0 * spent.as_secs_f64() / IDLE.as_secs_f64(),
            IDLE.as_secs()
        );
        terminal.signal(Signal::TERM);
        terminal.finish();
    }
    report("start to first screen", starts(&out.join("genesis")));
}

fn start(arguments: &[&str], size: Size) -> Terminal {
    let environment = [("LC_ALL", OsStr::new("C.UTF-8"))];
    let mut terminal = Terminal::conclave(arguments, &environment, size);
    terminal.expect_on_screen("Administrator is here, by");
    terminal
}

/// Moves a cursor up and down, and sees it move.
fn keys_to_frames(terminal: &mut Terminal) -> Vec<Duration> {
    (0..KEYS)
        .map(|turn| {
            let (key, chosen) = if turn % 2 == 0 {
                (DOWN, "▸  passport")
            } else {
                (UP, "▸  known personally")
            };
            let begun = Instant::now();
            terminal.send(key);
            terminal.expect_on_screen(chosen);
            begun.elapsed()
        })
        .collect()
}

/// Resumes a ceremony, which makes no tokens first.
fn starts(ceremony: &Path) -> Vec<Duration> {
    (0..STARTS)
        .map(|_| {
            let begun = Instant::now();
            let mut terminal = start(&["resume", ceremony.to_str().unwrap()], Size::STANDARD);
            let taken = begun.elapsed();
            terminal.signal(Signal::TERM);
            terminal.finish();
            taken
        })
        .collect()
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)];
    println!(
        "{what:<28} median {:.2} ms, p99 {:.2} ms, worst {:.2} ms",
        1e3 * at(50).as_secs_f64(),
        1e3 * at(99).as_secs_f64(),
        1e3 * at(100).as_secs_f64()
    );
}
