//! Attestations: of real YubiKeys, and forged ones.

mod forge;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use conclave::certificate::attestation::{AttestationCheck, TrustedRoots, verify};
use conclave::certificate::{Certificate, PublicKey};
use conclave::record::Weight;
use serde_json::Value;
use tempfile::TempDir;

use forge::{AUTHORITY, DEVICE_NAME, LEAF_NAME, SERIAL, STATEMENT, Workshop, openssl};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn data(path: &str) -> PathBuf {
    here("tests/attestation/data").join(path)
}

fn docker_root() -> PathBuf {
    here("tests/chains/real/docker-tuf/1.root.json")
}

struct Ended {
    status: i32,
    out: String,
    err: String,
}

impl Ended {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }

    /// The checks that refuse.
    fn reasons(&self) -> Vec<String> {
        let report = self.json();
        let reasons = report["reasons"].as_array().unwrap().iter();
        reasons
            .map(|reason| reason["check"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn verify_command(directories: &[PathBuf], options: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_conclave"))
        .args(["token", "attestation", "verify"])
        .args(directories)
        .args(options)
        .output()
        .unwrap();
    Ended {
        status: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn read(path: &Path) -> Certificate {
    let mut found = Certificate::read_all(&fs::read(path).unwrap()).unwrap();
    assert_eq!(found.len(), 1, "{}", path.display());
    found.remove(0)
}

#[test]
fn five_of_the_twelve_of_a_published_ceremony_are_about_its_five_root_keys() {
    let root = docker_root();
    let options = ["--root", root.to_str().unwrap(), "--json"];
    let ended = verify_command(&[data("docker-2024-06-04")], &options);
    assert_eq!(ended.status, 0, "{}", ended.out);
    let report = ended.json();
    assert_eq!(report["verdict"], "accepted");
    let attestations = report["attestations"].as_array().unwrap();
    assert_eq!(attestations.len(), 12);
    let mut bound = BTreeSet::new();
    for attestation in attestations {
        assert_eq!(attestation["verdict"], "accepted");
        assert_eq!(attestation["slot"], "9c");
        assert_eq!(attestation["firmware"], "5.4.3");
        assert_eq!(attestation["algorithm"], "P-384");
        assert_eq!(attestation["pin_policy"], "always");
        assert_eq!(attestation["touch_policy"], "never");
        assert_eq!(attestation["form_factor"], "usb-c-keychain");
        assert_eq!(attestation["fips"], true);
        assert_eq!(
            attestation["chain_root"],
            "Yubico PIV Root CA Serial 263751"
        );
        assert_eq!(attestation["pinned_root"], true);
        assert_eq!(
            attestation["findings"][0]["check"],
            "attestation.ysa-2024-03"
        );
        let serial = attestation["serial"].as_str().unwrap();
        assert!(attestation["path"].as_str().unwrap().contains(serial));
        if attestation["root_key"].is_string() {
            bound.insert(serial.to_owned());
        } else {
            assert_eq!(
                attestation["findings"][1]["check"],
                "attestation.not-in-root"
            );
        }
    }
    let expected = ["25515142", "25515264", "25515991", "25599865", "28751288"];
    assert_eq!(bound, expected.map(str::to_owned).into());
    let keys = report["root"]["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 5);
    for key in keys {
        assert_eq!(key["attested_by"].as_array().unwrap().len(), 1, "{key}");
    }
}

#[test]
fn a_folder_that_names_another_serial_number_is_refused() {
    let ended = verify_command(&[data("docker-test-keys")], &["--json"]);
    assert_eq!(ended.status, 1);
    assert_eq!(ended.reasons(), ["attestation.serial"]);
    let refused = &ended.json()["attestations"][0];
    assert!(refused["path"].as_str().unwrap().contains("/12345678/"));
    let reason = refused["reasons"][0]["detail"].as_str().unwrap();
    assert_eq!(
        reason,
        "the attestation is from YubiKey 26551025, not from \"12345678\""
    );
    // Named on the command line, the folder is held to its name as well.
    let alone = verify_command(&[data("docker-test-keys/12345678")], &["--json"]);
    assert_eq!(alone.reasons(), ["attestation.serial"]);
}

#[test]
fn a_chain_to_the_root_of_2024_verifies() {
    let ended = verify_command(&[data("firmware-5.7.4")], &["--json"]);
    assert_eq!(ended.status, 0, "{}", ended.out);
    let report = ended.json();
    let attestation = &report["attestations"][0];
    assert_eq!(attestation["serial"], "38165850");
    assert_eq!(attestation["firmware"], "5.7.4");
    assert_eq!(attestation["algorithm"], "Ed25519");
    assert_eq!(attestation["pin_policy"], "once");
    assert_eq!(attestation["touch_policy"], "always");
    assert_eq!(attestation["fips"], true);
    assert_eq!(attestation["chain_root"], "Yubico Attestation Root 1");
    assert_eq!(attestation["findings"].as_array().unwrap().len(), 0);
}

#[test]
fn openssl_accepts_the_same_chains() {
    let pinned = here("src/certificate/attestation/yubico");
    let mut chains = Vec::new();
    for folder in ["docker-2024-06-04", "docker-test-keys", "firmware-5.7.4"] {
        for entry in fs::read_dir(data(folder)).unwrap() {
            chains.push((folder, entry.unwrap().path()));
        }
    }
    assert_eq!(chains.len(), 16);
    for (folder, chain) in chains {
        let root = match folder {
            "firmware-5.7.4" => "attestation-root-1.pem",
            _ => "piv-root-ca-263751.pem",
        };
        let said = openssl(
            Command::new("openssl")
                .args(["verify", "-CAfile"])
                .arg(pinned.join(root))
                .arg("-untrusted")
                .arg(pinned.join("piv-intermediates.pem"))
                .arg("-untrusted")
                .arg(chain.join("SlotF9Intermediate.pem"))
                .arg(chain.join("Slot9CAttestation.pem")),
        );
        assert!(said.ends_with(": OK\n"), "{said}");
    }
}

#[test]
fn root_keys_that_nothing_vouches_for_are_named() {
    let root = here("tests/chains/real/sigstore/1.root.json");
    let ended = verify_command(
        &[data("docker-2024-06-04")],
        &["--root", root.to_str().unwrap(), "--json"],
    );
    assert_eq!(ended.status, 1);
    assert_eq!(ended.reasons(), ["attestation.root-key"; 5]);
}

#[test]
fn an_attestation_is_bound_to_the_exact_key_and_device() {
    let folder = data("docker-2024-06-04/25515142");
    let leaf = read(&folder.join("Slot9CAttestation.pem"));
    let device = read(&folder.join("SlotF9Intermediate.pem"));
    let good = verify(
        &leaf,
        std::slice::from_ref(&device),
        &TrustedRoots::yubico(),
    )
    .unwrap();
    assert_eq!(good.key(), &leaf.public_key().unwrap());
    good.require_key(&leaf.public_key().unwrap()).unwrap();
    good.require_serial("25515142").unwrap();

    let other: PublicKey = read(&data("docker-2024-06-04/25515264/Slot9CAttestation.pem"))
        .public_key()
        .unwrap();
    let refusal = good.require_key(&other).unwrap_err();
    assert_eq!(refusal.check, AttestationCheck::Key);
    let refusal = good.require_serial("25515264").unwrap_err();
    assert_eq!(refusal.check, AttestationCheck::Serial);

    // The certificate of another device of the same name did not sign it. (Those of one batch share theirs.)
    let other = read(&data("docker-2024-06-04/28751288/SlotF9Intermediate.pem"));
    let refusal = verify(&leaf, &[other], &TrustedRoots::yubico()).unwrap_err();
    assert_eq!(refusal.check, AttestationCheck::Signature);
    let refusal = verify(&leaf, &[], &TrustedRoots::yubico()).unwrap_err();
    assert_eq!(refusal.check, AttestationCheck::Chain);
    assert!(refusal.detail.contains("slot f9"), "{refusal}");
}

/// Every way to change one byte of what a real device said is noticed.
#[test]
fn a_forged_policy_or_serial_number_is_refused() {
    let folder = data("docker-2024-06-04/25515142");
    let leaf = read(&folder.join("Slot9CAttestation.pem"));
    let device = read(&folder.join("SlotF9Intermediate.pem"));
    for (what, from, to) in [
        (
            "touch policy",
            &[0x29, 3, 8, 4, 2, 3, 1][2..],
            &[8, 4, 2, 3, 2][..],
        ),
        ("PIN policy", &[8, 4, 2, 3, 1], &[8, 4, 2, 1, 1]),
        (
            "serial number",
            &[1, 0x85, 0x54, 0x86],
            &[1, 0x85, 0x54, 0x87],
        ),
        ("firmware", &[4, 3, 5, 4, 3], &[4, 3, 5, 7, 4]),
        ("slot", b"Attestation 9c", b"Attestation 9a"),
    ] {
        let der = leaf.as_der();
        let place = der.windows(from.len()).position(|part| part == from);
        let place = place.unwrap_or_else(|| panic!("no {what}"));
        let mut forged = der.to_vec();
        forged[place..place + to.len()].copy_from_slice(to);
        let forged = Certificate::from_der(&forged).unwrap();
        let refusal = verify(
            &forged,
            std::slice::from_ref(&device),
            &TrustedRoots::yubico(),
        )
        .unwrap_err();
        assert_eq!(refusal.check, AttestationCheck::Signature, "{what}");
    }
}

/// Certificates of a forger: what a name is, and what is wrong with it, stands in `CASES`.
fn forgeries() -> Workshop {
    let workshop = Workshop::new();
    let deep = "basicConstraints=critical,CA:TRUE,pathlen:0\n";
    workshop
        .certificate("foreign-root", "Acme Root", AUTHORITY, None)
        .certificate(
            "foreign-device",
            DEVICE_NAME,
            AUTHORITY,
            Some("foreign-root"),
        )
        .certificate("foreign", LEAF_NAME, STATEMENT, Some("foreign-device"))
        .certificate(
            "false-root",
            "Yubico PIV Root CA Serial 263751",
            AUTHORITY,
            None,
        )
        .certificate("false-device", DEVICE_NAME, AUTHORITY, Some("false-root"))
        .certificate("false", LEAF_NAME, STATEMENT, Some("false-device"))
        .certificate("own-device", DEVICE_NAME, AUTHORITY, None)
        .certificate("own", LEAF_NAME, STATEMENT, Some("own-device"))
        .certificate(
            "authority",
            LEAF_NAME,
            &format!("{AUTHORITY}{STATEMENT}"),
            Some("foreign-device"),
        )
        // With the root added: what devices under a good root must not be able to do.
        .certificate("slot", LEAF_NAME, STATEMENT, Some("foreign-device"))
        .certificate("by-slot", LEAF_NAME, STATEMENT, Some("slot"))
        .certificate(
            "silent-device",
            DEVICE_NAME,
            "subjectKeyIdentifier=hash\n",
            Some("foreign-root"),
        )
        .certificate("by-silent", LEAF_NAME, STATEMENT, Some("silent-device"))
        .certificate("short", "Acme Line", deep, Some("foreign-root"))
        .certificate("deep-device", DEVICE_NAME, AUTHORITY, Some("short"))
        .certificate("too-deep", LEAF_NAME, STATEMENT, Some("deep-device"))
        .certificate(
            "critical",
            LEAF_NAME,
            &format!("{STATEMENT}1.2.3.4=critical,DER:0500\n"),
            Some("foreign-device"),
        )
        .certificate(
            "silent",
            LEAF_NAME,
            "subjectKeyIdentifier=hash\n",
            Some("foreign-device"),
        )
        .certificate(
            "odd",
            LEAF_NAME,
            &STATEMENT.replace("DER:0302", "DER:0902"),
            Some("foreign-device"),
        )
        .certificate(
            "slotless",
            "YubiKey PIV Attestation",
            STATEMENT,
            Some("foreign-device"),
        );
    workshop
}

/// Which certificates are delivered, whether their root is trusted, and which check refuses them in which words.
const CASES: &[(&[&str], bool, &str, &str)] = &[
    (
        &["foreign", "foreign-device", "foreign-root"],
        false,
        "attestation.chain",
        "Acme Root",
    ),
    (
        &["foreign", "foreign-device"],
        false,
        "attestation.chain",
        "not a trusted root",
    ),
    (
        &["false", "false-device"],
        false,
        "attestation.signature",
        "changed or forged",
    ),
    (
        &["false", "false-device", "false-root"],
        false,
        "attestation.signature",
        "changed or forged",
    ),
    (
        &["own", "own-device"],
        false,
        "attestation.f9-overwritten",
        "slot f9 was overwritten",
    ),
    (
        &["authority", "foreign-device"],
        true,
        "attestation.constraint",
        "the attestation is a CA certificate",
    ),
    (
        &["by-slot", "slot", "foreign-device"],
        true,
        "attestation.constraint",
        "is not a CA certificate",
    ),
    (
        &["by-silent", "silent-device"],
        true,
        "attestation.constraint",
        "is not a CA certificate",
    ),
    (
        &["too-deep", "deep-device", "short"],
        true,
        "attestation.constraint",
        "more issuers",
    ),
    (
        &["critical", "foreign-device"],
        true,
        "attestation.form",
        "1.2.3.4",
    ),
    (
        &["silent", "foreign-device"],
        true,
        "attestation.statement",
        "serial number",
    ),
    (
        &["odd", "foreign-device"],
        true,
        "attestation.statement",
        "PIN policy",
    ),
    (
        &["slotless", "foreign-device"],
        true,
        "attestation.statement",
        "slot",
    ),
];

/// Chains that end elsewhere: what they are made of, and the check that refuses.
#[test]
fn chains_of_others_are_refused_each_for_its_own_reason() {
    let workshop = forgeries();
    let added = workshop.pem("foreign-root");
    let with_root = ["--additional-root", added.to_str().unwrap(), "--json"];
    for (names, root_added, check, words) in CASES {
        let options: &[&str] = if *root_added { &with_root } else { &["--json"] };
        let delivery = TempDir::new().unwrap();
        // The folder is named by a device, and the first of the certificates is the one that is forged.
        let folder = delivery.path().join(SERIAL);
        workshop.deliver(&folder, names);
        let ended = verify_command(&[delivery.path().to_owned()], options);
        assert_eq!(ended.status, 1, "{names:?} {}", ended.out);
        assert_eq!(ended.reasons(), [*check], "{names:?} {}", ended.out);
        assert!(ended.out.contains(words), "{names:?}: {}", ended.out);
    }

    // The same chain, complete and under a root that was added, is accepted and marked for it.
    let delivery = TempDir::new().unwrap();
    workshop.deliver(
        &delivery.path().join(SERIAL),
        &["foreign", "foreign-device"],
    );
    let ended = verify_command(&[delivery.path().to_owned()], &with_root);
    assert_eq!(ended.status, 0, "{}", ended.out);
    let report = ended.json();
    let attestation = &report["attestations"][0];
    assert_eq!(attestation["serial"], SERIAL);
    assert_eq!(attestation["pinned_root"], false);
    assert_eq!(
        attestation["findings"][0]["check"],
        "attestation.additional-root"
    );
}

#[test]
fn the_root_of_2018_in_its_first_encoding_is_not_what_is_trusted() {
    let old = read(&data("piv-attestation-ca-old.pem"));
    let pinned = read(&here(
        "src/certificate/attestation/yubico/piv-root-ca-263751.pem",
    ));
    assert_ne!(old, pinned);
    assert_eq!(old.public_key(), pinned.public_key());
    let chain = data("docker-2024-06-04/25515142");
    let leaf = read(&chain.join("Slot9CAttestation.pem"));
    let device = read(&chain.join("SlotF9Intermediate.pem"));
    let good = verify(&leaf, &[old, device], &TrustedRoots::yubico()).unwrap();
    assert!(good.summary().pinned_root);
}

#[test]
fn what_cannot_be_judged_is_refused_or_an_error() {
    let delivery = TempDir::new().unwrap();
    let nothing = verify_command(&[delivery.path().to_owned()], &["--json"]);
    assert_eq!(
        (nothing.status, nothing.reasons()),
        (1, vec!["attestation.none".to_owned()])
    );

    fs::write(
        delivery.path().join("a.pem"),
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    let broken = verify_command(&[delivery.path().to_owned()], &["--json"]);
    assert_eq!(
        (broken.status, broken.reasons()),
        (1, vec!["attestation.form".to_owned()])
    );

    let root = delivery.path().join("root.json");
    fs::write(&root, "{}").unwrap();
    let options = ["--root", root.to_str().unwrap(), "--json"];
    let rootless = verify_command(&[data("docker-2024-06-04")], &options);
    assert_eq!(
        (rootless.status, rootless.reasons()),
        (1, vec!["file.form".to_owned()])
    );

    let nowhere = verify_command(&[delivery.path().join("nowhere")], &[]);
    assert_eq!(nowhere.status, 4);
    assert!(
        nowhere.err.starts_with("error: cannot read "),
        "{}",
        nowhere.err
    );
    let key = here("tests/chains/README.md");
    let options = ["--additional-root", key.to_str().unwrap()];
    let no_certificate = verify_command(&[data("firmware-5.7.4")], &options);
    assert_eq!(no_certificate.status, 2);
}

#[test]
fn people_read_the_same() {
    let root = docker_root();
    let ended = verify_command(
        &[data("docker-2024-06-04")],
        &["--root", root.to_str().unwrap()],
    );
    let mut lines = ended.out.lines();
    assert_eq!(
        lines.next(),
        Some(
            "accepted: 12 of 12 attestations are valid; 5 of 5 keys of root version 1 are attested"
        )
    );
    assert_eq!(lines.filter(|line| line.starts_with("[ok]")).count(), 12);
    let refused = verify_command(&[data("docker-test-keys")], &[]);
    assert!(
        refused
            .out
            .starts_with("rejected: 2 of 3 attestations are valid\n[FAIL] ")
    );
}

#[test]
fn every_check_is_documented_as_it_is() {
    let document = fs::read_to_string(here("docs/attestation.md")).unwrap();
    let (deciding, reporting) = document.split_once("## What is reported").unwrap();
    for check in AttestationCheck::ALL {
        let section = if check.weight() == Weight::Decides {
            deciding
        } else {
            reporting
        };
        let row = format!("| `{check}` | {} |", check.meaning());
        assert!(section.contains(&row), "{row}");
    }
    let rows = document.matches("\n| `attestation.").count();
    assert_eq!(rows, AttestationCheck::ALL.len());
}
