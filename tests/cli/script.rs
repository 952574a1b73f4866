//! The commands as they are typed: `tests/cli/script/*.trycmd`.

#[test]
fn commands_say_what_their_cases_say() {
    trycmd::TestCases::new().case("tests/cli/script/*.trycmd");
}

#[test]
fn the_text_of_a_ready_script_is_shown_byte_for_byte() {
    let mut ready = conclave::script::embedded().iter();
    let genesis = ready.find(|script| script.name == "genesis").unwrap();
    let shown = assert_cmd::Command::cargo_bin("conclave")
        .unwrap()
        .args([
            "script",
            "show",
            "--text",
            "genesis",
            "--at",
            "2026-11-20T12:00:00Z",
        ])
        .assert()
        .success();
    assert_eq!(shown.get_output().stdout, genesis.text.as_bytes());
}

#[test]
fn both_forms_of_a_run_sheet_are_written_to_new_files() {
    let directory = tempfile::tempdir().unwrap();
    for (form, beginning) in [(None, "====="), (Some("--html"), "<!doctype html>")] {
        let out = directory.path().join(form.unwrap_or("text"));
        assert_cmd::Command::cargo_bin("conclave")
            .unwrap()
            .args(["script", "print", "genesis", "--at", "2026-11-20T12:00:00Z"])
            .args(form)
            .arg("--out")
            .arg(&out)
            .assert()
            .success()
            .stdout("");
        assert!(
            std::fs::read_to_string(&out)
                .unwrap()
                .starts_with(beginning)
        );
    }
}
