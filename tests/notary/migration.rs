//! Out of a key file that stock tools made, into tokens: all repositories of its owner in one ceremony.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::docker;
use super::life::{TARGET, refs};
use super::room::{Done, Room};
use super::script::{Change, Script, days};
use super::server::{Client, PASSPHRASE, Server, run, said};
use crate::support::store::PIN;

/// Repositories of the stock client under one root key, as Docker has them: the server holds the snapshot keys.
pub(crate) struct Estate<'s> {
    pub(crate) client: Client<'s>,
    pub(crate) guns: Vec<&'static str>,
}

impl<'s> Estate<'s> {
    pub(crate) fn new(server: &'s Server, guns: &[&'static str]) -> Self {
        let estate = Self {
            client: Client::unpinned(server),
            guns: guns.to_vec(),
        };
        for gun in guns {
            estate.publish(gun);
        }
        estate
    }

    /// A repository of a machine that has the same root key, and knows nothing of this one's.
    pub(crate) fn elsewhere(&self, server: &'s Server, gun: &'static str) -> Self {
        let client = Client::unpinned(server);
        let private = client.trust().join("private");
        fs::create_dir_all(&private).unwrap();
        let key = self.key_file();
        fs::copy(&key, private.join(key.file_name().unwrap())).unwrap();
        let other = Self {
            client,
            guns: vec![gun],
        };
        other.publish(gun);
        other
    }

    fn publish(&self, gun: &str) {
        let content = self.client.trust().join("content");
        self.client.assert(&["init", gun]);
        fs::write(&content, "what is signed").unwrap();
        self.client
            .assert(&["add", gun, TARGET, content.to_str().unwrap()]);
        self.client.assert(&["publish", gun]);
        self.client
            .assert(&["key", "rotate", gun, "snapshot", "-r"]);
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
    pub(crate) fn rotation<'a>(&'a self, server: &Server) -> Script<'a> {
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

/// The trust directory is searched, another machine's repository is added, and the script that comes of it is performed.
#[test]
fn a_script_is_written_from_the_trust_directory_and_performed() {
    let server = Server::start();
    let guns = ["docker.example/mine/app", "docker.example/mine/other"];
    let estate = Estate::new(&server, &guns);
    let elsewhere = estate.elsewhere(&server, "docker.example/elsewhere");
    // A repository under another key is none of this.
    let stranger = Estate::new(&server, &["docker.example/stranger"]);
    let mut room = Room::new();
    estate.move_in(&room);
    let folder = room.path("home/.docker");
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(stranger.client.trust(), folder.join("trust")).unwrap();

    let beside = room.path("elsewhere.json");
    fs::write(
        &beside,
        server.fetch(elsewhere.guns[0], "root.json").unwrap(),
    )
    .unwrap();
    let (not_before, expires) = (days(-1).to_string(), days(3600).to_string());
    let write = |room: &Room, gun: &str, more: &[&str]| {
        let mut arguments = vec![
            "script",
            "new",
            "notary-migration",
            "--repository",
            gun,
            "--out",
            "migration.toml",
            "--not-before",
            &not_before,
            "--expires",
            &expires,
        ];
        arguments.extend(more);
        room.conclave(&arguments)
    };
    let unknown = write(&room, "docker.example/nobodys", &[]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        said(&unknown).contains(
            "found: docker.example/mine/app, docker.example/mine/other, docker.example/stranger"
        ),
        "{}",
        said(&unknown)
    );
    // What the trust directory has is older than what the server serves: the rotation of the snapshot key was not fetched.
    let lagging = write(&room, guns[0], &[]);
    assert!(
        said(&lagging).contains("served/docker.example/mine/other/root.json"),
        "{}",
        said(&lagging)
    );
    for gun in guns {
        let folder = room.path("served").join(gun);
        fs::create_dir_all(&folder).unwrap();
        fs::write(
            folder.join("root.json"),
            server.fetch(gun, "root.json").unwrap(),
        )
        .unwrap();
    }
    fs::remove_file(room.path("migration.toml")).unwrap();
    let also = format!("docker.example/elsewhere={}", beside.display());
    let written = write(&room, guns[0], &["--also", &also, "--roots", "served"]);
    assert!(written.status.success(), "{}", said(&written));
    let told = said(&written);
    for gun in [guns[0], guns[1], elsewhere.guns[0]] {
        assert!(told.contains(&format!("  {gun}, root 2\n")), "{told}");
    }
    assert!(!told.contains("stranger"), "{told}");

    // A Docker that knew the repository before.
    let cached = room.path("docker");
    docker_reads(&server, guns[0], std::slice::from_ref(&cached));
    let script = room.path("migration.toml");
    let rehearsed = room.conclave(&[
        "rehearse",
        "migration.toml",
        "--unattended",
        "--out",
        "rehearsal",
    ]);
    assert!(rehearsed.status.success(), "{}", said(&rehearsed));
    // The first passphrase is wrong: nothing is lost by it.
    let done = room.perform_file(&script, &["another passphrase", PASSPHRASE]);
    let transcript = fs::read_to_string(done.directory.join("transcript.jsonl")).unwrap();
    let wrong: Vec<&str> = transcript
        .lines()
        .filter(|line| line.contains("the passphrase is wrong"))
        .collect();
    assert_eq!(wrong.len(), 1, "{wrong:#?}");
    follow_instructions(&server, &done);
    for gun in [guns[0], guns[1], elsewhere.guns[0]] {
        let ids = root_ids(&server.fetch(gun, "root.json").unwrap());
        assert_eq!(ids.len(), 2, "a key and its spare");
        assert!(Client::pinned(&server, gun, &refs(&ids)).lists(gun, TARGET));
        // Either key alone is enough for a client that pins it.
        assert!(Client::pinned(&server, gun, &[&ids[1]]).lists(gun, TARGET));
    }
    docker_reads(&server, guns[0], &[cached, room.path("fresh-docker")]);
}

/// Each of these Dockers names the new root keys, and shows what is signed.
fn docker_reads(server: &Server, gun: &str, folders: &[PathBuf]) {
    if !docker::is_present() {
        return;
    }
    let ids = root_ids(&server.fetch(gun, "root.json").unwrap());
    for folder in folders {
        let told = docker::inspect(folder, server, gun);
        let mut named = docker::root_keys(&told);
        named.sort();
        let mut wanted = ids.clone();
        wanted.sort();
        assert_eq!(named, wanted, "{}", said(&told));
        assert!(said(&told).contains(TARGET), "{}", said(&told));
    }
}

#[test]
fn an_old_key_is_brought_into_a_token_that_was_seen_to_take_keys_in() {
    let server = Server::start();
    let estate = Estate::new(&server, &["docker.example/kept"]);
    let room = Room::new();
    room.store.make_token("old");
    let file = estate.key_file();
    let import = |file: &str, secrets: &[&str]| {
        room.typing(&["token", "import", file, "--token", "old"], secrets)
    };
    let file = file.to_str().unwrap();
    let wrong = import(file, &[PIN, "another passphrase"]);
    assert_eq!(wrong.status.code(), Some(3));
    let told = said(&wrong);
    // The token was tried before the passphrase was asked for.
    let (tried, refused) = (
        told.find("supports imports").unwrap(),
        told.find("the passphrase is wrong").unwrap(),
    );
    assert!(tried < refused, "{told}");
    let private = estate.client.trust().join("private");
    let targets = fs::read_dir(private)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| fs::read_to_string(path).unwrap().contains("role: targets"))
        .unwrap();
    let other_role = import(targets.to_str().unwrap(), &[PIN, PASSPHRASE]);
    assert_eq!(other_role.status.code(), Some(3));
    assert!(
        said(&other_role).contains("holds a key of the role \"targets\", not a root key"),
        "{}",
        said(&other_role)
    );
    let nothing = room.conclave(&["token", "show", "--token", "old"]);
    assert!(
        !said(&nothing).contains("docker root"),
        "{}",
        said(&nothing)
    );
    let done = import(file, &[PIN, PASSPHRASE]);
    assert!(done.status.success(), "{}", said(&done));
    let shown = room.conclave(&["token", "show", "--token", "old"]);
    assert!(said(&shown).contains("docker root"), "{}", said(&shown));
    let again = import(file, &[PIN, PASSPHRASE]);
    assert_eq!(again.status.code(), Some(3));
    assert!(said(&again).contains("already holds"), "{}", said(&again));
}
