//! What is left in memory when a step is over: nothing of what was secret in it.
//!
//! The token is a virtual YubiKey, which keeps its copies in a process of its own; SoftHSM keeps them in ours, and so is
//! no subject for this.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use conclave::backup::{Collected, Manifest, Opener};
use conclave::metadata::KeyType;
use conclave::script::{Keeper, Kind, ScriptTemplate, back_up, embedded};
use zeroize::Zeroizing;

use crate::support::pty::{Size, Terminal};
use crate::support::rehearse::Rehearsal;

const ENDS: [&str; 5] = ["> ", "PIN: ", "PUK: ", "again: ", "code: "];

/// A genesis whose first key is made in memory, wrapped, and brought in.
fn script(folder: &Path) -> PathBuf {
    let template = ScriptTemplate {
        kind: Kind::Genesis,
        title: None,
        repository: "memory.example/updates".to_owned(),
        tokens: 2,
        threshold: 1,
        key_type: KeyType::EcdsaP256,
        profile: "yubikey-piv".to_owned(),
        not_before: "2026-12-01T09:00:00Z".parse().unwrap(),
        expires: "2126-12-01T00:00:00Z".parse().unwrap(),
        online: BTreeMap::new(),
    };
    let keepers = [
        "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
        "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg",
    ]
    .map(|recipient| Keeper {
        name: format!("Custodian {}", &recipient[4..9]),
        recipient: recipient.to_owned(),
    });
    let text = template.write().unwrap();
    let text = text.replacen("act = \"generate-key\"", "act = \"import-key\"", 1);
    let text = back_up(&text, "key-1", 2, &keepers).unwrap();
    let genesis = embedded().iter().find(|one| one.name == "genesis").unwrap();
    for (name, bytes) in genesis.files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let path = folder.join("memory.toml");
    fs::write(&path, text).unwrap();
    path
}

/// All that a process could read of its own memory and write.
pub(crate) fn memory_of(process: i32) -> Vec<Vec<u8>> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let memory = File::open(format!("/proc/{process}/mem"))
        .expect("this test reads the memory of another process, as root");
    let mut regions = Vec::new();
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (Some(range), Some(rights)) = (fields.next(), fields.next()) else {
            continue;
        };
        let (from, to) = range.split_once('-').unwrap();
        let address = |hex: &str| u64::from_str_radix(hex, 16).unwrap();
        let (from, to) = (address(from), address(to));
        if !rights.starts_with("rw") || to - from > 1 << 30 {
            continue;
        }
        let mut region = vec![0; usize::try_from(to - from).unwrap()];
        // Regions of devices cannot be read.
        if memory.read_exact_at(&mut region, from).is_ok() {
            regions.push(region);
        }
    }
    regions
}

fn holds(memory: &[Vec<u8>], needle: &[u8]) -> bool {
    count(memory, needle) > 0
}

/// In how many places it stands.
pub(crate) fn count(memory: &[Vec<u8>], needle: &[u8]) -> usize {
    let mut places = 0;
    for region in memory {
        let mut rest = region.as_slice();
        while let Some(at) = rest.iter().position(|byte| *byte == needle[0]) {
            places += usize::from(rest[at..].starts_with(needle));
            rest = &rest[at + 1..];
        }
    }
    places
}

/// The rehearsal of that script on virtual YubiKeys, line by line.
fn started(rehearsal: &Rehearsal, script: &Path) -> Terminal {
    let out = rehearsal.out();
    let home = rehearsal.home();
    let environment = [("HOME", home.as_os_str())];
    let arguments = [
        "rehearse",
        script.to_str().unwrap(),
        "--plain",
        "--token-kind",
        "yubikey",
        "--out",
        out.to_str().unwrap(),
    ];
    Terminal::spawn(
        env!("CARGO_BIN_EXE_conclave"),
        &arguments,
        &environment,
        Size::STANDARD,
    )
}

#[test]
fn after_a_backup_neither_key_nor_share_is_in_memory() {
    let rehearsal = Rehearsal::new();
    let script = script(&rehearsal.home());
    let mut terminal = started(&rehearsal, &script);
    // While custodians read test messages out, the key-encryption key waits in memory: it must be found there.
    let mut meanwhile = Vec::new();
    loop {
        let (before, _) = terminal.expect_any(&ENDS);
        if meanwhile.is_empty() && before.contains("Words of the test message") {
            meanwhile = memory_of(terminal.process_id());
        }
        if before.contains("Compose the root") {
            break;
        }
        terminal.send("\r");
    }
    let memory = memory_of(terminal.process_id());
    assert!(
        holds(&memory, b"memory.example/updates"),
        "what is read is not the memory of the program"
    );

    // Only now anybody puts together what was secret.
    let media = rehearsal.tokens().join("media");
    let in_set = |medium: &str| {
        let mut folders = fs::read_dir(media.join(medium)).unwrap();
        let folder = folders.next().unwrap().unwrap().path();
        let files = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        files.collect::<Vec<_>>()
    };
    let read = |files: &[PathBuf], end: &str| {
        let file = files
            .iter()
            .find(|path| path.to_string_lossy().ends_with(end));
        fs::read(file.unwrap()).unwrap()
    };
    let (shares, keys) = (in_set("shares-medium"), in_set("wrapped-key-medium"));
    let manifest = Manifest::read(&read(&shares, ".manifest.json")).unwrap();
    let mut collected = Collected::new(manifest.clone());
    let mut secrets: Vec<(String, Vec<u8>)> = Vec::new();
    for custodian in ["custodian-1", "custodian-2"] {
        let identity = rehearsal
            .tokens()
            .join(format!("custodians/{custodian}.identity"));
        let identity = Zeroizing::new(fs::read(identity).unwrap());
        let opener = Opener::identities(&identity, &age::NoCallbacks).unwrap();
        let file = read(&shares, &format!(".{custodian}.share.age"));
        let share = manifest.open(&file, &opener, Some(custodian)).unwrap();
        let words = share.words();
        let words: Vec<&str> = words.expose().split(' ').collect();
        // The first words tell a set, and the last are a checksum: what lies between is the secret.
        secrets.push((
            format!("words of {custodian}"),
            words[6..9].join(" ").into_bytes(),
        ));
        let row = format!("   7 {:<12}   8 {:<12}", words[6], words[7]);
        secrets.push((
            format!("numbered words of {custodian}"),
            row.trim_end().as_bytes().to_vec(),
        ));
        collected.add_opened(share, Some(custodian)).unwrap();
    }
    let kek = collected.key().unwrap();
    secrets.push(("the key-encryption key".to_owned(), kek.expose().to_vec()));
    let private = manifest.unwrap(&kek, &read(&keys, ".wrapped")).unwrap();
    let scalar = private
        .expose()
        .windows(5)
        .position(|part| part == [2, 1, 1, 4, 32])
        .unwrap()
        + 5;
    secrets.push((
        "the private key".to_owned(),
        private.expose()[scalar..scalar + 32].to_vec(),
    ));

    let found: Vec<&str> = secrets
        .iter()
        .filter(|(_, needle)| holds(&memory, needle))
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(found.is_empty(), "still in memory: {found:?}");
    // What is looked for can be found: it was there, in that form, as long as it was needed.
    assert!(
        holds(&meanwhile, kek.expose()),
        "nothing finds the key-encryption key"
    );
    let private = secrets.iter().find(|(name, _)| name == "the private key");
    assert!(
        !holds(&meanwhile, &private.unwrap().1),
        "the private key outlives its import"
    );
}
