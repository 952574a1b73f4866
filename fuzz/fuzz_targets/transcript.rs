//! Any bytes as a transcript: no panic, and a line has one spelling only.

#![no_main]

use std::sync::{Arc, LazyLock};

use conclave::script::Script;
use conclave::transcript::{Line, Transcript};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

static SCRIPT: LazyLock<Arc<Script>> = LazyLock::new(|| {
    let ready = &conclave::script::embedded()[0];
    let script = Script::parse("genesis.toml", ready.text, ready, Timestamp::UNIX_EPOCH);
    Arc::new(script.expect("the ready script is valid"))
});

fuzz_target!(|bytes: &[u8]| {
    for text in bytes.split(|byte| *byte == b'\n') {
        if let Ok(line) = Line::parse(text) {
            assert_eq!(line.encode(), text);
        }
    }
    if let Ok((transcript, torn)) = Transcript::parse(bytes) {
        assert!(torn <= bytes.len());
        let _ = transcript.replay(&SCRIPT);
    }
});
