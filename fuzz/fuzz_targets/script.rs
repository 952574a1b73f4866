//! Any text as a ceremony script: no panic, and a script that parses is read back as the same script.

#![no_main]

use std::collections::BTreeMap;

use conclave::script::Script;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let ready = &conclave::script::embedded()[0];
    match Script::parse("fuzz.toml", text, ready, Timestamp::UNIX_EPOCH) {
        Ok(script) => {
            assert_eq!(script.text(), text);
            assert!(!script.keys().is_empty() && !script.steps().is_empty());
            assert!(script.root().threshold as usize <= script.keys().len());
            let carried: BTreeMap<_, _> = script
                .pinned_files()
                .map(|file| (file.name.clone(), file.bytes.clone()))
                .collect();
            Script::parse("again.toml", text, &carried, Timestamp::UNIX_EPOCH)
                .expect("it needs no more than what it carries");
        }
        Err(faults) => assert!(!faults.is_empty(), "a refusal says why"),
    }
});
