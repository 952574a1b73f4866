//! Any bytes as the manifest of a backup: no panic, and what is read is written and read again the same.

#![no_main]

use conclave::backup::Manifest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(read) = Manifest::read(bytes) {
        let written = read.to_file_bytes();
        let again = Manifest::read(&written).expect("what was written is read");
        assert_eq!(again, read);
    }
});
