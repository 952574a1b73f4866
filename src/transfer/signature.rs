//! Detached signatures, which key holders at other sites return.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::check::{Check, Refusal};
use super::form::{self, Kind};
use crate::metadata::KeyId;
use crate::words::Digest;

/// The largest signature is 1 KiB in hex.
const LIMIT: usize = 64 << 10;
/// The longest signature in bytes (RSA with 16,384 bits).
const LONGEST: usize = 2048;

const KIND: Kind = Kind {
    name: "detached-signature",
    limit: LIMIT,
    size: Check::SignatureSize,
    form: Check::SignatureForm,
    format: Check::SignatureFormat,
};

/// An unverified signature by one key over one payload. [`super::Merge`] verifies it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetachedSignature {
    #[serde(deserialize_with = "form::line")]
    pub repository: String,
    #[serde(deserialize_with = "form::positive")]
    pub version: u64,
    /// SHA-256 of the canonical form that was signed.
    pub sha256: Digest,
    #[serde(rename = "keyid", deserialize_with = "form::line")]
    pub key_id: KeyId,
    /// In the encoding of TUF metadata.
    #[serde(
        rename = "sig",
        serialize_with = "hex::serde::serialize",
        deserialize_with = "signature"
    )]
    pub signature: Vec<u8>,
}

impl DetachedSignature {
    /// # Errors
    /// The first check that refuses the file.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        KIND.read(bytes)
    }

    pub fn to_file_bytes(&self) -> Vec<u8> {
        KIND.write(self)
    }

    /// The file name: `8.root.1a2b3c4d.sig.json`.
    pub fn file_name(&self) -> String {
        let short: String = self
            .key_id
            .as_str()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(8)
            .collect();
        format!("{}.root.{short}.sig.json", self.version)
    }
}

fn signature<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    read_hex(&text).map_err(|refusal| D::Error::custom(refusal.detail))
}

/// Reads a signature in hex.
///
/// # Errors
/// If it is empty, too long, or not lower-case hex.
pub(super) fn read_hex(text: &str) -> Result<Vec<u8>, Refusal> {
    let refuse = |text: &str| Err(Refusal::new(Check::SignatureForm, text));
    match hex::decode(text) {
        Ok(bytes) if bytes.is_empty() => refuse("the signature is an empty placeholder"),
        Ok(bytes) if bytes.len() > LONGEST => refuse("the signature is too long"),
        Ok(bytes) if hex::encode(&bytes) == text => Ok(bytes),
        _ => refuse("the signature is not lower-case hex"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn example() -> DetachedSignature {
        DetachedSignature {
            repository: "example.com/updates".to_owned(),
            version: 8,
            sha256: Digest::of(b"payload"),
            key_id: KeyId::new("1a2b3c4d5e"),
            signature: vec![0x30, 0x45],
        }
    }

    fn refused(edit: impl FnOnce(&mut Value)) -> Refusal {
        let mut value: Value = serde_json::from_slice(&example().to_file_bytes()).unwrap();
        edit(&mut value);
        DetachedSignature::read(value.to_string().as_bytes()).unwrap_err()
    }

    #[test]
    fn it_reads_what_it_writes() {
        let bytes = example().to_file_bytes();
        let read = DetachedSignature::read(&bytes).unwrap();
        assert_eq!(read, example());
        assert_eq!(read.to_file_bytes(), bytes);
        assert_eq!(read.file_name(), "8.root.1a2b3c4d.sig.json");
        assert!(bytes.len() < 500, "small enough for one QR code");
    }

    #[test]
    fn malformed_files_are_refused() {
        type Edit = fn(&mut Value);
        let form: [(Edit, &str); 10] = [
            (|value| value["more"] = json!(1), "unknown field `more`"),
            (
                |value| drop(value.as_object_mut().unwrap().remove("keyid")),
                "missing field `keyid`",
            ),
            (|value| value["version"] = json!("8"), "expected u64"),
            (|value| value["version"] = json!(0), "positive"),
            (|value| value["sha256"] = json!("9F86"), "digest"),
            (|value| value["repository"] = json!(" "), "one line"),
            (|value| value["sig"] = json!(""), "empty"),
            (|value| value["sig"] = json!("304"), "hex"),
            (|value| value["sig"] = json!("3A"), "hex"),
            (|value| *value = json!([]), "not a JSON object"),
        ];
        let format: [(Edit, &str); 2] = [
            (|value| value["format"] = json!(2), "format 2"),
            (|value| value["conclave"] = json!("other"), "other"),
        ];
        let form = form.map(|(edit, text)| (edit, Check::SignatureForm, text));
        let format = format.map(|(edit, text)| (edit, Check::SignatureFormat, text));
        for (edit, check, text) in form.into_iter().chain(format) {
            let refusal = refused(edit);
            assert_eq!(refusal.check, check, "{refusal}");
            assert!(refusal.detail.contains(text), "{refusal} lacks {text:?}");
        }
        let check = |bytes: &[u8]| DetachedSignature::read(bytes).unwrap_err().check;
        let twice = br#"{"conclave":"detached-signature","conclave":"detached-signature"}"#;
        assert_eq!(check(twice), Check::SignatureForm);
        assert_eq!(check(&vec![b' '; LIMIT + 1]), Check::SignatureSize);
        let bytes = example().to_file_bytes();
        for end in 0..bytes.len() - 1 {
            assert_eq!(check(&bytes[..end]), Check::SignatureForm, "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn reading_undoes_writing(
            repository in "[a-z./é]{1,40}",
            version in 1u64..=1 << 53,
            payload: [u8; 8],
            key_id in "[0-9a-f]{1,64}",
            signature in proptest::collection::vec(any::<u8>(), 1..600),
        ) {
            let detached = DetachedSignature {
                repository, version, signature,
                sha256: Digest::of(&payload),
                key_id: KeyId::new(key_id),
            };
            prop_assert_eq!(DetachedSignature::read(&detached.to_file_bytes()), Ok(detached));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = DetachedSignature::read(&bytes);
        }
    }
}
