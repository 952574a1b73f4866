//! How the verification of a record grows with the tokens of a ceremony, and with the repositories that it changes.
//!
//! `cargo bench --bench ceremony` prints, for each number of tokens of a first root and of further repositories of a
//! rotation, the events of the record and the time that its replay takes for each, as a multiple of the
//! first row of the table.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that cannot run has nothing to report"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use conclave::ceremony::Mode;
use conclave::metadata::KeyType;
use support::ceremony_driver::{Room, genesis, repositories};

const RUNS: usize = 9;

fn main() {
    println!("tokens  events  an event");
    table(&[8, 16, 32], |tokens| {
        let types = vec![KeyType::EcdsaP256; tokens];
        Room::closed(genesis(&types, 8), Mode::Production)
    });
    println!("further  events  an event");
    table(&[25, 50, 100, 200], repositories::closed_with);
}

fn table(sizes: &[usize], closed: impl Fn(usize) -> Room) {
    let mut first = None;
    for size in sizes {
        let room = closed(*size);
        let events = u32::try_from(room.transcript.entries().len()).unwrap();
        let script = room.ceremony.script_arc();
        let fastest = (0..RUNS).map(|_| {
            let begun = Instant::now();
            room.transcript.replay(&script).unwrap();
            begun.elapsed()
        });
        let each: Duration = fastest.min().unwrap() / events;
        let first = *first.get_or_insert(each);
        println!(
            "{size:6}  {events:6}  {:8.2}",
            each.as_secs_f64() / first.as_secs_f64()
        );
    }
}
