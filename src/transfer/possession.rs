//! The message by which a token proves that it holds a key.
//!
//! It begins with words that no canonical JSON can begin with, so that a proof can never be taken for a
//! signature over metadata, and it names the ceremony and the occasion, so that it can be used once only.
//! A proof of a rehearsal begins with other words than one of a production: neither passes for the other.

use serde::{Deserialize, Serialize};

use crate::certificate::PublicKey;
use crate::metadata::Scheme;
use crate::words::Digest;

const DOMAIN: &str = "conclave proof of possession v1";

/// When in its life a key proves that its token holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// Right after it was generated.
    Generation,
    /// When a ceremony takes in a key that was made in an earlier one.
    Adoption,
    /// After the token was taken out and put in again.
    Reinsertion,
}

impl Occasion {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Generation, Self::Adoption, Self::Reinsertion];

    /// The word that stands in the signed message.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generation => "generation",
            Self::Adoption => "adoption",
            Self::Reinsertion => "reinsertion",
        }
    }
}

/// What a proof of possession is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Possession<'a> {
    /// The script of the ceremony.
    pub script: Digest,
    /// The key's name in it.
    pub key: &'a str,
    /// Why the key answers.
    pub occasion: Occasion,
    /// Whether the ceremony is a rehearsal.
    pub is_rehearsal: bool,
}

/// Why an answer proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoProof {
    /// Keys of that kind sign nothing here.
    #[error("no scheme for this kind of key")]
    Scheme,
    /// It is no signature over the message by that key.
    #[error("the answer to the challenge does not verify")]
    Signature,
}

impl Possession<'_> {
    /// The bytes to sign: the domain, the script's digest, the key's name in the script, the occasion, and the
    /// challenge in hex, a line each, every line ended by LF.
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

    /// Verifies the answer to a challenge.
    ///
    /// # Errors
    /// When it is no signature of that key over the message.
    pub fn verify(
        &self,
        public: &PublicKey,
        challenge: &[u8; 32],
        signature: &[u8],
    ) -> Result<(), NoProof> {
        let scheme = Scheme::for_public_key(public).ok_or(NoProof::Scheme)?;
        if scheme.verifies(public, &self.message(challenge), signature) {
            Ok(())
        } else {
            Err(NoProof::Signature)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_counts_and_none_is_json() {
        let one = Possession {
            script: Digest::of(b"script"),
            key: "key-1",
            occasion: Occasion::Generation,
            is_rehearsal: false,
        };
        let message = one.message(&[7; 32]);
        assert!(message.starts_with(b"conclave proof of possession v1\n"));
        let others = [
            Possession {
                script: Digest::of(b""),
                ..one
            },
            Possession {
                key: "key-2",
                ..one
            },
            Possession {
                occasion: Occasion::Adoption,
                ..one
            },
            Possession {
                is_rehearsal: true,
                ..one
            },
        ];
        for other in others {
            assert_ne!(message, other.message(&[7; 32]), "{other:?}");
        }
        assert_ne!(message, one.message(&[8; 32]));
    }
}
