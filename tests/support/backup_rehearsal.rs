//! A rehearsal of a genesis whose first key is backed up, and what it left.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use conclave::backup::{Collected, Manifest, Opener};
use conclave::metadata::KeyType;
use conclave::script::{Keeper, Kind, ScriptTemplate, back_up, embedded};
use zeroize::Zeroizing;

use super::backup::AddFile as _;
use super::rehearse::{Rehearsal, assert_done, output};

pub(crate) const INSTALL: &str = "install the test tools with ./softhsm-setup.sh --test-tools";

/// Recipients that nobody has to open anything with: a rehearsal has simulated custodians.
pub(crate) const NOBODY: [&str; 3] = [
    "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
    "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg",
    "passphrase",
];

/// The same without a passphrase, which takes a second whenever it is typed.
pub(crate) const QUICK: [&str; 2] = [NOBODY[0], NOBODY[1]];

/// A genesis with two keys, the first of which is backed up: two of its custodians restore it.
pub(crate) fn script(recipients: &[&str]) -> String {
    let template = ScriptTemplate {
        kind: Kind::Genesis,
        title: None,
        repository: "example.com/updates".to_owned(),
        tokens: 2,
        threshold: 1,
        key_type: KeyType::EcdsaP256,
        profile: "softhsm2".to_owned(),
        not_before: "2026-12-01T09:00:00Z".parse().unwrap(),
        expires: "2126-12-01T00:00:00Z".parse().unwrap(),
        online: BTreeMap::new(),
    };
    let keepers: Vec<Keeper> = recipients
        .iter()
        .zip(1..)
        .map(|(recipient, n)| Keeper {
            name: format!("Custodian {n}"),
            recipient: (*recipient).to_owned(),
        })
        .collect();
    let text = back_up(&template.write().unwrap(), "key-1", 2, &keepers).unwrap();
    // Without comments, so that the journal soon is the largest file.
    let lines = text.lines().map(|line| match line.split_once(" #") {
        Some((before, _)) => before,
        None => line,
    });
    let kept = lines.filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    kept.flat_map(|line| [line, "\n"]).collect()
}

/// Writes a script beside the keys that it carries.
pub(crate) fn written(folder: &Path, text: &str) -> PathBuf {
    let genesis = embedded().iter().find(|one| one.name == "genesis").unwrap();
    for (name, bytes) in genesis.files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let path = folder.join("backed-up.toml");
    fs::write(&path, text).unwrap();
    path
}

/// A rehearsal of that script, and where it stands.
pub(crate) fn played(text: &str) -> Rehearsal {
    let rehearsal = Rehearsal::new();
    let path = written(&rehearsal.home(), text);
    assert_done(&rehearsal.play(&[path.to_str().unwrap()]));
    rehearsal
}

/// The one folder of a set on a medium, and its files by name.
pub(crate) fn set_on(medium: &Path) -> BTreeMap<String, Vec<u8>> {
    let folders: Vec<_> = fs::read_dir(medium)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    let [folder] = folders.as_slice() else {
        panic!("not one folder: {folders:?}");
    };
    let files = fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read(path).unwrap())
    });
    files.collect()
}

pub(crate) fn media(rehearsal: &Rehearsal) -> [PathBuf; 2] {
    let media = rehearsal.tokens().join("media");
    ["shares-medium", "wrapped-key-medium"].map(|name| media.join(name))
}

pub(crate) fn ends_with(files: &BTreeMap<String, Vec<u8>>, end: &str) -> Vec<u8> {
    let mut found = files.iter().filter(|(name, _)| name.ends_with(end));
    let (_, bytes) = found.next().unwrap_or_else(|| panic!("no {end}"));
    assert!(found.next().is_none(), "several {end}");
    bytes.clone()
}

/// Restores the key of a rehearsal from the files of two simulated custodians, and sees that it is the one of the
/// manifest.
pub(crate) fn assert_restores(rehearsal: &Rehearsal) {
    let [shares, keys] = media(rehearsal);
    let (shares, keys) = (set_on(&shares), set_on(&keys));
    let manifest = Manifest::read(&ends_with(&shares, ".manifest.json")).unwrap();
    let mut collected = Collected::new(manifest.clone());
    for n in [1, 2] {
        let custodian = format!("custodian-{n}");
        let identity = rehearsal
            .tokens()
            .join(format!("custodians/{custodian}.identity"));
        let identity = Zeroizing::new(fs::read(identity).unwrap());
        let opener = Opener::identities(&identity, &age::NoCallbacks).unwrap();
        let file = ends_with(&shares, &format!(".{custodian}.share.age"));
        collected
            .add_file(&file, &opener, Some(&custodian))
            .unwrap();
    }
    let kek = collected.key().unwrap();
    // It is given only if its public half is that of the manifest, and the manifest's is the root key's.
    manifest
        .unwrap(&kek, &ends_with(&keys, ".wrapped"))
        .unwrap();
    let public = fs::read_to_string(rehearsal.genesis().join("keys/key-1.pub.pem")).unwrap();
    assert_eq!(manifest.facts().public_key.to_pem(), public);
}

pub(crate) fn verified(rehearsal: &Rehearsal) {
    assert_done(&output(
        rehearsal
            .conclave()
            .args(["transcript", "verify"])
            .arg(rehearsal.genesis()),
    ));
}

pub(crate) fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path);
        }
    }
    found
}

pub(crate) fn age(arguments: &[&str]) -> String {
    let output = Command::new("age")
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("age: {error}; {INSTALL}"));
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
