//! Keys that a script enrolls: what it says of them, how it is written, and every error that it can have there.

use std::collections::BTreeMap;

use conclave::record::{Provenance, TokenId};
use conclave::script::{
    Act, EnrolledKey, PinnedFileSource as _, Place, Script, ScriptErrors, TemplateError, enroll,
    run_sheet,
};
use conclave::transfer::{Enrollment, EnrollmentClaims, Occasion, Possession, PossessionProof};
use conclave::words::Digest;

use super::{genesis, parse};
use crate::support::signer::Signer;

type Files = BTreeMap<String, Vec<u8>>;

/// The file of a key that another ceremony made.
fn file(signer: &Signer, name: &str, repository: &str) -> EnrolledKey {
    let (script, challenge) = (Digest::of(b"another script"), [5; 32]);
    let possession = Possession {
        script,
        key: name,
        occasion: Occasion::Generation,
        is_rehearsal: false,
    };
    let proof = PossessionProof {
        script,
        occasion: Occasion::Generation,
        challenge,
        signature: signer.sign(&possession.message(&challenge)),
    };
    let claims = EnrollmentClaims {
        repository: repository.to_owned(),
        name: name.to_owned(),
        holder: "Ada Lindgren".to_owned(),
        public_key: signer.public().clone(),
        token: TokenId {
            profile: "softhsm2".to_owned(),
            manufacturer: "SoftHSM project".to_owned(),
            model: "SoftHSM v2".to_owned(),
            serial: format!("5f00{name}"),
            label: format!("from {name}"),
        },
        provenance: Provenance::Claimed,
        is_rehearsal: false,
    };
    let enrollment = Enrollment::new(claims, Some(proof), None).unwrap();
    EnrolledKey {
        files: vec![(
            format!("enrollments/{name}.enrollment.json"),
            enrollment.to_file_bytes(),
        )],
        enrollment,
        site: None,
    }
}

fn at_site(mut file: EnrolledKey, site: &str) -> EnrolledKey {
    file.site = Some(site.to_owned());
    file
}

/// The ready genesis, which takes these keys in, and what it carries.
fn taking_in(enrolled: &[EnrolledKey]) -> (String, Files) {
    let mut files: Files = ["timestamp", "snapshot", "targets"]
        .map(|role| {
            let name = format!("online/{role}.pub.pem");
            let bytes = genesis().read(&name).unwrap();
            (name, bytes)
        })
        .into();
    files.extend(enrolled.iter().flat_map(|one| one.files.clone()));
    (enroll(genesis().text, enrolled, None).unwrap(), files)
}

const REPOSITORY: &str = "example.com/updates";

#[test]
fn an_adopted_key_takes_the_place_of_one_that_would_be_made() {
    let adopted = file(&Signer::ed25519(), "key-2", REPOSITORY);
    let (text, files) = taking_in(std::slice::from_ref(&adopted));
    let script = parse(&text, &files).unwrap();
    let plan = script.key(&"key-2".parse().unwrap()).unwrap();
    let enrolled = plan.enrolled.as_ref().unwrap();
    assert_eq!(enrolled.enrollment, adopted.enrollment);
    assert_eq!(enrolled.file().sha256, Digest::of(&adopted.files[0].1));
    assert_eq!(plan.key_type.to_string(), "ed25519");
    assert_eq!(plan.token.serial.as_deref(), Some("5f00key-2"));
    assert!(!plan.is_made());
    let acts: Vec<&str> = script
        .steps()
        .iter()
        .filter(|step| step.act.key() == Some(&plan.id))
        .map(|step| step.act.name())
        .collect();
    assert_eq!(
        acts,
        ["identify-token", "enroll-key", "verify-token", "seal"]
    );
    let sheet = run_sheet(&script).to_text();
    let words = adopted.enrollment.claims().public_key.fingerprint().words();
    assert!(sheet.contains(&words[..3].join(" ")), "{sheet}");
    assert!(sheet.contains("Enroll the key of key holder 2"), "{sheet}");
}

#[test]
fn a_key_of_another_site_is_one_more_and_two_people_compare_it() {
    let remote = at_site(file(&Signer::p256(), "lisbon", REPOSITORY), "Lisbon");
    let (text, files) = taking_in(std::slice::from_ref(&remote));
    let script = parse(&text, &files).unwrap();
    assert_eq!(script.root_keys(), 6);
    let [distant] = script.distant_keys() else {
        panic!("{:?}", script.distant_keys());
    };
    assert_eq!(distant.id.as_str(), "key-6");
    assert_eq!(distant.place, Place::Elsewhere("Lisbon".to_owned()));
    assert_eq!(distant.title(), "site Lisbon (Ada Lindgren)");
    let act = Act::EnrollKey {
        key: distant.id.clone(),
    };
    let lines = act.instructions(&script).join("\n");
    assert!(lines.contains("Two people"), "{lines}");
    assert!(lines.contains("site Lisbon (Ada Lindgren)"), "{lines}");
}

#[test]
fn a_key_without_a_place_is_told() {
    let keys: Vec<EnrolledKey> = (1..=6)
        .map(|number| file(&Signer::ed25519(), &format!("old-{number}"), REPOSITORY))
        .collect();
    let error = enroll(genesis().text, &keys, None).unwrap_err();
    assert_eq!(error, TemplateError::NoPlace(keys[5].files[0].0.clone()));
    // All five: no key is made any more, so that no spare is needed.
    let (text, files) = taking_in(&keys[..5]);
    let script = parse(&text, &files).unwrap();
    assert!(script.spares().is_empty());
    assert!(script.keys().iter().all(|plan| !plan.is_made()));
}

/// A name, the key that is enrolled, edits of the script, the check, and words of what it says.
struct Case {
    edits: &'static [(&'static str, &'static str)],
    check: &'static str,
    says: &'static str,
}

const ENROLL: &str = "[[step]]\nact = \"enroll-key\"\nkey = \"key-2\"\nminutes = 2\n";

const CASES: &[Case] = &[
    Case {
        edits: &[(
            "enrollments/key-2.enrollment.json",
            "enrollments/broken.json",
        )],
        check: "script.enrollment",
        says: "enrollment.form",
    },
    Case {
        edits: &[("enrollments/key-2.enrollment.json", "enrollments/gone.json")],
        check: "script.file",
        says: "there is no file",
    },
    Case {
        edits: &[(
            "repository = \"example.com/updates\"",
            "repository = \"example.com/other\"",
        )],
        check: "script.enrollment",
        says: "is for a key of \"example.com/updates\"",
    },
    Case {
        edits: &[("sha256 = \"KEY-2\"", "sha256 = \"KEY-9\"")],
        check: "script.hash",
        says: "but the script has",
    },
    Case {
        edits: &[(ENROLL, "")],
        check: "script.step-missing",
        says: "enroll-key of \"key-2\"",
    },
    Case {
        edits: &[(
            ENROLL,
            "[[step]]\nact = \"enroll-key\"\nkey = \"key-2\"\n[[step]]\nact = \"generate-key\"\nkey = \"key-2\"\n",
        )],
        check: "script.key-exists",
        says: "the key already exists",
    },
    Case {
        edits: &[(
            "act = \"generate-key\"\nkey = \"key-1\"",
            "act = \"enroll-key\"\nkey = \"key-1\"",
        )],
        check: "script.unused",
        says: "\"key-1\" has no enrollment file",
    },
    Case {
        edits: &[(
            "[[step]]\nact = \"compose-root\"",
            "[[step]]\nact = \"enroll-key\"\nkey = \"key-2\"\n\n[[step]]\nact = \"compose-root\"",
        )],
        check: "script.step-duplicate",
        says: "enroll-key of \"key-2\"",
    },
    Case {
        edits: &[(
            "holder = \"holder-2\"\n",
            "holder = \"holder-2\"\ntype = \"ed25519\"\n",
        )],
        check: "script.field-unknown",
        says: "\"type\"",
    },
    // The key of the site takes no part in a first root.
    Case {
        edits: &[("threshold = 3 ", "threshold = 6 ")],
        check: "script.reachability",
        says: "6 keys must sign, but only 5 are present",
    },
    Case {
        edits: &[(
            "site = \"Lisbon\"\n",
            "site = \"Lisbon\"\nstatus = \"absent\"\n",
        )],
        check: "script.field-unknown",
        says: "\"status\"",
    },
];

fn said(case: &Case) -> ScriptErrors {
    let keys = [
        file(&Signer::ed25519(), "key-2", REPOSITORY),
        at_site(file(&Signer::p256(), "lisbon", REPOSITORY), "Lisbon"),
    ];
    let (mut text, mut files) = taking_in(&keys);
    files.insert("enrollments/broken.json".to_owned(), b"{}".to_vec());
    for (cut, put) in case.edits {
        let cut = cut.replace("KEY-2", &Digest::of(&keys[0].files[0].1).to_string());
        let put = put.replace("KEY-9", &Digest::of(b"another").to_string());
        assert!(text.contains(&cut), "nothing to cut: {cut}\n{text}");
        text = text.replacen(&cut, &put, 1);
        if put.contains("broken") {
            let (good, bad) = (Digest::of(&keys[0].files[0].1), Digest::of(b"{}"));
            text = text.replacen(&good.to_string(), &bad.to_string(), 1);
        }
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
fn every_error_of_an_enrollment_is_told() {
    for case in CASES {
        let errors = said(case);
        let is_told = errors
            .iter()
            .any(|error| error.check == case.check && error.to_string().contains(case.says));
        assert!(is_told, "{}: {errors}", case.says);
    }
}

#[test]
fn one_key_is_enrolled_once() {
    let signer = Signer::ed25519();
    let keys = [
        file(&signer, "key-2", REPOSITORY),
        file(&signer, "key-3", REPOSITORY),
    ];
    let (text, files) = taking_in(&keys);
    let errors: Result<Script, _> = parse(&text, &files);
    let errors = errors.unwrap_err();
    let told: Vec<_> = errors.iter().map(|error| error.check).collect();
    assert_eq!(told, ["script.duplicate"], "{errors}");
}
