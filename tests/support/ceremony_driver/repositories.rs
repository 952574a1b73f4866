//! Two repositories of Notary under the same keys, whose roots one ceremony changes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use conclave::ceremony::Mode;
use conclave::metadata::{FrozenRoot, RoleKind, RootFile, SignedRoot, canonical};
use conclave::script::Script;
use conclave::words::Digest;

use super::{Room, SoftwareToken, of_notary, parse_with};

/// The name of the repository beside the script's own.
pub(crate) const OTHER: &str = "example.com/other";

const STEPS: [(&str, &str); 16] = [
    ("attendance", ""),
    ("attest-clock", ""),
    ("inspect-host", ""),
    ("read-script", ""),
    ("identify-token", "key-1"),
    ("identify-token", "key-2"),
    ("identify-token", "key-3"),
    ("generate-key", "key-3"),
    ("certify-key", "key-3"),
    ("compose-root", ""),
    ("review-root", ""),
    ("sign-root", ""),
    ("verify-root", ""),
    ("export", ""),
    ("verify-token", "key-3"),
    ("sign-off", ""),
];

/// A rotation of both roots: two keys go, one comes. `notary` are lines of `[root.notary-v1]`.
pub(crate) fn script(
    notary: &str,
    edit: impl Fn(&mut serde_json::Value),
) -> (Arc<Script>, BTreeMap<String, SoftwareToken>) {
    script_for(&[OTHER.to_owned()], notary, edit, false)
}

/// The same, with other repositories beside the script's own.
fn script_for(
    others: &[String],
    notary: &str,
    edit: impl Fn(&mut serde_json::Value),
    is_in_files: bool,
) -> (Arc<Script>, BTreeMap<String, SoftwareToken>) {
    let first = Room::closed(of_notary(), Mode::Production);
    let tree = first.ceremony.frozen().unwrap().document().tree().clone();
    let mut tree = serde_json::Value::Object(tree);
    edit(&mut tree);
    let frozen = FrozenRoot::from_signed_bytes(&canonical(&tree).unwrap()).unwrap();
    let mut signed = SignedRoot::new(frozen.clone());
    let keys = frozen.document().role(RoleKind::Root).key_ids();
    for (id, token) in keys.iter().zip(["key-1", "key-2"]) {
        let signature = first.tokens()[token].sign(frozen.signed_bytes());
        signed.attach(id, &signature).unwrap();
    }
    let bytes = signed.to_file_bytes();
    let root = RootFile::read(&bytes).unwrap();
    let ids = root.document().role(RoleKind::Root).key_ids().to_vec();
    let sha256 = Digest::of(&bytes);
    let (own, other) = ("previous/1.root.json", "other/1.root.json");
    let mut text = format!(
        "schema = 1\nkind = \"rotation\"\ntitle = \"Change both roots\"\nrepository = \"example.com/updates\"\n\
         not_before = \"2027-06-01T09:00:00Z\"\nassurance = \"solo\"\n\n\
         [previous]\nroot = {{ file = \"{own}\", sha256 = \"{sha256}\" }}\n\n\
         [root]\nthreshold = 1\nexpires = \"2028-06-01T00:00:00Z\"\ndestination = \"notary-v1\"\n\n\
         [root.notary-v1]\n{notary}\n\n"
    );
    for name in others {
        let _ = writeln!(
            text,
            "[[further_repository]]\nname = \"{name}\"\nroot = {{ file = \"{other}\", sha256 = \"{sha256}\" }}\n"
        );
    }
    text.push_str(
        "[[person]]\nid = \"one\"\nname = \"One Person\"\nroles = [\"administrator\", \"key-holder\"]\n",
    );
    for (number, what) in [
        (1, format!("change = \"remove\"\nkey_id = \"{}\"", ids[0])),
        (2, format!("change = \"remove\"\nkey_id = \"{}\"", ids[1])),
        (
            3,
            "change = \"add\"\ntype = \"ecdsa-sha2-nistp256\"\nbackup = \"none\"".to_owned(),
        ),
    ] {
        let _ = writeln!(
            text,
            "\n[[key]]\nid = \"key-{number}\"\nholder = \"one\"\ntoken = {{ profile = \"softhsm2\", label = \"conclave-key-{number}\" }}\n{what}"
        );
    }
    let mut tokens = first.tokens().clone();
    if is_in_files {
        let key = root.document().root_key(&ids[0]).unwrap();
        let serial = key.canonical_id().unwrap().as_str().to_owned();
        let file = format!("profile = \"docker-key-file\", serial = \"{serial}\"");
        text = text.replace("profile = \"softhsm2\", label = \"conclave-key-1\"", &file);
        tokens.get_mut("key-1").unwrap().become_a_file(serial);
    }
    let destroyed = ("destroy-token-key", "key-1");
    let destroyed = is_in_files.then_some(destroyed).into_iter();
    let (sign_off, steps) = STEPS.split_last().unwrap();
    for (act, key) in steps.iter().copied().chain(destroyed).chain([*sign_off]) {
        let _ = writeln!(text, "\n[[step]]\nact = \"{act}\"");
        if !key.is_empty() {
            let _ = writeln!(text, "key = \"{key}\"");
        }
    }
    let files = [(own, bytes.as_slice()), (other, bytes.as_slice())];
    (parse_with(&text, &files), tokens)
}

/// The ceremony, opened.
pub(crate) fn open(notary: &str) -> Room {
    open_edited(notary, |_| {})
}

/// The same, where the root before is as it was edited.
pub(crate) fn open_edited(notary: &str, edit: impl Fn(&mut serde_json::Value)) -> Room {
    let (script, tokens) = script(notary, edit);
    Room::open_with(script, Mode::Production, &tokens)
}

/// The ceremony, at its end.
pub(crate) fn closed() -> Room {
    let mut room = open("");
    while room.advance() {}
    room
}

/// A rotation that destroys a key in files at its end, opened.
pub(crate) fn with_key_files() -> Room {
    let (script, tokens) = script_for(&[], "", |_| {}, true);
    Room::open_with(script, Mode::Production, &tokens)
}

/// A ceremony with so many further repositories, at its end.
pub(crate) fn closed_with(further: usize) -> Room {
    let others: Vec<String> = (1..=further)
        .map(|number| format!("example.com/other-{number}"))
        .collect();
    let (script, tokens) = script_for(&others, "", |_| {}, false);
    let mut room = Room::open_with(script, Mode::Production, &tokens);
    while room.advance() {}
    room
}
