//! Entries of `signatures`: their form, their encoding, and what they are over.

use conclave::metadata::canonical;
use serde_json::{Value, json};

use super::world::{World, id_in, signed, signed_file, to_bytes};
use super::{Case, Expected, accepted, refused};
use crate::support::signer::{Signer, ecdsa_signature_in_other_encodings};

pub(crate) fn cases(world: &World) -> Vec<Case> {
    let mut cases = form(world);
    cases.extend(surplus(world));
    cases.extend(encodings(world));
    cases.extend(messages(world));
    cases
}

fn both() -> Expected {
    refused(1, "chain.old-threshold chain.new-threshold")
}

fn form(world: &World) -> Vec<Case> {
    let mut cases = Vec::new();
    let why = "`signatures` is a list";
    for wrong in [json!(null), json!({}), json!("x"), json!(0)] {
        let name = format!("signatures = {wrong}");
        cases.push(world.file_edit(name, why, refused(1, "file.form"), |file| {
            file["signatures"] = wrong;
        }));
    }
    cases.push(world.file_edit(
        "no member signatures",
        why,
        refused(1, "file.form"),
        |file| {
            file.as_object_mut().unwrap().remove("signatures");
        },
    ));
    cases.push(
        world.file_edit("no signatures", "spec 5.3.4", both(), |file| {
            file["signatures"] = json!([]);
        }),
    );
    let why = "an entry has texts `keyid` and `sig`";
    for wrong in [
        json!(null),
        json!("x"),
        json!([]),
        json!({}),
        json!({"keyid": "x"}),
        json!({"sig": "00"}),
        json!({"keyid": 1, "sig": "00"}),
        json!({"keyid": "x", "sig": 0}),
        json!({"keyid": "x", "sig": null}),
        json!({"keyid": null, "sig": ""}),
        json!({"keyid": "x", "sig": ["00"]}),
    ] {
        let name = format!("one more signature {wrong}");
        cases.push(
            world.file_edit(name, why, refused(1, "signature.form"), |file| {
                file["signatures"].as_array_mut().unwrap().push(wrong);
            }),
        );
    }
    let why = "a key ID twice makes the file invalid, threshold or not";
    let twice = || refused(1, "signature.duplicate-keyid");
    cases.push(world.file_edit("a signature twice", why, twice(), |file| {
        let first = file["signatures"][0].clone();
        file["signatures"].as_array_mut().unwrap().push(first);
    }));
    cases.push(
        world.file_edit("a key ID twice, once empty", why, twice(), |file| {
            let mut empty = file["signatures"][0].clone();
            empty["sig"] = json!("");
            file["signatures"].as_array_mut().unwrap().insert(0, empty);
        }),
    );
    cases.push(
        world.file_edit("an unknown key ID twice", why, twice(), |file| {
            let entry = json!({"keyid": "x", "sig": ""});
            let entries = file["signatures"].as_array_mut().unwrap();
            entries.push(entry.clone());
            entries.push(entry);
        }),
    );
    for (count, expected) in [
        (1021, accepted(2, "signature.unknown-key")),
        (1022, refused(1, "signature.limit")),
    ] {
        let name = format!("{count} signatures of unknown keys");
        cases.push(
            world.file_edit(name, "a bound on what is read", expected, |file| {
                let entries = file["signatures"].as_array_mut().unwrap();
                entries.extend((0..count).map(|n| json!({"keyid": n.to_string(), "sig": "00"})));
            }),
        );
    }
    let why = "unknown members beside the signatures are covered by nothing";
    cases.push(
        world.file_edit("bundle in an entry", why, accepted(2, ""), |file| {
            file["signatures"][0]["bundle"] = json!({"a": 1});
        }),
    );
    let unsigned = accepted(2, "file.unsigned-member");
    cases.push(
        world.file_edit("member in the envelope", why, unsigned, |file| {
            file["version"] = json!(9);
        }),
    );
    cases
}

/// Two good signatures, and one that is not: it is reported and does not count.
fn surplus(world: &World) -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, text, finding) in [
        ("empty", json!(""), "signature.empty"),
        ("zeros", json!("00".repeat(70)), "signature.invalid"),
        ("odd hex", json!("abc"), "signature.invalid"),
        ("not hex", json!("XXX"), "signature.invalid"),
        (
            "very long",
            json!("ab".repeat(100_000)),
            "signature.invalid",
        ),
    ] {
        for position in [0, 2] {
            let name = format!("{name} signature, entry {position}, beside a threshold");
            let why = "what does not count is tolerated";
            cases.push(world.file_edit(name, why, accepted(2, finding), |file| {
                file["signatures"][position]["sig"] = text.clone();
            }));
        }
    }
    let tree = world.tree(2);
    for (name, by) in [("a stranger", &world.d), ("an online key", &world.online)] {
        let why = "only keys of the root role sign root";
        let file = signed_file(&tree, &[&world.a, &world.b, by]);
        let finding = accepted(2, "signature.unknown-key");
        cases.push(world.second(format!("also signed by {name}"), why, finding, file));
        let file = signed_file(&tree, &[&world.a, by]);
        cases.push(world.second(format!("signed by one key and {name}"), why, both(), file));
    }
    cases
}

/// Only one of the two signatures that are needed has the right encoding.
fn encodings(world: &World) -> Vec<Case> {
    let mut cases = Vec::new();
    let tree = world.tree(2);
    let message = canonical(&tree).unwrap();
    let der = world.b.sign(&message);
    let mut with = |name: String, why, expected, text: String| {
        let mut file = signed(&tree, &[&world.a]);
        let entry = json!({"keyid": id_in(&tree, &world.b), "sig": text});
        file["signatures"].as_array_mut().unwrap().push(entry);
        cases.push(world.second(name, why, expected, to_bytes(&file)));
    };
    let text = hex::encode(&der);
    let why = "hex, and nothing beside it";
    for (name, text) in [
        ("white space", text.replacen("30", "30 ", 1)),
        ("newline", format!("{text}\n")),
        ("0x", format!("0x{text}")),
        ("colons", text.replacen("30", "30:", 1)),
        ("base64", "MEUCIQDx".into()),
        ("full-width digits", text.replace('0', "０")),
    ] {
        with(format!("signature with {name}"), why, both(), text);
    }
    let why = "upper-case hex is the same number";
    with(
        "signature in upper case".into(),
        why,
        accepted(2, ""),
        text.to_uppercase(),
    );
    let why = "TUF's ECDSA signatures are DER";
    for (name, bytes) in ecdsa_signature_in_other_encodings(&der) {
        with(
            format!("signature as {name}"),
            why,
            both(),
            hex::encode(bytes),
        );
    }
    let why = "r and s lie between 0 and the order";
    for (name, bytes) in out_of_range(&der) {
        with(
            format!("signature with {name}"),
            why,
            both(),
            hex::encode(bytes),
        );
    }
    let why = "half of Sigstore's production signatures have a high s";
    let (r, s) = split(&der);
    let mirrored = join(&r, &minus(&P256_ORDER, &s));
    with(
        "signature with n - s".into(),
        why,
        accepted(2, ""),
        hex::encode(mirrored),
    );
    cases
}

/// Good signatures, but not over the canonical form of this root.
fn messages(world: &World) -> Vec<Case> {
    let mut cases = Vec::new();
    let tree = world.tree(2);
    let mut over = |name: &str, why, message: &[u8]| {
        let entries: Vec<Value> = [&world.a, &world.b]
            .iter()
            .map(|signer| json!({"keyid": id_in(&tree, signer), "sig": hex::encode(signer.sign(message))}))
            .collect();
        let file = json!({"signatures": entries, "signed": tree});
        cases.push(world.second(name, why, both(), to_bytes(&file)));
    };
    let canonical_bytes = canonical(&tree).unwrap();
    let why = "signed is the canonical form of `signed`";
    over(
        "signed over the pretty text",
        why,
        &serde_json::to_vec_pretty(&tree).unwrap(),
    );
    over("signed over compact JSON", why, tree.to_string().as_bytes());
    over(
        "signed over the version before",
        why,
        &canonical(&world.tree(1)).unwrap(),
    );
    over(
        "signed over the envelope",
        why,
        &canonical(&json!({"signed": tree})).unwrap(),
    );
    over("signed over nothing", why, b"");
    over(
        "signed over the digest",
        why,
        conclave::words::Digest::of(&canonical_bytes).as_bytes(),
    );
    over(
        "signed over the digest in hex",
        why,
        conclave::words::Digest::of(&canonical_bytes)
            .to_string()
            .as_bytes(),
    );
    over(
        "signed over a final newline",
        why,
        &[&canonical_bytes[..], b"\n"].concat(),
    );
    let pae = [
        format!("DSSEv1 4 tuf! {} ", canonical_bytes.len()).as_bytes(),
        &canonical_bytes,
    ]
    .concat();
    over("signed over a DSSE envelope", why, &pae);

    let why = "any change after signing";
    for (name, pointer, value) in [
        (
            "threshold lowered",
            "/signed/roles/root/threshold",
            json!(1),
        ),
        (
            "expiry moved",
            "/signed/expires",
            json!("2099-01-01T00:00:00Z"),
        ),
        (
            "consistent_snapshot flipped",
            "/signed/consistent_snapshot",
            json!(false),
        ),
        (
            "spec_version changed",
            "/signed/spec_version",
            json!("1.0.32"),
        ),
    ] {
        cases.push(
            world.file_edit(format!("{name} after signing"), why, both(), |file| {
                *file.pointer_mut(pointer).unwrap() = value;
            }),
        );
    }
    cases.push(
        world.file_edit("member added after signing", why, both(), |file| {
            file["signed"]["x"] = json!(1);
        }),
    );
    let why = "a signature belongs to its key";
    cases.push(world.file_edit("signatures swapped", why, both(), |file| {
        for (here, there) in [(0, 1), (1, 2)] {
            let other = file["signatures"][there]["sig"].clone();
            let mine = std::mem::replace(&mut file["signatures"][here]["sig"], other);
            file["signatures"][there]["sig"] = mine;
        }
    }));
    let why = "key IDs are compared as text";
    cases.push(
        world.file_edit("key IDs in upper case", why, both(), |file| {
            for entry in file["signatures"].as_array_mut().unwrap() {
                entry["keyid"] = json!(entry["keyid"].as_str().unwrap().to_uppercase());
            }
        }),
    );
    cases.extend(rsa(world));
    cases
}

/// RSA has two paddings, and each scheme verifies its own.
fn rsa(world: &World) -> Vec<Case> {
    let mut cases = Vec::new();
    for (key, by, verifies) in [
        (Signer::rsa(), Signer::rsa(), true),
        (Signer::rsa(), Signer::rsa_pkcs1(), false),
        (Signer::rsa_pkcs1(), Signer::rsa_pkcs1(), true),
        (Signer::rsa_pkcs1(), Signer::rsa(), false),
    ] {
        let mut tree = world.tree_of(2, 3, &[&world.a, &world.b, &Signer::rsa()]);
        let mut object = Signer::rsa().key().object().clone();
        object["scheme"] = json!(key.scheme().as_str());
        let id = conclave::metadata::KeyId::of(&object);
        super::world::replace_root_key(&mut tree, &key, id.as_str(), object);
        let name = format!("{} key, {} signature", key.scheme(), by.scheme());
        let expected = if verifies {
            accepted(2, "")
        } else {
            refused(1, "chain.new-threshold")
        };
        let file = signed_file(&tree, &[&world.a, &world.b, &by]);
        cases.push(world.second(name, "the padding is part of the scheme", expected, file));
    }
    cases
}

/// The order of P-256.
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
    0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

fn out_of_range(der: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let (r, s) = split(der);
    vec![
        ("r = n", join(&P256_ORDER, &s)),
        ("s = n", join(&r, &P256_ORDER)),
        ("s + n", join(&r, &plus(&P256_ORDER, &s))),
        ("r + n", join(&plus(&P256_ORDER, &r), &s)),
    ]
}

/// r and s of a DER signature, as 32 bytes each.
fn split(der: &[u8]) -> ([u8; 32], [u8; 32]) {
    let r_length = usize::from(der[3]);
    let fixed = |number: &[u8]| {
        let mut out = [0; 32];
        let number = &number[number.len().saturating_sub(32)..];
        out[32 - number.len()..].copy_from_slice(number);
        out
    };
    (fixed(&der[4..4 + r_length]), fixed(&der[6 + r_length..]))
}

/// DER of two numbers, in the shortest form.
fn join(r: &[u8], s: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for number in [r, s] {
        let first = number
            .iter()
            .position(|byte| *byte != 0)
            .unwrap_or(number.len() - 1);
        let digits = &number[first..];
        let pad = usize::from(digits[0] >= 0x80);
        body.extend([2, u8::try_from(digits.len() + pad).unwrap()]);
        body.resize(body.len() + pad, 0);
        body.extend_from_slice(digits);
    }
    [&[0x30, u8::try_from(body.len()).unwrap()], &body[..]].concat()
}

fn minus(a: &[u8; 32], b: &[u8; 32]) -> Vec<u8> {
    let mut out = vec![0; 32];
    let mut borrow = 0;
    for index in (0..32).rev() {
        let difference = i16::from(a[index]) - i16::from(b[index]) - borrow;
        borrow = i16::from(difference < 0);
        out[index] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    out
}

fn plus(a: &[u8; 32], b: &[u8; 32]) -> Vec<u8> {
    let mut out = vec![0; 33];
    let mut carry = 0;
    for index in (0..32).rev() {
        let sum = u16::from(a[index]) + u16::from(b[index]) + carry;
        carry = sum >> 8;
        out[index + 1] = u8::try_from(sum & 0xff).unwrap();
    }
    out[0] = u8::try_from(carry).unwrap();
    out
}
