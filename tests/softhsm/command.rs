//! `conclave token` with PINs from a descriptor, and its reports.

use std::io::Write as _;
use std::process::{Output, Stdio};

use serde_json::Value;

use super::module::{logged_in, module, pin};
use crate::softhsm_test;
use crate::support::store::{PIN, Store};
use conclave::metadata::KeyType;
use conclave::token::{KeyRequest, Reader as _};

fn conclave(store: &Store, arguments: &[&str], pins: &str) -> Output {
    let mut child = store
        .command(env!("CARGO_BIN_EXE_conclave"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses before it reads closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(pins.as_bytes());
    child.wait_with_output().unwrap()
}

#[track_caller]
fn done(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
fn refused(output: &Output, status: i32) -> String {
    let told = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(status), "{told}");
    assert!(output.stdout.is_empty());
    assert!(
        told.contains("error: ") && told.contains("\nhint: "),
        "{told}"
    );
    told
}

softhsm_test! {
    fn a_token_is_initialized_from_a_descriptor(store: &Store) {
        let init = ["token", "init", "--label", "root 1", "--pin-fd", "0"];
        let told = done(&conclave(store, &init, "87654321\n123456\n"));
        assert!(told.starts_with("initialized SoftHSM v2 ") && told.ends_with(" \"root 1\"\n"), "{told}");
        logged_in(&mut module(), "root 1");
    }

    fn missing_and_impossible_pins_change_nothing(store: &Store) {
        let init = ["token", "init", "--label", "root 1", "--pin-fd", "0"];
        for (pins, status, told) in [
            ("", 2, "the input ended before the SO PIN"),
            ("87654321\n", 2, "the input ended before the PIN"),
            ("\n123456\n", 2, "SO PIN: the PIN is empty"),
            ("87654321\n123\n", 3, "a PIN of this token has 4 to 255 bytes"),
        ] {
            let error = refused(&conclave(store, &init, pins), status);
            assert!(error.contains(told), "{error}");
        }
        let label = ["token", "init", "--label", "", "--pin-fd", "0"];
        refused(&conclave(store, &label, "87654321\n123456\n"), 3);
        assert_eq!(module().tokens().unwrap().len(), 1, "the blank one");
    }

    fn a_token_that_holds_a_key_is_not_erased(store: &Store) {
        store.make_token("full");
        let request = KeyRequest {
            object_id: vec![0xab, 1],
            label: "root \u{1b}[31mkey".to_owned(),
            key_type: KeyType::EcdsaP256,
            extractable: false,
        };
        let mut reader = module();
        logged_in(&mut reader, "full").generate(&request).unwrap();
        let init = ["token", "init", "--label", "new", "--token", "full", "--pin-fd", "0"];
        let error = refused(&conclave(store, &init, "87654321\n123456\n"), 3);
        assert!(error.contains(r#"public key "root \u{1b}[31mkey", ID ab01"#), "{error}");
        assert_eq!(logged_in(&mut reader, "full").keys().unwrap().len(), 1);
    }

    fn an_empty_token_is_erased_with_its_own_so_pin(store: &Store) {
        store.make_token("old");
        let init = ["token", "init", "--label", "new", "--token", "old", "--pin-fd", "0"];
        let error = refused(&conclave(store, &init, "11111111\n654321\n"), 3);
        assert!(error.contains("ERASING") && error.contains("the SO PIN is wrong"), "{error}");
        done(&conclave(store, &init, "87654321\n654321\n"));
        let mut reader = module();
        let mut token = super::module::open(&mut reader, "new");
        token.login(&pin("654321")).unwrap();
    }

    fn the_list_tells_each_token_and_its_state(store: &Store) {
        store.make_token("one");
        store.make_token("a \u{1b}[2J");
        let text = done(&conclave(store, &["token", "list"], ""));
        assert!(text.starts_with("SoftHSM 2 (software: its keys are in files that can be copied)\n"));
        assert!(text.contains("PIN set") && text.contains("blank"), "{text}");
        assert!(text.contains(r"a \u{1b}[2J") && !text.contains('\u{1b}'), "{text}");

        let json = done(&conclave(store, &["token", "list", "--json"], ""));
        let json: Value = serde_json::from_str(&json).unwrap();
        let mut labels: Vec<_> = json["tokens"].as_array().unwrap().iter().map(|token| &token["label"]).collect();
        labels.sort_by_key(ToString::to_string);
        assert_eq!(labels, ["", "a \u{1b}[2J", "one"]);
    }

    fn a_token_is_shown_with_its_keys(store: &Store) {
        store.make_token("shown");
        let request = KeyRequest {
            object_id: vec![1],
            label: "root key".to_owned(),
            key_type: KeyType::Ed25519,
            extractable: false,
        };
        let made = logged_in(&mut module(), "shown").generate(&request).unwrap();
        let fingerprint = made.public.fingerprint();
        let text = done(&conclave(store, &["token", "show"], ""));
        assert!(text.contains("wrong PINs    do not lock the token"), "{text}");
        assert!(text.contains("key 01  Ed25519  \"root key\""), "{text}");
        assert!(text.contains(&fingerprint.first_words(8)), "{text}");

        let json = done(&conclave(store, &["token", "show", "--token", "shown", "--json"], ""));
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["keys"][0]["fingerprint"], fingerprint.to_string());
        assert_eq!(json["keys"][0]["public"], made.public.to_pem());
        assert_eq!(json["other_objects"], Value::Array(Vec::new()));
    }

    fn a_token_is_named_by_label_or_serial_number(store: &Store) {
        store.make_token("twin");
        store.make_token("twin");
        let serial = module().tokens().unwrap().remove(0).id.serial;
        done(&conclave(store, &["token", "show", "--token", &serial], ""));
        let uri = format!("pkcs11:token=twin;serial={serial}");
        done(&conclave(store, &["token", "show", "--token", &uri], ""));
        let error = refused(&conclave(store, &["token", "show", "--token", "twin"], ""), 3);
        assert!(error.contains("2 tokens match: "), "{error}");
        refused(&conclave(store, &["token", "show"], ""), 3);
        let error = refused(&conclave(store, &["token", "show", "--token", "none"], ""), 3);
        assert!(error.contains("label, serial number or PKCS#11 URI \"none\""), "{error}");
    }

    fn the_pin_is_changed_from_a_descriptor(store: &Store) {
        store.make_token("change");
        let change = ["token", "change-pin", "--pin-fd", "0"];
        let error = refused(&conclave(store, &change, "999999\n654321\n"), 3);
        assert!(error.contains("the PIN is wrong"), "{error}");
        done(&conclave(store, &change, &format!("{PIN}\n654321\n")));
        let mut reader = module();
        super::module::open(&mut reader, "change").login(&pin("654321")).unwrap();
    }

    fn a_module_or_profile_that_is_not_there_is_told(store: &Store) {
        let list = |more: &[&str]| conclave(store, &[&["token", "list"], more].concat(), "");
        let error = refused(&list(&["--module", "/nowhere/p11.so"]), 3);
        assert!(error.contains("no file at /nowhere/p11.so"), "{error}");
        assert!(error.contains("./softhsm-setup.sh"), "{error}");
        let error = refused(&list(&["--module", "/etc/hostname"]), 3);
        assert!(error.contains("cannot load the module /etc/hostname"), "{error}");
        let error = refused(&list(&["--profile", "nitrokey"]), 2);
        assert!(error.contains("built in: cloudhsm, docker-key-file, google-kms"), "{error}");
        refused(&list(&["--profile", "./nowhere.toml"]), 4);

        let profile = store.folder().join("mine.toml");
        std::fs::write(&profile, include_str!("../../hsm-config/softhsm2.toml").replace("softhsm2\"\n", "mine\"\n")).unwrap();
        let json = done(&list(&["--profile", profile.to_str().unwrap(), "--json"]));
        assert!(json.contains("\"profile\": \"mine\""), "{json}");
    }

    fn a_trial_writes_what_a_token_can_do_and_leaves_nothing(store: &Store) {
        let out = store.folder().join("softhsm-trial.toml");
        let known = conclave::profile::Profile::named("softhsm2").unwrap();
        let path = known.module.paths.iter().find(|path| path.exists()).unwrap();
        let trial = ["token", "trial", "--module", path.to_str().unwrap(), "--out", out.to_str().unwrap(), "--json"];
        let asked = refused(&conclave(store, &trial, "87654321\n123456\n"), 2);
        assert!(asked.contains("EVERYTHING ON THIS TOKEN WILL BE ERASED"), "{asked}");
        let trial = [&trial[..], &["--erase", "blank", "--pin-fd", "0"]].concat();
        let report: Value = serde_json::from_str(&done(&conclave(store, &trial, "87654321\n123456\n"))).unwrap();
        let failed: Vec<_> = report["results"].as_array().unwrap().iter().filter(|row| row["result"] != "works").collect();
        assert_eq!(failed.len(), 1, "{failed:?}");
        assert_eq!(failed[0]["what"], "wrap ed25519");
        // The trial began with a profile that says nothing, and found what the built-in profile says.
        let found = conclave::profile::Profile::from_file(&out).unwrap();
        let made = |types: &[KeyType]| types.iter().copied().filter(|it| KeyType::MADE.contains(it)).collect::<Vec<_>>();
        assert_eq!(found.keys.types, made(&known.keys.types));
        assert_eq!(found.backup.wraps, made(&known.backup.wraps));
        assert_eq!(found.backup.unwraps, made(&known.backup.unwraps));
        assert!(found.is_tried() && found.backup.confine && found.keys.destroy && !found.login.public_objects);
        let mut reader = module();
        let seen = reader.tokens().unwrap();
        let left = seen.iter().find(|seen| seen.state.initialized).unwrap();
        assert!(reader.open(&left.id).unwrap().objects().unwrap().is_empty());
    }
}
