//! What others' tools say of what we wrote, and what we read of theirs.

use std::fs;
use std::process::Command;

use conclave::certificate::Certificate;
use conclave::metadata::KeyType;
use conclave::record::{PinPolicy, TouchPolicy};
use conclave::token::Reader as _;
use der::Encode as _;
use yubikey::piv::{Origin, SlotId};

use super::stand::{Stand, succeeds};
use super::{NEW, OLD, PIN, PUK, open, pin, policy, reader, ready, request, signs};

/// The management key that every YubiKey leaves the factory with.
const FACTORY_KEY: &str = "010203040506070801020304050607080102030405060708";

fn run(command: &mut Command) -> String {
    succeeds(
        &command
            .output()
            .expect("./softhsm-setup.sh --test-tools installs it"),
    )
}

#[test]
fn the_makers_tools_and_openssl_accept_what_we_wrote() {
    Stand::run(
        "cross_checks::the_makers_tools_and_openssl_accept_what_we_wrote",
        &[OLD, NEW],
        |stand| {
            let mut keys = Vec::new();
            {
                let mut reader = reader();
                for serial in ["25000001", "25000002"] {
                    let mut token = ready(&mut reader, serial);
                    let key = token.generate(&request(0x9c, KeyType::EcdsaP384)).unwrap();
                    keys.push((serial, key.public));
                }
            }
            for (serial, public) in keys {
                let said = succeeds(&stand.ykman(serial, &["info"]));
                assert!(!said.contains("default"), "{said}");
                assert!(said.contains("protected by PIN"), "{said}");
                assert!(said.contains("CN=conclave key-1"), "{said}");
                let said = succeeds(&stand.ykman(serial, &["keys", "info", "9c"]));
                assert!(
                    said.contains("GENERATED") && said.contains("ALWAYS"),
                    "{said}"
                );

                // The key and its certificate.
                let file = |name: &str| stand.file(&format!("{serial}-{name}"));
                let export = |what: &[&str], name: &str| {
                    let path = file(name);
                    let mut arguments = what.to_vec();
                    arguments.push(path.to_str().unwrap());
                    succeeds(&stand.ykman(serial, &arguments));
                    path
                };
                let certificate = export(&["certificates", "export", "9c"], "9c.pem");
                let shown = run(Command::new("openssl")
                    .args(["x509", "-noout", "-pubkey", "-in"])
                    .arg(&certificate));
                assert_eq!(shown, public.to_pem());
                let said = run(Command::new("openssl")
                    .args(["verify", "-check_ss_sig", "-CAfile"])
                    .arg(&certificate)
                    .arg(&certificate));
                assert!(said.ends_with(": OK\n"), "{said}");

                // The attestation, and what we say of it.
                let statement = export(&["keys", "attest", "9c"], "attestation.pem");
                let device = export(&["certificates", "export", "f9"], "f9.pem");
                let said = run(Command::new("openssl")
                    .args(["verify", "-CAfile"])
                    .arg(stand.root())
                    .arg("-untrusted")
                    .arg(&device)
                    .arg(&statement));
                assert!(said.ends_with(": OK\n"), "{said}");
                let folder = stand.file("attestations").join(serial);
                fs::create_dir_all(&folder).unwrap();
                fs::copy(statement, folder.join("Slot9CAttestation.pem")).unwrap();
                fs::copy(device, folder.join("SlotF9Intermediate.pem")).unwrap();

                // The PIN, and the management key under it.
                let mut arguments = vec!["access", "change-pin", "-P", PIN];
                arguments.extend(["-n", "161803"]);
                succeeds(&stand.ykman(serial, &arguments));
                let mut arguments = vec!["keys", "generate", "9d", "-P", "161803"];
                arguments.extend(["-a", "ECCP256", "-"]);
                succeeds(&stand.ykman(serial, &arguments));
                let mut arguments = vec!["access", "unblock-pin", "-p", PUK];
                arguments.extend(["-n", PIN]);
                succeeds(&stand.ykman(serial, &arguments));
            }
            let folder = stand.file("attestations");
            let root = stand.root();
            let said = run(stand
                .conclave(&["token", "attestation", "verify"])
                .arg(folder)
                .arg("--additional-root")
                .arg(root));
            assert!(
                said.starts_with("accepted: 2 of 2 attestations are valid"),
                "{said}"
            );

            another_tool_agrees(stand);
        },
    );
}

/// Another tool, which knows nothing of the first.
fn another_tool_agrees(stand: &Stand) {
    let tool = |arguments: &[&str]| {
        let mut command = stand.command("yubico-piv-tool");
        run(command
            .args(["-r", "YubiKey OTP+FIDO+CCID v1"])
            .args(arguments))
    };
    let said = tool(&["-a", "status"]);
    assert!(said.contains("CN=conclave key-1"), "{said}");
    let certificate = stand.file("25000002-9c.pem");
    tool(&[
        "-a",
        "verify-pin",
        "-P",
        PIN,
        "-a",
        "test-signature",
        "-s",
        "9c",
        "-A",
        "ECCP384",
        "-H",
        "SHA384",
        "-i",
        certificate.to_str().unwrap(),
    ]);
}

#[test]
fn we_read_and_use_what_the_makers_tool_wrote() {
    Stand::run(
        "cross_checks::we_read_and_use_what_the_makers_tool_wrote",
        &[OLD, NEW],
        |stand| {
            for serial in ["25000001", "25000002"] {
                for arguments in [
                    &["access", "change-pin", "-P", "123456", "-n", PIN][..],
                    &["access", "change-puk", "-p", "12345678", "-n", PUK],
                    &[
                        "access",
                        "change-management-key",
                        "-m",
                        FACTORY_KEY,
                        "-P",
                        PIN,
                        "-g",
                        "-p",
                        "-f",
                    ],
                    &["keys", "generate", "9a", "-P", PIN, "-a", "ECCP384", "-"],
                ] {
                    succeeds(&stand.ykman(serial, arguments));
                }
                let path = stand.file("9a.pem");
                let path = path.to_str().unwrap();
                succeeds(&stand.ykman(serial, &["keys", "export", "9a", path]));
                let mut arguments = vec!["certificates", "generate", "9a", path, "-P", PIN];
                arguments.extend(["-s", "CN=theirs"]);
                succeeds(&stand.ykman(serial, &arguments));

                let said = succeeds(&stand.token(&["show", "--token", serial], &[]));
                assert!(said.contains("key 9a  P-384  \"theirs\""), "{said}");
                assert!(said.contains("PIN set, 3 attempts left"), "{said}");

                let mut reader = reader();
                let mut token = open(&mut reader, serial);
                assert_eq!(token.id().label, serial);
                token.login(&pin(PIN)).unwrap();
                let theirs = token.keys().unwrap().remove(0);
                assert_eq!(theirs.public.to_pem(), fs::read_to_string(path).unwrap());
                assert!(signs(token.as_mut(), 0x9a, &theirs.public));
                // Their management key under the PIN lets us make a key of our own.
                token
                    .set_use_policy(policy(PinPolicy::Once, TouchPolicy::Cached))
                    .unwrap();
                let ours = token.generate(&request(0x9c, KeyType::EcdsaP256)).unwrap();
                assert!(signs(token.as_mut(), 0x9c, &ours.public));
                drop(token);
                let said = succeeds(&stand.ykman(serial, &["keys", "info", "9c"]));
                assert!(said.contains("ONCE") && said.contains("CACHED"), "{said}");
            }
            assert_eq!(reader().tokens().unwrap().len(), 2);
        },
    );
}

/// The crate that other Rust programs speak to YubiKeys with, which shares nothing with what wrote.
#[test]
fn the_yubikey_crate_reads_what_we_wrote() {
    Stand::run(
        "cross_checks::the_yubikey_crate_reads_what_we_wrote",
        &[OLD, NEW],
        |_| {
            for (serial, firmware) in [(25_000_001, "5.4.3"), (25_000_002, "5.7.4")] {
                let (public, statement) = {
                    let mut reader = reader();
                    let mut token = ready(&mut reader, &serial.to_string());
                    token
                        .set_use_policy(policy(PinPolicy::Once, TouchPolicy::Cached))
                        .unwrap();
                    let key = token.generate(&request(0x9c, KeyType::EcdsaP256)).unwrap();
                    (key.public, token.attest(&[0x9c]).unwrap().remove(0))
                };
                let mut card = yubikey::YubiKey::open_by_serial(serial.into()).unwrap();
                assert_eq!(card.version().to_string(), firmware);
                let keys = yubikey::piv::Key::list(&mut card).unwrap();
                let mut keys = keys.iter();
                let key = keys.find(|key| key.slot() == SlotId::Signature).unwrap();
                assert_eq!(key.certificate().subject(), "CN=conclave key-1");
                let certified = key.certificate().subject_pki().to_der().unwrap();
                assert_eq!(certified, public.as_der());

                let said = yubikey::piv::metadata(&mut card, SlotId::Signature).unwrap();
                assert_eq!(said.public.unwrap().to_der().unwrap(), public.as_der());
                assert!(matches!(said.origin, Some(Origin::Generated)));
                let policy = said.policy.unwrap();
                assert!(matches!(
                    policy,
                    (yubikey::PinPolicy::Once, yubikey::TouchPolicy::Cached)
                ));
                let attested = yubikey::piv::attest(&mut card, SlotId::Signature).unwrap();
                // Its serial number is another each time; what it says is not.
                let attested = Certificate::from_der(&attested).unwrap();
                assert_eq!(
                    attested.public_key().unwrap(),
                    statement.public_key().unwrap()
                );
                assert_eq!(attested.public_key().unwrap(), public);

                // The PIN that we set, and the management key that we put under it.
                card.verify_pin(PIN.as_bytes()).unwrap();
                let key = yubikey::MgmKey::get_protected(&mut card).unwrap();
                card.authenticate(&key).unwrap();
            }
        },
    );
}
