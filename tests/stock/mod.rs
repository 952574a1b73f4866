//! Stock tools judge backups: age, the reference implementation of SLIP-39, and OpenSSL.

mod age_files;
mod backups;
mod shares;

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

const HINT: &str = "is needed: ./softhsm-setup.sh --test-tools";

fn run(command: &mut Command, input: &str) -> Output {
    let name = command.get_program().to_owned();
    let mut process = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{} {HINT} ({error})", name.display()));
    process
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    process.wait_with_output().unwrap()
}

#[track_caller]
fn text_of(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    text
}
