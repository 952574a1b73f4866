//! Long chains with every kind of change in them.

use tempfile::TempDir;

use crate::assert_accepted;
use crate::client::Client;
use crate::lineage::Lineage;

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
