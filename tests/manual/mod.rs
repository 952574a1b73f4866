//! The manual: its commands are run as they are printed, and its links lead somewhere.

mod links;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use crate::support::store::{self, Store};

/// The chapters in the order of the table of contents, which is the order in which their commands are run.
const CHAPTERS: [&str; 13] = [
    "plan",
    "script",
    "rehearse",
    "the-day",
    "troubleshooting",
    "after",
    "changing-a-root",
    "several-sites",
    "backup-and-drills",
    "yubikeys",
    "hsms",
    "publishing",
    "dct",
];

/// Blocks of commands that are run, and those that are marked and are not.
const RUN: usize = 37;
const HARDWARE: usize = 13;
const SERVER: usize = 6;

/// The participants of the ceremony in chapter 4: two witnesses and five key holders.
const WITNESSES: [&str; 2] = ["code-of-w1", "code-of-w2"];
const KEYS: usize = 5;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn chapter(name: &str) -> String {
    let path = root().join("docs/manual").join(name).with_extension("md");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A fenced block of commands.
struct Block {
    line: usize,
    /// What it needs that a test does not have.
    needs: String,
    commands: String,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut found: Vec<Block> = vec![];
    let mut open: Option<usize> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let inner = line.trim_start();
        if let Some(indent) = open {
            if inner == "```" {
                open = None;
            } else {
                let commands = &mut found.last_mut().unwrap().commands;
                *commands += line.get(indent..).unwrap_or_default();
                commands.push('\n');
            }
        } else if let Some(needs) = inner.strip_prefix("```sh") {
            open = Some(line.len() - inner.len());
            found.push(Block {
                line: number,
                needs: needs.trim().to_owned(),
                commands: String::new(),
            });
        }
    }
    assert!(open.is_none(), "a block of commands is not closed");
    found
}

/// The dates of the manual, moved so that they are around today.
fn moved(commands: &str) -> String {
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    let days = |days: i64| (now + SignedDuration::from_hours(24 * days)).to_string();
    let dates = [
        ("2026-12-01T09:00:00Z", days(-1)),
        ("2027-06-01T09:00:00Z", days(180)),
        ("2027-10-01T09:00:00Z", days(300)),
        ("2027-12-01T00:00:00Z", days(364)),
        ("2028-12-01T00:00:00Z", days(720)),
    ];
    let mut moved = commands.to_owned();
    for (printed, today) in dates {
        moved = moved.replace(printed, &today);
    }
    assert!(
        !moved.contains("00:00Z"),
        "a date that is not moved: {moved}"
    );
    moved
}

/// A directory in which the commands of all chapters are run, by people who give the usual answers.
struct Desk {
    folder: TempDir,
    tokens: Store,
}

impl Desk {
    fn new() -> Self {
        let desk = Self {
            folder: TempDir::new().unwrap(),
            tokens: Store::new(),
        };
        for folder in ["home", "usb", "people"] {
            fs::create_dir(desk.path(folder)).unwrap();
        }
        fs::create_dir_all(desk.tokens.programs()).unwrap();
        let program = desk.tokens.programs().join("conclave");
        fs::write(&program, include_str!("conclave.sh")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let [w1, w2] = WITNESSES;
        let secrets = |key: usize| (format!("8642013{key}"), format!("1357924{key}"));
        // Codes of everyone, then approvals of the clock and of what is found on the machine.
        let mut pins: Vec<String> = [w1, w2].map(str::to_owned).to_vec();
        pins.extend((1..=KEYS).map(|key| format!("code-of-h{key}")));
        pins.extend([w1, w2, w1, w2].map(str::to_owned));
        for key in 1..=KEYS {
            let (so_pin, pin) = secrets(key);
            pins.extend([so_pin, pin]);
        }
        pins.extend((1..=KEYS).map(|key| secrets(key).1));
        for key in 1..=KEYS {
            pins.extend([secrets(key).1, w2.to_owned(), w1.to_owned()]);
        }
        // The review and the bags ask again when they get an empty line.
        let bags: String = (1..=KEYS)
            .map(|key| format!("A000000{key}\n").repeat(2))
            .collect();
        let blank = |count| "\n".repeat(count);
        let answers = format!("{}SIGN ROOT 1\n{}{bags}{}", blank(40), blank(9), blank(40));
        desk.write("people/run.answers", &answers);
        desk.write("people/run.pins", &(pins.join("\n") + "\n"));
        desk.write(
            "people/sign.answers",
            &format!("{0}SIGN ROOT 2\n{0}", blank(12)),
        );
        desk.write("people/sign.pins", &format!("{}\n", store::PIN));
        desk.write("people/init.pins", "86420135\n13579246\n");
        desk.write("people/change-pin.pins", "13579246\n97531864\n");
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Runs the blocks of a chapter in one shell, so that a variable is known to the blocks that follow.
    fn run(&self, name: &str, blocks: &[Block]) {
        let lines: Vec<String> = blocks
            .iter()
            .map(|block| format!(": 'line {}'\n{}\n", block.line, moved(&block.commands)))
            .collect();
        let script = lines.concat();
        let output = self
            .tokens
            .command("sh")
            .args(["-exuc", &script])
            .current_dir(self.folder.path())
            .env("HOME", self.path("home"))
            .env("CONCLAVE", env!("CARGO_BIN_EXE_conclave"))
            .env("PEOPLE", self.path("people"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "docs/manual/{name}.md: {}\n{}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// The token of the key holder in Lisbon, with the key with which the rehearsal signed for that site.
    fn give_lisbon_its_token(&self) {
        self.tokens.make_token("lisbon");
        let mut keys = fs::read_dir(self.path("sites/tokens")).unwrap();
        let key = keys
            .find_map(|entry| {
                let path = entry.unwrap().path();
                path.extension()
                    .is_some_and(|end| end == "pk8")
                    .then_some(path)
            })
            .expect("the rehearsal leaves the key of the site");
        let pem = self.path("people/lisbon.pem");
        let run = |command: &mut Command| {
            let output = command.output().unwrap();
            assert!(output.status.success(), "{output:?}");
        };
        run(Command::new("openssl")
            .args(["pkcs8", "-topk8", "-nocrypt", "-inform", "DER", "-in"])
            .arg(&key)
            .arg("-out")
            .arg(&pem));
        run(self
            .tokens
            .command("softhsm2-util")
            .arg("--import")
            .arg(&pem)
            .args(["--token", "lisbon", "--label", "lisbon", "--id", "01"])
            .args(["--pin", store::PIN]));
    }
}

#[test]
fn every_command_of_the_manual_works_as_printed() {
    let desk = Desk::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in CHAPTERS {
        let mut to_run = vec![];
        for block in blocks(&chapter(name)) {
            *counts.entry(block.needs.clone()).or_default() += 1;
            if block.needs.is_empty() {
                // The site gets its token between the ceremony that asks and the signing.
                if block.commands.contains("root sign") {
                    desk.run(name, &std::mem::take(&mut to_run));
                    desk.give_lisbon_its_token();
                }
                to_run.push(block);
            }
        }
        desk.run(name, &to_run);
    }
    let expected = [("", RUN), ("hardware", HARDWARE), ("server", SERVER)];
    let expected: BTreeMap<_, _> = expected
        .map(|(needs, count)| (needs.to_owned(), count))
        .into();
    assert_eq!(counts, expected, "blocks of commands in the manual");
}

#[test]
fn the_table_of_contents_has_every_chapter_in_order() {
    let contents = chapter("README");
    let mut rest = contents.as_str();
    for name in CHAPTERS {
        let link = format!("({name}.md)");
        let at = rest.find(&link);
        rest = &rest[at.unwrap_or_else(|| panic!("{link} is missing, or not in its place"))..];
    }
    let files = fs::read_dir(root().join("docs/manual")).unwrap();
    assert_eq!(files.count(), CHAPTERS.len() + 1);
}
