use std::collections::BTreeMap;
use std::io::Error;
use std::path::PathBuf;

use super::*;
use crate::ceremony::ReplayError;
use crate::transcript::LineError;
use crate::words::Digest;

/// A failure for each variant of an error enum, as it is printed.
macro_rules! failures {
    ($error:ident {
        $($variant:ident
            $(($($value:expr),+))?
            $({ $($field:ident $(: $content:expr)?),+ $(,)? })?
        ),+ $(,)?
    }) => {{
        // A new variant is missing here.
        let _ = |error: &$error| match error {
            $($error::$variant { .. } => (),)+
        };
        let mut text = format!("{}\n", stringify!($error));
        $(
            let failure = Failure::from($error::$variant $(($($value),+))? $({ $($field $(: $content)?),+ })?);
            text.push_str(&format!("{:?}\n{failure}\n", failure.status));
        )+
        text
    }};
}

/// All failures in one print, to be read as an operator reads them.
#[test]
#[expect(clippy::too_many_lines, reason = "a row for each failure")]
fn every_failure_has_a_hint() {
    let path = || PathBuf::from("/media/usb/ceremony/script.toml");
    let source = || Error::from_raw_os_error(28);
    let file = |problem| FileError {
        path: path(),
        problem,
    };
    let missing = || file(FileProblem::System(Error::from_raw_os_error(2)));
    let script = || {
        let at = "2026-12-01T09:00:00Z".parse().unwrap();
        let files = BTreeMap::<String, Vec<u8>>::new();
        let parsed = crate::script::Script::parse("script.toml", "kind = \"genesis\"", &files, at);
        parsed.expect_err("a script of one line")
    };
    let line = || LineError::NotCanonical;
    let texts = [
        [
            FileProblem::NotRegular,
            FileProblem::Link,
            FileProblem::TooLong { limit: 65536 },
            FileProblem::NotText,
            FileProblem::System(Error::from_raw_os_error(2)),
            FileProblem::System(Error::from_raw_os_error(13)),
        ]
        .map(|problem| format!("{}\n", Failure::from(file(problem))))
        .concat(),
        failures!(WriteError {
            Exists { path: path() },
            Write {
                path: path(),
                source: source()
            },
            ReadBack { path: path() },
        }),
        failures!(TranscriptError {
            Empty,
            Line {
                number: 12,
                error: line()
            },
            Chain {
                number: 12,
                what: "\"prev\" is not the digest of the previous line"
            },
            Replay {
                number: 12,
                error: ReplayError::Over
            },
            Script {
                expected: Digest::of(b"one"),
                found: Digest::of(b"other")
            },
        }),
        failures!(RecordError {
            Io(missing()),
            Transcript(TranscriptError::Empty),
            Script(script()),
        }),
        failures!(DirectoryError {
            NotEmpty { path: path() },
            Folder(missing()),
            File(WriteError::ReadBack { path: path() }),
            Journal(JournalError::Busy { path: path() }),
            Record(RecordError::Io(missing())),
            Mirror { path: path() },
        }),
        format!(
            "{}\n{}\n",
            Failure::from(DirectoryError::Journal(JournalError::Open {
                path: path(),
                source: source()
            })),
            Failure::from(DirectoryError::Journal(JournalError::Write {
                path: path(),
                source: source()
            })),
        ),
        failures!(SimulationError {
            Store {
                path: path(),
                source: source()
            },
            Token(TokenError::Removed),
            YubiKeys(YubiKeysError::NotStarted {
                why: "pcscd: command not found".to_owned()
            }),
            Set {
                why: "the threshold is 0".to_owned()
            },
            Root {
                why: "role targets is missing".to_owned()
            },
        }),
        format!(
            "{}\n",
            Failure::from(SimulationError::from(YubiKeysError::NotInstalled))
        ),
        failures!(ProfileError {
            Read(missing()),
            Syntax {
                origin: "my.toml".to_owned(),
                line: 3,
                column: 7,
                detail: "expected `=`".to_owned()
            },
            Value {
                origin: "my.toml".to_owned(),
                field: "kind",
                problem: "is missing"
            },
            Unknown {
                name: "luna".to_owned(),
                known: "softhsm2, yubikey-piv".to_owned()
            },
        }),
        Failure::from(script()).to_string(),
    ];
    for text in &texts {
        let count = |word: &str| text.matches(word).count();
        assert_eq!(count("error: "), count("hint: "), "{text}");
    }
    insta::assert_snapshot!(texts.join("\n"));
}
