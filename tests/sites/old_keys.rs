//! A root of another tool whose keys are of kinds that nobody would make today: they sign a change of it.

use std::fs;

use conclave::metadata::{RoleKind, RootDraft, SignedRoot};

use crate::support::site::{REPOSITORY, Site, SiteKey, json};

/// A first root of these keys, signed by the first alone.
fn first_root(site: &Site, keys: &[SiteKey]) {
    let mut draft = RootDraft::genesis("2090-01-01T00:00:00Z".parse().unwrap(), true);
    draft.set_role(RoleKind::Root, 1, keys.iter().map(|key| key.key.clone()));
    for kind in [RoleKind::Timestamp, RoleKind::Snapshot, RoleKind::Targets] {
        draft.set_role(kind, 1, [keys[0].key.clone()]);
    }
    let mut root = SignedRoot::new(draft.freeze().unwrap());
    let signature = keys[0].sign_by_another_tool(root.frozen().signed_bytes());
    root.attach(keys[0].key.id(), &signature).unwrap();
    site.receive("1.root.json", &root.to_file_bytes());
}

/// A rotation by one person, after which every key must sign.
fn write_script(site: &Site, keys: &[SiteKey]) {
    let threshold = keys.len().to_string();
    let new = [
        &["script", "new", "rotation", "--previous", "1.root.json"][..],
        &["--repository", REPOSITORY, "--out", "script.toml"],
        &["--not-before", "2026-01-01T00:00:00Z"],
        &["--expires", "2091-01-01T00:00:00Z"],
        &["--threshold", &threshold],
    ];
    let (status, said) = site.conclave(&new.concat());
    assert_eq!(status, 0, "{said}");
    let text = String::from_utf8(site.read("script.toml")).unwrap();
    let solo = "kind = \"rotation\"\nassurance = \"solo\"";
    let mut text = text.replacen("kind = \"rotation\"", solo, 1);
    let before = json(&site.read("1.root.json"));
    let ids = before["signed"]["roles"]["root"]["keyids"].as_array();
    for (number, id) in (1..).zip(ids.unwrap()) {
        let is_its = |key: &&SiteKey| key.key.id().as_str() == id;
        let token = &keys.iter().find(is_its).unwrap().token;
        let planned = format!("label = \"conclave-key-{number}\"");
        text = text.replacen(&planned, &format!("label = \"{token}\""), 1);
    }
    let steps: Vec<_> = text
        .split("[[step]]")
        .filter(|step| !step.starts_with("\nact = \"seal\""))
        .collect();
    site.receive("script.toml", steps.join("[[step]]").as_bytes());
    let (status, said) = site.conclave(&["script", "check", "script.toml"]);
    assert_eq!(status, 0, "{said}");
}

#[test]
fn keys_of_rsa_2048_and_p_384_sign_the_change_of_an_old_root() {
    let site = Site::new("here");
    let keys = [
        site.make_key("modern"),
        site.bring_key(
            "rsa",
            &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        ),
        site.bring_key(
            "p384",
            &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        ),
    ];
    first_root(&site, &keys);
    write_script(&site, &keys);
    let answers = format!(
        "{}the auditor is here today only\n{}SIGN ROOT 2\n{}",
        "\n".repeat(12),
        "\n".repeat(30),
        "\n".repeat(40)
    );
    let done = site.play(&["run", "script.toml", "--out", "ceremony"], &answers, 3);
    done.assert(0);
    for arguments in [
        &["transcript", "verify", "ceremony"][..],
        &[
            "root",
            "verify",
            "1.root.json",
            "ceremony/export/2.root.json",
        ],
    ] {
        let (status, said) = site.conclave(arguments);
        assert_eq!(status, 0, "{said}");
    }
    let root = json(&site.read("ceremony/export/2.root.json"));
    assert_eq!(root["signatures"].as_array().unwrap().len(), 3);
    let verified = std::process::Command::new("sh")
        .arg("VERIFY.txt")
        .current_dir(site.path("ceremony"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success(), "{told}");
    // It is rehearsed with simulated keys of the same kinds.
    let (status, said) = site.conclave(&[
        "rehearse",
        "script.toml",
        "--unattended",
        "--out",
        "rehearsal",
    ]);
    assert_eq!(status, 0, "{said}");
    // No new key is of the old kind.
    let text = fs::read_to_string(site.path("script.toml")).unwrap();
    assert!(!text.contains("rsassa-pss-sha256-2048"), "{text}");
}
