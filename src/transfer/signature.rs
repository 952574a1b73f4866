//! A detached signature: what a key holder at another site sends back.

use serde_json::json;

use super::check::{Check, Refusal};
use super::form::{FORMAT, Kind, write};
use crate::metadata::KeyId;
use crate::words::Digest;

/// The longest file that is read: the largest signature takes 1 KiB in hex.
const LIMIT: usize = 64 << 10;
/// The longest signature that is read, in bytes: RSA with 16,384 bits.
const LONGEST: usize = 2048;

const KIND: Kind = Kind {
    name: "detached-signature",
    limit: LIMIT,
    size: Check::SignatureSize,
    form: Check::SignatureForm,
    format: Check::SignatureFormat,
};

/// A signature of one key over one payload. Nothing in it is verified: [`super::Merge`] does that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachedSignature {
    /// The line of roots.
    pub repository: String,
    /// The version of the root that was signed.
    pub version: u64,
    /// SHA-256 over the canonical form that was signed.
    pub sha256: Digest,
    /// The ID of the key, as the request names it.
    pub key_id: KeyId,
    /// The signature, as TUF metadata carries it.
    pub signature: Vec<u8>,
}

impl DetachedSignature {
    /// Reads a file.
    ///
    /// # Errors
    /// With the first check that refuses it.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut members = KIND.open(bytes)?;
        let repository = members.line("repository")?;
        let version = members.version("version")?;
        let sha256 = members.digest("sha256")?;
        let key_id = KeyId::new(members.line("keyid")?);
        let text = members.text("sig")?;
        let signature = read_hex(&text)?;
        members.end()?;
        Ok(Self {
            repository,
            version,
            sha256,
            key_id,
            signature,
        })
    }

    /// The file. For the same signature its bytes are always the same.
    pub fn to_file_bytes(&self) -> Vec<u8> {
        write(&json!({
            "conclave": KIND.name,
            "format": FORMAT,
            "repository": self.repository,
            "version": self.version,
            "sha256": self.sha256,
            "keyid": self.key_id,
            "sig": hex::encode(&self.signature),
        }))
    }

    /// The name by which its file goes: `8.root.1a2b3c4d.sig.json`.
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

/// A signature as people and files write it.
///
/// # Errors
/// When it is empty, too long, or not lower-case hex.
pub(super) fn read_hex(text: &str) -> Result<Vec<u8>, Refusal> {
    let refuse = |what: &str| Refusal::new(Check::SignatureForm, what);
    if text.is_empty() {
        return Err(refuse(
            "the signature is empty: a place-holder, and no signature",
        ));
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(refuse("the signature is not lower-case hex"));
    }
    let bytes = hex::decode(text).map_err(|_| refuse("the signature is not lower-case hex"))?;
    if bytes.len() > LONGEST {
        return Err(refuse("the signature is longer than any can be"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

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
    fn what_is_unknown_missing_or_of_another_kind_is_refused() {
        for (edit, check, what) in [
            (
                (|value: &mut Value| value["more"] = json!(1)) as fn(&mut Value),
                Check::SignatureForm,
                "unknown member \"more\"",
            ),
            (
                |value| {
                    value.as_object_mut().unwrap().remove("keyid");
                },
                Check::SignatureForm,
                "no text \"keyid\"",
            ),
            (
                |value| value["version"] = json!("8"),
                Check::SignatureForm,
                "no number",
            ),
            (
                |value| value["version"] = json!(0),
                Check::SignatureForm,
                "has 0",
            ),
            (
                |value| value["sha256"] = json!("9F86"),
                Check::SignatureForm,
                "\"sha256\"",
            ),
            (
                |value| value["repository"] = json!(" "),
                Check::SignatureForm,
                "\"repository\"",
            ),
            (
                |value| value["sig"] = json!(""),
                Check::SignatureForm,
                "empty",
            ),
            (
                |value| value["sig"] = json!("304"),
                Check::SignatureForm,
                "hex",
            ),
            (
                |value| value["sig"] = json!("3A"),
                Check::SignatureForm,
                "hex",
            ),
            (
                |value| value["format"] = json!(2),
                Check::SignatureFormat,
                "format 2",
            ),
            (
                |value| value["conclave"] = json!("signing-request"),
                Check::SignatureFormat,
                "signing-request",
            ),
            (
                |value| *value = json!([]),
                Check::SignatureForm,
                "not an object",
            ),
        ] {
            let refusal = refused(edit);
            assert_eq!(refusal.check, check, "{refusal}");
            assert!(refusal.detail.contains(what), "{refusal} lacks {what:?}");
        }
        let twice = br#"{"conclave":"detached-signature","conclave":"detached-signature"}"#;
        let refusal = DetachedSignature::read(twice).unwrap_err();
        assert_eq!(refusal.check, Check::SignatureForm);
        let long = vec![b' '; LIMIT + 1];
        assert_eq!(
            DetachedSignature::read(&long).unwrap_err().check,
            Check::SignatureSize
        );
        let bytes = example().to_file_bytes();
        for end in 0..bytes.len() - 1 {
            assert!(
                DetachedSignature::read(&bytes[..end]).is_err(),
                "cut at {end}"
            );
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_written_and_read_again_the_same(
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
