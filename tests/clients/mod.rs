//! Foreign clients accept our roots: python-tuf, tuf-js and tough each start from `1.root.json`,
//! follow the chain, update timestamp, snapshot and targets, and download a target.
//!
//! The harness itself is tried on roots that python-tuf makes, among them such as every client
//! must refuse.

mod bad_day;
mod ceremonies;
mod foreign;
mod lineages;
mod rehearsals;
mod yubikeys;

use std::path::Path;

use crate::support::client::Client;
use crate::support::repository::{Repository, Roots};

/// Fails unless each of the clients updates from a repository around the roots of a directory
/// (`1.root.json`, `2.root.json` …); `online` has the private keys of the other roles as PKCS#8
/// PEM: `timestamp.pem`, `snapshot.pem`, `targets.pem`.
fn assert_accepted(clients: &[Client], roots: &Path, online: &Path) {
    let repository = Repository::build(roots, online).unwrap();
    for client in clients {
        if let Err(reason) = client.accepts(&repository) {
            panic!("{client:?} refuses {}: {reason}", roots.display());
        }
    }
}

/// Fails unless the client refuses the roots in these, its own, words.
fn assert_refused(client: Client, repository: &Repository, words: &str, why: &str) {
    match client.accepts(repository) {
        Ok(()) => panic!("{client:?} accepts, although {why}"),
        Err(reason) => assert!(reason.contains(words), "{client:?}, as {why}: {reason}"),
    }
}

/// Fails unless every client counts so many valid signatures of two and refuses.
fn assert_all_count(valid: usize, roots: &Roots, why: &str) {
    let repository = Repository::build(&roots.roots(), &roots.online()).unwrap();
    let tuf = format!("UnsignedMetadataError: root was signed by {valid}/2 keys");
    let tough = format!("threshold of 2 not met for role root ({valid} valid signatures)");
    for (client, words) in [
        (Client::PythonTuf, &tuf),
        (Client::TufJs, &tuf),
        (Client::Tough, &tough),
    ] {
        assert_refused(client, &repository, words, why);
    }
}

#[test]
fn all_clients_accept_roots_of_ed25519_p256_and_rsa_keys() {
    for key_type in ["ed25519", "ecdsa-p256", "rsa"] {
        let made = Roots::make(key_type);
        assert_accepted(&Client::ALL, &made.roots(), &made.online());
    }
}

#[test]
fn p384_root_keys_are_for_python_tuf_alone() {
    let made = Roots::make("ecdsa-p384");
    assert_accepted(&[Client::PythonTuf], &made.roots(), &made.online());
    let repository = Repository::build(&made.roots(), &made.online()).unwrap();
    for (client, word) in [
        (Client::TufJs, "root was signed by 0/2"),
        (Client::Tough, "Invalid SubjectPublicKeyInfo"),
    ] {
        assert_refused(client, &repository, word, "it verifies no P-384");
    }
}

#[test]
fn no_client_accepts_a_root_below_a_threshold() {
    let cases: [(u64, &[&str], &str); 3] = [
        (1, &["A"], "the anchor has one valid signature of two"),
        (
            2,
            &["A", "D"],
            "root 2 has one valid signature of root 1's two",
        ),
        (
            2,
            &["A", "C"],
            "root 2 has one valid signature of its own two",
        ),
    ];
    for (version, kept, why) in cases {
        let made = Roots::make("ecdsa-p256");
        made.keep_signatures(version, kept);
        assert_all_count(1, &made, why);
    }
}

#[test]
fn a_threshold_of_valid_signatures_among_broken_ones_is_enough() {
    let made = Roots::make("ecdsa-p256");
    made.keep_signatures(1, &["A", "B"]);
    made.keep_signatures(2, &["A", "B"]);
    assert_accepted(&Client::ALL, &made.roots(), &made.online());
}

#[test]
fn no_client_accepts_a_root_that_was_changed_after_signing() {
    let made = Roots::make("ed25519");
    made.edit(2, |root| {
        root["signed"]["expires"] = "2099-01-01T00:00:00Z".into();
    });
    assert_all_count(0, &made, "the expiry was changed");
}

#[test]
fn online_keys_that_root_does_not_name_build_no_repository() {
    let made = Roots::make("ed25519");
    let other = Roots::make("ed25519");
    let refusal = Repository::build(&made.roots(), &other.online()).err();
    assert_eq!(
        refusal.as_deref(),
        Some("targets.pem is no key of the targets role of root 2")
    );
}
