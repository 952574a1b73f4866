//! Private keys in clear, as the device imports them.

use der::asn1::UintRef;
use der::oid::db::rfc5912::{ID_EC_PUBLIC_KEY, RSA_ENCRYPTION};
use der::{Decode as _, Sequence};
use pkcs8::PrivateKeyInfoRef;
use sec1::EcPrivateKey;
use zeroize::Zeroizing;

use crate::certificate::Algorithm;
use crate::secret::PrivateKey;

use super::tlv::tlv;

#[derive(Sequence)]
struct RsaPrivateKey<'a> {
    version: u8,
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
    private: UintRef<'a>,
    p: UintRef<'a>,
    q: UintRef<'a>,
    dp: UintRef<'a>,
    dq: UintRef<'a>,
    inverse: UintRef<'a>,
}

/// The parts of a key in the form of the IMPORT command; `None` if it is not a key of that algorithm.
pub(super) fn parts(key: &PrivateKey, algorithm: Algorithm) -> Option<Zeroizing<Vec<u8>>> {
    let info = PrivateKeyInfoRef::try_from(key.expose()).ok()?;
    let body = info.private_key.as_bytes();
    let curve = info.algorithm.parameters_oid().ok();
    match (info.algorithm.oid, algorithm) {
        (ID_EC_PUBLIC_KEY, Algorithm::P256) if curve == algorithm.curve() => scalar(body, 32),
        (ID_EC_PUBLIC_KEY, Algorithm::P384) if curve == algorithm.curve() => scalar(body, 48),
        (RSA_ENCRYPTION, Algorithm::Rsa { bits }) => {
            let key = RsaPrivateKey::from_der(body).ok()?;
            let length = key.modulus.as_bytes().len() * 8;
            let is_so_long = length == bits && key.modulus.as_bytes()[0] & 0x80 != 0;
            if !is_so_long || key.exponent.as_bytes() != [1, 0, 1] {
                return None;
            }
            let mut text = Zeroizing::new(Vec::with_capacity(bits));
            for (tag, part) in (1..).zip([key.p, key.q, key.dp, key.dq, key.inverse]) {
                text.extend(number(tag, part.as_bytes(), bits / 16)?.iter());
            }
            Some(text)
        }
        _ => None,
    }
}

fn scalar(body: &[u8], width: usize) -> Option<Zeroizing<Vec<u8>>> {
    number(6, EcPrivateKey::from_der(body).ok()?.private_key, width)
}

fn number(tag: u16, bytes: &[u8], width: usize) -> Option<Zeroizing<Vec<u8>>> {
    let mut full = Zeroizing::new(vec![0; width]);
    let start = width.checked_sub(bytes.len())?;
    full[start..].copy_from_slice(bytes);
    Some(Zeroizing::new(tlv(tag, &full)))
}
