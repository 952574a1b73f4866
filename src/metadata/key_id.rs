//! Key IDs and the rules that tools have used to compute them.

use std::borrow::Borrow;
use std::fmt;

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::canonical_json::canonical;

/// The ID of a key in a document. It is only text, and can be wrong.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The ID by the specification's rule: SHA-256 over the canonical form of the key object, in hex.
    pub fn of(object: &Value) -> Self {
        Self(Hash::Sha256.over(object).unwrap_or_default())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first eight characters, escaped.
    pub fn short(&self) -> String {
        let short: String = self.0.chars().take(8).collect();
        short.escape_debug().to_string()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_debug())
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl Borrow<str> for KeyId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// The members of the key object that are hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Members {
    /// All members: the specification, tough, go-tuf.
    All,
    /// `keytype`, `scheme` and `keyval`: securesystemslib 0.28 and later.
    Core,
    /// The core and `keyid_hash_algorithms`: earlier versions of securesystemslib.
    CoreWithHashAlgorithms,
    /// `keytype`, and `keyval` with an empty `private`: Notary.
    Notary,
    /// All but `x-…`: documents that tuf-on-ci migrated from other tools.
    AllButCustom,
}

/// How the newline at the end of a PEM public key is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FinalNewline {
    AsIs,
    Removed,
    Added,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha256,
    Sha512,
}

impl Hash {
    fn over(self, object: &Value) -> Option<String> {
        let algorithm = match self {
            Self::Sha256 => &SHA256,
            Self::Sha512 => &SHA512,
        };
        let bytes = canonical(object).ok()?;
        Some(hex::encode(digest(algorithm, &bytes)))
    }
}

/// A rule for computing a key ID: the form of the key object that is hashed, and the hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyIdRule {
    members: Members,
    newline: FinalNewline,
    hash: Hash,
}

impl KeyIdRule {
    /// The rule of the specification (section 4.2): SHA-256 over the whole object.
    pub const SPECIFIED: Self = Self {
        members: Members::All,
        newline: FinalNewline::AsIs,
        hash: Hash::Sha256,
    };

    /// The rule of Notary: SHA-256 over `keytype` and `keyval`, as Notary itself writes them.
    pub const NOTARY: Self = Self {
        members: Members::Notary,
        ..Self::SPECIFIED
    };

    /// Whether this is the standard rule of TUF or of Notary.
    pub fn is_standard(self) -> bool {
        [Self::SPECIFIED, Self::NOTARY].contains(&self)
    }

    /// The first rule of TUF tools that results in this ID.
    pub fn explain(id: &KeyId, object: &Value) -> Option<Self> {
        let hash = match id.0.len() {
            64 => Hash::Sha256,
            128 => Hash::Sha512,
            _ => return None,
        };
        for newline in [
            FinalNewline::AsIs,
            FinalNewline::Removed,
            FinalNewline::Added,
        ] {
            for members in [
                Members::All,
                Members::Core,
                Members::CoreWithHashAlgorithms,
                Members::AllButCustom,
            ] {
                let rule = Self {
                    members,
                    newline,
                    hash,
                };
                let form = rule.form_of(object);
                if form.and_then(|form| hash.over(&form)).as_deref() == Some(id.as_str()) {
                    return Some(rule);
                }
            }
        }
        None
    }

    /// The ID of a key object by this rule; `None` if the object lacks the necessary members.
    pub(super) fn id_of(self, object: &Value) -> Option<KeyId> {
        // The rule's final newline can already be there.
        let newline = FinalNewline::AsIs;
        let form = self
            .form_of(object)
            .or_else(|| Self { newline, ..self }.form_of(object))?;
        self.hash.over(&form).map(KeyId)
    }

    /// The object that is hashed; `None` if a simpler rule has the same form.
    fn form_of(self, object: &Value) -> Option<Value> {
        let object = object.as_object()?;
        if self.members == Members::Notary {
            let public = object.get("keyval")?.get("public")?;
            return Some(json!({
                "keytype": object.get("keytype")?,
                "keyval": {"private": null, "public": public},
            }));
        }
        let mut form: Map<String, Value> = object
            .iter()
            .filter(|(name, _)| match self.members {
                Members::All => true,
                Members::AllButCustom => !name.starts_with("x-"),
                Members::Core | Members::CoreWithHashAlgorithms | Members::Notary => {
                    matches!(name.as_str(), "keytype" | "scheme" | "keyval")
                }
            })
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if self.members == Members::CoreWithHashAlgorithms {
            let algorithms = object.get("keyid_hash_algorithms").cloned();
            form.insert(
                "keyid_hash_algorithms".into(),
                algorithms.unwrap_or_else(|| json!(["sha256", "sha512"])),
            );
        }
        if self.newline != FinalNewline::AsIs {
            let public = form.get_mut("keyval")?.get_mut("public")?;
            let text = public.as_str()?;
            let bare = text.trim_end_matches('\n');
            let changed = match self.newline {
                FinalNewline::Added => format!("{bare}\n"),
                FinalNewline::Removed | FinalNewline::AsIs => bare.to_owned(),
            };
            if changed == text {
                return None;
            }
            *public = Value::String(changed);
        }
        Some(Value::Object(form))
    }
}

impl fmt::Display for KeyIdRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = match self.hash {
            Hash::Sha256 => "SHA-256",
            Hash::Sha512 => "SHA-512",
        };
        let members = match self.members {
            Members::All => "the whole key object",
            Members::Core => "only keytype, scheme and keyval",
            Members::CoreWithHashAlgorithms => {
                "only keytype, scheme, keyval and keyid_hash_algorithms"
            }
            Members::Notary => "only keytype and keyval, as Notary writes them",
            Members::AllButCustom => "the key object without its x- members",
        };
        let newline = match self.newline {
            FinalNewline::AsIs => "",
            FinalNewline::Removed => ", the PEM text without its final newline",
            FinalNewline::Added => ", the PEM text with a final newline",
        };
        write!(f, "{hash} over {members}{newline}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(hash: Hash, object: &Value) -> KeyId {
        KeyId::new(hash.over(object).unwrap())
    }

    #[test]
    fn each_rule_in_use_is_recognized() {
        let pem = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----";
        let object = json!({
            "keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256",
            "keyval": {"public": format!("{pem}\n")},
            "keyid_hash_algorithms": ["sha256", "sha512"], "x-owner": "@a",
        });
        let mut core = object.clone();
        let members = core.as_object_mut().unwrap();
        members.shift_remove("x-owner");
        let uncustom = core.clone();
        core.as_object_mut()
            .unwrap()
            .shift_remove("keyid_hash_algorithms");
        let mut stripped = object.clone();
        stripped["keyval"]["public"] = json!(pem);
        for (form, said) in [
            (&object, "SHA-256 over the whole key object"),
            (&core, "SHA-256 over only keytype, scheme and keyval"),
            (
                &uncustom,
                "SHA-256 over only keytype, scheme, keyval and keyid_hash_algorithms",
            ),
            (
                &stripped,
                "SHA-256 over the whole key object, the PEM text without its final newline",
            ),
        ] {
            let rule = KeyIdRule::explain(&id(Hash::Sha256, form), &object).unwrap();
            assert_eq!(rule.to_string(), said);
        }
        let long = KeyIdRule::explain(&id(Hash::Sha512, &object), &object).unwrap();
        assert_eq!(long.to_string(), "SHA-512 over the whole key object");
    }

    #[test]
    fn an_unknown_id_has_no_rule() {
        let object = json!({"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": "00"}});
        let upper = KeyId::new(KeyId::of(&object).as_str().to_uppercase());
        for id in [KeyId::new("00".repeat(32)), KeyId::new("key-1"), upper] {
            assert_eq!(KeyIdRule::explain(&id, &object), None);
        }
        assert_eq!(
            KeyIdRule::explain(&KeyId::of(&object), &object),
            Some(KeyIdRule::SPECIFIED)
        );
    }
}
