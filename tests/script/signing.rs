//! The script of a signing: what is written for it, and every error that it can have.

use std::collections::BTreeMap;

use conclave::script::{Kind, Script, ScriptErrors, SigningPlan, TokenMark, Trust};
use conclave::transfer::{PayloadRegister, RequestedSignature, SigningRequest};

use crate::support::lineage::Lineage;

const REPOSITORY: &str = "example.com/updates";

fn plan() -> SigningPlan {
    let lineage = Lineage::new(2);
    let asked = RequestedSignature {
        key_id: lineage.signers[0].key().id().clone(),
        holder: "Ada Lindgren".to_owned(),
        token: "A0012345".to_owned(),
    };
    let request = SigningRequest::new(
        REPOSITORY.to_owned(),
        lineage.files.clone(),
        lineage.next(),
        vec![asked.clone()],
    )
    .unwrap();
    SigningPlan {
        request: (request.file_name(), request.to_file_bytes()),
        trusted: vec![("trusted/1.root.json".to_owned(), lineage.files[0].clone())],
        register: Some((
            "payloads.json".to_owned(),
            PayloadRegister::new().to_file_bytes(),
        )),
        repository: REPOSITORY.to_owned(),
        version: 3,
        not_before: "2026-12-01T09:00:00Z".parse().unwrap(),
        holder: asked.holder,
        witness: Some("Wanda \"W\" Vik".to_owned()),
        key_id: asked.key_id,
        profile: "softhsm2".to_owned(),
        profile_file: None,
        token: TokenMark::Label("holder-a".to_owned()),
    }
}

#[test]
fn a_signing_script_says_what_it_is_made_of() {
    let plan = plan();
    let script = plan.script().unwrap();
    assert_eq!(script.kind(), Kind::Signing);
    assert_eq!(script.title(), "Sign root 3 of example.com/updates");
    assert_eq!(script.root_version(), 3);
    assert_eq!(script.keys().len(), 1);
    assert!(script.is_solo());
    assert_eq!(script.assurance_banner(), Some("SOLO"));
    let names: Vec<_> = script
        .people()
        .iter()
        .map(|person| person.name.as_str())
        .collect();
    assert_eq!(names, ["Ada Lindgren", "Wanda \"W\" Vik"]);
    let signing = script.signing().unwrap();
    assert!(matches!(&signing.trust, Trust::Root(root) if root.version() == 1));
    assert_eq!(script.pinned_files().count(), 3);
    let alone = SigningPlan {
        witness: None,
        trusted: Vec::new(),
        register: None,
        ..plan
    };
    let script = alone.script().unwrap();
    assert_eq!(script.assurance_banner(), Some("SOLO, UNWITNESSED"));
    assert!(matches!(script.signing().unwrap().trust, Trust::Card));
    assert_eq!(script.pinned_files().count(), 1);
}

/// What is put in place of what, in the script or in a file that it carries, and the check that speaks.
const CASES: &[(&str, &str, &str)] = &[
    (
        "repository = \"example.com/updates\"",
        "repository = \"example.com/other\"",
        "script.request",
    ),
    (
        "act = \"verify-request\"",
        "act = \"read-script\"",
        "script.order",
    ),
    (
        "roles = [\"administrator\", \"key-holder\"]",
        "roles = [\"administrator\"]",
        "script.holder",
    ),
    (
        "roles = [\"witness\"]",
        "roles = [\"administrator\"]",
        "script.people",
    ),
    ("key_id = \"", "key_id = \"00", "script.not-requested"),
    ("[request]", "[requests]", "script.field-missing"),
    (
        "\"signing-request\"",
        "\"detached-signature\"",
        "script.request",
    ),
    (
        "\"payload-register\"",
        "\"signing-request\"",
        "script.register",
    ),
    ("\"version\": 1", "\"version\": 7", "script.trust"),
];

/// The checks that a case fails.
fn errors((from, to, _): (&str, &str, &str)) -> ScriptErrors {
    let mut plan = plan();
    let edit = |bytes: &mut Vec<u8>| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        *bytes = text.replacen(from, to, 1).into_bytes();
    };
    edit(&mut plan.request.1);
    edit(&mut plan.trusted[0].1);
    if let Some((_, bytes)) = &mut plan.register {
        edit(bytes);
    }
    let text = plan.write().replacen(from, to, 1);
    let files: BTreeMap<_, _> = plan.files();
    Script::parse("signing.toml", &text, &files, plan.not_before).unwrap_err()
}

/// The errors of all cases of this file.
pub(crate) fn all() -> Vec<ScriptErrors> {
    CASES.iter().map(|case| errors(*case)).collect()
}

#[test]
fn every_error_of_a_signing_is_told() {
    for case in CASES {
        let errors = errors(*case);
        let is_told = errors.iter().any(|error| error.check == case.2);
        assert!(is_told, "{case:?}: {errors}");
    }
}
