//! A private SoftHSM store for one test.
//!
//! The module reads `SOFTHSM2_CONF` of its process, so that tests which load it run each
//! in a process of their own: [`softhsm_test!`] starts the test binary again for that.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The environment variable by which a process knows that it is the test's own.
pub(crate) const STORE: &str = "CONCLAVE_TEST_STORE";
/// The SO PIN of the tokens that a store makes.
pub(crate) const SO_PIN: &str = "87654321";
/// The PIN of the tokens that a store makes.
pub(crate) const PIN: &str = "123456";

const INSTALL: &str = "install the test tools with ./softhsm-setup.sh --test-tools";

/// Defines tests `fn name(store: &Store) { … }`, each with a store and a process of its own.
#[macro_export]
macro_rules! softhsm_test {
    ($($(#[$meta:meta])* fn $name:ident($store:ident: &Store) $body:block)+) => {$(
        $(#[$meta])*
        #[test]
        fn $name() {
            fn body($store: &$crate::support::store::Store) $body
            $crate::support::store::in_own_process(concat!(module_path!(), "::", stringify!($name)), body);
        }
    )+};
}

/// A folder with a SoftHSM configuration and its tokens.
pub(crate) struct Store {
    folder: PathBuf,
    /// Deletes the folder; `None` in the process that was started for a test.
    _guard: Option<TempDir>,
}

impl Store {
    pub(crate) fn new() -> Self {
        let guard = TempDir::new().unwrap();
        let folder = guard.path().to_owned();
        fs::create_dir(folder.join("tokens")).unwrap();
        fs::write(
            folder.join("softhsm2.conf"),
            format!(
                "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
                folder.join("tokens").display()
            ),
        )
        .unwrap();
        Self {
            folder,
            _guard: Some(guard),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The value for `SOFTHSM2_CONF`.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.folder.join("softhsm2.conf")
    }

    /// Where a test puts programs that shall be found before the system's.
    pub(crate) fn programs(&self) -> PathBuf {
        self.folder.join("programs")
    }

    /// A program that works on this store.
    pub(crate) fn command(&self, program: impl Into<OsString>) -> Command {
        let mut path = self.programs().into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut command = Command::new(program.into());
        command
            .env("SOFTHSM2_CONF", self.configuration())
            .env("PATH", path);
        command
    }

    /// Makes a token with [`SO_PIN`] and [`PIN`], in another process.
    pub(crate) fn make_token(&self, label: &str) {
        let output = self
            .command("softhsm2-util")
            .args(["--init-token", "--free", "--label", label])
            .args(["--so-pin", SO_PIN, "--pin", PIN])
            .output()
            .unwrap_or_else(|error| panic!("softhsm2-util: {error}; {INSTALL}"));
        assert!(output.status.success(), "{output:?}");
    }

    /// The folders of the tokens that there are.
    pub(crate) fn tokens(&self) -> Vec<PathBuf> {
        fs::read_dir(self.folder.join("tokens"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect()
    }
}

/// Runs the test of that path again, alone in a process that has a store.
pub(crate) fn in_own_process(path: &str, body: fn(&Store)) {
    if let Some(folder) = std::env::var_os(STORE) {
        return body(&Store {
            folder: folder.into(),
            _guard: None,
        });
    }
    let store = Store::new();
    // The path in the test binary begins after the crate's name.
    let (_, name) = path.split_once("::").unwrap();
    let output = store
        .command(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(STORE, store.folder())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && told.contains("test result: ok. 1 passed"),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
