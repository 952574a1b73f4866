//! Members of the signed part: missing, of another type, or with an impossible value.

use serde_json::{Value, json};

use super::world::World;
use super::{Case, accepted, refused};

pub(crate) fn cases(world: &World) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut value = |member: &str, value: Value, why, expected| {
        let name = format!("{member} = {value}");
        cases.push(world.signed_edit(name, why, expected, |tree| tree[member] = value));
    };

    let why = "spec 4.3: `_type` is \"root\"";
    for wrong in [
        json!("targets"),
        json!("Root"),
        json!("root "),
        json!(null),
        json!(["root"]),
    ] {
        value("_type", wrong, why, refused(1, "root.type"));
    }

    let why = "spec 4.3: `spec_version` of a known major version";
    for wrong in [
        "2.0.0",
        "0.9.0",
        "",
        "1.",
        ".1",
        "1..0",
        "1.0.0.0",
        "1.0.31-rc.1",
        "v1.0.31",
        " 1.0",
        "١.٠.٠",
        "10.0.0",
        "01.0.0",
    ] {
        value(
            "spec_version",
            json!(wrong),
            why,
            refused(1, "root.spec-version"),
        );
    }
    for wrong in [json!(1), json!(null), json!(["1.0.0"])] {
        value("spec_version", wrong, why, refused(1, "root.spec-version"));
    }
    value("spec_version", json!("1.999.0"), why, accepted(2, ""));
    let why = "in production since 2020";
    value(
        "spec_version",
        json!("1.0"),
        why,
        accepted(2, "root.spec-version-form"),
    );
    value(
        "spec_version",
        json!("1"),
        why,
        accepted(2, "root.spec-version-form"),
    );

    let why = "spec 4.3: `version` is an integer above 0";
    for wrong in [
        json!(0),
        json!(-2),
        json!(true),
        json!("2"),
        json!(null),
        json!([2]),
        json!({}),
    ] {
        value("version", wrong, why, refused(1, "root.version"));
    }
    let why = "spec 5.3.5: exactly one more than the version before";
    for wrong in [1u64, 3, 4_294_967_298, 1 << 53] {
        value("version", json!(wrong), why, refused(1, "chain.version"));
    }

    let why = "a boolean";
    for wrong in [json!("true"), json!(0), json!(1), json!(null), json!([])] {
        value(
            "consistent_snapshot",
            wrong,
            why,
            refused(1, "root.consistent-snapshot"),
        );
    }
    value(
        "consistent_snapshot",
        json!(false),
        "flipping it is legal",
        accepted(2, ""),
    );

    let why = "an object";
    for wrong in [json!(null), json!([]), json!("x"), json!(1)] {
        value("keys", wrong.clone(), why, refused(1, "root.form"));
        value("roles", wrong, why, refused(1, "root.form"));
    }
    value(
        "keys",
        json!({}),
        "nobody can sign",
        refused(1, "chain.new-threshold"),
    );
    value(
        "roles",
        json!({}),
        "spec 4.3: all four",
        refused(1, "role.missing"),
    );

    let why = "unknown members are covered by the signature and tolerated";
    for (member, content) in [
        ("x-custom", json!({"deep": [1, {"er": null}]})),
        ("VERSION", json!(9)),
        ("Version", json!("x")),
        ("__proto__", json!({"version": 9})),
        ("constructor", json!("x")),
        ("x-nfc-ü", json!("ü")),
        ("x-nfd-u\u{308}", json!("u\u{308}")),
        ("x-\u{10000}", json!("\u{ffff}")),
        ("x-control", json!("\u{0}\t\n\u{1f}\u{7f}\u{85}")),
        ("x-quote\"\\", json!("\\u0041 \" \\")),
        ("", json!("no name")),
        ("x-large", json!(9_007_199_254_740_992_u64)),
        ("x-small", json!(-9_007_199_254_740_992_i64)),
    ] {
        value(member, content, why, accepted(2, ""));
    }

    cases.extend(missing(world));
    cases.extend(roles(world));
    cases
}

fn missing(world: &World) -> Vec<Case> {
    [
        ("_type", refused(1, "root.type")),
        ("spec_version", refused(1, "root.spec-version")),
        ("version", refused(1, "root.version")),
        ("expires", refused(1, "root.expires-form")),
        ("keys", refused(1, "root.form")),
        ("roles", refused(1, "root.form")),
        (
            "consistent_snapshot",
            accepted(2, "root.consistent-snapshot-missing"),
        ),
    ]
    .into_iter()
    .map(|(member, expected)| {
        world.signed_edit(format!("no {member}"), "spec 4.3", expected, |tree| {
            tree.as_object_mut().unwrap().remove(member);
        })
    })
    .collect()
}

fn roles(world: &World) -> Vec<Case> {
    let mut cases = Vec::new();
    for role in ["root", "timestamp", "snapshot", "targets"] {
        let why = "spec 4.3: all four roles must be there";
        let name = format!("no role {role}");
        cases.push(
            world.signed_edit(name, why, refused(1, "role.missing"), |tree| {
                tree["roles"].as_object_mut().unwrap().remove(role);
            }),
        );
        let mut set = |path: &str, value: Value, expected| {
            let name = format!("{role}{path} = {value}");
            cases.push(world.signed_edit(name, "spec 4.3", expected, |tree| {
                let slot = match path {
                    "" => &mut tree["roles"][role],
                    member => &mut tree["roles"][role][&member[1..]],
                };
                *slot = value;
            }));
        };
        for wrong in [
            json!(0),
            json!(-1),
            json!(true),
            json!("2"),
            json!(null),
            json!([1]),
        ] {
            set(".threshold", wrong, refused(1, "role.threshold"));
        }
        for wrong in [
            json!(null),
            json!({}),
            json!("x"),
            json!([1]),
            json!([null]),
        ] {
            set(".keyids", wrong, refused(1, "role.form"));
        }
        for wrong in [json!(null), json!([]), json!("x")] {
            set("", wrong, refused(1, "role.threshold"));
        }
    }
    for (name, threshold, ids) in [("threshold of 9", 9, None), ("no keys", 1, Some(json!([])))] {
        for role in ["root", "targets"] {
            let expected = if role == "root" {
                refused(1, "chain.new-threshold")
            } else {
                accepted(2, "role.unreachable")
            };
            let why = "a role that nobody can sign for";
            cases.push(
                world.signed_edit(format!("{role}: {name}"), why, expected, |tree| {
                    tree["roles"][role]["threshold"] = json!(threshold);
                    if let Some(ids) = &ids {
                        tree["roles"][role]["keyids"] = ids.clone();
                    }
                }),
            );
        }
    }
    for role in ["mirrors", "map-file", "Root", "root "] {
        let why = "spec 4.3 knows mirrors; others are reported";
        let name = format!("one more role {role:?}");
        cases.push(
            world.signed_edit(name, why, accepted(2, "role.unknown"), |tree| {
                tree["roles"][role] = tree["roles"]["targets"].clone();
            }),
        );
    }
    let why = "members of a role that nobody knows";
    cases.push(
        world.signed_edit("custom role member", why, accepted(2, ""), |tree| {
            tree["roles"]["root"]["x-who"] = json!("us");
        }),
    );
    let why = "a key ID that names no key counts for nothing";
    cases.push(world.signed_edit(
        "dangling key ID",
        why,
        accepted(2, "role.key-missing"),
        |tree| {
            let ids = tree["roles"]["root"]["keyids"].as_array_mut().unwrap();
            ids.push(json!("00".repeat(32)));
        },
    ));
    let why = "a bound on what is read";
    cases.push(
        world.signed_edit("1025 key IDs", why, refused(1, "key.limit"), |tree| {
            let ids: Vec<_> = (0..1025).map(|number| number.to_string()).collect();
            tree["roles"]["targets"]["keyids"] = json!(ids);
        }),
    );
    cases
}
