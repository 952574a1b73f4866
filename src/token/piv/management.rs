//! The management key, without which no key is generated and no object is written.

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm, DecryptingKey, DecryptionContext, EncryptingKey,
    UnboundCipherKey,
};
use des::TdesEde3;
use des::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _, KeyInit as _};
use zeroize::Zeroizing;

use crate::secret::Pin;

use super::super::TokenError;
use super::card::{Card, Command, Status};
use super::fill_random;
use super::metadata::{MANAGEMENT_KEY, ManagementKeyStatus};
use super::objects;
use super::tlv::{CHALLENGE, RESPONSE, TEMPLATE, WITNESS, find, tlv};

const TRIPLE_DES: u8 = 0x03;
const AES_128_NUMBER: u8 = 0x08;
const AES_192_NUMBER: u8 = 0x0a;
const AES_256_NUMBER: u8 = 0x0c;

/// The factory default of every YubiKey.
const FACTORY: [u8; 24] = [
    1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8,
];

/// A management key, wiped when dropped.
pub(super) struct ManagementKey {
    algorithm: u8,
    bytes: Zeroizing<Vec<u8>>,
}

impl ManagementKey {
    /// The factory default.
    pub(super) fn factory(status: ManagementKeyStatus) -> Self {
        Self {
            algorithm: status.algorithm,
            bytes: Zeroizing::new(FACTORY.to_vec()),
        }
    }

    /// A random key of the type that the card has now, which its firmware prefers. Its hex digits are only 0 to 9, so that
    /// people can write it down and type it on any keyboard. 24 bytes have 159 bits of entropy.
    pub(super) fn random(status: ManagementKeyStatus) -> Result<Self, TokenError> {
        let length = length(status.algorithm).ok_or_else(|| unknown(status.algorithm))?;
        let mut bytes = Zeroizing::new(vec![0; length]);
        for byte in bytes.iter_mut() {
            *byte = digit()? << 4 | digit()?;
        }
        Ok(Self {
            algorithm: status.algorithm,
            bytes,
        })
    }

    /// The key that is stored behind the PIN, which must have been verified.
    pub(super) fn protected(
        card: &Card,
        status: ManagementKeyStatus,
    ) -> Result<Option<Self>, TokenError> {
        let key = objects::protected_key(card)?;
        Ok(key.map(|bytes| Self {
            algorithm: status.algorithm,
            bytes,
        }))
    }

    /// The key as it was typed, in hex with or without spaces; `None` if it cannot be a key of that card.
    pub(super) fn typed(status: ManagementKeyStatus, text: &Pin) -> Option<Self> {
        let mut digits = Zeroizing::new(String::with_capacity(text.expose().len()));
        digits.extend(text.expose().chars().filter(|c| !c.is_whitespace()));
        let bytes = Zeroizing::new(hex::decode(digits.as_bytes()).ok()?);
        let is_factory = bytes[..] == FACTORY;
        (bytes.len() == length(status.algorithm)? && !is_factory).then_some(Self {
            algorithm: status.algorithm,
            bytes,
        })
    }

    /// The form that [`Self::typed`] reads.
    pub(super) fn to_text(&self) -> Result<Pin, TokenError> {
        Pin::new(Zeroizing::new(hex::encode(&*self.bytes))).map_err(|_| unknown(self.algorithm))
    }

    /// Mutual authentication with the card.
    pub(super) fn authenticate(&self, card: &Card) -> Result<(), TokenError> {
        let command = Command::authenticate(self.algorithm, MANAGEMENT_KEY);
        let ask = tlv(TEMPLATE, &tlv(WITNESS, &[]));
        let answer = card.transmit(command, &ask)?.expect(command)?;
        let mut witness = part(&answer, WITNESS).ok_or_else(|| command.failed(Status::OK))?;
        self.decrypt(&mut witness)?;

        let mut challenge = vec![0; witness.len()];
        fill_random(&mut challenge)?;
        let parts = [tlv(WITNESS, &witness), tlv(CHALLENGE, &challenge)].concat();
        let answer = card.transmit(command, &tlv(TEMPLATE, &parts))?;
        if answer.status == Status::NOT_ALLOWED {
            return Err(TokenError::ManagementKey);
        }
        let answer = answer.expect(command)?;
        self.encrypt(&mut challenge)?;
        let response = part(&answer, RESPONSE).ok_or_else(|| command.failed(Status::OK))?;
        aws_lc_rs::constant_time::verify_slices_are_equal(&challenge, &response)
            .map_err(|_| TokenError::ManagementKey)
    }

    /// Makes this the card's key, and stores it behind the PIN. The old key must be authenticated.
    pub(super) fn install(&self, card: &Card) -> Result<(), TokenError> {
        // Stored behind the PIN first: otherwise an interruption could leave a key that nobody knows.
        objects::protect_key(card, &self.bytes)?;
        let length = u8::try_from(self.bytes.len()).map_err(|_| unknown(self.algorithm))?;
        let mut data = Zeroizing::new(vec![self.algorithm, MANAGEMENT_KEY, length]);
        data.extend_from_slice(&self.bytes);
        card.transmit(Command::SET_MANAGEMENT_KEY, &data)?
            .expect(Command::SET_MANAGEMENT_KEY)
            .map(|_| ())
    }

    fn aes(&self) -> Result<UnboundCipherKey, TokenError> {
        let algorithm: &'static Algorithm = match self.algorithm {
            AES_128_NUMBER => &AES_128,
            AES_192_NUMBER => &AES_192,
            AES_256_NUMBER => &AES_256,
            other => return Err(unknown(other)),
        };
        UnboundCipherKey::new(algorithm, &self.bytes).map_err(|_| unknown(self.algorithm))
    }

    fn triple_des(&self) -> Result<TdesEde3, TokenError> {
        TdesEde3::new_from_slice(&self.bytes).map_err(|_| unknown(self.algorithm))
    }

    fn encrypt(&self, block: &mut [u8]) -> Result<(), TokenError> {
        let failed = || unknown(self.algorithm);
        if self.algorithm == TRIPLE_DES {
            let block = block.try_into().map_err(|_| failed())?;
            self.triple_des()?.encrypt_block(block);
            return Ok(());
        }
        EncryptingKey::ecb(self.aes()?)
            .and_then(|key| key.encrypt(block))
            .map(|_| ())
            .map_err(|_| failed())
    }

    fn decrypt(&self, block: &mut [u8]) -> Result<(), TokenError> {
        let failed = || unknown(self.algorithm);
        if self.algorithm == TRIPLE_DES {
            let block = block.try_into().map_err(|_| failed())?;
            self.triple_des()?.decrypt_block(block);
            return Ok(());
        }
        let key = DecryptingKey::ecb(self.aes()?).map_err(|_| failed())?;
        key.decrypt(block, DecryptionContext::None)
            .map(|_| ())
            .map_err(|_| failed())
    }
}

/// A uniformly random digit.
fn digit() -> Result<u8, TokenError> {
    let mut byte = Zeroizing::new([0; 1]);
    loop {
        fill_random(&mut *byte)?;
        if byte[0] < 250 {
            return Ok(byte[0] % 10);
        }
    }
}

/// The length of a key of that type, in bytes.
const fn length(algorithm: u8) -> Option<usize> {
    Some(match algorithm {
        TRIPLE_DES | AES_192_NUMBER => 24,
        AES_128_NUMBER => 16,
        AES_256_NUMBER => 32,
        _ => return None,
    })
}

fn part(answer: &[u8], tag: u16) -> Option<Vec<u8>> {
    find(find(answer, TEMPLATE)?, tag).map(<[u8]>::to_vec)
}

fn unknown(algorithm: u8) -> TokenError {
    TokenError::unsupported(format!(
        "be managed by Conclave: its management key has the unknown type {algorithm:02x}"
    ))
}
