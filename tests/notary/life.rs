//! The life of a repository: published, listed, rotated, renewed, by clients with pins, old and new.

use std::fs;
use std::path::PathBuf;

use super::room::{Done, Room};
use super::script::{Change, Script, days};
use super::server::{Client, PASSPHRASE, Server, said};
use crate::support::store::PIN;

/// What is published.
pub(crate) const TARGET: &str = "v1.0.0";

/// An unpublished repository of the stock client, whose online keys a first root takes over.
struct Template<'s> {
    client: Client<'s>,
    gun: &'static str,
}

impl<'s> Template<'s> {
    fn new(server: &'s Server, gun: &'static str) -> Self {
        let client = Client::unpinned(server);
        client.assert(&["init", gun]);
        Self { client, gun }
    }

    fn metadata(&self, name: &str) -> PathBuf {
        let folder = self
            .client
            .trust()
            .join("tuf")
            .join(self.gun)
            .join("metadata");
        folder.join(name)
    }

    /// The server's own snapshot key, in the place of the one that the stock client made for itself.
    fn snapshot(&self, server: &Server) -> (&'static str, String, Vec<u8>) {
        let key = server.fetch(self.gun, "snapshot.key").unwrap();
        ("snapshot", "online/snapshot.key.json".to_owned(), key)
    }

    fn root(&self) -> (String, Vec<u8>) {
        let bytes = fs::read(self.metadata("root.json")).unwrap();
        ("template.root.json".to_owned(), bytes)
    }

    /// Takes a root in the place of the template's, and publishes a target, by the recipe of the export, to the letter.
    fn publish(&self, first: &Done) {
        let readme = fs::read_to_string(first.export().join("README.md")).unwrap();
        let (_, recipe) = readme
            .split_once("## Publishing with the stock client")
            .unwrap();
        let (_, recipe) = recipe.split_once("```sh\n").unwrap();
        let (recipe, _) = recipe.split_once("```").unwrap();
        let private = self.client.trust().join("private");
        let mut files = fs::read_dir(private)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let is_root = |path: &PathBuf| fs::read_to_string(path).unwrap().contains("role: root");
        let root = files.find(is_root).unwrap();
        assert!(recipe.contains("TEMPORARY"), "{recipe}");
        let recipe = recipe.replace("TEMPORARY", root.file_stem().unwrap().to_str().unwrap());
        self.add(TARGET);
        let followed = self.client.follow(&recipe, &first.export());
        assert!(followed.status.success(), "{}", said(&followed));
        assert!(!root.exists());
    }

    fn add(&self, target: &str) {
        let content = self.client.trust().join("content");
        fs::write(&content, "what is signed").unwrap();
        self.client
            .assert(&["add", self.gun, target, content.to_str().unwrap()]);
    }
}

fn genesis<'a>(
    gun: &'a str,
    threshold: usize,
    keys: &[&'a str],
    kind: &'static str,
    server: &Server,
    template: &Template<'_>,
) -> (Script<'a>, Vec<(String, Vec<u8>)>) {
    let snapshot = template.snapshot(server);
    let template = template.root();
    let digest = conclave::words::Digest::of(&template.1);
    let carried = vec![template.clone(), (snapshot.1.clone(), snapshot.2.clone())];
    let script = Script {
        gun,
        threshold,
        keys: keys.iter().map(|id| (*id, Change::Make(kind))).collect(),
        online: vec![snapshot],
        chain: Vec::new(),
        further: Vec::new(),
        notary: format!(
            "template = {{ file = {:?}, sha256 = \"{digest}\" }}",
            template.0
        ),
        expires: days(3600),
    };
    (script, carried)
}

pub(crate) fn refs(ids: &[String]) -> Vec<&str> {
    ids.iter().map(String::as_str).collect()
}

/// A root of one key, its successor under a renewed certificate with a longer expiry, and one more of another key.
fn one_key_lives(gun: &'static str, kind: &'static str) {
    let server = Server::start();
    let template = Template::new(&server, gun);
    let mut room = Room::new();
    room.store.make_token("key-1");
    let (script, carried) = genesis(gun, 1, &["key-1"], kind, &server, &template);
    let (text, _) = script.write();
    let first = room.perform_script(&text, &carried, "");
    template.publish(&first);
    let ids = first.ids();
    let cached = Client::pinned(&server, gun, &refs(&ids));
    assert!(cached.lists(gun, TARGET));
    let stranger = Client::pinned(&server, gun, &["00".repeat(32).as_str()]);
    assert!(!stranger.lists(gun, TARGET));

    // The same key under a renewed certificate: two entries by one key.
    let renewed = Script {
        gun,
        threshold: 1,
        keys: vec![("key-1", Change::Root("move-id", ids[0].clone()))],
        online: Vec::new(),
        chain: vec![first.carried()],
        further: Vec::new(),
        notary: String::new(),
        expires: days(3640),
    };
    room.rehearse(&renewed);
    let second = room.perform(&renewed);
    let new_ids = second.ids();
    assert_ne!(ids, new_ids);
    // By the instructions beside it, to the letter.
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_conclave"));
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let output = std::process::Command::new("sh")
        .arg("INSTRUCTIONS.txt")
        .current_dir(second.export())
        .env("PATH", path)
        .env("SERVER", server.url())
        .env("CA", server.authority())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(server.fetch(gun, "root.json").unwrap(), second.bytes());
    let readme = fs::read_to_string(second.export().join("README.md")).unwrap();
    let pin = format!("\"certs\": {{\"{gun}\": [\"{}\"]}}", new_ids[0]);
    assert!(readme.contains(&pin), "{readme}");
    assert!(
        cached.lists(gun, TARGET),
        "a client with the old root cached follows"
    );
    assert!(!Client::pinned(&server, gun, &refs(&ids)).lists(gun, TARGET));
    assert!(Client::pinned(&server, gun, &refs(&new_ids)).lists(gun, TARGET));

    // Another key in its place, in another token.
    room.store.make_token("key-2");
    let rotated = Script {
        gun,
        threshold: 1,
        keys: vec![
            ("key-1", Change::Root("remove", new_ids[0].clone())),
            ("key-2", Change::Make(kind)),
        ],
        online: Vec::new(),
        chain: vec![first.carried(), second.carried()],
        further: Vec::new(),
        notary: String::new(),
        expires: days(3640),
    };
    let third = room.perform(&rotated);
    let chain = [&first, &second].map(|done| done.root().to_str().unwrap().to_owned());
    signed_by_one_side_is_refused(&room, &server, gun, &chain, &third.bytes());
    server.upload(gun, &[("root", &third.root())]).unwrap();
    assert!(cached.lists(gun, TARGET));
    let fresh = Client::pinned(&server, gun, &refs(&third.ids()));
    assert!(fresh.lists(gun, TARGET));
    // Who publishes does so without any root key on its disk.
    template.add("v2.0.0");
    template.client.assert(&["publish", gun]);
    assert!(fresh.lists(gun, "v2.0.0") && cached.lists(gun, "v2.0.0"));
    let chain: Vec<String> = [first, second, third]
        .iter()
        .map(|done| done.root().to_str().unwrap().to_owned())
        .collect();
    let verified = room.conclave(&["root", "verify", &chain[0], &chain[1], &chain[2]]);
    assert!(verified.status.success(), "{verified:?}");
    let linted = room.conclave(&["root", "lint", "--gun", gun, &chain[2]]);
    assert!(linted.status.success(), "{linted:?}");
}

/// A rotation of one key to another lacks the one signature or the other: told here by its check, and the server takes
/// neither.
fn signed_by_one_side_is_refused(
    room: &Room,
    server: &Server,
    gun: &str,
    chain: &[String; 2],
    last: &[u8],
) {
    let text = std::str::from_utf8(last).unwrap();
    let (signed, signatures) = text.split_once(",\"signatures\":").unwrap();
    let signatures = signatures.strip_suffix('}').unwrap();
    let entries: Vec<serde_json::Value> = serde_json::from_str(signatures).unwrap();
    let tree: serde_json::Value = serde_json::from_str(text).unwrap();
    let new = &tree["signed"]["roles"]["root"]["keyids"][0];
    for (is_new, check) in [
        (true, "chain.old-threshold"),
        (false, "chain.new-threshold"),
    ] {
        let kept: Vec<_> = entries
            .iter()
            .filter(|entry| (entry["keyid"] == *new) == is_new)
            .collect();
        assert_eq!((entries.len(), kept.len()), (2, 1));
        let one_sided = room.path("one-sided.json");
        let kept = serde_json::to_string(&kept).unwrap();
        fs::write(&one_sided, format!("{signed},\"signatures\":{kept}}}")).unwrap();
        let path = one_sided.to_str().unwrap();
        let verified = room.conclave(&["root", "verify", "--json", &chain[0], &chain[1], path]);
        assert_eq!(verified.status.code(), Some(1));
        let told: serde_json::Value = serde_json::from_slice(&verified.stdout).unwrap();
        assert_eq!(told["reasons"][0]["check"], check, "{told}");
        assert!(server.upload(gun, &[("root", &one_sided)]).is_err());
    }
}

#[test]
fn a_p256_key_in_a_token_lives_from_version_1_to_3() {
    one_key_lives("docker.example/p256/app", "ecdsa-sha2-nistp256");
}

#[test]
fn a_p384_key_in_a_token_lives_from_version_1_to_3() {
    one_key_lives("docker.example/p384/app", "ecdsa-sha2-nistp384");
}

#[test]
fn two_of_three_keys_sign_version_1_to_3() {
    let gun = "docker.example/two-of-three";
    let server = Server::start();
    let template = Template::new(&server, gun);
    let mut room = Room::new();
    let names = ["key-1", "key-2", "key-3"];
    for name in names {
        room.store.make_token(name);
    }
    let (script, carried) = genesis(gun, 2, &names, "ecdsa-sha2-nistp256", &server, &template);
    let (text, _) = script.write();
    let first = room.perform_script(&text, &carried, "");
    template.publish(&first);
    let client = Client::pinned(&server, gun, &refs(&first.ids()));
    assert!(client.lists(gun, TARGET));
    // The order of IDs in the root is that of the keys in the script.
    let renewal = Script {
        gun,
        threshold: 2,
        keys: names
            .into_iter()
            .zip(first.ids())
            .map(|(name, id)| (name, Change::Root("keep", id)))
            .collect(),
        online: Vec::new(),
        chain: vec![first.carried()],
        further: Vec::new(),
        notary: String::new(),
        expires: days(3610),
    };
    let second = room.perform(&renewal);
    assert_eq!(second.ids(), first.ids());
    server.upload(gun, &[("root", &second.root())]).unwrap();
    assert!(client.lists(gun, TARGET));
    assert!(Client::pinned(&server, gun, &refs(&second.ids())).lists(gun, TARGET));

    // One of the three gives way to another.
    room.store.make_token("key-4");
    let mut keys: Vec<_> = names
        .into_iter()
        .zip(first.ids())
        .map(|(name, id)| (name, Change::Root("keep", id)))
        .collect();
    keys[2].1 = Change::Root("remove", first.ids()[2].clone());
    keys.push(("key-4", Change::Make("ecdsa-sha2-nistp256")));
    let rotation = Script {
        gun,
        threshold: 2,
        keys,
        online: Vec::new(),
        chain: vec![first.carried(), second.carried()],
        further: Vec::new(),
        notary: String::new(),
        expires: days(3610),
    };
    let third = room.perform(&rotation);
    let (before, after) = (first.ids(), third.ids());
    assert_eq!((&after[..2], after.len()), (&before[..2], 3));
    server.upload(gun, &[("root", &third.root())]).unwrap();
    assert!(client.lists(gun, TARGET));
    assert!(Client::pinned(&server, gun, &refs(&after)).lists(gun, TARGET));
}

/// A repository that stock tools made, with its root key in a file: the key is brought into a token, and a rotation
/// puts one in its place that was born in a token.
#[test]
fn a_root_key_of_the_stock_client_gives_way_to_one_that_was_born_in_a_token() {
    let gun = "docker.example/migrated";
    let server = Server::start();
    let client = Client::unpinned(&server);
    client.assert(&["init", gun]);
    let content = client.trust().join("content");
    fs::write(&content, "what is signed").unwrap();
    client.assert(&["add", gun, TARGET, content.to_str().unwrap()]);
    client.assert(&["publish", gun]);
    // As Docker always has it: the server holds the snapshot key. That makes version 2.
    client.assert(&["key", "rotate", gun, "snapshot", "-r"]);
    let private = client.trust().join("private");
    let file = fs::read_dir(private)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| fs::read_to_string(path).unwrap().contains("role: root"))
        .unwrap();

    let mut room = Room::new();
    room.store.make_token("old");
    room.store.make_token("key-1");
    let import = room.typing(
        &["token", "import", file.to_str().unwrap(), "--token", "old"],
        &[PIN, PASSPHRASE],
    );
    assert!(import.status.success(), "{}", said(&import));

    let bytes = server.fetch(gun, "root.json").unwrap();
    let tree: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let id = tree["signed"]["roles"]["root"]["keyids"][0]
        .as_str()
        .unwrap();
    let rotation = Script {
        gun,
        threshold: 1,
        keys: vec![
            ("old", Change::Root("remove", id.to_owned())),
            ("key-1", Change::Make("ecdsa-sha2-nistp256")),
        ],
        online: Vec::new(),
        chain: vec![("previous/2.root.json".to_owned(), bytes)],
        further: Vec::new(),
        notary: String::new(),
        expires: days(3600),
    };
    let third = room.perform(&rotation);
    let old = Client::pinned(&server, gun, &[id]);
    assert!(old.lists(gun, TARGET));
    server.upload(gun, &[("root", &third.root())]).unwrap();
    assert_eq!(server.fetch(gun, "root.json").unwrap(), third.bytes());
    assert!(
        old.lists(gun, TARGET),
        "a client with the old root cached follows"
    );
    assert!(Client::pinned(&server, gun, &refs(&third.ids())).lists(gun, TARGET));
    // The file goes, and its owner goes on publishing.
    fs::remove_file(file).unwrap();
    client.assert(&["add", gun, "v2.0.0", content.to_str().unwrap()]);
    client.assert(&["publish", gun]);
    assert!(old.lists(gun, "v2.0.0"));
}
