//! Signatures that come from other sites, and roots that go to where they are published: the commands.

mod export;
mod merge;
mod status;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use conclave::transfer::{DetachedSignature, RequestedSignature, SigningRequest};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::lineage::Lineage;

const REPOSITORY: &str = "example.com/updates";

/// Five versions, and a request for the sixth: key 2 goes, key 4 comes, the threshold is 3.
struct Site {
    lineage: Lineage,
    directory: TempDir,
}

impl Site {
    fn new() -> Self {
        let lineage = Lineage::new(5);
        let directory = TempDir::new().unwrap();
        lineage.write_roots(&directory.path().join("roots"));
        let site = Self { lineage, directory };
        fs::write(site.path("request.json"), site.request().to_file_bytes()).unwrap();
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn request(&self) -> SigningRequest {
        let asked = self
            .lineage
            .may_sign()
            .into_iter()
            .map(|index| RequestedSignature {
                key_id: self.lineage.signers[index].key().id().clone(),
                holder: format!("Key holder {index}"),
                token: format!("token {index}"),
            })
            .collect();
        SigningRequest::new(
            REPOSITORY.to_owned(),
            self.lineage.files.clone(),
            self.lineage.next(),
            asked,
        )
        .unwrap()
    }

    fn detached(&self, signer: usize) -> DetachedSignature {
        let (payload, signer) = (self.lineage.next(), &self.lineage.signers[signer]);
        DetachedSignature {
            repository: REPOSITORY.to_owned(),
            version: payload.version(),
            sha256: payload.digest(),
            key_id: signer.key().id().clone(),
            signature: signer.sign(payload.signed_bytes()),
        }
    }

    /// Writes a file, and tells where it is.
    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

/// Runs `conclave root …`; tells its exit status, what it printed, and what it complained of.
fn conclave<S: AsRef<std::ffi::OsStr>>(
    arguments: impl IntoIterator<Item = S>,
) -> (i32, String, String) {
    let output = Command::cargo_bin("conclave")
        .unwrap()
        .arg("root")
        .args(arguments)
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
