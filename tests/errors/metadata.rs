use conclave::certificate::{Algorithm, PublicKeyError};
use conclave::metadata::notary::CertificateProblem;
use conclave::metadata::{
    Check, DraftError, ExpiresError, JsonError, KeyFileError, KeyId, KeyObjectError, Remark,
    RoleKind, RootSimulationError, Scheme, SignatureError, UnwritableKey,
};

#[test]
#[expect(clippy::too_many_lines, reason = "a row for each error")]
fn errors_of_root_metadata() {
    let key = || KeyId::new("0123456789abcdef".repeat(4));
    let role = RoleKind::Timestamp;
    let syntax = || JsonError::Syntax {
        line: 3,
        column: 7,
        what: "expected value".to_owned(),
    };
    let text = || "scheme \"Fulcio\" is unknown".to_owned();
    let missing = || Remark::new(Check::RoleMissing, "the role targets is missing");
    let at = "2036-11-18T00:00:00Z".parse().unwrap();
    let texts = [
        error_lines!(JsonError {
            ByteOrderMark,
            Utf8 { offset: 17 },
            DuplicateMember {
                name: "keys".to_owned()
            },
            Number { line: 3 },
            Depth,
            Trailing { line: 3, column: 7 },
            Syntax {
                line: 3,
                column: 7,
                what: "expected value".to_owned()
            },
            CanonicalNumber("1.5".to_owned()),
            NotCanonical,
        }),
        error_lines!(ExpiresError { Form, Impossible }),
        error_lines!(KeyObjectError {
            NotAnObject,
            MissingString { name: "scheme" },
            MissingKeyValue,
        }),
        error_lines!(KeyFileError {
            Private,
            Size { found: 70_000 },
            Unrecognized,
            PublicKey(PublicKeyError::Private),
            Json(syntax()),
            Object(KeyObjectError::NotAnObject),
            Unusable { reason: text() },
            Unwritable(UnwritableKey {
                algorithm: Algorithm::P521
            }),
            Scheme {
                found: Scheme::RsaPkcs1Sha256,
                written: Scheme::RsaPssSha256
            },
        }),
        error_lines!(DraftError {
            MissingRole { role },
            ZeroThreshold { role },
            Unreachable {
                role,
                threshold: 3,
                keys: 2
            },
            DuplicateKey { role, key: key() },
            UnusableKey {
                role,
                key: key(),
                reason: text()
            },
            NotAscii { key: key() },
            IdTaken { key: key() },
            LastVersion { previous: 1 << 53 },
            Refused(missing()),
        }),
        error_lines!(SignatureError {
            UnknownKey {
                key: key(),
                version: 7
            },
            Mismatch {
                key: key(),
                version: 7
            },
            NotNext {
                version: 7,
                previous: 5
            },
        }),
        error_lines!(RootSimulationError {
            NotOneForOne,
            OtherKind { key: key() },
            Refused(missing()),
        }),
        error_lines!(CertificateProblem {
            Name {
                found: "docker.io/example/tools".to_owned()
            },
            Expired { until: at },
            NotYetValid { from: at },
            ExpiresFirst { until: at },
            Usage,
            Intermediate {
                name: "Example CA".to_owned()
            },
            Unreadable,
        }),
    ];
    insta::assert_snapshot!("errors_of_root_metadata", texts.concat());
}
