//! Private keys in clear as the device takes them in.

use der::asn1::{ObjectIdentifier, OctetStringRef, UintRef};
use der::{AnyRef, Decode as _, Reader as _, Sequence, SliceReader, Tag};
use zeroize::Zeroizing;

use crate::certificate::Algorithm;
use crate::secret::PrivateKey;

use super::tlv::tlv;

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

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

/// The parts of a key in the form of the command that imports it; `None` when it is no key of that algorithm.
pub(super) fn parts(key: &PrivateKey, algorithm: Algorithm) -> Option<Zeroizing<Vec<u8>>> {
    let outer = AnyRef::from_der(key.expose()).ok()?;
    let mut reader = SliceReader::new(outer.value()).ok()?;
    u8::decode(&mut reader).ok()?; // version
    let (oid, curve) = reader
        .sequence(|inner| {
            let oid = ObjectIdentifier::decode(inner)?;
            let parameters = Option::<AnyRef<'_>>::decode(inner)?;
            let curve = parameters.and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
            Ok::<_, der::Error>((oid, curve))
        })
        .ok()?;
    let body = <&OctetStringRef>::decode(&mut reader).ok()?.as_bytes();
    match (oid, algorithm) {
        (EC, Algorithm::P256) if curve == Some(P256) => scalar(body, 32),
        (EC, Algorithm::P384) if curve == Some(P384) => scalar(body, 48),
        (RSA, Algorithm::Rsa { bits }) => {
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

/// `ECPrivateKey` (RFC 5915).
fn scalar(body: &[u8], width: usize) -> Option<Zeroizing<Vec<u8>>> {
    let outer = AnyRef::from_der(body).ok()?;
    let mut reader = SliceReader::new(outer.value()).ok()?;
    u8::decode(&mut reader).ok()?; // version
    if Tag::peek(&reader).ok()? != Tag::OctetString {
        return None;
    }
    let scalar = <&OctetStringRef>::decode(&mut reader).ok()?;
    number(6, scalar.as_bytes(), width)
}

fn number(tag: u16, bytes: &[u8], width: usize) -> Option<Zeroizing<Vec<u8>>> {
    let mut full = Zeroizing::new(vec![0; width]);
    let start = width.checked_sub(bytes.len())?;
    full[start..].copy_from_slice(bytes);
    Some(Zeroizing::new(tlv(tag, &full)))
}
