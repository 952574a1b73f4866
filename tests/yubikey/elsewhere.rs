//! A key that the maker's own tool made in a YubiKey at another site: it comes into a root by what the device states of
//! it, and signs there.

use std::fs;

use conclave::certificate::Certificate;
use jiff::{SignedDuration, Timestamp};

use super::memory::{count, memory_of};
use super::stand::{Stand, succeeds};
use super::{NEW, PIN};
use crate::support::pty::{Size, Terminal};
use crate::support::site::{Line, REPOSITORY, Site};
use crate::support::store;

const SERIAL: &str = "25000002";
/// With which every YubiKey leaves the factory.
const FACTORY_PIN: &str = "123456";
const FACTORY_KEY: &str = "010203040506070801020304050607080102030405060708";

const CODES: [&str; 4] = ["code-of-w1", "code-of-w2", "code-of-h1", "code-of-h2"];
const UNREHEARSED: &str = "the courier waits";

/// What Lisbon sends: made by ykman, and no file of ours.
fn made_by_another_tool(stand: &Stand) -> [Vec<u8>; 2] {
    let ykman = |arguments: &[&str]| succeeds(&stand.ykman(SERIAL, arguments));
    ykman(&["access", "change-pin", "-P", FACTORY_PIN, "-n", PIN]);
    let generate = [
        &["keys", "generate", "9c", "-a", "ECCP256", "-P", PIN][..],
        &["-m", FACTORY_KEY, "--pin-policy", "ALWAYS"],
        &["--touch-policy", "ALWAYS", "-"],
    ];
    ykman(&generate.concat());
    [
        ("attestation.pem", ["keys", "attest", "9c"]),
        ("f9.pem", ["certificates", "export", "f9"]),
    ]
    .map(|(name, what)| {
        let path = stand.file(name);
        ykman(&[&what[..], &[path.to_str().unwrap()]].concat());
        fs::read(path).unwrap()
    })
}

/// Oslo's rotation, which takes the key in.
fn write_rotation(oslo: &Site, stand: &Stand, [statement, device]: [Vec<u8>; 2]) {
    let day = SignedDuration::from_hours(24);
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    oslo.receive("lisbon/attestation.pem", &statement);
    oslo.receive("lisbon/f9.pem", &device);
    oslo.receive("maker.pem", &fs::read(stand.root()).unwrap());
    let (not_before, expires) = ((now - day).to_string(), (now + 365 * day).to_string());
    let new = [
        &["script", "new", "rotation", "--out", "rotation.toml"][..],
        &["--repository", REPOSITORY, "--not-before", &not_before],
        &["--expires", &expires, "--previous", "1.root.json"],
        &["--enroll", "lisbon=Lisbon"],
    ]
    .concat();
    // Nobody vouches for this YubiKey but the maker of the stand.
    let (status, said) = oslo.conclave(&new);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("attestation.chain"), "{said}");
    let (status, said) = oslo.conclave(&[&new[..], &["--attestation-root", "maker.pem"]].concat());
    assert_eq!(status, 0, "{said}");
    let (status, said) = oslo.conclave(&["script", "check", "rotation.toml"]);
    assert_eq!(status, 0, "{said}");
}

/// The holder signs at a terminal. The PIN is in the memory of the program once, for a key that wants it before every
/// use, until the token is not needed any more; and then nowhere.
fn sign_watched(site: &Site, stand: &Stand) {
    let [request, out, trust] =
        ["request.json", "signing", "trusted/1.root.json"].map(|name| site.path(name));
    let [request, out, trust] = [&request, &out, &trust].map(|path| path.to_str().unwrap());
    let arguments = [
        &["root", "sign", request, "--token", SERIAL, "--plain"][..],
        &["--profile", "yubikey-piv", "--out", out, "--trust", trust],
    ];
    let environment = [("PCSCLITE_CSOCK_NAME", stand.socket().as_ref())];
    let mut terminal = Terminal::conclave(&arguments.concat(), &environment, Size::STANDARD);
    let mut places = Vec::new();
    while let Some((before, asked)) = terminal.expect_any_or_end(&[
        "SIGN ROOT 2 to continue > ",
        "PIN: ",
        "press Enter > ",
        "(Enter: 1) > ",
        "Z > ",
    ]) {
        match asked {
            "SIGN ROOT 2 to continue > " => terminal.send("SIGN ROOT 2\r"),
            "PIN: " => terminal.send(&format!("{PIN}\r")),
            _ => {
                let memory = memory_of(terminal.process_id());
                assert!(count(&memory, REPOSITORY.as_bytes()) > 0);
                if let Some((_, step)) = before.rsplit_once(" of 9] ") {
                    let step = step.split("    ").next().unwrap_or_default();
                    places.push((step.to_owned(), count(&memory, PIN.as_bytes())));
                }
                terminal.send("\r");
            }
        }
    }
    assert!(terminal.finish().success(), "{}", terminal.transcript());
    let of = |step: &str| places.iter().find(|(of, _)| of == step).unwrap().1;
    assert_eq!(of("Sign root 2"), 0, "before it is typed: {places:?}");
    assert_eq!(
        of("Export root 2"),
        1,
        "while the token is open: {places:?}"
    );
    assert_eq!(of("Sign off"), 0, "once it is logged out: {places:?}");
}

#[test]
fn a_key_that_ykman_made_comes_into_a_root_by_its_attestation_and_signs() {
    let stand = Stand::start(&["25000001:5.4.3", NEW]);
    // The place of the card is that of its reader.
    let oslo = Site::new("Oslo");
    let lisbon = Site::new("Lisbon").finding("PCSCLITE_CSOCK_NAME", stand.socket());
    let files = made_by_another_tool(&stand);
    let keys = ["conclave-key-1", "conclave-key-2"].map(|token| oslo.make_key(token));
    let line = Line::begin(keys.into());
    oslo.receive("1.root.json", &line.files[0]);
    let statement = Certificate::read_all(&files[0]).unwrap().remove(0);
    let public = statement.public_key().unwrap();
    write_rotation(&oslo, &stand, files);

    // Oslo, until the signature of Lisbon is waited for.
    let [w1, w2, h1, h2] = CODES;
    let settling = [w1, w2, h1, h2, w1, w2, w1, w2];
    let secrets = [
        &settling[..],
        &[w1, w2],
        &[w1, w2],
        &[store::PIN, store::PIN],
    ]
    .concat();
    let answers =
        "\n".repeat(5) + UNREHEARSED + &"\n".repeat(15) + "SIGN ROOT 2\n" + &"\n".repeat(3);
    let run = ["run", "rotation.toml", "--out", "ceremony"];
    let done = oslo.conduct(&run, &answers, &secrets);
    done.assert(130);
    let said = done.said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("attested by YubiKey 25000002, firmware 5.7.4"),
        "{said}"
    );
    assert!(said.contains("slot 9c, PIN always, touch always"), "{said}");
    assert!(said.contains("attestation.additional-root"), "{said}");
    let words = public.fingerprint().words();
    assert!(said.contains(&words[..8].join(" ")), "{said}");

    // Lisbon signs with it.
    lisbon.receive(
        "request.json",
        &oslo.read("ceremony/export/2.root.request.json"),
    );
    lisbon.receive("trusted/1.root.json", &line.files[0]);
    sign_watched(&lisbon, &stand);
    let name = lisbon.files_in("signing/export").pop().unwrap();
    oslo.receive(
        &format!("ceremony/export/signatures/{name}"),
        &lisbon.read(&format!("signing/export/{name}")),
    );

    // Oslo goes on, and a client follows.
    let bags = "O0000001\nO0000001\nO0000002\nO0000002\n";
    let answers = "\n".repeat(14) + bags + &"\n".repeat(20);
    let secrets = [&settling[..], &[w2, w1, w2, w1]].concat();
    let done = oslo.conduct(&["resume", "ceremony"], &answers, &secrets);
    done.assert(0);
    for arguments in [
        &["transcript", "verify", "ceremony"][..],
        &[
            "root",
            "verify",
            "1.root.json",
            "ceremony/export/2.root.json",
        ],
    ] {
        let (status, said) = oslo.conclave(arguments);
        assert_eq!(status, 0, "{said}");
    }
    let root = String::from_utf8(oslo.read("ceremony/export/2.root.json")).unwrap();
    let pem = public.to_pem().replace('\n', "\\n");
    assert!(root.contains(&pem), "{root}");
    // Stock tools find the key in what the other tool wrote.
    let verified = std::process::Command::new("sh")
        .arg("VERIFY.txt")
        .current_dir(oslo.path("ceremony"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success(), "{told}");
    assert!(
        told.contains("[ok] key key-3 is the key of attestations/yubikey/attestation.pem"),
        "{told}"
    );
    let report = String::from_utf8(oslo.read("ceremony/report.html")).unwrap();
    assert!(report.contains("attested by YubiKey 25000002"), "{report}");
}
