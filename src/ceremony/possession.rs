//! The message by which a token proves that it holds a key.
//!
//! It begins with words that no canonical JSON can begin with, so that a proof can never be taken for a
//! signature over metadata, and it names the ceremony and the occasion, so that it can be used once only.

use crate::script::KeyId;
use crate::words::Digest;

use super::event::Occasion;

const DOMAIN: &str = "conclave proof of possession v1";

/// The bytes to sign: the domain, the script's digest, the key's name in the script, the occasion, and the
/// challenge in hex, a line each, every line ended by LF.
#[must_use]
pub fn possession_message(
    script: &Digest,
    key: &KeyId,
    occasion: Occasion,
    challenge: &[u8; 32],
) -> Vec<u8> {
    format!(
        "{DOMAIN}\n{script}\n{key}\n{}\n{}\n",
        occasion.as_str(),
        hex::encode(challenge)
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_counts_and_none_is_json() {
        let script = Digest::of(b"script");
        let [one, two] = ["key-1", "key-2"].map(|id| id.parse::<KeyId>().unwrap());
        let message = possession_message(&script, &one, Occasion::Generation, &[7; 32]);
        assert!(message.starts_with(b"conclave proof of possession v1\n"));
        let others = [
            possession_message(&Digest::of(b""), &one, Occasion::Generation, &[7; 32]),
            possession_message(&script, &two, Occasion::Generation, &[7; 32]),
            possession_message(&script, &one, Occasion::Reinsertion, &[7; 32]),
            possession_message(&script, &one, Occasion::Generation, &[8; 32]),
        ];
        for other in others {
            assert_ne!(message, other);
        }
    }
}
