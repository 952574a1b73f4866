//! Any bytes as the text of a share, and as its words: no panic, and what is read is written and read again the same.

#![no_main]

use conclave::backup::slip39::Share;
use conclave::backup::{OpenedShare, closed_to};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(read) = OpenedShare::read(bytes) {
        let written = read.text();
        let again = OpenedShare::read(written.as_bytes()).expect("what was written is read");
        assert_eq!(again.text().as_str(), written.as_str());
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(share) = Share::read(text)
    {
        let again = Share::read(&share.words()).expect("what was written is read");
        assert_eq!(again.words().as_str(), share.words().as_str());
    }
    let _ = closed_to(bytes);
});
