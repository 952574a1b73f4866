//! What the server or its clients would refuse, or take and choke on, is told before they see it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use conclave::metadata::{Key, RootFormat};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::room::Room;
use super::script::{Change, Script, days};
use super::server::{Client, Server, run, said};

const GUN: &str = "docker.example/bad";

fn online(server: &Server) -> Vec<(&'static str, String, Vec<u8>)> {
    ["timestamp", "snapshot"]
        .map(|role| {
            let key = server.fetch(GUN, &format!("{role}.key")).unwrap();
            (role, format!("online/{role}.json"), key)
        })
        .into()
}

/// A key pair of the stock tools of OpenSSL, which signs as Notary wants it.
struct Stock {
    folder: TempDir,
}

impl Stock {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let stock = Self { folder };
        stock.openssl(&[
            "ecparam",
            "-name",
            "prime256v1",
            "-genkey",
            "-noout",
            "-out",
            "key.pem",
        ]);
        stock
    }

    fn openssl(&self, arguments: &[&str]) -> Vec<u8> {
        let output = run(Command::new("openssl")
            .args(arguments)
            .current_dir(self.folder.path()));
        assert!(output.status.success(), "{}", said(&output));
        output.stdout
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn public(&self) -> Vec<u8> {
        self.openssl(&["pkey", "-in", "key.pem", "-pubout"])
    }

    /// A certificate of the key, PEM.
    fn certificate(&self, name: &str, extensions: &[&str], days: &str) -> String {
        let subject = format!("/CN={}", name.replace('/', "\\/"));
        let mut arguments = vec![
            "req", "-x509", "-key", "key.pem", "-subj", &subject, "-days", days,
        ];
        for extension in extensions {
            arguments.extend(["-addext", extension]);
        }
        String::from_utf8(self.openssl(&arguments)).unwrap()
    }

    /// A signature, raw, base64.
    fn sign(&self, message: &[u8]) -> String {
        fs::write(self.path("message"), message).unwrap();
        let der = self.openssl(&["dgst", "-sha256", "-sign", "key.pem", "message"]);
        let mut raw = Vec::new();
        let mut rest = &der[2..];
        for _ in 0..2 {
            let length = usize::from(rest[1]);
            let number = &rest[2..2 + length];
            let digits = &number[number.len().saturating_sub(32)..];
            raw.extend(vec![0; 32 - digits.len()]);
            raw.extend_from_slice(digits);
            rest = &rest[2 + length..];
        }
        STANDARD.encode(raw)
    }
}

/// A root of the given PEM text, signed by the key of the certificate, with keys of the server.
fn root_of(stock: &Stock, server: &Server, pem: &str) -> Vec<u8> {
    let root = json!({"keytype": "ecdsa-x509", "keyval": {"private": null, "public": STANDARD.encode(pem)}});
    let digest = |object: &Value| {
        conclave::words::Digest::of(&conclave::metadata::canonical(object).unwrap()).to_string()
    };
    let mut keys = serde_json::Map::new();
    let mut roles = serde_json::Map::new();
    let mut list = |role: &str, object: Value| {
        let id = digest(&object);
        keys.insert(id.clone(), object);
        roles.insert(role.to_owned(), json!({"keyids": [id], "threshold": 1}));
    };
    list("root", root);
    for (role, _, bytes) in online(server) {
        let key = Key::from_notary_file(&bytes).unwrap();
        list(role, key.object().clone());
    }
    let targets = Key::from_notary_file(&stock.public()).unwrap();
    list("targets", targets.object().clone());
    let signed = json!({
        "_type": RootFormat::Notary.type_text(), "consistent_snapshot": false,
        "expires": days(3000).to_string(), "keys": keys, "roles": roles, "version": 1,
    });
    let message = conclave::metadata::canonical(&signed).unwrap();
    let id = &signed["roles"]["root"]["keyids"][0];
    let entry = json!({"keyid": id, "method": "ecdsa", "sig": stock.sign(&message)});
    let text = format!(
        "{{\"signed\":{},\"signatures\":[{entry}]}}",
        String::from_utf8(message).unwrap()
    );
    text.into_bytes()
}

/// The rules that speak of a root.
fn rules(room: &Room, path: &Path) -> Vec<String> {
    let output = room.conclave(&[
        "root",
        "lint",
        "--json",
        "--gun",
        GUN,
        path.to_str().unwrap(),
    ]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let remarks = told["remarks"].as_array().unwrap();
    remarks
        .iter()
        .map(|remark| remark["rule"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn certificates_that_clients_refuse_are_told_before() {
    let (server, room, stock) = (Server::start(), Room::new(), Stock::new());
    let leaf = "basicConstraints=critical,CA:FALSE";
    let good = stock.certificate(GUN, &[leaf], "3650");
    let other = stock.certificate("docker.example/other", &[leaf], "3650");
    let authority = stock.certificate(GUN, &[], "3650");
    let coded = stock.certificate(GUN, &[leaf, "extendedKeyUsage=codeSigning"], "3650");
    let short = stock.certificate(GUN, &[leaf], "30");
    let expired = {
        stock.openssl(&[
            "req",
            "-new",
            "-key",
            "key.pem",
            "-subj",
            "/CN=an authority",
            "-out",
            "request.pem",
        ]);
        fs::write(stock.path("ca.cnf"), "basicConstraints=critical,CA:TRUE\n").unwrap();
        let ended = stock.openssl(&[
            "x509",
            "-req",
            "-in",
            "request.pem",
            "-signkey",
            "key.pem",
            "-days",
            "-1",
            "-extfile",
            "ca.cnf",
        ]);
        good.clone() + std::str::from_utf8(&ended).unwrap()
    };
    for (pem, expected) in [
        (good.clone(), &[] as &[&str]),
        (other, &["lint.notary-certificate-name"]),
        (authority, &["lint.notary-key"]),
        (coded, &["lint.notary-certificate-usage"]),
        (short, &["lint.notary-certificate-expires-first"]),
        (expired, &["lint.notary-certificate-validity"]),
        (good.replace('\n', "\r\n"), &["lint.notary-key"]),
        (format!("text\n{good}"), &["lint.notary-key"]),
    ] {
        let path = room.path("root.json");
        fs::write(&path, root_of(&stock, &server, &pem)).unwrap();
        assert_eq!(rules(&room, &path), expected, "{pem}");
    }
}

#[test]
fn a_root_that_does_not_follow_is_refused_here_as_by_the_server() {
    let gun = "docker.example/gap";
    let server = Server::start();
    let client = Client::unpinned(&server);
    client.assert(&["init", gun]);
    client.assert(&["publish", gun]);
    let metadata = client.trust().join("tuf").join(gun).join("metadata");
    let bytes = fs::read(metadata.join("root.json")).unwrap();
    let tree: Value = serde_json::from_slice(&bytes).unwrap();
    let id = tree["signed"]["roles"]["root"]["keyids"][0]
        .as_str()
        .unwrap();
    let mut room = Room::new();
    room.store.make_token("key-1");
    // The root's only key is no token's: a change that cannot be signed is refused before anybody comes.
    let script = Script {
        gun,
        threshold: 1,
        keys: vec![
            ("old", Change::Lost(id.to_owned())),
            ("key-1", Change::Make("ecdsa-sha2-nistp256")),
        ],
        online: Vec::new(),
        chain: vec![("previous/1.root.json".to_owned(), bytes.clone())],
        further: Vec::new(),
        notary: String::new(),
        expires: days(3000),
    };
    let faults = room.faults(&script);
    assert!(faults.contains("root 2 cannot be signed"), "{faults}");
    // A gap, and a version that only its own keys signed.
    let verify = |second: &Value| {
        let (one, two) = (room.path("1.root.json"), room.path("other.json"));
        fs::write(&one, &bytes).unwrap();
        fs::write(&two, second.to_string()).unwrap();
        let arguments = [
            "root",
            "verify",
            "--json",
            one.to_str().unwrap(),
            two.to_str().unwrap(),
        ];
        let told: Value = serde_json::from_slice(&room.conclave(&arguments).stdout).unwrap();
        (
            told["reasons"][0]["check"].as_str().unwrap().to_owned(),
            server.upload(gun, &[("root", &two)]).is_err(),
        )
    };
    let mut gap = tree.clone();
    gap["signed"]["version"] = json!(3);
    assert_eq!(verify(&gap), ("chain.version".to_owned(), true));
    let mut unsigned = tree.clone();
    unsigned["signed"]["version"] = json!(2);
    assert_eq!(verify(&unsigned), ("chain.old-threshold".to_owned(), true));
}
