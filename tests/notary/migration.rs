//! Out of a key file that stock tools made, into tokens: all repositories of its owner in one ceremony.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::life::{TARGET, refs};
use crate::room::{Done, Room};
use crate::script::{Change, Script, days};
use crate::server::{Client, PASSPHRASE, Server, run, said};

/// Repositories of the stock client under one root key, as Docker has them: the server holds the snapshot keys.
pub(crate) struct Estate<'s> {
    pub(crate) client: Client<'s>,
    pub(crate) guns: Vec<&'static str>,
}

impl<'s> Estate<'s> {
    pub(crate) fn new(server: &'s Server, guns: &[&'static str]) -> Self {
        let client = Client::unpinned(server);
        let content = client.trust().join("content");
        for gun in guns {
            client.assert(&["init", gun]);
            fs::write(&content, "what is signed").unwrap();
            client.assert(&["add", gun, TARGET, content.to_str().unwrap()]);
            client.assert(&["publish", gun]);
            client.assert(&["key", "rotate", gun, "snapshot", "-r"]);
        }
        Self {
            client,
            guns: guns.to_vec(),
        }
    }

    /// The file of the root key.
    pub(crate) fn key_file(&self) -> PathBuf {
        let private = self.client.trust().join("private");
        let files: Vec<PathBuf> = fs::read_dir(private)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| fs::read_to_string(path).unwrap().contains("role: root"))
            .collect();
        let [file] = files.as_slice() else {
            panic!("one root key for all: {files:?}")
        };
        file.clone()
    }

    fn file_id(&self) -> String {
        let file = self.key_file();
        file.file_stem().unwrap().to_str().unwrap().to_owned()
    }

    /// The trust directory where a client of whoever sits in that room has it.
    pub(crate) fn move_in(&self, room: &Room) {
        let home = room.path("home/.notary");
        std::os::unix::fs::symlink(self.client.trust(), home).unwrap();
    }

    /// The rotation of all of them.
    fn rotation<'a>(&'a self, server: &Server) -> Script<'a> {
        let root_of = |gun: &str| server.fetch(gun, "root.json").unwrap();
        let mut guns = self.guns.iter();
        let first = guns.next().unwrap();
        let bytes = root_of(first);
        Script {
            gun: first,
            threshold: 1,
            keys: vec![
                (
                    "old",
                    Change::File(root_ids(&bytes).remove(0), self.file_id()),
                ),
                ("key-1", Change::Make("ecdsa-sha2-nistp256")),
            ],
            online: Vec::new(),
            chain: vec![("previous/2.root.json".to_owned(), bytes)],
            further: guns
                .enumerate()
                .map(|(n, gun)| (*gun, format!("further-{n}/2.root.json"), root_of(gun)))
                .collect(),
            notary: String::new(),
            expires: days(3600),
        }
    }
}

pub(crate) fn root_ids(bytes: &[u8]) -> Vec<String> {
    let tree: Value = serde_json::from_slice(bytes).unwrap();
    let ids = tree["signed"]["roles"]["root"]["keyids"]
        .as_array()
        .unwrap();
    ids.iter()
        .map(|id| id.as_str().unwrap().to_owned())
        .collect()
}

/// Uploads an export by the instructions beside it, to the letter, and gives what they said.
pub(crate) fn follow_instructions(server: &Server, done: &Done) -> String {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_conclave"));
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let output = run(Command::new("sh")
        .arg("INSTRUCTIONS.txt")
        .current_dir(done.export())
        .env("PATH", path)
        .env("SERVER", server.url())
        .env("CA", server.authority()));
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

#[test]
fn the_old_key_signs_once_for_every_repository_and_leaves_its_file_behind() {
    let server = Server::start();
    let guns = ["docker.example/mine/app", "docker.example/mine/other"];
    let estate = Estate::new(&server, &guns);
    let mut room = Room::new();
    room.store.make_token("key-1");
    estate.move_in(&room);
    let rotation = estate.rotation(&server);
    let (text, carried) = rotation.write();
    let before: Vec<Vec<u8>> = guns
        .iter()
        .map(|gun| server.fetch(gun, "root.json").unwrap())
        .collect();
    let cached: Vec<Client<'_>> = guns
        .iter()
        .zip(&before)
        .map(|(gun, root)| Client::pinned(&server, gun, &refs(&root_ids(root))))
        .collect();
    for (gun, client) in guns.iter().zip(&cached) {
        assert!(client.lists(gun, TARGET));
    }
    room.rehearse(&rotation);
    let done = room.perform_script(&text, &carried, PASSPHRASE);
    // One passphrase, however many roots; and what is said of the file comes when all are served.
    let transcript = fs::read_to_string(done.directory.join("transcript.jsonl")).unwrap();
    assert!(!transcript.contains(PASSPHRASE));
    let told = follow_instructions(&server, &done);
    let (_, last) = told.rsplit_once("the server serves this root").unwrap();
    assert!(
        last.contains("shred -u") && last.contains(&estate.file_id()),
        "{told}"
    );
    let folder = done.export().join("docker.example_mine_other");
    let roots = [done.bytes(), fs::read(folder.join("root.json")).unwrap()];
    for ((gun, client), root) in guns.iter().zip(&cached).zip(&roots) {
        assert_eq!(&server.fetch(gun, "root.json").unwrap(), root);
        assert!(client.lists(gun, TARGET), "a cached client follows");
        let ids = root_ids(root);
        assert!(Client::pinned(&server, gun, &refs(&ids)).lists(gun, TARGET));
    }
    assert_ne!(root_ids(&roots[0]), root_ids(&roots[1]));
    // The file goes, and its owner publishes on.
    fs::remove_file(estate.key_file()).unwrap();
    let content = estate.client.trust().join("content");
    for (gun, client) in guns.iter().zip(&cached) {
        estate
            .client
            .assert(&["add", gun, "v2.0.0", content.to_str().unwrap()]);
        estate.client.assert(&["publish", gun]);
        assert!(client.lists(gun, "v2.0.0"));
    }
    // A second run of the instructions does no harm.
    follow_instructions(&server, &done);
}
