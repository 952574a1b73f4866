//! Any bytes as a public key file: no panic, nothing private, and a key that is written as it is read.

#![no_main]

use conclave::metadata::Key;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(key) = Key::from_file(bytes) {
        assert!(!bytes.windows(16).any(|window| window == b"PRIVATE KEY-----"));
        let public = key.public().expect("a key that was read can verify");
        assert_eq!(Key::from_public(public).expect("and can be written"), key);
        let text = key.object().to_string();
        assert_eq!(Key::from_file(text.as_bytes()).expect("as it was written"), key);
        assert_eq!(Key::from_file(public.as_der()).expect("in DER"), key);
        assert_eq!(Key::from_file(public.to_pem().as_bytes()).expect("in PEM"), key);
    }
});
