//! `conclave root merge`.

use super::{Site, conclave, json, text};
use conclave::words::Digest;
use std::fs;

#[test]
fn signatures_make_one_file_in_whatever_order_they_come() {
    let site = Site::new();
    let files: Vec<_> = site
        .lineage
        .may_sign()
        .into_iter()
        .map(|signer| {
            let detached = site.detached(signer);
            site.write(&detached.file_name(), detached.to_file_bytes())
        })
        .collect();
    assert_eq!(files.len(), 4);
    let request = site.path("request.json");
    let out = site.path("6.root.json");
    let (status, said, _) = conclave([
        "merge",
        text(&request),
        text(&files[3]),
        text(&files[1]),
        "--out",
        text(&out),
    ]);
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("root 5 keys 1/3 · root 6 keys 2/3"), "{said}");
    assert!(said.contains("incomplete"), "{said}");
    // What the file holds already is kept; what comes twice changes nothing.
    let mut arguments = vec!["merge", text(&request)];
    arguments.extend(files.iter().map(|path| text(path)));
    arguments.extend(["--out", text(&out), "--json"]);
    let (status, said, _) = conclave(&arguments);
    assert_eq!(status, 0, "{said}");
    let report = json(&said);
    assert_eq!(report["complete"], true);
    assert_eq!(report["owed"].as_array().unwrap().len(), 0);
    assert_eq!(report["own"]["have"], 3);
    let results: Vec<_> = report["signatures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|taken| taken["result"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        results,
        ["new", "new", "new", "unchanged", "new", "unchanged"]
    );
    let merged = fs::read(&out).unwrap();
    let other = site.path("other.root.json");
    let mut backwards = vec!["merge", text(&request)];
    backwards.extend(files.iter().rev().map(|path| text(path)));
    backwards.extend(["--out", text(&other)]);
    assert_eq!(conclave(&backwards).0, 0);
    assert_eq!(fs::read(&other).unwrap(), merged);
    fs::copy(&out, site.path("roots/6.root.json")).unwrap();
    let (status, said, _) = conclave(["verify", text(&site.path("roots"))]);
    assert_eq!(status, 0, "{said}");
}

/// What another tool left: a root file without signatures, or with some, and signatures in hex.
#[test]
fn what_other_tools_made_is_merged() {
    let site = Site::new();
    let mut root = site.lineage.unsigned(site.lineage.next());
    let unsigned = site.write("6.unsigned.root.json", root.to_file_bytes());
    site.lineage.sign(&mut root, 1);
    let some = site.write("6.some.root.json", root.to_file_bytes());
    let signed = site.detached(4);
    let out = site.path("out.root.json");
    let hex = hex::encode(&signed.signature);
    let (status, said, complaint) = conclave([
        "merge",
        text(&unsigned),
        text(&some),
        "--after",
        text(&site.path("roots")),
        "--signature",
        &hex,
        "--keyid",
        signed.key_id.as_str(),
        "--out",
        text(&out),
    ]);
    assert_eq!(status, 0, "{said}{complaint}");
    assert!(said.contains("root 5 keys 1/3 · root 6 keys 2/3"), "{said}");
    let (status, _, complaint) = conclave(["merge", text(&unsigned), "--out", text(&out)]);
    assert_eq!(status, 2);
    assert!(complaint.contains("--after"), "{complaint}");
}

#[test]
fn what_is_no_signature_over_this_is_refused_each_with_its_own_reason() {
    let site = Site::new();
    let good = site.detached(4);
    let edited = |edit: &dyn Fn(&mut conclave::transfer::DetachedSignature)| {
        let mut bad = good.clone();
        edit(&mut bad);
        bad.to_file_bytes()
    };
    let stranger = {
        let stranger = crate::support::signer::Signer::ed25519();
        edited(&|bad| {
            bad.key_id = stranger.key().id().clone();
            bad.signature = stranger.sign(site.lineage.next().signed_bytes());
        })
    };
    let mut twice = json(
        &String::from_utf8({
            let mut root = site.lineage.unsigned(site.lineage.next());
            site.lineage.sign(&mut root, 4);
            root.to_file_bytes()
        })
        .unwrap(),
    );
    let entry = twice["signatures"][0].clone();
    twice["signatures"].as_array_mut().unwrap().push(entry);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        (
            "payload",
            edited(&|bad| bad.sha256 = Digest::of(b"other")),
            "signature.payload",
        ),
        (
            "version",
            edited(&|bad| bad.version = 5),
            "signature.version",
        ),
        (
            "repository",
            edited(&|bad| bad.repository = "example.com/other".to_owned()),
            "signature.repository",
        ),
        ("stranger", stranger, "signature.unknown-key"),
        (
            "cut",
            good.to_file_bytes()[..200].to_vec(),
            "signature.form",
        ),
        (
            "short",
            edited(&|bad| {
                bad.signature.pop();
            }),
            "signature.truncated",
        ),
        (
            "id",
            edited(&|bad| bad.key_id = site.detached(0).key_id),
            "signature.wrong-id",
        ),
        (
            "broken",
            edited(&|bad| *bad.signature.last_mut().unwrap() ^= 1),
            "signature.invalid",
        ),
        (
            "twice",
            twice.to_string().into_bytes(),
            "signature.duplicate-keyid",
        ),
    ];
    let out = site.path("out.root.json");
    for (name, bytes, check) in cases {
        let path = site.write(name, bytes);
        let (status, said, complaint) = conclave([
            "merge",
            text(&site.path("request.json")),
            text(&path),
            "--out",
            text(&out),
            "--json",
        ]);
        assert_eq!(status, 1, "{name}: {said}{complaint}");
        let all = format!("{said}{complaint}");
        assert!(all.contains(check), "{name} lacks {check}: {all}");
        assert!(!out.exists(), "{name}: something was written");
    }
}
