//! Token profiles that a script brings: how they are found, and what they rule out.

use std::collections::BTreeMap;

use conclave::words::Digest;

use super::{genesis, parse};

const PLAIN: &str = "token = { profile = \"softhsm2\", label = \"conclave-key-1\" }";

const PROFILE: &str =
    "name = \"mine\"\ntitle = \"Mine\"\ntried = [\"1.0\"]\n[module]\npaths = [\"/opt/mine.so\"]\n";

fn files(profile: (&str, &str)) -> BTreeMap<String, Vec<u8>> {
    let ready = genesis().files.iter();
    let ready = ready.map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()));
    ready
        .chain([(profile.0.to_owned(), profile.1.as_bytes().to_vec())])
        .collect()
}

/// The ready genesis with key-1 on a token of a profile.
fn with_token(token: &str) -> String {
    assert!(genesis().text.contains(PLAIN));
    genesis()
        .text
        .replacen(PLAIN, &format!("token = {token}"), 1)
}

/// The errors of a genesis whose key-1 is on a token of that profile, found by its name.
fn errors(profile: &str) -> Vec<String> {
    let text = with_token("{ profile = \"mine\", label = \"conclave-key-1\" }");
    match parse(&text, &files(("profiles/mine.toml", profile))) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn a_profile_beside_the_script_is_found_by_its_name_and_carried() {
    let text = with_token("{ profile = \"mine\", label = \"conclave-key-1\" }");
    let script = parse(&text, &files(("profiles/mine.toml", PROFILE))).unwrap();
    let profile = &script.keys()[0].token.profile;
    assert_eq!(
        (profile.name.as_str(), profile.title.as_str()),
        ("mine", "Mine")
    );
    let digest = Digest::of(PROFILE.as_bytes());
    assert_eq!(script.profile_digests()["mine"], digest);
    let mut pinned = script.pinned_files();
    assert!(pinned.any(|file| file.name == "profiles/mine.toml" && file.sha256 == digest));
    // The built-in profile of the other keys is recorded, and is not a file.
    assert_eq!(script.profile_digests().len(), 2);
    assert!(script.has_profiles(&script.profile_digests()));
    assert!(!script.has_profiles(&BTreeMap::new()));
}

#[test]
fn a_profile_can_be_bound_by_its_digest() {
    let token = |digest: &str| {
        with_token(&format!(
            "{{ profile = {{ file = \"hsm/own.toml\", sha256 = \"{digest}\" }}, label = \"conclave-key-1\" }}"
        ))
    };
    let files = files(("hsm/own.toml", PROFILE));
    let digest = Digest::of(PROFILE.as_bytes()).to_string();
    let script = parse(&token(&digest), &files).unwrap();
    assert_eq!(script.keys()[0].token.profile.name, "mine");
    let errors = parse(&token(&digest.replace('a', "b")), &files).unwrap_err();
    assert!(errors.iter().any(|error| error.check == "script.hash"));
}

#[test]
fn a_profile_with_a_fault_is_an_error_at_its_name() {
    for (profile, expected) in [
        (
            PROFILE.replace("mine\"", "yours\""),
            "has the name \"yours\"",
        ),
        (
            PROFILE.replace("title", "titel"),
            "profiles/mine.toml:2:1: unknown field `titel`",
        ),
    ] {
        let errors = errors(&profile);
        assert!(errors[0].starts_with("genesis.toml:124:"), "{errors:?}");
        assert!(errors[0].contains(expected), "{errors:?}");
    }
}

#[test]
fn what_a_token_cannot_do_is_an_error_in_the_script() {
    for (field, expected) in [
        (
            "[initialize]\nby = \"vendor\"\n",
            "a mine token cannot be initialized with PKCS#11",
        ),
        (
            "[initialize]\nlabel_length = 8\n",
            "the label of a mine token has at most 8 bytes",
        ),
        (
            "[keys]\ntypes = [\"rsassa-pss-sha256\"]\n",
            "a mine token does not support keys of type ecdsa-sha2-nistp256",
        ),
    ] {
        let errors = errors(&format!("{PROFILE}{field}"));
        assert!(
            errors.iter().any(|error| error.contains(expected)),
            "{field}: {errors:?}"
        );
    }
    assert!(errors(PROFILE).is_empty());
}

#[test]
fn a_profile_that_nobody_tried_or_that_replaces_a_built_in_one_is_a_warning() {
    let text = with_token("{ profile = \"mine\", label = \"conclave-key-1\" }");
    let untried = PROFILE.replace("[\"1.0\"]", "false");
    let script = parse(&text, &files(("profiles/mine.toml", &untried))).unwrap();
    let warned = |script: &conclave::script::Script, check: &str| {
        script
            .warnings()
            .iter()
            .any(|warning| warning.check == check)
    };
    assert!(warned(&script, "script.untried-profile"));
    let replacing = PROFILE.replace("mine\"", "softhsm2\"");
    let script = parse(
        genesis().text,
        &files(("profiles/softhsm2.toml", &replacing)),
    )
    .unwrap();
    assert!(warned(&script, "script.replaced-profile"));
    assert!(!warned(&script, "script.untried-profile"));
}
