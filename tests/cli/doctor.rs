//! `conclave doctor` on the machine that runs the tests, whatever that is.

use std::process::{Command, Output};

use serde_json::Value;

const CONCLAVE: &str = env!("CARGO_BIN_EXE_conclave");

/// A run from a terminal that is on this machine and that nothing records.
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    for variable in ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "ASCIINEMA_REC"] {
        command.env_remove(variable);
    }
    command
}

fn level(output: &Output, check: &str) -> String {
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let found = checks.iter().find(|found| found["check"] == check);
    found.unwrap()["level"].as_str().unwrap().to_owned()
}

#[test]
fn the_exit_status_is_the_verdict() {
    let output = command(CONCLAVE)
        .args(["doctor", "--json"])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let unfit = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .any(|check| check["level"] == "unfit");
    assert_eq!(report["fit"], !unfit);
    assert_eq!(output.status.code(), Some(if unfit { 5 } else { 0 }));
}

#[test]
fn the_process_forbids_its_own_core_dumps() {
    let output = command("sh")
        .args([
            "-c",
            "ulimit -c unlimited 2>/dev/null; exec \"$0\" doctor --json",
            CONCLAVE,
        ])
        .output()
        .unwrap();
    assert_eq!(level(&output, "host.core-dumps"), "fit");
}

#[test]
fn a_remote_terminal_is_not_fit() {
    let doctor = |command: &mut Command| command.args(["doctor", "--json"]).output().unwrap();
    assert_eq!(level(&doctor(&mut command(CONCLAVE)), "host.remote"), "fit");
    let over_ssh = doctor(command(CONCLAVE).env("SSH_TTY", "/dev/pts/3"));
    assert_eq!(level(&over_ssh, "host.remote"), "unfit");
    assert_eq!(over_ssh.status.code(), Some(5));
}

#[test]
fn a_recorded_terminal_is_not_fit() {
    let output = command("script")
        .args(["--quiet", "--return", "--command"])
        .arg(format!("{CONCLAVE} doctor --json"))
        .arg("/dev/null")
        .output()
        .expect(
            "script of util-linux; install the test tools with ./softhsm-setup.sh --test-tools",
        );
    assert_eq!(level(&output, "host.recording"), "unfit");
}
