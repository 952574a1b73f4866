use conclave::record::CustodyError;
use conclave::secret::{PassphraseError, PinError};
use conclave::transfer::PossessionError;
use conclave::words::DigestError;

#[test]
fn errors_of_entries_and_typed_secrets() {
    let texts = [
        error_lines!(PinError {
            Empty,
            TooLong,
            OneTimePassword,
            Control,
        }),
        error_lines!(PassphraseError {
            Empty,
            TooLong,
            Control,
        }),
        error_lines!(DigestError {
            Hex,
            Word {
                position: 3,
                word: "aardvark".to_owned()
            },
            WordCount { found: 31 },
        }),
        error_lines!(CustodyError {
            Line {
                number: 4,
                reason: "missing field `bag`".to_owned()
            },
            Bag {
                number: 4,
                bag: "A-1001".to_owned(),
                reason: "was already used"
            },
        }),
        error_lines!(PossessionError { Scheme, Signature }),
    ];
    insta::assert_snapshot!("errors_of_entries_and_typed_secrets", texts.concat());
}
