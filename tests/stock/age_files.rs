//! Files of shares in every form that age has, opened by the stock program and by ours: X25519, SSH keys, passphrases, and
//! a plugin that is a program of its own.

use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use age::NoCallbacks;
use conclave::backup::recipient::{EncryptError, Recipient, encrypt, encrypt_under};
use conclave::backup::{Opener, recipient_kinds};
use conclave::secret::Passphrase;
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::{HINT, run, text_of};

const TEXT: &[u8] = b"a share\n";
/// How a process that was started with the plugin on its path is told so.
const WITH_PLUGIN: &str = "CONCLAVE_TEST_PLUGIN";

fn tool(name: &str, arguments: &[&str]) -> Output {
    run(Command::new(name).args(arguments), "")
}

/// Opens a file with the stock program.
fn age(directory: &Path, identity: &Path, file: &[u8]) -> Output {
    let path = directory.join("share.age");
    fs::write(&path, file).unwrap();
    let arguments = [
        "--decrypt",
        "-i",
        identity.to_str().unwrap(),
        path.to_str().unwrap(),
    ];
    tool("age", &arguments)
}

fn opener(identity: &Path) -> Opener {
    Opener::identities(&Zeroizing::new(fs::read(identity).unwrap()), &NoCallbacks).unwrap()
}

/// Makes an identity with a stock program, and gives its recipient.
fn key(directory: &Path, kind: &str) -> (Recipient, PathBuf) {
    let path = directory.join(kind);
    let name = path.to_str().unwrap();
    let recipient = if kind == "age" {
        text_of(&tool("age-keygen", &["-o", name]));
        text_of(&tool("age-keygen", &["-y", name]))
    } else {
        let bits = if kind == "rsa" { "2048" } else { "256" };
        let quiet = ["-q", "-N", "", "-t", kind, "-b", bits, "-f", name];
        text_of(&tool("ssh-keygen", &quiet));
        fs::read_to_string(path.with_extension("pub")).unwrap()
    };
    (recipient.parse().unwrap(), path)
}

#[test]
fn stock_age_opens_what_we_close_and_we_open_what_it_closes() {
    let directory = TempDir::new().unwrap();
    for (kind, closed) in [
        ("age", "X25519"),
        ("ed25519", "ssh-ed25519"),
        ("rsa", "ssh-rsa"),
    ] {
        let (recipient, identity) = key(directory.path(), kind);
        let ours = encrypt(TEXT, std::slice::from_ref(&recipient), &NoCallbacks).unwrap();
        assert_eq!(recipient_kinds(&ours).unwrap(), [closed]);
        let opened = age(directory.path(), &identity, &ours);
        assert_eq!(text_of(&opened).as_bytes(), TEXT, "{kind}");
        assert_eq!(opener(&identity).open(&ours).unwrap().as_slice(), TEXT);

        let path = directory.path().join("plain");
        fs::write(&path, TEXT).unwrap();
        for armor in [&["-a"][..], &[]] {
            let mut arguments = armor.to_vec();
            let recipient = recipient.to_string();
            arguments.extend(["-r", &recipient, path.to_str().unwrap()]);
            let closed = tool("age", &arguments);
            text_of(&closed);
            assert_eq!(
                opener(&identity).open(&closed.stdout).unwrap().as_slice(),
                TEXT
            );
        }
    }
}

#[test]
fn either_of_two_recipients_opens_a_share_alone() {
    let directory = TempDir::new().unwrap();
    let (first, one) = key(directory.path(), "age");
    let (second, other) = key(directory.path(), "ed25519");
    let file = encrypt(TEXT, &[first, second], &NoCallbacks).unwrap();
    for identity in [one, other] {
        assert_eq!(
            text_of(&age(directory.path(), &identity, &file)).as_bytes(),
            TEXT
        );
        assert_eq!(opener(&identity).open(&file).unwrap().as_slice(), TEXT);
    }
}

/// age reads passphrases from a terminal alone: Python is one.
#[test]
fn stock_age_opens_what_a_passphrase_closed() {
    let directory = TempDir::new().unwrap();
    let passphrase = Passphrase::new(Zeroizing::new("correct horse battery".to_owned())).unwrap();
    let file = encrypt_under(TEXT, &passphrase).unwrap();
    assert_eq!(recipient_kinds(&file).unwrap(), ["scrypt"]);
    let path = directory.path().join("share.age");
    fs::write(&path, &file).unwrap();
    let program = "import os, pty, sys\n\
        process, terminal = pty.fork()\n\
        if process == 0:\n\
        \x20os.execvp('age', ['age', '-d', '-o', sys.argv[2], sys.argv[1]])\n\
        said = b''\n\
        while b'passphrase' not in said:\n\
        \x20said += os.read(terminal, 100)\n\
        os.write(terminal, b'correct horse battery\\n')\n\
        try:\n\
        \x20while os.read(terminal, 100): pass\n\
        except OSError: pass\n\
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))";
    let out = directory.path().join("opened");
    let arguments = ["-c", program, path.to_str().unwrap(), out.to_str().unwrap()];
    text_of(&tool("python3", &arguments));
    assert_eq!(fs::read(out).unwrap(), TEXT);
}

/// A directory in which the plugin lies as a program, with a Python beside it that has what it needs.
fn plugin_directory() -> TempDir {
    let directory = TempDir::new().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join(".peers/yubikey/bin/python");
    assert!(python.exists(), "{} {HINT}", python.display());
    let source = fs::read_to_string(root.join("tests/shares/plugin/age-plugin-drawer")).unwrap();
    let program = directory.path().join("age-plugin-drawer");
    let (_, body) = source.split_once('\n').unwrap();
    fs::write(&program, format!("#!{}\n{body}", python.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    // So that the directory alone is enough of a path for both clients.
    symlink(&python, directory.path().join("python")).unwrap();
    directory
}

/// Runs a test once more with the plugin on its path, and gives where that is; none to the test that runs so. Where
/// plugins are is read from the environment, which a test process cannot change for itself.
fn passed_with_plugin(test: &str) -> Option<TempDir> {
    if env::var_os(WITH_PLUGIN).is_some() {
        return None;
    }
    let directory = plugin_directory();
    let path = format!(
        "{}:{}",
        directory.path().display(),
        env::var("PATH").unwrap()
    );
    let mut again = Command::new(env::current_exe().unwrap());
    again.args(["--exact", test]);
    let said = text_of(&run(again.env("PATH", path).env(WITH_PLUGIN, "1"), ""));
    assert!(said.contains("1 passed"), "{said}");
    Some(directory)
}

#[test]
fn a_plugin_closes_and_opens_for_both() {
    if let Some(directory) =
        passed_with_plugin("stock::age_files::a_plugin_closes_and_opens_for_both")
    {
        let recipient: Recipient = generate(directory.path(), "--generate").0.parse().unwrap();
        let refused = encrypt(TEXT, &[recipient], &NoCallbacks).unwrap_err();
        let name = "drawer".to_owned();
        assert_eq!(refused, EncryptError::Plugin { name });
        return;
    }
    let directory = TempDir::new().unwrap();
    let from_path = Path::new("");
    let (recipient, identity) = generate(from_path, "--generate");
    let recipient: Recipient = recipient.parse().unwrap();
    assert_eq!(recipient.plugin(), Some("drawer"));
    let file = encrypt(TEXT, &[recipient], &NoCallbacks).unwrap();
    assert_eq!(recipient_kinds(&file).unwrap(), ["drawer"]);
    let path = directory.path().join("identity");
    fs::write(&path, identity).unwrap();
    assert_eq!(opener(&path).open(&file).unwrap().as_slice(), TEXT);
    assert_eq!(
        text_of(&age(directory.path(), &path, &file)).as_bytes(),
        TEXT
    );
    let (_, stranger) = generate(from_path, "--generate");
    fs::write(&path, stranger).unwrap();
    assert!(opener(&path).open(&file).is_err());
}

/// A recipient and an identity of the plugin.
pub(crate) fn generate(directory: &Path, how: &str) -> (String, String) {
    let program = directory.join("age-plugin-drawer");
    let said = text_of(&run(Command::new(program).arg(how), ""));
    let (recipient, identity) = said.split_once('\n').unwrap();
    (recipient.to_owned(), identity.to_owned())
}

#[test]
fn the_program_opens_with_a_plugin_that_asks_for_a_pin() {
    let name = "stock::age_files::the_program_opens_with_a_plugin_that_asks_for_a_pin";
    if passed_with_plugin(name).is_some() {
        return;
    }
    let (recipient, identity) = generate(Path::new(""), "--generate-with-pin");
    let backup =
        crate::support::backup::Backup::recipient_kinds(&[vec![recipient.parse().unwrap()]]);
    let files = crate::support::share_files::ShareFiles::of(&backup);
    let identity = files.put("identity", identity.as_bytes());
    let file = files.share(0);
    let arguments = [
        "check",
        &file,
        "--identity",
        &identity,
        "--manifest",
        &files.manifest(),
    ];
    let opened = files.conclave(&arguments, Some("271828\n"));
    assert_eq!(opened.status.code(), Some(0), "{opened:?}");
    let refused = files.conclave(&arguments, Some("1\n"));
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
}
