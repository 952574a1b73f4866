use conclave::certificate::pem::PemError;
use conclave::certificate::{CertificateError, PublicKeyError};

#[test]
fn errors_of_certificates_and_public_keys() {
    let base64 = || PemError::Base64("invalid symbol 33, offset 4".to_owned());
    let texts = [
        error_lines!(PemError {
            NoEnd,
            Base64("invalid symbol 33, offset 4".to_owned()),
        }),
        error_lines!(PublicKeyError {
            Encoding(base64().to_string()),
            Private,
            Algorithm("1.3.132.0.10".to_owned()),
            Value("the point is not on the curve"),
        }),
        error_lines!(CertificateError {
            Encoding(base64().to_string()),
            Form("has a serial number of more than 20 bytes"),
            Critical("2.5.29.36".to_owned()),
            Key(PublicKeyError::Algorithm("1.3.132.0.10".to_owned())),
            Algorithm("1.2.840.113549.1.1.4".to_owned()),
        }),
    ];
    insta::assert_snapshot!("errors_of_certificates_and_public_keys", texts.concat());
}
