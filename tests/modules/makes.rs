//! The modules, with the built-in profile of each and blank tokens of a test's own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// One make of token, as a site has it.
pub(super) struct Make {
    /// The text of the profile of this site.
    pub(super) profile: String,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) key_type: &'static str,
    /// Steps that the vendor's tool does.
    pub(super) omits: &'static [&'static str],
}

impl Make {
    fn new(profile: String) -> Self {
        Self {
            profile,
            environment: BTreeMap::new(),
            key_type: "ecdsa-sha2-nistp256",
            omits: &[],
        }
    }

    /// The label of the token of a key.
    pub(super) fn label(number: usize) -> String {
        format!("conclave-key-{number}")
    }
}

/// A built-in profile with another name and what a site adds to its tables.
fn profile(built_in: &str, more: &[(&str, String)]) -> String {
    let mut document: toml::Table = built_in.parse().unwrap();
    let name = format!("site-{}", document["name"].as_str().unwrap());
    document.insert("name".to_owned(), name.into());
    for (table, text) in more {
        let fields: toml::Table = text.parse().unwrap();
        let table = document
            .entry(*table)
            .or_insert_with(|| toml::Table::new().into());
        table.as_table_mut().unwrap().extend(fields);
    }
    toml::to_string(&document).unwrap()
}

/// Kryoptic keeps each token in a file of its own, which its configuration names.
pub(super) fn kryoptic(folder: &Path) -> Make {
    let module = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/.peers/kryoptic/libkryoptic_pkcs11.so"
    );
    assert!(
        Path::new(module).exists(),
        "Kryoptic is missing: run ./softhsm-setup.sh --test-tools"
    );
    let mut slots = String::new();
    for slot in 1..=4 {
        let file = folder.join(format!("{slot}.sql"));
        let _ = writeln!(
            slots,
            "[[slots]]\nslot = {slot}\ndbtype = \"sqlite\"\ndbargs = {:?}",
            file.display().to_string()
        );
    }
    let configuration = folder.join("kryoptic.conf");
    fs::write(&configuration, slots).unwrap();
    let more = format!(
        "paths = [{module:?}]\nenvironment = {{ KRYOPTIC_CONF = {:?} }}",
        configuration.display().to_string()
    );
    Make::new(profile(
        include_str!("../../hsm-config/kryoptic.toml"),
        &[("module", more)],
    ))
}

/// NSS keeps each token in a folder of its own; the argument of `C_Initialize` names folders, slots and labels.
pub(super) fn nss(folder: &Path) -> Make {
    let mut tokens = String::new();
    for number in 1..=4 {
        let database = folder.join(format!("nss-{number}"));
        fs::create_dir(&database).unwrap();
        let _ = write!(
            tokens,
            "0x{:x}=[configdir='sql:{}' tokenDescription='conclave-key-{number}'] ",
            number + 3,
            database.display()
        );
    }
    let main = folder.join("nss-main");
    fs::create_dir(&main).unwrap();
    let argument = format!(
        "configdir='sql:{}' certPrefix='' keyPrefix='' secmod='secmod.db' flags=noCertDB,noModDB tokens=<{tokens}>",
        main.display()
    );
    Make::new(profile(
        include_str!("../../hsm-config/nss.toml"),
        &[
            ("module", format!("init_argument = {argument:?}")),
            ("slots", "only = [4, 5, 6, 7]".to_owned()),
        ],
    ))
}
