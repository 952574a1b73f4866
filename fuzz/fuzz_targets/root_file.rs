//! Any bytes as a root file: no panic, and what was read is what was signed.

#![no_main]

use conclave::metadata::canonical_json::{canonical, parse, parse_canonical};
use conclave::metadata::{Client, FrozenRoot, RootDiff, RootFile, lint};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = parse(bytes) {
        // Two readers agree on the value, and the canonical form leads back to it.
        let other: Value = serde_json::from_slice(bytes).expect("strict JSON is JSON");
        assert_eq!(value, other);
        let form = canonical(&value).expect("the reader lets integers through only");
        assert_eq!(parse_canonical(&form).expect("a canonical form reads back"), value);
    }
    if let Ok(file) = RootFile::read(bytes) {
        let document = file.document();
        let frozen = FrozenRoot::from_signed_bytes(document.signed_bytes())
            .expect("what was read can be frozen");
        assert_eq!(frozen.signed_bytes(), document.signed_bytes());
        assert!(RootDiff::between(document, frozen.document()).changes.is_empty());
        let _ = lint(&file, &Client::ALL);
    }
});
