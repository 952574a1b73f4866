//! What a Docker CLI makes of roots whose keys are in tokens.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::server::{Server, run};

/// Whether there is a Docker CLI. It comes with no system that these tests are for, and says of a root what the stock
/// client of Notary says too: where it is absent, that is told, and the rest is tested.
pub(crate) fn is_present() -> bool {
    let is_present = Command::new("docker").arg("--version").output().is_ok();
    if !is_present {
        eprintln!("there is no docker here: what it reads is left out");
    }
    is_present
}

/// `docker trust inspect` of a repository on that server, with a configuration of its own. Without a daemon: it asks the
/// server of Notary alone.
pub(crate) fn inspect(folder: &Path, server: &Server, gun: &str) -> Output {
    // Where Docker looks for the certificate of a server: below its configuration, by host and port.
    let host = server.url().replace("https://", "");
    let trusted = folder.join("tls").join(&host);
    fs::create_dir_all(&trusted).unwrap();
    fs::copy(server.authority(), trusted.join("ca.crt")).unwrap();
    run(Command::new("docker")
        .arg("--config")
        .arg(folder)
        .args(["trust", "inspect", gun])
        .env("DOCKER_CONTENT_TRUST_SERVER", server.url())
        .env("HOME", folder))
}

/// The IDs of the root keys that it names.
pub(crate) fn root_keys(output: &Output) -> Vec<String> {
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let keys = told[0]["AdministrativeKeys"].as_array().unwrap();
    let root = keys.iter().find(|one| one["Name"] == "Root").unwrap();
    let keys = root["Keys"].as_array().unwrap().iter();
    keys.map(|key| key["ID"].as_str().unwrap().to_owned())
        .collect()
}
