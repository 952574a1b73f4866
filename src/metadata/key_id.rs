//! Key IDs, and the rules by which tools have computed them.

use std::borrow::Borrow;
use std::fmt;

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::canonical_json::canonical;

/// The ID of a key, as it stands in a document. Only text: it need not be the right one.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    /// An ID as somebody wrote it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The ID that the specification gives a key object: SHA-256 over its canonical form, in hex.
    pub fn of(object: &Value) -> Self {
        Self(Hash::Sha256.over(object).unwrap_or_default())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first eight characters, escaped: enough to find it among a few.
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

/// Which members of the key object go into the hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Members {
    /// All that stand there: the specification, tough, go-tuf.
    All,
    /// `keytype`, `scheme` and `keyval`: securesystemslib since 0.28.
    Core,
    /// The core and `keyid_hash_algorithms`: securesystemslib before.
    CoreWithHashAlgorithms,
    /// `keytype` and `keyval`, this with an empty `private`: Notary.
    Notary,
    /// All but `x-…`: documents that tuf-on-ci took over from other tools.
    AllButCustom,
}

/// What happens to the newline at the end of a PEM public key.
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

/// A rule that explains a key ID: which form of the key object has this hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyIdRule {
    members: Members,
    newline: FinalNewline,
    hash: Hash,
}

impl KeyIdRule {
    /// The rule of the specification (section 4.2): SHA-256 over the whole object as it stands.
    pub const SPECIFIED: Self = Self {
        members: Members::All,
        newline: FinalNewline::AsIs,
        hash: Hash::Sha256,
    };

    /// The rule of Notary: SHA-256 over `keytype` and `keyval`, as it writes them out itself.
    pub const NOTARY: Self = Self {
        members: Members::Notary,
        newline: FinalNewline::AsIs,
        hash: Hash::Sha256,
    };

    /// Whether it is the one rule of its format.
    pub fn is_of_its_format(self) -> bool {
        [Self::SPECIFIED, Self::NOTARY].contains(&self)
    }

    /// The rule that explains the ID of a key object in a root of Notary, which knows one alone.
    pub(super) fn explain_notary(id: &KeyId, object: &Value) -> Option<Self> {
        (Self::NOTARY.id_of(object).as_ref() == Some(id)).then_some(Self::NOTARY)
    }

    /// The first rule that explains the ID of a key object; `None` if none does.
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

    /// The ID that this rule gives a key object, if it has the members for it.
    pub(super) fn id_of(self, object: &Value) -> Option<KeyId> {
        let form = match self.form_of(object) {
            Some(form) => form,
            // The text ends as the rule would have it end.
            None => Self {
                newline: FinalNewline::AsIs,
                ..self
            }
            .form_of(object)?,
        };
        self.hash.over(&form).map(KeyId)
    }

    /// The object that is hashed; `None` where the rule changes nothing that a simpler one leaves.
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
            Members::Core => "keytype, scheme and keyval alone",
            Members::CoreWithHashAlgorithms => {
                "keytype, scheme, keyval and keyid_hash_algorithms alone"
            }
            Members::Notary => "keytype and keyval alone, as Notary writes them",
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
    fn each_rule_in_the_field_is_recognized() {
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
            (&core, "SHA-256 over keytype, scheme and keyval alone"),
            (
                &uncustom,
                "SHA-256 over keytype, scheme, keyval and keyid_hash_algorithms alone",
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
    fn an_id_that_nothing_explains_stays_unexplained() {
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
