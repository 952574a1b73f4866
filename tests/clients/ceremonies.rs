//! A line of roots that ceremonies made, each version signed by tokens and published by the instructions of its own
//! export; clients that trust the first alone come to the last.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use conclave::words::Digest;
use serde_json::Value;
use tempfile::TempDir;
use toml_edit::{DocumentMut, Item};

use super::assert_accepted;
use crate::support::client::Client;
use crate::support::publishing::{Server, follow};
use crate::support::site::{REPOSITORY, Site, json};
use crate::support::store::{PIN, SO_PIN};

const ROLES: [&str; 3] = ["timestamp", "snapshot", "targets"];
const DESTINATIONS: [&str; 3] = ["plain", "tough", "python-tuf"];

/// A site with all tokens, and the server that has what was published.
struct Publisher {
    site: Site,
    /// All that the publishing machine has.
    folder: TempDir,
    /// The newest version.
    version: u64,
    /// By the ID of each key, the label of its token.
    labels: BTreeMap<String, String>,
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
}

/// Private and public keys of the online roles in a folder of that name.
fn online_keys(site: &Site, folder: &str) -> [String; 3] {
    ROLES.map(|role| {
        let private = site.path(&format!("{folder}/{role}.pem"));
        let public = format!("{folder}/{role}.pub.pem");
        fs::create_dir_all(private.parent().unwrap()).unwrap();
        run(Command::new("openssl")
            .args(["genpkey", "-algorithm", "ED25519", "-out"])
            .arg(&private));
        run(Command::new("openssl")
            .args(["pkey", "-pubout", "-in"])
            .arg(&private)
            .arg("-out")
            .arg(site.path(&public)));
        public
    })
}

impl Publisher {
    /// The first root: three keys, two of which must sign.
    fn genesis(edit: impl FnOnce(&mut DocumentMut)) -> Self {
        let mut publisher = Self {
            site: Site::new("here"),
            folder: TempDir::new().unwrap(),
            version: 0,
            labels: BTreeMap::new(),
        };
        let files = online_keys(&publisher.site, "online-1");
        let [timestamp, snapshot, targets] = &files;
        let policy = ["--tokens", "3", "--threshold", "2"];
        let online = [
            ["--timestamp", timestamp],
            ["--snapshot", snapshot],
            ["--targets", targets],
        ];
        publisher.hold("genesis", &[&policy[..], &online.concat()].concat(), edit);
        publisher
    }

    /// The newest root.
    fn newest(&self) -> Value {
        json(&fs::read(self.published(self.version)).unwrap())
    }

    fn published(&self, version: u64) -> PathBuf {
        self.served().join(format!("{version}.root.json"))
    }

    /// A checkout of a repository of tuf-on-ci, or files that lie as one does.
    fn checkout(&self) -> PathBuf {
        self.folder.path().join("checkout")
    }

    /// What the server serves.
    fn served(&self) -> PathBuf {
        let served = self.checkout().join("metadata/root_history");
        fs::create_dir_all(&served).unwrap();
        served
    }

    /// The ID of the key in the token of that label.
    fn key(&self, label: &str) -> String {
        let mut known = self.labels.iter();
        let found = known.find(|(_, known)| *known == label);
        found.unwrap_or_else(|| panic!("no key {label}")).0.clone()
    }

    /// Writes the script of the next version, holds its ceremony alone, and publishes what it made.
    fn hold(&mut self, kind: &str, arguments: &[&str], edit: impl FnOnce(&mut DocumentMut)) {
        let version = self.version + 1;
        let script = format!("version-{version}/script.toml");
        let out = format!("ceremony-{version}");
        fs::create_dir(self.site.path(&format!("version-{version}"))).unwrap();
        let expires = format!("{}-01-01T00:00:00Z", 2040 + version);
        let mut new = vec!["script", "new", kind, "--out", &script];
        new.extend(["--repository", REPOSITORY, "--expires", &expires]);
        new.extend(["--not-before", "2026-01-01T00:00:00Z"]);
        let before = self.published(self.version);
        let (mut words, register, custody);
        if self.version > 0 {
            new.extend(["--previous", before.to_str().unwrap()]);
            // What the ceremony before left: the head of its record, and its lists.
            let last = format!("ceremony-{}", self.version);
            let record = self.site.read(&format!("{last}/transcript.jsonl"));
            let mut lines = record.split(|byte| *byte == b'\n');
            let head = lines.rfind(|line| !line.is_empty()).unwrap();
            words = Digest::of(head).words().join(" ");
            register = format!("{last}/keys/payloads.json");
            custody = format!("{last}/keys/custody.jsonl");
            new.extend(["--transcript-digest", &words, "--register", &register]);
            if self.site.path(&custody).exists() {
                new.extend(["--custody-log", &custody]);
            }
        }
        new.extend(arguments);
        let (status, said) = self.site.conclave(&new);
        assert_eq!(status, 0, "{version}: {said}");
        words = String::from_utf8(self.site.read(&script)).unwrap();
        let added = self.write(&script, &words, edit);

        let answers = format!(
            "{}the courier waits\n{}SIGN ROOT {version}\n{}",
            "\n".repeat(12),
            "\n".repeat(60),
            "\n".repeat(60)
        );
        let made = [SO_PIN, PIN].repeat(added.len());
        let secrets = [made, [PIN].repeat(12)].concat();
        let run = ["run", &script, "--out", &out];
        let done = self.site.conduct(&run, &answers, &secrets);
        assert_eq!(done.status, 0, "{version}: {}", done.said);
        let (status, said) = self.site.conclave(&["transcript", "verify", &out]);
        assert_eq!(status, 0, "{version}: {said}");

        let text = self.site.read(&format!("{out}/export/{version}.root.json"));
        let root = json(&text);
        for id in root["signed"]["roles"]["root"]["keyids"]
            .as_array()
            .unwrap()
        {
            let id = id.as_str().unwrap();
            let pem = root["signed"]["keys"][id]["keyval"]["public"].as_str();
            for (key, label) in &added {
                let file = format!("{out}/keys/{key}.pub.pem");
                let known = String::from_utf8(self.site.read(&file)).unwrap();
                if Some(known.trim()) == pem.map(str::trim) {
                    self.labels.insert(id.to_owned(), label.clone());
                }
            }
        }
        self.version = version;
    }

    /// Completes the script: one person acts, nothing goes into bags, each key has its token. Gives the keys that are
    /// made and the labels of their tokens.
    fn write(
        &self,
        script: &str,
        text: &str,
        edit: impl FnOnce(&mut DocumentMut),
    ) -> Vec<(String, String)> {
        let mut document: DocumentMut = text.parse().unwrap();
        document.insert("assurance", toml_edit::value("solo"));
        let index = usize::try_from(self.version).unwrap() % DESTINATIONS.len();
        let root = document
            .get_mut("root")
            .and_then(Item::as_table_mut)
            .unwrap();
        root.insert("destination", toml_edit::value(DESTINATIONS[index]));
        let mut added = Vec::new();
        for key in document["key"].as_array_of_tables_mut().unwrap().iter_mut() {
            let name = key["id"].as_str().unwrap().to_owned();
            let known = key.get("key_id").and_then(Item::as_str);
            let known = known.map(|id| self.labels[id].clone());
            let Some(token) = key.get_mut("token").and_then(Item::as_inline_table_mut) else {
                continue;
            };
            let label = known.unwrap_or_else(|| {
                let label = format!("v{}-{name}", self.version + 1);
                added.push((name, label.clone()));
                label
            });
            token.insert("label", label.into());
        }
        let steps = document["step"].as_array_of_tables_mut().unwrap();
        steps.retain(|step| step["act"].as_str() != Some("seal"));
        edit(&mut document);
        self.site.receive(script, document.to_string().as_bytes());
        added
    }

    /// Follows the instructions that lie in the export of the newest ceremony, to the letter.
    fn publish(&self) {
        let export = self.site.path(&format!("ceremony-{}/export", self.version));
        let (metadata, checkout) = (self.served(), self.checkout());
        let server = Server::of(&metadata);
        let settings = [
            ("METADATA", metadata.to_str().unwrap()),
            ("CHECKOUT", checkout.to_str().unwrap()),
            ("URL", server.url.as_str()),
        ];
        let (done, said) = follow(&export, &settings);
        let accepted = format!("accepted: version {}", self.version);
        assert!(done && said.contains(&accepted), "{said}");
    }
}

/// Every kind of change: the same keys, more, other and fewer ones, thresholds, online keys, several at once, and a key
/// that is lost.
#[test]
fn clients_walk_thirteen_versions_that_ceremonies_made_and_published() {
    let unedited = |_: &mut DocumentMut| ();
    let mut line = Publisher::genesis(unedited);
    let change = |line: &mut Publisher, kind: &str, arguments: &[&str]| {
        line.hold(kind, arguments, unedited);
        line.publish();
    };
    line.publish();
    change(&mut line, "renewal", &[]);
    change(&mut line, "rotation", &["--add", "1"]);
    change(&mut line, "rotation", &["--threshold", "3"]);
    let leaves = line.key("v1-key-3");
    change(&mut line, "rotation", &["--remove", &leaves]);
    let (leaves, added) = (line.key("v1-key-2"), "1");
    change(
        &mut line,
        "rotation",
        &["--remove", &leaves, "--add", added],
    );
    change(&mut line, "rotation", &["--threshold", "2"]);
    let files = online_keys(&line.site, "online-2");
    let [timestamp, snapshot, targets] = &files;
    let online = [
        ["--timestamp", timestamp],
        ["--snapshot", snapshot],
        ["--targets", targets],
    ]
    .concat();
    change(&mut line, "rotation", &online);
    let leaves = line.key("v1-key-1");
    let several = ["--remove", &leaves, "--add", "2", "--threshold", "3"];
    change(&mut line, "rotation", &several);
    change(&mut line, "renewal", &[]);
    let standing = line.newest()["signed"]["roles"]["root"]["keyids"].clone();
    let lost = standing[0].as_str().unwrap();
    change(&mut line, "revocation", &["--lost", lost]);
    change(&mut line, "renewal", &[]);
    change(&mut line, "rotation", &["--add", "1", "--threshold", "2"]);
    assert_eq!(line.version, 13);
    let online = line.site.path("online-2");
    assert_accepted(&Client::ALL, &line.served(), &online);
    assert_accepted(&[Client::Sigstore], &line.served(), &online);
}

/// What a script says more for tuf-on-ci: whose each key is, and for how long the roles are signed.
fn for_tuf_on_ci(document: &mut DocumentMut) {
    let root = document["root"].as_table_mut().unwrap();
    root.insert("destination", toml_edit::value("tuf-on-ci"));
    let periods = "root = { expiry_days = 365, signing_days = 60 }\nonline = { expiry_days = 7, signing_days = 4 }";
    let periods: DocumentMut = periods.parse().unwrap();
    root.insert("tuf-on-ci", Item::Table(periods.as_table().clone()));
    for (role, name, whose) in [
        ("timestamp", "uri", "awskms:alias/online"),
        ("snapshot", "uri", "awskms:alias/online"),
        ("targets", "owner", "@tara"),
    ] {
        let online = root["roles"]["timestamp"]["keys"][0].clone();
        let key = &mut root["roles"][role]["keys"][0];
        // One key for both online roles.
        if role == "snapshot" {
            *key = online;
        }
        key.as_inline_table_mut()
            .unwrap()
            .insert(name, whose.into());
    }
    for (number, key) in (1..).zip(document["key"].as_array_of_tables_mut().unwrap().iter_mut()) {
        key.insert("owner", toml_edit::value(format!("@holder-{number}")));
    }
}

#[test]
fn the_export_of_a_ceremony_for_tuf_on_ci_goes_into_its_repository_and_to_clients() {
    let mut line = Publisher::genesis(for_tuf_on_ci);
    let checkout = line.checkout();
    let upstream = line.folder.path().join("upstream.git");
    let git = |arguments: &[&str]| {
        fs::create_dir_all(&checkout).unwrap();
        let mut command = Command::new("git");
        run(command.args(arguments).current_dir(&checkout));
    };
    let upstream = upstream.to_str().unwrap();
    git(&[
        "init",
        "--quiet",
        "--bare",
        "--initial-branch=main",
        upstream,
    ]);
    git(&["init", "--quiet", "--initial-branch=main"]);
    git(&["config", "user.name", "Test"]);
    git(&["config", "user.email", "test@example.com"]);
    git(&["remote", "add", "origin", upstream]);
    git(&["commit", "--quiet", "--allow-empty", "-m", "Begin"]);
    git(&["push", "--quiet", "origin", "main"]);
    for version in 1..=3 {
        line.publish();
        let newest = fs::read(line.published(version)).unwrap();
        assert_eq!(
            fs::read(checkout.join("metadata/root.json")).unwrap(),
            newest
        );
        // The signing event is merged.
        git(&["switch", "--quiet", "main"]);
        let branch = format!("origin/sign/root-{version}");
        git(&["fetch", "--quiet", "origin"]);
        git(&["merge", "--quiet", "--ff-only", &branch]);
        git(&["push", "--quiet", "origin", "main"]);
        match version {
            1 => line.hold("renewal", &[], stays_on_tuf_on_ci),
            2 => line.hold("rotation", &["--add", "1"], |document| {
                stays_on_tuf_on_ci(document);
                let keys = document["key"].as_array_of_tables_mut().unwrap().iter_mut();
                for key in keys.filter(|key| !key.contains_key("key_id")) {
                    key.insert("owner", toml_edit::value("@holder-4"));
                }
            }),
            _ => {}
        }
    }
    let root = line.newest();
    let keys = root["signed"]["keys"].as_object().unwrap().values();
    let owners = keys.filter_map(|key| key["x-tuf-on-ci-keyowner"].as_str());
    let mut owners: Vec<&str> = owners.collect();
    owners.sort_unstable();
    assert_eq!(
        owners,
        ["@holder-1", "@holder-2", "@holder-3", "@holder-4", "@tara"]
    );
    let online = line.site.path("online-1");
    fs::copy(online.join("timestamp.pem"), online.join("snapshot.pem")).unwrap();
    assert_accepted(&Client::ALL, &line.served(), &online);
}

fn stays_on_tuf_on_ci(document: &mut DocumentMut) {
    let root = document["root"].as_table_mut().unwrap();
    root.insert("destination", toml_edit::value("tuf-on-ci"));
}
