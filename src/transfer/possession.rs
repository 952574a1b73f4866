//! The message that a token signs as proof of possession of a key.
//!
//! It starts with text that is not canonical JSON, so that a proof is never a valid signature over metadata. It contains
//! the ceremony and the occasion, so that it cannot be reused. Proofs of rehearsals and productions start differently, so
//! that one cannot be used as the other.

use serde::{Deserialize, Serialize};

use crate::certificate::PublicKey;
use crate::metadata::Scheme;
use crate::words::Digest;

const DOMAIN: &str = "conclave proof of possession v1";

/// When a key proves that its token holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum Occasion {
    /// Directly after it was generated.
    Generation,
    /// When a ceremony enrolls a key of an earlier ceremony.
    Adoption,
    /// After the token was removed and inserted again.
    Reinsertion,
}

impl Occasion {
    pub const ALL: [Self; 3] = [Self::Generation, Self::Adoption, Self::Reinsertion];

    /// The word in the signed message.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// The context of a proof of possession.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Possession<'a> {
    /// The script of the ceremony.
    pub script: Digest,
    /// The name of the key in the script.
    pub key: &'a str,
    pub occasion: Occasion,
    pub is_rehearsal: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PossessionError {
    #[error("keys of this type are not supported")]
    Scheme,
    #[error("the signature over the challenge does not verify")]
    Signature,
}

impl Possession<'_> {
    /// The bytes to sign. Lines, each ended by LF: the domain, the digest of the script, the name of the key, the
    /// occasion, and the challenge in hex.
    pub fn message(&self, challenge: &[u8; 32]) -> Vec<u8> {
        let mode = if self.is_rehearsal { ", rehearsal" } else { "" };
        format!(
            "{DOMAIN}{mode}\n{}\n{}\n{}\n{}\n",
            self.script,
            self.key,
            self.occasion.as_str(),
            hex::encode(challenge)
        )
        .into_bytes()
    }

    /// # Errors
    /// If the signature over the challenge does not verify.
    pub fn verify(
        &self,
        public: &PublicKey,
        challenge: &[u8; 32],
        signature: &[u8],
    ) -> Result<(), PossessionError> {
        let scheme = Scheme::for_public_key(public).ok_or(PossessionError::Scheme)?;
        if scheme.verifies(public, &self.message(challenge), signature) {
            Ok(())
        } else {
            Err(PossessionError::Signature)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_changes_the_message() {
        let one = Possession {
            script: Digest::of(b"script"),
            key: "key-1",
            occasion: Occasion::Generation,
            is_rehearsal: false,
        };
        let message = one.message(&[7; 32]);
        assert!(message.starts_with(b"conclave proof of possession v1\n"));
        let edits: [fn(&mut Possession<'_>); 4] = [
            |other| other.script = Digest::of(b""),
            |other| other.key = "key-2",
            |other| other.occasion = Occasion::Adoption,
            |other| other.is_rehearsal = true,
        ];
        for edit in edits {
            let mut other = one;
            edit(&mut other);
            assert_ne!(message, other.message(&[7; 32]), "{other:?}");
        }
        assert_ne!(message, one.message(&[8; 32]));
    }
}
