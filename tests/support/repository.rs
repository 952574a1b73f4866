//! Roots, and the whole repository that is built around them.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Runs a program of the test tools, for a minute at most, and gives what it complains of.
pub(crate) fn run<S: AsRef<OsStr>>(
    program: &str,
    arguments: impl IntoIterator<Item = S>,
) -> Result<(), String> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join(".peers");
    let program = tools.join(program);
    if !program.exists() {
        return Err(format!(
            "{} is not there: run ./softhsm-setup.sh --test-tools",
            program.display()
        ));
    }
    let output = Command::new("timeout")
        .arg("60")
        .arg(&program)
        .args(arguments)
        .env("NODE_PATH", tools.join("js/node_modules"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1")
        .output()
        .map_err(|e| format!("timeout {}: {e}", program.display()))?;
    match output.status.code() {
        Some(0) => Ok(()),
        Some(124) => Err(format!("{} took over a minute", program.display())),
        _ => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}

/// Where a script of this directory lies.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/clients")
        .join(name)
}

/// Roots that python-tuf made, of the key holders A, B, C and later D, with both thresholds 2.
pub(crate) struct Roots {
    directory: TempDir,
}

impl Roots {
    /// Plays a genesis and a rotation; `make_roots.py` says what they leave.
    pub(crate) fn make(key_type: &str) -> Self {
        let directory = TempDir::new().unwrap();
        run(
            "python/bin/python",
            [
                script("make_roots.py").as_os_str(),
                OsStr::new(key_type),
                directory.path().as_os_str(),
            ],
        )
        .unwrap();
        Self { directory }
    }

    /// The directory of `1.root.json` and `2.root.json`.
    pub(crate) fn roots(&self) -> PathBuf {
        self.directory.path().join("roots")
    }

    /// The directory of the private keys of timestamp, snapshot and targets.
    pub(crate) fn online(&self) -> PathBuf {
        self.directory.path().join("online")
    }

    /// Edits the JSON of a root in place.
    pub(crate) fn edit(&self, version: u64, edit: impl FnOnce(&mut serde_json::Value)) {
        let path = self.roots().join(format!("{version}.root.json"));
        let mut json = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        edit(&mut json);
        fs::write(&path, json.to_string()).unwrap();
    }

    /// Breaks every signature of a root but those of some holders: the last byte is another one.
    pub(crate) fn keep_signatures(&self, version: u64, holders: &[&str]) {
        let ids: serde_json::Value =
            serde_json::from_slice(&fs::read(self.directory.path().join("holders.json")).unwrap())
                .unwrap();
        let kept: Vec<&str> = holders.iter().map(|h| ids[h].as_str().unwrap()).collect();
        self.edit(version, |root| {
            for signature in root["signatures"].as_array_mut().unwrap() {
                if !kept.contains(&signature["keyid"].as_str().unwrap()) {
                    let mut bytes = hex::decode(signature["sig"].as_str().unwrap()).unwrap();
                    *bytes.last_mut().unwrap() ^= 1;
                    signature["sig"] = hex::encode(bytes).into();
                }
            }
        });
    }
}

/// A repository, ready to be served: roots made elsewhere, and what the online keys sign.
pub(crate) struct Repository {
    directory: TempDir,
    root_version: u64,
}

impl Repository {
    /// The name of the target that clients download.
    pub(crate) const TARGET: &str = "release.bin";

    /// Builds a repository around the roots of one directory (`1.root.json`, `2.root.json` …) with
    /// the private keys of another: `timestamp.pem`, `snapshot.pem`, `targets.pem`, as PKCS#8.
    pub(crate) fn build(roots: &Path, online: &Path) -> Result<Self, String> {
        let directory = TempDir::new().map_err(|e| e.to_string())?;
        run(
            "python/bin/python",
            [
                script("build_repository.py").as_path(),
                roots,
                online,
                directory.path(),
            ],
        )?;
        let root_version = (1..=256)
            .take_while(|n| roots.join(format!("{n}.root.json")).exists())
            .last()
            .ok_or("there is no 1.root.json")?;
        Ok(Self {
            directory,
            root_version,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn metadata(&self) -> PathBuf {
        self.directory.path().join("metadata")
    }

    pub(crate) fn targets(&self) -> PathBuf {
        self.directory.path().join("targets")
    }

    /// The version of the last root.
    pub(crate) fn root_version(&self) -> u64 {
        self.root_version
    }

    /// The bytes of the target, as they lie in the repository.
    pub(crate) fn target(&self) -> Vec<u8> {
        let mut paths = fs::read_dir(self.targets())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let is_target = |path: &PathBuf| path.to_string_lossy().ends_with(Self::TARGET);
        fs::read(paths.find(is_target).unwrap()).unwrap()
    }
}
