//! What other tools make of a backup: the reference implementation of SLIP-39, stock age and OpenSSL. Without any
//! program of ours a key comes back by the commands that are printed on the sheet.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use age::secrecy::ExposeSecret as _;
use conclave::backup::slip39::{Share, combine};
use conclave::backup::{KeyEncryptionKey, OpenedShare, public_half, share_sheet};
use conclave::certificate::{Algorithm, PublicKey};
use conclave::metadata::Scheme;
use conclave::secret::PrivateKey;
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::{HINT, run, text_of};
use crate::support::backup::{Backup, kek, key_pair};

/// A program that is installed beside the tests.
fn shamir_tool(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(".peers/shamir/bin")
        .join(name);
    assert!(path.exists(), "{} {HINT}", path.display());
    path
}

/// Runs a program in Python with the reference implementation.
fn python(program: &str, input: &str) -> String {
    text_of(&run(
        Command::new(shamir_tool("python")).args(["-c", program]),
        input,
    ))
}

#[test]
fn the_reference_implementation_combines_our_shares() {
    for (needed, groups) in [
        (1, &[(2, 3)][..]),
        (1, &[(2, 3), (3, 5)]),
        (2, &[(1, 1), (3, 5), (2, 2)]),
    ] {
        let backup = Backup::new(needed, groups);
        let secret = {
            let shares: Vec<&Share> = backup.set.shares().iter().map(OpenedShare::share).collect();
            hex::encode(&*combine(&shares, b"").unwrap())
        };
        // The last members of the last groups.
        let mut input = String::new();
        for (group, (threshold, count)) in groups.iter().enumerate().rev().take(usize::from(needed))
        {
            let before: u8 = groups[..group].iter().map(|(_, count)| count).sum();
            for member in count - threshold..*count {
                let share = &backup.set.shares()[usize::from(before + member)];
                input.push_str(share.words().expose());
                input.push('\n');
            }
        }
        let combined = python(
            "import sys, shamir_mnemonic\n\
             print(shamir_mnemonic.combine_mnemonics(sys.stdin.read().splitlines()).hex())",
            &input,
        );
        assert_eq!(combined.trim(), secret, "{groups:?}");
    }
}

#[test]
fn we_combine_shares_of_the_reference_implementation() {
    let program = "import secrets, shamir_mnemonic\n\
         for needed, groups in [(1, [(2, 3)]), (2, [(2, 3), (3, 5), (1, 1)]), (1, [(16, 16)])]:\n\
         \x20for extendable in (True, False):\n\
         \x20\x20secret = secrets.token_bytes(32)\n\
         \x20\x20made = shamir_mnemonic.generate_mnemonics(needed, groups, secret, extendable=extendable)\n\
         \x20\x20quorum = [words for group, (t, _) in list(zip(made, groups))[:needed] for words in group[-t:]]\n\
         \x20\x20print(secret.hex(), '|'.join(quorum), sep='|')";
    let mut sets = 0;
    for line in python(program, "").lines() {
        let (secret, shares) = line.split_once('|').unwrap();
        let shares: Vec<Share> = shares
            .split('|')
            .map(|words| Share::read(words).unwrap())
            .collect();
        let shares: Vec<&Share> = shares.iter().collect();
        assert_eq!(hex::encode(&*combine(&shares, b"").unwrap()), secret);
        sets += 1;
    }
    assert_eq!(sets, 6);
}

#[test]
fn openssl_wraps_and_unwraps_as_we_do() {
    let directory = TempDir::new().unwrap();
    let kek = kek();
    let openssl = |decrypt: bool, input: &Path| {
        let mut command = Command::new("openssl");
        command.args([
            "enc",
            if decrypt { "-d" } else { "-e" },
            "-id-aes256-wrap-pad",
        ]);
        command
            .args(["-iv", "a65959a6", "-K", &hex::encode(kek.expose()), "-in"])
            .arg(input);
        let output = run(&mut command, "");
        text_of(&output);
        output.stdout
    };
    let file = directory.path().join("file");
    for length in [1, 7, 8, 9, 138, 1219] {
        let key = PrivateKey::new(Zeroizing::new(vec![0x5a; length]));
        let wrapped = kek.wrap(&key).unwrap();
        fs::write(&file, &wrapped).unwrap();
        assert_eq!(openssl(true, &file), key.expose());
        fs::write(&file, key.expose()).unwrap();
        assert_eq!(openssl(false, &file), wrapped);
    }
}

/// The commands of a sheet: the lines that are indented by four spaces, those that go on put together.
fn commands(sheet: &str) -> Vec<String> {
    let joined = sheet.replace(" \\\n        ", " ");
    let indented = joined.lines().filter_map(|line| line.strip_prefix("    "));
    indented
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
        .map(str::to_owned)
        .collect()
}

/// Runs a command of a sheet in a shell, as somebody types it.
fn shell(directory: &Path, command: &str, input: &str) -> String {
    let path = format!(
        "{}:{}",
        shamir_tool("shamir").parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let mut bash = Command::new("bash");
    bash.args(["-c", &format!("set -o pipefail; {command}")]);
    text_of(&run(bash.current_dir(directory).env("PATH", path), input))
}

#[test]
fn stock_tools_alone_restore_a_key_by_the_sheet_and_sign_a_root_with_it() {
    let backup = Backup::new(1, &[(2, 3)]);
    let public = &backup.manifest.facts().public_key;
    // What two custodians and the keeper of the wrapped key bring, and what the sheets of paper say.
    let room = TempDir::new_in("/dev/shm").unwrap();
    let mut sheets = Vec::new();
    for (place, (custodian, share)) in backup.set.custodians().enumerate().skip(1) {
        let file = &backup.files[place];
        fs::write(room.path().join(share.label().share_file()), file).unwrap();
        let identity = backup.identities[place].to_string();
        let name = format!("identity-{}", custodian.id);
        fs::write(room.path().join(&name), identity.expose_secret()).unwrap();
        let sheet = share_sheet(share.label(), custodian, Some(file)).unwrap();
        sheets.push((name, commands(&sheet.to_text())));
    }
    let label = backup.set.shares()[0].label();
    fs::write(room.path().join(label.wrapped_file()), &backup.wrapped).unwrap();

    let (_, steps) = &sheets[0];
    let [check, new, cd, open, recover, unwrap, compare] = &steps[..] else {
        panic!("{steps:#?}");
    };
    assert!(check.starts_with("conclave share check ") && new.starts_with("conclave script new "));
    assert_eq!(cd, "cd /dev/shm");
    assert!(open.starts_with("age --decrypt -i IDENTITY "), "{open}");

    // Step 1, by each custodian.
    let mut lines = String::new();
    for (identity, steps) in &sheets {
        let opened = shell(room.path(), &steps[3].replace("IDENTITY", identity), "");
        let (_, rows) = opened.split_once("\nWords:\n").unwrap();
        let (rows, _) = rows.split_once("\n\n").unwrap();
        let words: Vec<&str> = rows.split_whitespace().skip(1).step_by(2).collect();
        assert_eq!(words.len(), 33);
        writeln!(lines, "{}", words.join(" ")).unwrap();
    }
    // Steps 2 to 4.
    let recovered = shell(room.path(), recover, &lines);
    let (_, key) = recovered.split_once("Your master secret is: ").unwrap();
    let key = key.trim();
    assert_eq!(key.len(), 64);
    shell(room.path(), &unwrap.replace("KEK", key), "");
    let fingerprint = shell(room.path(), compare, "");
    assert_eq!(
        fingerprint.split(' ').next().unwrap(),
        public.fingerprint().to_string()
    );

    // The key signs what clients verify.
    let message = br#"{"_type":"root","spec_version":"1.0.31","version":2}"#;
    fs::write(room.path().join("root"), message).unwrap();
    shell(
        room.path(),
        "openssl pkey -inform DER -in key-3.der -out key.pem && openssl dgst -sha256 -sign key.pem -out signature root",
        "",
    );
    let signature = fs::read(room.path().join("signature")).unwrap();
    let scheme = Scheme::for_public_key(public).unwrap();
    assert!(scheme.verifies(public, message, &signature));
}

#[test]
fn keys_of_every_kind_come_back_from_openssl_as_they_were() {
    let directory = TempDir::new().unwrap();
    for (arguments, algorithm) in [
        ("EC -pkeyopt ec_paramgen_curve:P-256", Algorithm::P256),
        ("EC -pkeyopt ec_paramgen_curve:P-384", Algorithm::P384),
        ("EC -pkeyopt ec_paramgen_curve:P-521", Algorithm::P521),
        ("ED25519", Algorithm::Ed25519),
        (
            "RSA -pkeyopt rsa_keygen_bits:3072",
            Algorithm::Rsa { bits: 3072 },
        ),
    ] {
        shell(
            directory.path(),
            &format!(
                "openssl genpkey -algorithm {arguments} -outform DER -out sec1.der && \
                 openssl pkcs8 -topk8 -nocrypt -inform DER -in sec1.der -outform DER -out key.der && \
                 openssl pkey -inform DER -in key.der -pubout -outform DER -out public.der"
            ),
            "",
        );
        let private = fs::read(directory.path().join("key.der")).unwrap();
        let public = PublicKey::from_der(&fs::read(directory.path().join("public.der")).unwrap());
        let kek = kek();
        let wrapped = kek.wrap(&PrivateKey::new(Zeroizing::new(private))).unwrap();
        let again = kek.unwrap(&wrapped).unwrap();
        assert_eq!(
            public_half(&again, algorithm),
            Some(public.unwrap()),
            "{arguments}"
        );
        assert_eq!(public_half(&again, other(algorithm)), None, "{arguments}");
    }
}

const fn other(algorithm: Algorithm) -> Algorithm {
    match algorithm {
        Algorithm::P256 => Algorithm::P384,
        _ => Algorithm::P256,
    }
}

#[test]
fn a_key_without_its_public_half_is_known_by_it_all_the_same() {
    // As tokens wrap it: SEC 1 with neither curve nor public key inside PKCS #8.
    let (pkcs8, public) = key_pair();
    let scalar_at = pkcs8.windows(2).position(|w| w == [0x04, 0x20]).unwrap() + 2;
    let mut bare =
        hex::decode("3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420")
            .unwrap();
    bare.extend_from_slice(&pkcs8[scalar_at..scalar_at + 32]);
    let private = PrivateKey::new(Zeroizing::new(bare));
    assert_eq!(public_half(&private, Algorithm::P256), Some(public));
    let kek = KeyEncryptionKey::new(Box::new(Zeroizing::new([1; 32])));
    let wrapped = kek.wrap(&private).unwrap();
    assert_eq!(kek.unwrap(&wrapped).unwrap().expose(), private.expose());
}
