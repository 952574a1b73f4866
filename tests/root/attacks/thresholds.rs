//! Who must sign: both thresholds at every hop, each public key counted once.

use conclave::metadata::{Key, KeyId};
use serde_json::{Value, json};

use super::world::{World, signed, signed_file, to_bytes};
use super::{Case, Expected, accepted, refused};
use crate::support::signer::Signer;

pub(crate) fn cases(world: &World) -> Vec<Case> {
    let mut cases = rotations(world);
    cases.extend(anchors(world));
    cases.extend(orders(world));
    cases.extend(aliases(world));
    cases
}

/// Name, verdict, threshold and keys of version 2, and who signs it.
type Rotation<'a> = (
    &'static str,
    Expected,
    u32,
    Vec<&'a Signer>,
    Vec<&'a Signer>,
);

fn rotations(world: &World) -> Vec<Case> {
    let World { a, b, c, d, .. } = world;
    let e = Signer::ed25519();
    let f = Signer::p384();
    let ok = || accepted(2, "");
    let old = || refused(1, "chain.old-threshold");
    let new = || refused(1, "chain.new-threshold");
    let both = || refused(1, "chain.old-threshold chain.new-threshold");
    let rows: Vec<Rotation<'_>> = vec![
        (
            "re-signed by a threshold",
            ok(),
            2,
            vec![a, b, c],
            vec![b, c],
        ),
        ("re-signed by one", both(), 2, vec![a, b, c], vec![a]),
        (
            "a key added, signed by old keys",
            ok(),
            2,
            vec![a, b, c, d],
            vec![a, b],
        ),
        (
            "a key added, signed by one old and the new",
            old(),
            2,
            vec![a, b, c, d],
            vec![a, d],
        ),
        ("a key replaced", ok(), 2, vec![a, b, d], vec![a, b]),
        (
            "a key replaced, signed by old and new",
            old(),
            2,
            vec![a, b, d],
            vec![a, d],
        ),
        (
            "all replaced, signed by all",
            ok(),
            2,
            vec![d, &e, &f],
            vec![a, b, d, &e],
        ),
        (
            "all replaced, signed by old only",
            new(),
            2,
            vec![d, &e, &f],
            vec![a, b, c],
        ),
        (
            "all replaced, signed by new only",
            old(),
            2,
            vec![d, &e, &f],
            vec![d, &e, &f],
        ),
        (
            "all replaced, one old short",
            old(),
            2,
            vec![d, &e, &f],
            vec![a, d, &e],
        ),
        (
            "all replaced, one new short",
            new(),
            2,
            vec![d, &e, &f],
            vec![a, b, d],
        ),
        (
            "all replaced, both short",
            both(),
            2,
            vec![d, &e, &f],
            vec![a, d],
        ),
        (
            "threshold raised and reached",
            ok(),
            3,
            vec![a, b, c],
            vec![a, b, c],
        ),
        (
            "threshold raised and not reached",
            new(),
            3,
            vec![a, b, c],
            vec![a, b],
        ),
        (
            "threshold lowered, old one reached",
            ok(),
            1,
            vec![a, b, c],
            vec![a, b],
        ),
        (
            "threshold lowered, only new one reached",
            old(),
            1,
            vec![a, b, c],
            vec![a],
        ),
        (
            "removed key signs for the old role",
            ok(),
            1,
            vec![a],
            vec![a, c],
        ),
        (
            "removed key does not sign for the new",
            new(),
            2,
            vec![a, b],
            vec![a, c],
        ),
    ];
    let why = "spec 5.3.4: a threshold of the old and of the new keys";
    rows.into_iter()
        .map(|(name, expected, threshold, keys, by)| {
            let tree = world.tree_of(2, threshold, &keys);
            world.second(name, why, expected, signed_file(&tree, &by))
        })
        .collect()
}

fn anchors(world: &World) -> Vec<Case> {
    let World { a, b, c, d, .. } = world;
    let tree = world.tree(1);
    let case = |name: &str, why, expected, files| Case {
        name: name.into(),
        why,
        files,
        expected,
    };
    let anchor = || refused(None, "chain.anchor-threshold");
    let why = "the anchor must be signed by a threshold of its own keys";
    let mut cases = vec![
        case(
            "anchor unsigned",
            why,
            anchor(),
            vec![signed_file(&tree, &[])],
        ),
        case(
            "anchor signed by one",
            why,
            anchor(),
            vec![signed_file(&tree, &[a])],
        ),
        case(
            "anchor signed by strangers",
            why,
            anchor(),
            vec![signed_file(&tree, &[d, &world.online])],
        ),
        case(
            "anchor alone",
            why,
            accepted(1, ""),
            vec![signed_file(&tree, &[a, c])],
        ),
        case(
            "anchor unreadable",
            why,
            refused(None, "json.syntax"),
            vec![b"{".to_vec(), world.first()],
        ),
        case("nothing at all", why, refused(None, "chain.empty"), vec![]),
    ];
    let why = "a trust anchor need not be version 1";
    let later: Vec<_> = [5, 6, 7]
        .map(|version| signed_file(&world.tree(version), &[a, b]))
        .into();
    cases.push(case("anchor at version 5", why, accepted(7, ""), later));
    let top = 1u64 << 53;
    let last = vec![
        signed_file(&world.tree(top - 1), &[a, b]),
        signed_file(&world.tree(top), &[a, b]),
    ];
    cases.push(case("up to version 2^53", why, accepted(top, ""), last));
    cases
}

fn orders(world: &World) -> Vec<Case> {
    let World { a, b, d, .. } = world;
    let good = |version| signed_file(&world.tree(version), &[a, b]);
    let unsigned = |version| signed_file(&world.tree(version), &[]);
    let dated = |version, expires: &str| {
        let mut tree = world.tree(version);
        tree["expires"] = json!(expires);
        signed_file(&tree, &[a, b])
    };
    let both = "chain.old-threshold chain.new-threshold";
    let taken_over = signed_file(&world.tree_of(3, 1, &[d]), &[d]);
    let rows: Vec<(&str, &'static str, Expected, Vec<Vec<u8>>)> = vec![
        (
            "a version missing",
            "no gaps",
            refused(1, "chain.version"),
            vec![good(1), good(3)],
        ),
        (
            "a version repeated",
            "no repeats",
            refused(1, "chain.version"),
            vec![good(1), good(1)],
        ),
        (
            "versions backwards",
            "no way back",
            refused(2, "chain.version"),
            vec![good(2), good(1)],
        ),
        (
            "the third unsigned",
            "the last good one is told",
            refused(2, both),
            vec![good(1), good(2), unsigned(3), good(4)],
        ),
        (
            "the third unreadable",
            "the last good one is told",
            refused(2, "json.trailing"),
            vec![good(1), good(2), b"{}}".to_vec(), good(4)],
        ),
        (
            "two faults",
            "the first in order is told",
            refused(1, both),
            vec![good(1), unsigned(2), b"{".to_vec(), unsigned(4)],
        ),
        (
            "two faults, the unreadable first",
            "the first in order is told",
            refused(1, "json.syntax"),
            vec![good(1), b"{".to_vec(), unsigned(3)],
        ),
        (
            "a stranger takes over",
            "nothing after a refused version counts",
            refused(2, "chain.old-threshold"),
            vec![
                good(1),
                good(2),
                taken_over,
                signed_file(&world.tree_of(4, 1, &[d]), &[d]),
            ],
        ),
        (
            "expired on the way",
            "spec 5.3.6: ignored",
            accepted(3, "root.expires-earlier"),
            vec![good(1), dated(2, "2020-01-01T00:00:00Z"), good(3)],
        ),
        (
            "expired anchor",
            "spec 5.3.6: ignored",
            accepted(2, ""),
            vec![dated(1, "2020-01-01T00:00:00Z"), good(2)],
        ),
        (
            "expired at the end",
            "spec 5.3.10",
            refused(3, "root.expired"),
            vec![good(1), good(2), dated(3, "2020-01-01T00:00:00Z")],
        ),
        (
            "expired, then unsigned",
            "told by the fault alone",
            refused(2, both),
            vec![good(1), dated(2, "2020-01-01T00:00:00Z"), unsigned(3)],
        ),
    ];
    let mut cases: Vec<_> = rows
        .into_iter()
        .map(|(name, why, expected, files)| Case {
            name: name.into(),
            why,
            files,
            expected,
        })
        .collect();
    let mut long: Vec<_> = (1..=600).map(good).collect();
    long[555] = unsigned(556);
    let why = "faults in any window are found";
    cases.push(Case {
        name: "version 556 of 600 unsigned".into(),
        why,
        files: long,
        expected: refused(555, both),
    });
    cases
}

/// One public key under two IDs. It counts once, and both IDs are right by some rule.
fn aliases(world: &World) -> Vec<Case> {
    let World { a, b, .. } = world;
    let pem = a.public().to_pem();
    let point = hex::encode(a.public().subject_bits());
    let object = |key_type: &str, public: &str| json!({"keytype": key_type, "scheme": "ecdsa-sha2-nistp256", "keyval": {"public": public}});
    let mut owned = object("ecdsa", &pem);
    owned["x-owner"] = json!("@me");
    let simulated_tokens = [
        ("a custom member", owned),
        ("the old keytype", object("ecdsa-sha2-nistp256", &pem)),
        ("hex", object("ecdsa", &point)),
        ("CRLF", object("ecdsa", &pem.replace('\n', "\r\n"))),
        ("no final newline", object("ecdsa", pem.trim_end())),
        (
            "one line",
            object(
                "ecdsa",
                &pem.replace('\n', "")
                    .replace("KEY-----M", "KEY-----\nM")
                    .replace("-----END", "\n-----END"),
            ),
        ),
        ("a compressed point", object("ecdsa", &compressed(a))),
    ];
    let mut cases = Vec::new();
    for (name, simulated) in simulated_tokens {
        let id = KeyId::of(&simulated);
        let alias = |threshold: u32| {
            let mut tree = world.tree_of(2, threshold, &[a, b]);
            tree["keys"][id.as_str()] = simulated.clone();
            tree["roles"]["root"]["keyids"]
                .as_array_mut()
                .unwrap()
                .push(json!(id));
            tree
        };
        assert_eq!(
            Key::from_object(&simulated).unwrap().public(),
            Some(a.public()),
            "{name}"
        );
        let why =
            "GHSA-pwqf-9h7j-7mv8, GHSA-5q2r-92f9-4m49, GHSA-3633-5h82-39pq: one key counts once";
        let short = signed_twice(world, &alias(2), id.as_str());
        let expected = refused(1, "chain.old-threshold chain.new-threshold");
        cases.push(world.second(format!("twin by {name}, threshold 2"), why, expected, short));
        let mut enough: Value =
            serde_json::from_slice(&signed_twice(world, &alias(2), id.as_str())).unwrap();
        let by_b = signed(&alias(2), &[b])["signatures"][0].clone();
        enough["signatures"].as_array_mut().unwrap().push(by_b);
        let expected = accepted(2, "key.duplicate");
        cases.push(world.second(
            format!("twin by {name}, beside a threshold"),
            why,
            expected,
            to_bytes(&enough),
        ));
    }
    let why = "python-tuf, tough and tuf-js count such an anchor twice";
    let mut owned = object("ecdsa", &pem);
    owned["x-owner"] = json!("@me");
    let id = KeyId::of(&owned);
    let mut tree = world.tree_of(1, 2, &[a, b]);
    tree["keys"][id.as_str()] = owned;
    tree["roles"]["root"]["keyids"]
        .as_array_mut()
        .unwrap()
        .push(json!(id));
    cases.push(Case {
        name: "anchor signed by twins".into(),
        why,
        files: vec![signed_twice(world, &tree, id.as_str())],
        expected: refused(None, "chain.anchor-threshold"),
    });
    let why = "an ID named twice counts once";
    for (name, by, expected) in [
        (
            "one signer",
            vec![a],
            refused(1, "chain.old-threshold chain.new-threshold"),
        ),
        (
            "two signers",
            vec![a, b],
            accepted(2, "role.duplicate-keyid"),
        ),
    ] {
        let mut tree = world.tree(2);
        let ids = tree["roles"]["root"]["keyids"].as_array_mut().unwrap();
        ids.extend(ids.clone());
        cases.push(world.second(
            format!("key IDs named twice, {name}"),
            why,
            expected,
            signed_file(&tree, &by),
        ));
    }
    cases
}

/// Signed by `a` under its own ID and under another.
fn signed_twice(world: &World, tree: &Value, other_id: &str) -> Vec<u8> {
    let mut file = signed(tree, &[&world.a, &world.a]);
    file["signatures"][0]["keyid"] = json!(world.a.key().id());
    file["signatures"][1]["keyid"] = json!(other_id);
    to_bytes(&file)
}

fn compressed(signer: &Signer) -> String {
    let point = signer.public().subject_bits();
    hex::encode([&[2 + (point[64] & 1)], &point[1..33]].concat())
}
