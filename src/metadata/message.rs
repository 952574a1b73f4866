//! What is signed, hashed once for all the signatures over it.

use aws_lc_rs::digest::{Algorithm, Digest, digest};

/// Bytes that several keys have signed.
pub(super) struct Message<'a> {
    bytes: &'a [u8],
    digests: Vec<Digest>,
}

impl<'a> Message<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            digests: Vec::new(),
        }
    }

    /// The bytes themselves, for a scheme that hashes more than them.
    pub(super) const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Their digest.
    pub(super) fn digest(&mut self, algorithm: &'static Algorithm) -> Digest {
        let mut known = self.digests.iter();
        if let Some(known) = known.find(|digest| digest.algorithm() == algorithm) {
            return *known;
        }
        let digest = digest(algorithm, self.bytes);
        self.digests.push(digest);
        digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::digest::{SHA256, SHA512};

    #[test]
    fn each_digest_is_that_of_its_algorithm() {
        let mut message = Message::new(b"message");
        for algorithm in [&SHA256, &SHA512, &SHA256] {
            let expected = digest(algorithm, message.bytes());
            assert_eq!(message.digest(algorithm).as_ref(), expected.as_ref());
        }
    }
}
