//! A root that is signed without us: the key of a backup comes back by the commands of the share sheet, with stock tools
//! alone, and what it signs is the next root for whoever trusts the first.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::backup_rehearsal::{INSTALL, QUICK, media, played, script, walk};
use crate::support::rehearse::{assert_done, output};

/// Writes the next root, in the form in which it is signed.
const COMPOSE: &str = r#"
python3 - <<'END'
import json
signed = json.load(open("1.root.json"))["signed"]
signed["version"] += 1
def canonical(value):
    if isinstance(value, dict):
        return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return json.dumps(value)
open("root.message", "w").write(canonical(signed))
END
"#;

/// Puts root and signature together, under the ID of the key whose public half was restored.
const ASSEMBLE: &str = r#"
python3 - <<'END'
import json
signed = json.load(open("root.message"), strict=False)
public = open("public.pem").read().strip()
[key] = [key for key, entry in signed["keys"].items() if entry["keyval"]["public"].strip() == public]
signature = open("root.signature", "rb").read().hex()
json.dump({"signatures": [{"keyid": key, "sig": signature}], "signed": signed}, open("2.root.json", "w"))
END
"#;

/// Runs a command in a shell, as somebody types it.
fn shell(room: &Path, command: &str, typed: &str) -> String {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join(".peers/shamir/bin");
    assert!(
        tools.join("shamir").exists(),
        "{}: {INSTALL}",
        tools.display()
    );
    fs::write(room.join("typed"), typed).unwrap();
    let path = std::env::var("PATH").unwrap();
    let done = Command::new("bash")
        .args(["-c", &format!("set -eo pipefail; {command}")])
        .current_dir(room)
        .env("PATH", format!("{}:{path}", tools.display()))
        .stdin(Stdio::from(fs::File::open(room.join("typed")).unwrap()))
        .output()
        .unwrap();
    assert!(done.status.success(), "{command}: {done:?}\n{INSTALL}");
    fs::remove_file(room.join("typed")).unwrap();
    String::from_utf8(done.stdout).unwrap()
}

/// The commands of a printed sheet: the lines that are indented by four spaces, those that go on put together.
fn commands(sheet: &str) -> Vec<String> {
    let (sheet, _) = sheet.split_once("\nChecks\n").unwrap();
    let (_, sheet) = sheet
        .split_once("How to restore the key without Conclave")
        .unwrap();
    let joined = sheet.replace(" \\\n        ", " ");
    let lines = joined.lines().filter_map(|line| line.strip_prefix("    "));
    lines.map(str::to_owned).collect()
}

#[test]
fn stock_tools_alone_restore_the_key_by_the_sheet_and_sign_the_next_root() {
    let rehearsal = played(&script(&QUICK));
    let room = TempDir::new_in("/dev/shm").unwrap();
    let mut sheets = Vec::new();
    // What two custodians and the keeper of the wrapped key bring.
    for path in media(&rehearsal).iter().flat_map(|medium| walk(medium)) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if let Some(custodian) = name.strip_suffix(".sheet.txt") {
            let (_, custodian) = custodian.rsplit_once('.').unwrap();
            sheets.push((custodian.to_owned(), fs::read_to_string(&path).unwrap()));
        } else if name.ends_with(".share.age") || name.ends_with(".wrapped") {
            fs::copy(&path, room.path().join(name)).unwrap();
        }
    }
    assert_eq!(sheets.len(), 2);
    let (_, sheet) = &sheets[0];
    let [cd, open, recover, unwrap, compare] = &commands(sheet)[..] else {
        panic!("{sheet}");
    };
    // That directory, and in it one of our own, so that tests may run beside each other.
    assert_eq!(cd, "cd /dev/shm");
    assert!(open.starts_with("age --decrypt -i IDENTITY "), "{open}");

    // Step 1, by each custodian.
    let mut lines = String::new();
    for (custodian, sheet) in &sheets {
        let identity = rehearsal
            .tokens()
            .join(format!("custodians/{custodian}.identity"));
        let open = commands(sheet)[1].replace("IDENTITY", identity.to_str().unwrap());
        let opened = shell(room.path(), &open, "");
        let (_, rows) = opened.split_once("\nWords:\n").unwrap();
        let (rows, _) = rows.split_once("\n\n").unwrap();
        let words: Vec<&str> = rows.split_whitespace().skip(1).step_by(2).collect();
        assert_eq!(words.len(), 33);
        lines.push_str(&words.join(" "));
        lines.push('\n');
    }
    // Steps 2 to 4.
    let recovered = shell(room.path(), recover, &lines);
    let (_, key) = recovered.split_once("Your master secret is: ").unwrap();
    shell(room.path(), &unwrap.replace("KEK", key.trim()), "");
    let fingerprint = shell(room.path(), compare, "");
    let fingerprint = fingerprint.split(' ').next().unwrap();
    let mut lines = sheet.lines();
    let public_key = lines.find_map(|line| line.strip_prefix("Public key:"));
    assert_eq!(public_key.map(str::trim), Some(fingerprint), "{sheet}");

    // Step 5 says what it is: a key in the form that OpenSSL signs with.
    fs::copy(
        rehearsal.export().join("1.root.json"),
        room.path().join("1.root.json"),
    )
    .unwrap();
    shell(room.path(), COMPOSE, "");
    shell(
        room.path(),
        "openssl dgst -sha256 -keyform DER -sign key-1.der -out root.signature root.message
         openssl pkey -inform DER -in key-1.der -pubout -out public.pem",
        "",
    );
    shell(room.path(), ASSEMBLE, "");
    let judged = |names: [&str; 2]| {
        let mut verify = rehearsal.conclave();
        verify.args(["root", "verify", "--json"]);
        output(verify.args(names.map(|name| room.path().join(name))))
    };
    let accepted = judged(["1.root.json", "2.root.json"]);
    assert_done(&accepted);
    let told: Value = serde_json::from_slice(&accepted.stdout).unwrap();
    assert_eq!(
        (&told["verdict"], &told["version"]),
        (&"accepted".into(), &2.into())
    );
    // It is that signature that makes it so.
    let next = fs::read_to_string(room.path().join("2.root.json")).unwrap();
    let next: Value = serde_json::from_str(&next).unwrap();
    let signature = next["signatures"][0]["sig"].as_str().unwrap();
    let last = if signature.ends_with('0') { '1' } else { '0' };
    let other = format!("{}{last}", &signature[..signature.len() - 1]);
    let changed = next.to_string().replace(signature, &other);
    fs::write(room.path().join("changed.root.json"), changed).unwrap();
    assert_eq!(
        judged(["1.root.json", "changed.root.json"]).status.code(),
        Some(1)
    );
}
