//! Long chains with every kind of change in them.

use tempfile::TempDir;

use super::assert_accepted;
use crate::support::client::Client;
use crate::support::lineage::Lineage;

/// A Sigstore client that was given our version 1 as its trust anchor, and a mirror of its own, comes to version 13
/// and to the trusted root of its services.
#[test]
fn a_sigstore_client_takes_our_root_for_its_trust_anchor() {
    let lineage = Lineage::new(13);
    let directory = TempDir::new().unwrap();
    let (roots, online) = (
        directory.path().join("roots"),
        directory.path().join("online"),
    );
    lineage.write_roots(&roots);
    lineage.write_online(&online);
    assert_accepted(&[Client::Sigstore], &roots, &online);
}

/// Each client trusts version 1 alone, and walks to version 13.
#[test]
fn all_clients_walk_thirteen_versions_with_every_kind_of_change() {
    let lineage = Lineage::new(13);
    assert_eq!(lineage.files.len(), 13);
    let directory = TempDir::new().unwrap();
    let (roots, online) = (
        directory.path().join("roots"),
        directory.path().join("online"),
    );
    lineage.write_roots(&roots);
    lineage.write_online(&online);
    assert_accepted(&Client::ALL, &roots, &online);
}
