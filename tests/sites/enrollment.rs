//! A key that is made at one site and comes into the root of another: two stores of tokens, and files between them.

use conclave::transfer::Enrollment;
use jiff::{SignedDuration, Timestamp};

use crate::support::site::{Line, REPOSITORY, Site, json};
use crate::support::store::PIN;

const LISBON_PINS: [&str; 2] = ["86420135", "13579246"];
const CODES: [&str; 5] = [
    "code-of-w1",
    "code-of-w2",
    "code-of-h1",
    "code-of-h2",
    "code-of-h3",
];
const UNREHEARSED: &str = "the auditor is here today only";

fn times() -> (String, String) {
    let day = SignedDuration::from_hours(24);
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    ((now - day).to_string(), (now + 365 * day).to_string())
}

/// Lisbon makes a key in a ceremony of its own, and gives its enrollment file.
fn made_in_lisbon(lisbon: &Site) -> Vec<u8> {
    let (not_before, _) = times();
    let (status, said) = lisbon.conclave(&[
        "script",
        "new",
        "enrollment",
        "--out",
        "enrollment.toml",
        "--repository",
        REPOSITORY,
        "--not-before",
        &not_before,
    ]);
    assert_eq!(status, 0, "{said}");
    let [w1, w2, h1, ..] = CODES;
    let [so_pin, pin] = LISBON_PINS;
    // Codes; to go on without a rehearsal, the clock, the machine; the token; cold again; its bag.
    let secrets = [
        &[w1, w2, h1][..],
        &[w1, w2],
        &[w1, w2],
        &[w1, w2],
        &[so_pin, pin],
        &[pin],
        &[w2, w1],
    ]
    .concat();
    let answers =
        "\n".repeat(4) + UNREHEARSED + &"\n".repeat(14) + "L0000001\nL0000001\n" + &"\n".repeat(20);
    let done = lisbon.conduct(
        &["run", "enrollment.toml", "--out", "made"],
        &answers,
        &secrets,
    );
    done.assert(0);
    let (status, report) = lisbon.conclave(&["transcript", "verify", "made"]);
    assert_eq!(status, 0, "{report}");
    let file = lisbon.read("made/export/key-1.enrollment.json");
    assert_eq!(file, lisbon.read("made/keys/key-1.enrollment.json"));
    file
}

/// Oslo writes a rotation of its root that takes the key in.
fn write_rotation(oslo: &Site) {
    let (not_before, expires) = times();
    let (status, said) = oslo.conclave(&[
        "script",
        "new",
        "rotation",
        "--out",
        "rotation.toml",
        "--repository",
        REPOSITORY,
        "--not-before",
        &not_before,
        "--expires",
        &expires,
        "--previous",
        "1.root.json",
        "--enroll",
        "post/lisbon.enrollment.json=Lisbon",
    ]);
    assert_eq!(status, 0, "{said}");
    let (status, said) = oslo.conclave(&["script", "check", "rotation.toml"]);
    assert_eq!(status, 0, "{said}");
}

/// Lisbon is asked, signs, and sends its signature back.
fn signed_in_lisbon(lisbon: &Site, oslo: &Site, line: &Line) {
    lisbon.receive(
        "request.json",
        &oslo.read("ceremony/export/2.root.request.json"),
    );
    lisbon.receive("trusted/1.root.json", &line.files[0]);
    let [_, pin] = LISBON_PINS;
    let done = lisbon.conduct(
        &[
            "root",
            "sign",
            "request.json",
            "--token",
            "conclave-key-1",
            "--out",
            "signing",
            "--trust",
            "trusted/1.root.json",
        ],
        &("\n".repeat(12) + "SIGN ROOT 2\n" + &"\n".repeat(12)),
        &[pin],
    );
    done.assert(0);
    let mut files = lisbon.files_in("signing/export");
    let name = files.pop().unwrap();
    oslo.receive(
        &format!("ceremony/export/signatures/{name}"),
        &lisbon.read(&format!("signing/export/{name}")),
    );
}

#[test]
fn a_key_of_lisbon_comes_into_the_root_of_oslo_and_signs() {
    let (lisbon, oslo) = (Site::new("Lisbon"), Site::new("Oslo"));
    let file = made_in_lisbon(&lisbon);
    let enrollment = Enrollment::read(&file).unwrap();
    assert!(!enrollment.claims().is_rehearsal);

    // Oslo has a root, and takes the key in.
    let keys = ["conclave-key-1", "conclave-key-2"].map(|token| oslo.make_key(token));
    let line = Line::begin(keys.into());
    oslo.receive("1.root.json", &line.files[0]);
    oslo.receive("post/lisbon.enrollment.json", &file);
    write_rotation(&oslo);

    // The rehearsal simulates all three keys: also of the one in Lisbon, which signs.
    let (status, said) = oslo.conclave(&[
        "rehearse",
        "rotation.toml",
        "--unattended",
        "--out",
        "rehearsal",
    ]);
    assert_eq!(status, 0, "{said}");
    assert!(
        said.contains("root 1 keys 2/2 · root 2 keys 3/2") || said.contains("Signatures: 3 "),
        "{said}"
    );
    let real = enrollment.claims().public_key.to_pem();
    let simulated = json(&oslo.read("rehearsal/export/2.root.json"));
    let has_real = |root: &serde_json::Value| {
        let keys = root["signed"]["keys"].as_object().unwrap();
        keys.values()
            .any(|key| key["keyval"]["public"].as_str().unwrap().trim() == real.trim())
    };
    assert!(!has_real(&simulated), "{simulated:#}");

    // For real: until the signature of Lisbon is waited for.
    let [w1, w2, h1, h2, _] = CODES;
    let settling = [w1, w2, h1, h2, w1, w2, w1, w2];
    let run = [
        "run",
        "rotation.toml",
        "--out",
        "ceremony",
        "--rehearsal",
        "rehearsal/rotation",
    ];
    let secrets = [&settling[..], &[w1, w2], &[PIN, PIN]].concat();
    let answers = "\n".repeat(20) + "SIGN ROOT 2\n" + &"\n".repeat(3);
    let done = oslo.conduct(&run, &answers, &secrets);
    done.assert(130);
    // What both sites read to each other is what Lisbon's holder took home.
    let words = enrollment.claims().public_key.fingerprint().words();
    let card = String::from_utf8(lisbon.read("made/cards.txt")).unwrap();
    for word in &words[..4] {
        assert!(done.said.contains(word) && card.contains(word), "{word}");
    }
    let transcript = String::from_utf8(oslo.read("ceremony/transcript.jsonl")).unwrap();
    assert!(transcript.contains("enrollment-compared"), "{}", done.said);

    signed_in_lisbon(&lisbon, &oslo, &line);

    // Oslo goes on, and a client follows.
    let bags = "O0000001\nO0000001\nO0000002\nO0000002\n";
    let answers = "\n".repeat(14) + bags + &"\n".repeat(20);
    let secrets = [&settling[..], &[w2, w1, w2, w1]].concat();
    let done = oslo.conduct(&["resume", "ceremony"], &answers, &secrets);
    done.assert(0);
    let (status, report) = oslo.conclave(&["transcript", "verify", "ceremony"]);
    assert_eq!(status, 0, "{report}");
    let (status, said) = oslo.conclave(&[
        "root",
        "verify",
        "1.root.json",
        "ceremony/export/2.root.json",
    ]);
    assert_eq!(status, 0, "{said}");
    let root = json(&oslo.read("ceremony/export/2.root.json"));
    assert!(has_real(&root), "{root:#}");
    assert_eq!(root["signatures"].as_array().unwrap().len(), 3);
    let verified = std::process::Command::new("sh")
        .arg("VERIFY.txt")
        .current_dir(oslo.path("ceremony"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success(), "{told}");
    assert!(told.contains("[ok] key key-3 is the key of"), "{told}");
}
