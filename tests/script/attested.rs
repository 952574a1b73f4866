//! Keys that other tools made in YubiKeys elsewhere: what their devices state comes in by the files of those tools.
//! The statements are those that Docker published of its ceremony.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use conclave::certificate::Certificate;
use conclave::certificate::attestation::TrustedRoots;
use conclave::record::Provenance;
use conclave::script::{
    EnrolledKey, KeyPlan, PinnedFileSource as _, Place, Proofs, Script, ScriptErrors, enroll,
    run_sheet,
};
use conclave::transfer::{Attested, Enrollment};
use conclave::words::Digest;

use super::{genesis, parse};

type Files = BTreeMap<String, Vec<u8>>;

const STATEMENT: &str = "lisbon/Slot9CAttestation.pem";
const DEVICE: &str = "lisbon/SlotF9Intermediate.pem";

fn published(serial: &str, name: &str) -> Vec<u8> {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/attestation/data");
    fs::read(data.join("docker-2024-06-04").join(serial).join(name)).unwrap()
}

/// The files of one YubiKey, as its tool wrote them.
fn of(serial: &str, site: Option<&str>) -> EnrolledKey {
    let files = [
        (STATEMENT, "Slot9CAttestation.pem"),
        (DEVICE, "SlotF9Intermediate.pem"),
    ]
    .map(|(name, file)| {
        let name = name.replace("lisbon", &format!("yubikey-{serial}"));
        (name, published(serial, file))
    });
    let read = |bytes: &[u8]| Certificate::read_all(bytes).unwrap().remove(0);
    let attested = Attested {
        repository: "example.com/updates".to_owned(),
        name: "key-2".to_owned(),
        holder: "Inês Sá".to_owned(),
    };
    let [statement, device] = [read(&files[0].1), read(&files[1].1)];
    let roots = TrustedRoots::yubico();
    EnrolledKey {
        enrollment: Enrollment::by_device(attested, &statement, &[device], &roots).unwrap(),
        files: files.into(),
        site: site.map(str::to_owned),
    }
}

/// The ready genesis, which takes these keys in, and what it carries.
fn taking_in(keys: &[EnrolledKey]) -> (String, Files) {
    let mut files: Files = ["timestamp", "snapshot", "targets"]
        .map(|role| {
            let name = format!("online/{role}.pub.pem");
            let bytes = genesis().read(&name).unwrap();
            (name, bytes)
        })
        .into();
    files.extend(keys.iter().flat_map(|key| key.files.clone()));
    (enroll(genesis().text, keys, None).unwrap(), files)
}

#[test]
fn a_key_at_another_site_comes_in_by_what_its_device_states() {
    let key = of("25515142", Some("Lisbon"));
    let (text, files) = taking_in(std::slice::from_ref(&key));
    let script = parse(&text, &files).unwrap();
    let [distant] = script.distant_keys() else {
        panic!("{:?}", script.distant_keys());
    };
    assert_eq!(distant.place, Place::Elsewhere("Lisbon".to_owned()));
    let enrolled = distant.enrolled.as_ref().unwrap();
    let claims = enrolled.enrollment.claims();
    assert_eq!(claims.public_key, key.enrollment.claims().public_key);
    assert_eq!(claims.provenance, Provenance::Attested);
    assert_eq!(claims.token.serial, "25515142");
    assert_eq!(
        enrolled.enrollment.key_type().to_string(),
        "ecdsa-sha2-nistp384"
    );
    let Proofs::Attestation { statement, issuers } = &enrolled.proofs else {
        panic!("{:?}", enrolled.proofs);
    };
    assert_eq!(statement.sha256, Digest::of(&key.files[0].1));
    assert_eq!(issuers.len(), 1);
    // People read which device it is, and how the key was made.
    let sheet = run_sheet(&script).to_text();
    let sheet = sheet.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        sheet.contains("attested by YubiKey 25515142, firmware 5."),
        "{sheet}"
    );
    assert!(sheet.contains("slot 9c, PIN"), "{sheet}");
    // The order of the files tells nothing.
    let swapped = text.replacen(&key.files[0].0, "STATEMENT", 1);
    let swapped = swapped.replacen(&key.files[1].0, &key.files[0].0, 1);
    let swapped = swapped.replacen("STATEMENT", &key.files[1].0, 1);
    let [first, second] = [0, 1].map(|index: usize| Digest::of(&key.files[index].1).to_string());
    let swapped = swapped.replacen(&first, "FIRST", 1);
    let swapped = swapped.replacen(&second, &first, 1);
    let swapped = swapped.replacen("FIRST", &second, 1);
    assert_ne!(swapped, text);
    let again = parse(&swapped, &files).unwrap();
    assert_eq!(again.distant_keys()[0].enrolled, distant.enrolled);
}

/// A device's word is what a script that requires it asks for.
#[test]
fn an_attested_key_is_what_a_script_may_require() {
    let keys =
        ["25515142", "25515264", "25515991", "25599865", "28751288"].map(|serial| of(serial, None));
    let (text, files) = taking_in(&keys);
    let text = text.replacen("[root]\n", "[root]\nrequire_provenance = \"attested\"\n", 1);
    let script = parse(&text, &files).unwrap();
    assert!(script.keys().iter().all(|key| !key.is_made()));
    let serial = |plan: &&KeyPlan| plan.token.serial.as_deref() == Some("25515142");
    let plan = script.keys().iter().find(serial).unwrap();
    assert_eq!(plan.token.profile.name, "yubikey-piv");
    let said = plan.enrolled.as_ref().unwrap().enrollment.attestation();
    let (said, slot) = (said.unwrap(), plan.token.slot.unwrap());
    assert_eq!(
        (said.pin_policy, said.touch_policy),
        (slot.policy.pin, slot.policy.touch)
    );
}

type Damage = fn(&[u8]) -> Vec<u8>;

/// Edits of the script, bytes in the place of a file, the check, and words of what it says.
struct Case {
    edits: &'static [(&'static str, &'static str)],
    file: Option<(&'static str, Damage)>,
    check: &'static str,
    says: &'static str,
}

/// Of another device: those of one batch have the same certificate.
fn of_another(name: &str) -> Vec<u8> {
    published("28751288", name)
}

/// The last bit of the signature is another.
fn forged(bytes: &[u8]) -> Vec<u8> {
    let certificate = Certificate::read_all(bytes).unwrap().remove(0);
    let mut der = certificate.as_der().to_vec();
    *der.last_mut().unwrap() ^= 1;
    der
}

const CASES: &[Case] = &[
    Case {
        edits: &[],
        file: Some((STATEMENT, |_| of_another("SlotF9Intermediate.pem"))),
        check: "script.attestation",
        says: "none of the certificates is an attestation",
    },
    Case {
        edits: &[],
        file: Some((DEVICE, |_| of_another("Slot9CAttestation.pem"))),
        check: "script.attestation",
        says: "2 of the certificates are an attestation",
    },
    Case {
        edits: &[],
        file: Some((DEVICE, |_| of_another("SlotF9Intermediate.pem"))),
        check: "script.attestation",
        says: "attestation.signature",
    },
    Case {
        edits: &[],
        file: Some((STATEMENT, forged)),
        check: "script.attestation",
        says: "attestation.signature",
    },
    Case {
        edits: &[],
        file: Some((DEVICE, forged)),
        check: "script.attestation",
        says: "attestation.",
    },
    Case {
        edits: &[],
        file: Some((STATEMENT, |bytes| bytes[..bytes.len() / 2].to_vec())),
        check: "script.attestation",
        says: "is not a certificate file",
    },
    Case {
        edits: &[],
        file: Some((STATEMENT, |bytes| {
            [bytes, &of_another("Slot9CAttestation.pem")].concat()
        })),
        check: "script.attestation",
        says: "it contains 2, not one",
    },
    Case {
        edits: &[],
        file: Some((STATEMENT, |_| Vec::new())),
        check: "script.attestation",
        says: "it contains 0, not one",
    },
    Case {
        edits: &[("serial = \"25515142\"", "serial = \"25515264\"")],
        file: None,
        check: "script.attestation",
        says: "the key was generated in YubiKey 25515142, not in \"25515264\"",
    },
    Case {
        edits: &[(
            "serial = \"25515142\"",
            "serial = \"25515142\", slot = \"9a\"",
        )],
        file: None,
        check: "script.attestation",
        says: "the key is in slot 9c",
    },
    Case {
        edits: &[(
            "attestation = [",
            "enrollment = { file = \"a.json\", sha256 = \"00\" }\nattestation = [",
        )],
        file: None,
        check: "script.attestation",
        says: "not by both",
    },
];

fn said(case: &Case) -> ScriptErrors {
    let key = of("25515142", None);
    let (mut text, mut files) = taking_in(std::slice::from_ref(&key));
    text = text.replace("slot = \"9c\"", "");
    for (cut, put) in case.edits {
        assert!(text.contains(cut), "nothing to cut: {cut}\n{text}");
        text = text.replacen(cut, put, 1);
    }
    if let Some((name, edit)) = case.file {
        let name = name.replace("lisbon", "yubikey-25515142");
        let good = files[&name].clone();
        let bad = edit(&good);
        let (good, hash) = (Digest::of(&good).to_string(), Digest::of(&bad).to_string());
        assert!(text.contains(&good));
        text = text.replacen(&good, &hash, 1);
        files.insert(name, bad);
    }
    match parse(&text, &files) {
        Ok(_) => panic!("no error: {}", case.says),
        Err(errors) => errors,
    }
}

/// The errors of all cases of this file.
pub(crate) fn all() -> Vec<ScriptErrors> {
    CASES.iter().map(said).collect()
}

#[test]
fn every_error_of_an_attestation_is_told() {
    for case in CASES {
        let errors = said(case);
        let is_told = errors
            .iter()
            .any(|error| error.check == case.check && error.to_string().contains(case.says));
        assert!(is_told, "{}: {errors}", case.says);
    }
}

/// A statement by a device that no maker vouches for proves nothing, whatever it says.
#[test]
fn one_attested_key_is_enrolled_once() {
    let keys = [of("25515142", None), of("25515142", Some("Lisbon"))];
    let (text, files) = taking_in(&keys);
    let errors: Result<Script, _> = parse(&text, &files);
    let errors = errors.unwrap_err();
    assert!(
        errors.iter().any(|error| error.check == "script.duplicate"),
        "{errors}"
    );
}
