//! Any bytes as an enrollment file: no panic, and what is read is written and read again the same.

#![no_main]

use conclave::transfer::Enrollment;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(read) = Enrollment::read(bytes) {
        let written = read.to_file_bytes();
        let again = Enrollment::read(&written).expect("what was written is read");
        assert_eq!(again.to_file_bytes(), written);
    }
});
