//! The foreign clients, each driven through its public interface for a whole update.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use tough::{IntoVec, RepositoryLoader, TargetName};
use url::Url;

use crate::support::repository::{Repository, run, script};

/// A TUF implementation that is not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    PythonTuf,
    TufJs,
    Tough,
    /// The client of Sigstore's JavaScript libraries, with its own trust anchor and mirror.
    Sigstore,
}

/// What a client has after an update.
struct Updated {
    root_version: u64,
    target: Vec<u8>,
}

impl Client {
    /// The clients of TUF itself.
    pub(crate) const ALL: [Self; 3] = [Self::PythonTuf, Self::TufJs, Self::Tough];

    /// Whether the client, which trusts `1.root.json` alone, comes to the last root and to the
    /// target. An error is the client's own word for why not.
    pub(crate) fn accepts(self, repository: &Repository) -> Result<(), String> {
        let updated = match self {
            Self::PythonTuf => {
                update_by_script("python/bin/python", "update_python_tuf.py", repository)
            }
            Self::TufJs => update_by_script("node/bin/node", "update_tuf_js.js", repository),
            Self::Sigstore => update_by_script("node/bin/node", "update_sigstore.js", repository),
            Self::Tough => update_by_tough(repository),
        }?;
        if updated.root_version != repository.root_version() {
            return Err(format!(
                "stayed at root {} of {}",
                updated.root_version,
                repository.root_version()
            ));
        }
        if updated.target != repository.target() {
            return Err("the target came down with other bytes".to_owned());
        }
        Ok(())
    }
}

fn update_by_script(
    interpreter: &str,
    name: &str,
    repository: &Repository,
) -> Result<Updated, String> {
    let client = TempDir::new().map_err(|e| e.to_string())?;
    run(
        interpreter,
        [script(name).as_path(), repository.path(), client.path()],
    )?;
    let read = |path: &Path| fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
    let root: serde_json::Value =
        serde_json::from_slice(&read(&client.path().join("metadata/root.json"))?)
            .map_err(|e| e.to_string())?;
    Ok(Updated {
        root_version: root["signed"]["version"].as_u64().unwrap_or(0),
        target: read(&client.path().join(Repository::TARGET))?,
    })
}

fn update_by_tough(repository: &Repository) -> Result<Updated, String> {
    let url = |path| Url::from_directory_path(path).map_err(|()| "not a path for a URL".to_owned());
    let anchor = fs::read(repository.metadata().join("1.root.json")).map_err(|e| e.to_string())?;
    let loader = RepositoryLoader::new(
        &anchor,
        url(repository.metadata())?,
        url(repository.targets())?,
    );
    tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|e| e.to_string())?
        .block_on(async {
            let ours = loader.load().await?;
            let name = TargetName::new(Repository::TARGET)?;
            let target = match ours.read_target(&name).await? {
                Some(stream) => stream.into_vec().await?,
                None => Vec::new(),
            };
            Ok(Updated {
                root_version: ours.root().signed.version.get(),
                target,
            })
        })
        .map_err(|e: tough::error::Error| e.to_string())
}
