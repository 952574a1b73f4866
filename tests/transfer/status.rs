//! `conclave root status`.

use super::{Site, conclave, json, text};

#[test]
fn a_status_says_who_can_sign_and_what_to_do_by_when() {
    let site = Site::new();
    let roots = site.path("roots");
    let (status, said, _) = conclave([
        "status",
        text(&roots),
        "--at",
        "2030-01-01T00:00:00Z",
        "--json",
    ]);
    assert_eq!(status, 0, "{said}");
    let report = json(&said);
    assert_eq!(report["version"], 5);
    assert_eq!(report["roles"]["root"]["threshold"], 3);
    assert_eq!(report["roles"]["root"]["tolerated_losses"], 0);
    let actions = report["next_actions"].as_array().unwrap();
    let ids: Vec<_> = actions.iter().map(|action| &action["id"]).collect();
    assert_eq!(ids, ["renew", "add-key"]);
    assert!(actions[0]["by"].as_str().unwrap().ends_with('Z'));
    let (_, said, _) = conclave(["status", text(&roots), "--at", "2030-01-01T00:00:00Z"]);
    assert!(
        said.contains("root: 3 of 3 keys must sign; no key may be lost"),
        "{said}"
    );
    let (status, _, complaint) = conclave([
        "status",
        text(&roots.join("3.root.json")),
        text(&roots.join("5.root.json")),
    ]);
    assert_eq!(status, 1);
    assert!(complaint.contains("chain.version"), "{complaint}");
}

/// Nobody who writes a register of their own has the history of a live payload hidden from the status.
#[test]
fn a_payload_that_was_given_up_and_is_live_is_told() {
    use conclave::transfer::{Abandoned, PayloadEntry, PayloadRegister, SignedBy};
    let site = Site::new();
    let root = site.lineage.unsigned(site.lineage.next());
    let mut entry = PayloadEntry::of(super::REPOSITORY, &root);
    let at: jiff::Timestamp = "2029-12-01T09:41:00Z".parse().unwrap();
    for signer in site.lineage.may_sign() {
        let key_id = site.lineage.signers[signer].key().id().clone();
        entry.signed.insert(SignedBy { key_id, at });
    }
    entry.abandoned = Some(Abandoned {
        at,
        reason: "a wrong expiry".to_owned(),
    });
    let mut register = PayloadRegister::new();
    register.add(entry);
    let path = site.write("payloads.json", register.to_file_bytes());
    let (status, said, _) = conclave([
        "status",
        text(&site.path("roots")),
        "--history",
        text(&path),
    ]);
    assert_eq!(status, 0, "{said}");
    assert!(
        said.contains("LIVE: example.com/updates: version 6"),
        "{said}"
    );
}
