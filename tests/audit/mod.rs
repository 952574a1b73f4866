//! The audit of a ceremony directory: what is sound is accepted, and whatever was changed is told.

mod command_line;
mod custody;
mod directory;
mod documents;
mod instructions;
mod report;
pub(crate) mod transcript;

use std::path::Path;
use std::sync::LazyLock;

use conclave::audit::{AuditReport, documents, verify_directory};
use conclave::ceremony::Mode;
use conclave::metadata::KeyType;
use tempfile::TempDir;

use crate::support::ceremony_driver::{Room, genesis, write};

/// A small ceremony that was closed, with one key of each kind of signature.
fn closed() -> &'static Room {
    static CLOSED: LazyLock<Room> = LazyLock::new(|| {
        let types = [
            KeyType::EcdsaP256,
            KeyType::EcdsaP384,
            KeyType::Ed25519,
            KeyType::RsaPss3072,
        ];
        Room::closed(genesis(&types, 2), Mode::Production)
    });
    &CLOSED
}

/// The directory of a ceremony as it is left behind: inputs, record, documents, and the export beside them.
fn directory_of(room: &Room) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    room.write_inputs(directory.path());
    for (path, bytes) in documents(&room.ceremony, &room.transcript) {
        write(directory.path(), &path, &bytes);
    }
    if !room.ceremony.exported().is_empty() {
        for (file, bytes) in room.ceremony.export_files() {
            write(directory.path(), &format!("export/{}", file.name), &bytes);
        }
    }
    directory
}

fn audit(directory: &Path) -> AuditReport {
    verify_directory(directory).unwrap()
}

/// The IDs of the checks that refuse a directory, each once.
fn reasons(directory: &Path) -> Vec<&'static str> {
    let report = audit(directory);
    let mut ids: Vec<_> = report.reasons().iter().map(|r| r.check.id()).collect();
    ids.dedup();
    ids
}

/// The IDs of the checks that report something, and the reasons, of which there must be none.
fn findings(directory: &Path) -> Vec<&'static str> {
    let report = audit(directory);
    assert_eq!(report.reasons(), []);
    report.findings().iter().map(|f| f.check.id()).collect()
}
