//! Key objects: their form, their IDs, and public keys that are none.

use aws_lc_rs::digest::{SHA512, digest};
use conclave::metadata::{KeyId, canonical};
use serde_json::{Value, json};

use super::world::{World, id_in, replace_root_key, signed, signed_file, to_bytes};
use super::{Case, accepted, refused};
use crate::support::signer::Signer;

pub(crate) fn cases(world: &World) -> Vec<Case> {
    let mut cases = ids(world);
    cases.extend(forms(world));
    cases.extend(unusable(world));
    cases.extend(usable(world));
    cases
}

fn ids(world: &World) -> Vec<Case> {
    let mut cases = Vec::new();
    let right = world.a.key().id().as_str().to_owned();
    for (name, id) in [
        ("another hash", "ab".repeat(32)),
        ("upper case", right.to_uppercase()),
        ("cut short", right[..40].to_owned()),
        ("empty", String::new()),
        ("a name", "alice".to_owned()),
        (
            "another key's ID",
            Signer::p256().key().id().as_str().to_owned(),
        ),
    ] {
        let why = "spec 4.3: clients must calculate each key ID";
        cases.push(world.signed_edit(
            format!("root key under {name}"),
            why,
            refused(1, "key.id"),
            |tree| {
                let object = world.a.key().object().clone();
                replace_root_key(tree, &world.a, &id, object);
            },
        ));
        let why = "Sigstore's version 11 has one in production";
        let expected = accepted(2, "key.id-unknown");
        cases.push(
            world.signed_edit(format!("online key under {name}"), why, expected, |tree| {
                let object = tree["keys"]
                    .as_object_mut()
                    .unwrap()
                    .remove(world.online.key().id().as_str())
                    .unwrap();
                tree["keys"][&id] = object;
                for role in ["timestamp", "snapshot", "targets"] {
                    tree["roles"][role]["keyids"] = json!([id]);
                }
            }),
        );
    }
    let why = "a rule that tools have used";
    let object = world.a.key().object().clone();
    let mut owned = object.clone();
    owned["x-owner"] = json!("@a");
    let mut old = owned.clone();
    old["keyid_hash_algorithms"] = json!(["sha256", "sha512"]);
    let mut old_core = object.clone();
    old_core["keyid_hash_algorithms"] = json!(["sha256", "sha512"]);
    let mut stripped = object.clone();
    stripped["keyval"]["public"] = json!(world.a.public().to_pem().trim_end());
    let sha512 = hex::encode(digest(&SHA512, &canonical(&object).unwrap()));
    for (name, stands, id, finding) in [
        ("the whole object", &owned, KeyId::of(&owned), ""),
        ("the core", &owned, KeyId::of(&object), "key.id-rule"),
        (
            "the core, hash algorithms left out",
            &old,
            KeyId::of(&object),
            "key.id-rule",
        ),
        (
            "hash algorithms that are there",
            &old_core,
            KeyId::of(&old_core),
            "",
        ),
        (
            "hash algorithms that are not there",
            &object,
            KeyId::of(&old_core),
            "key.id-rule",
        ),
        (
            "all but x- members",
            &old,
            KeyId::of(&old_core),
            "key.id-rule",
        ),
        (
            "PEM without its newline",
            &object,
            KeyId::of(&stripped),
            "key.id-rule",
        ),
        (
            "PEM with a newline that is not there",
            &stripped,
            KeyId::of(&object),
            "key.id-rule",
        ),
        ("SHA-512", &object, KeyId::new(sha512), "key.id-rule"),
    ] {
        cases.push(world.signed_edit(
            format!("ID over {name}"),
            why,
            accepted(2, finding),
            |tree| {
                replace_root_key(tree, &world.a, id.as_str(), stands.clone());
            },
        ));
    }
    let why = "the content of a key cannot change under its ID";
    cases.push(world.signed_edit(
        "another key under an old ID",
        why,
        refused(1, "key.id"),
        |tree| {
            let id = world.a.key().id().as_str().to_owned();
            replace_root_key(tree, &world.a, &id, world.d.key().object().clone());
        },
    ));
    cases
}

fn forms(world: &World) -> Vec<Case> {
    let mut cases = Vec::new();
    let why = "spec 4.2: keytype, scheme, keyval";
    for wrong in [json!(null), json!([]), json!("x"), json!(1), json!({})] {
        let name = format!("one more key = {wrong}");
        cases.push(
            world.signed_edit(name, why, refused(1, "key.form"), |tree| {
                tree["keys"]["x"] = wrong;
            }),
        );
    }
    for member in ["keytype", "scheme", "keyval"] {
        for wrong in [None, Some(json!(null)), Some(json!(1)), Some(json!(["x"]))] {
            let name = format!("online key: {member} = {wrong:?}");
            cases.push(
                world.signed_edit(name, why, refused(1, "key.form"), |tree| {
                    let key = &mut tree["keys"][world.online.key().id().as_str()];
                    match wrong {
                        Some(wrong) => key[member] = wrong,
                        None => drop(key.as_object_mut().unwrap().remove(member)),
                    }
                }),
            );
        }
    }
    let why = "a bound on what is read";
    cases.push(
        world.signed_edit("1025 keys", why, refused(1, "key.limit"), |tree| {
            for number in 0..1021 {
                tree["keys"][number.to_string()] = world.d.key().object().clone();
            }
        }),
    );
    let why = "a key that no role names";
    cases.push(
        world.signed_edit("unused key", why, accepted(2, "key.unused"), |tree| {
            tree["keys"][world.d.key().id().as_str()] = world.d.key().object().clone();
        }),
    );
    let why = "whoever has the file can sign";
    cases.push(world.signed_edit(
        "private key in a key object",
        why,
        accepted(2, "key.private"),
        |tree| {
            let mut object = world.a.key().object().clone();
            object["keyval"]["private"] = json!("00".repeat(32));
            let id = KeyId::of(&object);
            replace_root_key(tree, &world.a, id.as_str(), object);
        },
    ));
    for nothing in [json!(""), json!(null)] {
        let name = format!("private = {nothing}");
        let why = "old tools wrote an empty member";
        cases.push(world.signed_edit(name, why, accepted(2, ""), |tree| {
            let mut object = world.a.key().object().clone();
            object["keyval"]["private"] = nothing;
            let id = KeyId::of(&object);
            replace_root_key(tree, &world.a, id.as_str(), object);
        }));
    }
    cases
}

/// A key that cannot be verified: fine beside a threshold, nothing towards it.
fn unusable(world: &World) -> Vec<Case> {
    let pem = world.d.public().to_pem();
    let p384 = Signer::p384().public().to_pem();
    let weak = Signer::weak_rsa_public().to_pem();
    let ed25519 = hex::encode(Signer::ed25519().public().subject_bits());
    let mut off_curve = world.d.public().subject_bits().to_vec();
    off_curve[40] ^= 1;
    let exponent_one =
        "MIIBIDANBgkqhkiG9w0BAQEFAAOCAQ0AMIIBCAKCAQEA".to_owned() + &"A".repeat(336) + "AgEB";
    let small_order = "01".to_owned() + &"00".repeat(31);
    let order_eight = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
    let not_reduced = "ee".to_owned() + &"ff".repeat(30) + "7f";
    let public = |text: &str| json!({"public": text});
    let rows = [
        (
            "sigstore-oidc",
            "sigstore-oidc",
            "Fulcio",
            json!({"identity": "a@b.c", "issuer": "https://c"}),
        ),
        ("ML-DSA", "ml-dsa", "ml-dsa-65/1", public("00")),
        ("GPG", "gpg", "pgp+rsa-pkcsv1.5", public("x")),
        (
            "SSH signatures",
            "ecdsa",
            "sk-ecdsa-sha2-nistp256@openssh.com",
            public(&pem),
        ),
        ("SHA-1", "rsa", "rsa-pkcs1v15-sha1", public(&pem)),
        (
            "an Ed25519 key with an ECDSA scheme",
            "ed25519",
            "ecdsa-sha2-nistp256",
            public(&ed25519),
        ),
        (
            "an ECDSA key with the Ed25519 scheme",
            "ecdsa",
            "ed25519",
            public(&pem),
        ),
        (
            "an ECDSA key called RSA",
            "rsa",
            "rsassa-pss-sha256",
            public(&pem),
        ),
        (
            "a P-384 key called P-256",
            "ecdsa",
            "ecdsa-sha2-nistp256",
            public(&p384),
        ),
        (
            "a P-256 key called P-384",
            "ecdsa",
            "ecdsa-sha2-nistp384",
            public(&pem),
        ),
        (
            "old keytype and another scheme",
            "ecdsa-sha2-nistp256",
            "ecdsa-sha2-nistp384",
            public(&p384),
        ),
        (
            "keytype in upper case",
            "ECDSA",
            "ecdsa-sha2-nistp256",
            public(&pem),
        ),
        (
            "RSA of 1024 bits",
            "rsa",
            "rsassa-pss-sha256",
            public(&weak),
        ),
        (
            "RSA with the exponent 1",
            "rsa",
            "rsassa-pss-sha256",
            public(&format!(
                "-----BEGIN PUBLIC KEY-----\n{exponent_one}\n-----END PUBLIC KEY-----\n"
            )),
        ),
        (
            "the neutral Ed25519 point",
            "ed25519",
            "ed25519",
            public(&small_order),
        ),
        (
            "an Ed25519 point of order 8",
            "ed25519",
            "ed25519",
            public(order_eight),
        ),
        (
            "an Ed25519 point that is not reduced",
            "ed25519",
            "ed25519",
            public(&not_reduced),
        ),
        (
            "an Ed25519 key cut short",
            "ed25519",
            "ed25519",
            public(&ed25519[2..]),
        ),
        (
            "an Ed25519 key too long",
            "ed25519",
            "ed25519",
            public(&format!("{ed25519}00")),
        ),
        (
            "an Ed25519 key in base64",
            "ed25519",
            "ed25519",
            public("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
        ),
        (
            "an Ed25519 key with 0x",
            "ed25519",
            "ed25519",
            public(&format!("0x{ed25519}")),
        ),
        (
            "a point off the curve",
            "ecdsa",
            "ecdsa-sha2-nistp256",
            public(&hex::encode(off_curve)),
        ),
        (
            "the point at infinity",
            "ecdsa",
            "ecdsa-sha2-nistp256",
            public("00"),
        ),
        (
            "a hybrid point",
            "ecdsa",
            "ecdsa-sha2-nistp256",
            public(&format!("06{}", "11".repeat(64))),
        ),
        ("no public key", "ecdsa", "ecdsa-sha2-nistp256", json!({})),
        (
            "a public key that is no text",
            "ecdsa",
            "ecdsa-sha2-nistp256",
            json!({"public": 1}),
        ),
        (
            "an empty public key",
            "ecdsa",
            "ecdsa-sha2-nistp256",
            public(""),
        ),
        (
            "damaged PEM",
            "ecdsa",
            "ecdsa-sha2-nistp256",
            public(&pem.replace("MFkw", "MFk!")),
        ),
        (
            "PEM cut short",
            "ecdsa",
            "ecdsa-sha2-nistp256",
            public(&pem[..80]),
        ),
        (
            "PEM with text before",
            "ecdsa",
            "ecdsa-sha2-nistp256",
            public(&format!("x\n{pem}")),
        ),
        (
            "two PEM blocks",
            "ecdsa",
            "ecdsa-sha2-nistp256",
            public(&format!("{pem}{pem}")),
        ),
        (
            "a certificate",
            "ecdsa",
            "ecdsa-sha2-nistp256",
            public(&pem.replace("PUBLIC KEY", "CERTIFICATE")),
        ),
        (
            "a PEM label in lower case",
            "ecdsa",
            "ecdsa-sha2-nistp256",
            public(&pem.replace("PUBLIC KEY", "public key")),
        ),
        (
            "base64 without PEM",
            "ecdsa",
            "ecdsa-sha2-nistp256",
            public(&pem.lines().skip(1).take(2).collect::<String>()),
        ),
    ];
    let mut cases = Vec::new();
    for (name, key_type, scheme, value) in rows {
        let object = json!({"keytype": key_type, "scheme": scheme, "keyval": value});
        let with = |threshold: u32| {
            let mut tree = world.tree_of(2, threshold, &[&world.a, &world.b, &world.c]);
            replace_root_key(
                &mut tree,
                &world.c,
                KeyId::of(&object).as_str(),
                object.clone(),
            );
            let mut file = signed(&tree, &[&world.a, &world.b]);
            // The signature that fits every message under the neutral point, and nothing under the others.
            let universal = "01".to_owned() + &"00".repeat(63);
            let entry = json!({"keyid": KeyId::of(&object), "sig": universal});
            file["signatures"].as_array_mut().unwrap().push(entry);
            to_bytes(&file)
        };
        let why = "a key that cannot verify never counts";
        let expected = accepted(2, "key.unusable");
        cases.push(world.second(
            format!("{name}, beside a threshold"),
            why,
            expected,
            with(2),
        ));
        let expected = refused(1, "chain.new-threshold");
        cases.push(world.second(format!("{name}, needed"), why, expected, with(3)));
    }
    cases
}

/// Keys of every kind and spelling that counts.
fn usable(world: &World) -> Vec<Case> {
    let mut rows: Vec<(String, Signer, Value)> = Vec::new();
    for signer in Signer::writable() {
        let object = signer.key().object().clone();
        rows.push((format!("a key for {}", signer.scheme()), signer, object));
    }
    let p521 = Signer::p521();
    let object = json!({"keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp521", "keyval": {"public": p521.public().to_pem()}});
    rows.push(("a P-521 key".into(), p521, object));
    let upper = Signer::ed25519();
    let mut object = upper.key().object().clone();
    object["keyval"]["public"] = json!(hex::encode_upper(upper.public().subject_bits()));
    rows.push(("an Ed25519 key in upper case".into(), upper, object));
    for (name, key_type, in_hex) in [
        ("old keytype", "ecdsa-sha2-nistp256", false),
        ("old keytype, hex", "ecdsa-sha2-nistp256", true),
        ("hex", "ecdsa", true),
    ] {
        let signer = Signer::p256();
        let mut object = signer.key().object().clone();
        object["keytype"] = json!(key_type);
        if in_hex {
            object["keyval"]["public"] = json!(hex::encode(signer.public().subject_bits()));
        }
        rows.push((format!("an ECDSA key, {name}"), signer, object));
    }
    let custom = Signer::p256();
    let mut object = custom.key().object().clone();
    object["x-note"] = json!({"b": ["ü", null], "a": 1});
    object["keyval"]["x"] = json!(true);
    rows.push(("a key with unknown members".into(), custom, object));
    rows.into_iter()
        .map(|(name, signer, object)| {
            let mut tree = world.tree_of(2, 3, &[&world.a, &world.b, &world.c]);
            replace_root_key(&mut tree, &world.c, KeyId::of(&object).as_str(), object);
            assert_ne!(id_in(&tree, &signer), "");
            let why = "read, and counted towards the threshold";
            let file = signed_file(&tree, &[&world.a, &world.b, &signer]);
            world.second(name, why, accepted(2, ""), file)
        })
        .collect()
}
