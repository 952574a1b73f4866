//! Any bytes as a chain of root files, split at NUL bytes: no panic, and a report that holds together.

#![no_main]

use conclave::metadata::verify_chain;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let files = bytes.split(|byte| *byte == 0).map(|file| (String::new(), file.to_vec()));
    let report = verify_chain(files, "2030-01-01T00:00:00Z".parse().expect("a time"));
    assert_eq!(report.is_accepted(), report.reasons().is_empty());
    assert!(report.version().is_some() || !report.is_accepted());
    assert!(!report.is_accepted() || report.trusted().is_some());
    let _ = report.to_json();
});
