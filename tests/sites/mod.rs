//! Two sites that exchange nothing but files: each is processes of its own with a SoftHSM store of its own.

mod collecting;
mod enrollment;
mod old_keys;
mod refusals;

use std::fs;

use crate::support::site::{Line, REPOSITORY, Site, json};
use conclave::transfer::DetachedSignature;

/// Lisbon has the keys 0 and 1, Oslo the key 2; any two of them must sign.
struct World {
    lisbon: Site,
    oslo: Site,
    line: Line,
}

impl World {
    fn new() -> Self {
        let (lisbon, oslo) = (Site::new("Lisbon"), Site::new("Oslo"));
        let keys = vec![
            lisbon.make_key("holder-a"),
            lisbon.make_key("holder-b"),
            oslo.make_key("holder-c"),
        ];
        let line = Line::begin(keys);
        Self { lisbon, oslo, line }
    }
}

/// A key holder at each site signs; what comes back makes the next root, with what another tool signed.
#[test]
fn two_sites_sign_one_root_and_exchange_only_files() {
    let world = World::new();
    let World { lisbon, oslo, line } = &world;
    let request = line.request(&["holder-a", "holder-b", "holder-c"]);
    for (site, token) in [(lisbon, "holder-a"), (oslo, "holder-c")] {
        site.receive("2.root.request.json", &request);
        site.receive("trusted/1.root.json", &line.files[0]);
        let done = site.sign(
            "2.root.request.json",
            token,
            "signing",
            &["--trust", "trusted/1.root.json", "--witness", "Wanda Vik"],
            "SIGN ROOT 2\n",
        );
        done.assert(0);
        assert!(done.said.contains("root 1 keys"), "{}", done.said);
        let (status, report) = site.conclave(&["transcript", "verify", "signing", "--json"]);
        assert_eq!(status, 0, "{report}");
    }
    // Lisbon gathers what came back from Oslo.
    let name = |site: &Site| {
        let mut files = site.files_in("signing/export");
        assert_eq!(files.len(), 1, "{files:?}");
        files.remove(0)
    };
    let (ours, theirs) = (name(lisbon), name(oslo));
    lisbon.receive(
        &format!("post/{theirs}"),
        &oslo.read(&format!("signing/export/{theirs}")),
    );
    let detached =
        DetachedSignature::read(&oslo.read(&format!("signing/export/{theirs}"))).unwrap();
    assert_eq!(detached.repository, REPOSITORY);
    let (status, said) = lisbon.conclave(&[
        "root",
        "merge",
        "2.root.request.json",
        &format!("signing/export/{ours}"),
        &format!("post/{theirs}"),
        "--out",
        "2.root.json",
    ]);
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("root 1 keys 2/2 · root 2 keys 2/2"), "{said}");
    assert!(said.contains("complete"), "{said}");
    // A third signature, by another tool on the same kind of token.
    let hex = hex::encode(line.sign_by_another_tool(1));
    let (status, said) = lisbon.conclave(&[
        "root",
        "merge",
        "2.root.request.json",
        "--signature",
        &hex,
        "--keyid",
        line.key_id(1).as_str(),
        "--out",
        "2.root.json",
    ]);
    assert_eq!(status, 0, "{said}");
    let (status, said) = lisbon.conclave(&["root", "verify", "trusted/1.root.json", "2.root.json"]);
    assert_eq!(status, 0, "{said}");
    let root = json(&lisbon.read("2.root.json"));
    assert_eq!(root["signatures"].as_array().unwrap().len(), 3);
}

/// A live system that trusts nothing: the words of the paper card are all there is.
#[test]
fn on_a_bare_system_the_words_of_the_card_are_typed() {
    let world = World::new();
    let World { oslo, line, .. } = &world;
    oslo.receive("request.json", &line.request(&["holder-c"]));
    let card = line.digest_words();
    let done = oslo.sign(
        "request.json",
        "holder-c",
        "signing",
        &[],
        &format!("{card}\nSIGN ROOT 2\n"),
    );
    done.assert(0);
    let transcript = String::from_utf8(oslo.read("signing/transcript.jsonl")).unwrap();
    assert!(transcript.contains("\"card\":\""), "{transcript}");
    // Nobody watched, and the page says so.
    let note = String::from_utf8(oslo.read("signing/closing-note.txt")).unwrap();
    assert!(note.to_uppercase().contains("UNWITNESSED"), "{note}");
    // The register that the signing leaves keeps the token from signing something else.
    let register = fs::read_to_string(oslo.path("signing/keys/payloads.json")).unwrap();
    assert!(
        register.contains(&line.payload.digest().to_string()),
        "{register}"
    );
}
