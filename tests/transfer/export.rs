//! `conclave root export`, and its instructions, followed to the letter.

use std::fs;
use std::process::Command;

use super::{Site, conclave, json, text};
use crate::support::publishing::{Server, follow};

fn export(site: &Site, destination: &str, versions: &[u64], out: &str) -> (i32, String) {
    let files: Vec<_> = versions
        .iter()
        .map(|version| site.path(&format!("roots/{version}.root.json")))
        .collect();
    let mut arguments = vec!["export"];
    arguments.extend(files.iter().map(|path| text(path)));
    let out = site.path(out);
    arguments.extend(["--for", destination, "--out", text(&out)]);
    let (status, said, complaint) = conclave(&arguments);
    (status, said + &complaint)
}

#[test]
fn instructions_for_files_are_followed_to_the_letter() {
    let site = Site::new();
    for destination in ["plain", "tough", "python-tuf"] {
        let metadata = site.path(&format!("served-{destination}"));
        fs::create_dir(&metadata).unwrap();
        for version in 1..=4 {
            let name = format!("{version}.root.json");
            fs::copy(site.path(&format!("roots/{name}")), metadata.join(&name)).unwrap();
        }
        let out = format!("export-{destination}");
        let (status, said) = export(&site, destination, &[4, 5], &out);
        assert_eq!(status, 0, "{said}");
        let server = Server::of(&metadata);
        let settings = [("METADATA", text(&metadata)), ("URL", server.url.as_str())];
        for _ in 0..2 {
            let (done, said) = follow(&site.path(&out), &settings);
            assert!(done, "{said}");
            assert!(
                said.ends_with("accepted: version 5, expires 2036-01-01T00:00:00Z\n")
                    || said.contains("accepted: version 5"),
                "{said}"
            );
        }
        let newest = fs::read(site.path("roots/5.root.json")).unwrap();
        assert_eq!(fs::read(metadata.join("5.root.json")).unwrap(), newest);
        assert_eq!(metadata.join("root.json").exists(), destination == "plain");
        // Other bytes under a number that clients have seen stop it.
        fs::write(metadata.join("5.root.json"), b"{}").unwrap();
        assert!(!follow(&site.path(&out), &settings).0);
    }
}

#[test]
fn what_was_changed_on_the_way_is_not_published() {
    let site = Site::new();
    assert_eq!(export(&site, "plain", &[1, 2, 3, 4, 5], "export").0, 0);
    let metadata = site.path("served");
    fs::create_dir(&metadata).unwrap();
    fs::copy(
        site.path("roots/4.root.json"),
        site.path("export/5.root.json"),
    )
    .unwrap();
    let (done, said) = follow(
        &site.path("export"),
        &[("METADATA", text(&metadata)), ("URL", "http://127.0.0.1:9")],
    );
    assert!(!done && said.contains("5.root.json"), "{said}");
    assert_eq!(fs::read_dir(&metadata).unwrap().count(), 0);
}

#[test]
fn a_chain_with_a_hole_and_a_full_directory_are_refused() {
    let site = Site::new();
    let (status, said) = export(&site, "plain", &[3, 5], "hole");
    assert_eq!(status, 1, "{said}");
    assert!(
        said.contains("chain.version") && !site.path("hole").exists(),
        "{said}"
    );
    let (status, said) = export(&site, "plain", &[4, 5], "roots");
    assert_eq!(status, 2, "{said}");
}

/// tuf-on-ci wants fields in keys and roles that must stand there when they are made.
#[test]
fn tuf_on_ci_refuses_a_root_whose_keys_were_not_made_for_it() {
    let site = Site::new();
    let (status, said) = export(&site, "tuf-on-ci", &[4, 5], "export");
    assert_eq!(status, 1, "{said}");
    assert!(
        said.contains("x-tuf-on-ci-keyowner") && said.contains("requires a rotation"),
        "{said}"
    );
    assert!(said.contains("x-tuf-on-ci-expiry-period"), "{said}");
}

/// A version for tuf-on-ci goes into a checkout, is pushed as the branch of a signing event, and is what is served.
#[test]
fn instructions_for_tuf_on_ci_are_followed_to_the_letter() {
    use conclave::metadata::{RoleKind, RootDraft};
    use conclave::transfer::{Periods, TufOnCi, online_at, owned_by};

    let site = Site::new();
    let signers = [
        crate::support::signer::Signer::p256(),
        crate::support::signer::Signer::ed25519(),
    ];
    let online = online_at(
        &crate::support::signer::Signer::p256().key(),
        "awskms:alias/online",
    );
    let owned = signers
        .each_ref()
        .map(|signer| owned_by(&signer.key(), "@alice"));
    let mut draft = RootDraft::genesis("2090-01-01T00:00:00Z".parse().unwrap(), true);
    draft.set_role(RoleKind::Root, 2, owned.clone());
    for kind in [RoleKind::Timestamp, RoleKind::Snapshot, RoleKind::Targets] {
        draft.set_role(kind, 1, [online.clone()]);
    }
    let periods = |expiry, signing| Some(Periods { expiry, signing });
    let periods = TufOnCi {
        root: periods(365, 60),
        online: periods(7, 4),
    };
    periods.write(&mut draft);
    let mut root = conclave::metadata::SignedRoot::new(draft.freeze().unwrap());
    for (signer, key) in signers.iter().zip(&owned) {
        let signature = signer.sign(root.frozen().signed_bytes());
        root.attach(key.id(), &signature).unwrap();
    }
    let file = site.path("1.root.json");
    fs::write(&file, root.to_file_bytes()).unwrap();
    let out = site.path("export");
    let (status, said, complaint) = conclave([
        "export",
        text(&file),
        "--for",
        "tuf-on-ci",
        "--out",
        text(&out),
    ]);
    assert_eq!(status, 0, "{said}{complaint}");

    let (upstream, checkout) = (site.path("upstream.git"), site.path("checkout"));
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(["-c", "user.name=Test", "-c", "user.email=test@example.com"])
            .args(arguments)
            .output()
            .expect("git is not there: install it");
        let said = [output.stdout, output.stderr].concat();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&said)
        );
        String::from_utf8_lossy(&said).into_owned()
    };
    git(&[
        "init",
        "--quiet",
        "--bare",
        "--initial-branch=main",
        text(&upstream),
    ]);
    git(&["clone", "--quiet", text(&upstream), text(&checkout)]);
    for (name, value) in [("user.name", "Test"), ("user.email", "test@example.com")] {
        git(&["-C", text(&checkout), "config", name, value]);
    }
    git(&[
        "-C",
        text(&checkout),
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "Begin",
    ]);

    // tuf-on-ci publishes what is in the history of roots.
    let history = checkout.join("metadata/root_history");
    fs::create_dir_all(&history).unwrap();
    let server = Server::of(&history);
    let settings = [("CHECKOUT", text(&checkout)), ("URL", server.url.as_str())];
    for _ in 0..2 {
        let (done, said) = follow(&out, &settings);
        assert!(done && said.contains("accepted: version 1"), "{said}");
    }
    let signed = fs::read(&file).unwrap();
    assert_eq!(fs::read(history.join("1.root.json")).unwrap(), signed);
    assert_eq!(
        fs::read(checkout.join("metadata/root.json")).unwrap(),
        signed
    );
    let pushed = git(&[
        "--git-dir",
        text(&upstream),
        "show",
        "sign/root-1:metadata/root.json",
    ]);
    assert_eq!(pushed.into_bytes(), signed);
}

#[test]
fn the_clients_that_a_choice_loses_are_named() {
    let site = Site::new();
    let p384 = crate::support::signer::Signer::p384();
    let mut lineage = crate::support::lineage::Lineage::new(1);
    let mut draft =
        conclave::metadata::RootDraft::after(&crate::support::lineage::trusted(&lineage.files))
            .unwrap();
    let keys = [
        p384.key(),
        lineage.signers[0].key(),
        lineage.signers[1].key(),
    ];
    draft.set_role(conclave::metadata::RoleKind::Root, 2, keys);
    let mut root = lineage.unsigned(draft.freeze().unwrap());
    lineage.sign(&mut root, 0);
    lineage.sign(&mut root, 1);
    lineage.files.push(root.to_file_bytes());
    let roots = site.path("p384");
    lineage.write_roots(&roots);
    let out = site.path("p384-out");
    let (status, said, _) = conclave(["export", text(&roots), "--out", text(&out), "--json"]);
    assert_eq!(status, 0, "{said}");
    let clients: Vec<_> = json(&said)["clients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|remark| remark["client"].as_str().unwrap().to_owned())
        .collect();
    assert!(clients.iter().any(|client| client == "tough"), "{said}");
    assert!(clients.iter().any(|client| client == "tuf-js"), "{said}");
}
