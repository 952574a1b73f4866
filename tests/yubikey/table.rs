//! A table at which somebody alone holds a ceremony with YubiKeys, for real and line by line: answers the usual, puts
//! tokens in and takes them out when asked to, until something is of interest.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use conclave::words::Digest;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::TempDir;

use super::stand::{Stand, succeeds};
use super::{PIN, PUK};
use crate::support::pty::{Size, Terminal};

/// The public half of an online key, whose private half was thrown away.
const ONLINE: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAHJMeu+T/8TNsvyw3RWeahHV5MwkGtlM91klQ6VgrR/k=
-----END PUBLIC KEY-----
";

/// How questions and waits end.
const ENDS: [&str; 12] = [
    "> ",
    "  PIN: ",
    "  PUK: ",
    "  SO PIN: ",
    "  new PIN: ",
    "  new PUK: ",
    "  new SO PIN: ",
    "  management key: ",
    "It is not shown again. ",
    "PIN again: ",
    "PUK again: ",
    WAIT,
];

const WAIT: &str = "(Ctrl-C: stop waiting)";

/// What a script says of one key.
pub(crate) struct Key {
    /// The table `token`, without its braces.
    pub(crate) token: String,
    pub(crate) kind: &'static str,
    /// More lines of its table, each ended.
    pub(crate) more: &'static str,
    /// The steps that set its token up: none where it comes set up.
    pub(crate) setting_up: &'static [&'static str],
    /// The step that makes it.
    pub(crate) making: &'static str,
}

impl Key {
    /// A key on the new YubiKey with that serial number.
    pub(crate) fn on(serial: &str) -> Self {
        Self::with(&format!("profile = \"yubikey-piv\", serial = \"{serial}\""))
    }

    pub(crate) fn with(token: &str) -> Self {
        Self {
            token: token.to_owned(),
            kind: "ecdsa-sha2-nistp256",
            more: "",
            setting_up: &["initialize-token", "set-pin"],
            making: "generate-key",
        }
    }
}

/// A room with a stand of YubiKeys, and what lies on the table.
pub(crate) struct Room<'s> {
    pub(crate) stand: &'s Stand,
    folder: TempDir,
    /// The place in the stand of the card of each key, where it is not that of the key in the script.
    pub(crate) cards: Vec<usize>,
}

impl<'s> Room<'s> {
    pub(crate) fn new(stand: &'s Stand) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("online.pem"), ONLINE).unwrap();
        fs::copy(stand.root(), folder.path().join("maker.pem")).unwrap();
        Self {
            stand,
            folder,
            cards: Vec::new(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The line of a script that trusts the maker of the stand's cards.
    pub(crate) fn trusts_the_maker(&self) -> String {
        let digest = Digest::of(&fs::read(self.path("maker.pem")).unwrap());
        format!(
            "[attestation]\nadditional_roots = [{{ file = \"maker.pem\", sha256 = \"{digest}\" }}]\n"
        )
    }

    /// Writes the script of a genesis for somebody alone; `policy` stands in `[root]`, `more` after it.
    pub(crate) fn genesis(&self, keys: &[Key], policy: &str, more: &str) -> PathBuf {
        let day = SignedDuration::from_hours(24);
        let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
        let digest = Digest::of(ONLINE.as_bytes());
        let mut text = format!(
            "schema = 1\nkind = \"genesis\"\ntitle = \"The first root\"\nrepository = \"example.com/updates\"\n\
             not_before = \"{}\"\nassurance = \"solo\"\n\n[root]\nthreshold = 1\nexpires = \"{}\"\n\
             consistent_snapshot = true\ndestination = \"plain\"\n{policy}\n",
            now - day,
            now + 365 * day
        );
        for role in ["timestamp", "snapshot", "targets"] {
            let _ = writeln!(
                text,
                "[root.roles.{role}]\nthreshold = 1\n\
                 keys = [{{ file = \"online.pem\", sha256 = \"{digest}\" }}]"
            );
        }
        let _ = writeln!(
            text,
            "{more}\n[[person]]\nid = \"alone\"\nname = \"Alone\"\nroles = [\"administrator\", \"key-holder\"]"
        );
        let step = |text: &mut String, act: &str| {
            let _ = writeln!(text, "[[step]]\nact = \"{act}\"");
        };
        for (number, key) in (1..).zip(keys) {
            let _ = writeln!(
                text,
                "[[key]]\nid = \"key-{number}\"\nholder = \"alone\"\ntoken = {{ {} }}\n\
                 type = \"{}\"\nbackup = \"none\"",
                key.token, key.kind
            );
            text.push_str(key.more);
        }
        for act in ["attendance", "attest-clock", "inspect-host", "read-script"] {
            step(&mut text, act);
        }
        for (number, key) in (1..).zip(keys) {
            let acts = ["identify-token"].iter().chain(key.setting_up);
            for act in acts.chain([&key.making]) {
                step(&mut text, act);
                let _ = writeln!(text, "key = \"key-{number}\"");
            }
        }
        for act in [
            "compose-root",
            "review-root",
            "sign-root",
            "verify-root",
            "export",
        ] {
            step(&mut text, act);
        }
        for number in 1..=keys.len() {
            step(&mut text, "verify-token");
            let _ = writeln!(text, "key = \"key-{number}\"");
        }
        step(&mut text, "sign-off");
        let path = self.path("script.toml");
        fs::write(&path, text).unwrap();
        path
    }

    /// Begins the ceremony of a script.
    pub(crate) fn begin(&self, script: &Path) -> Table<'_> {
        self.start(&["run", script.to_str().unwrap(), "--plain", "--out"])
    }

    /// Goes on with it.
    pub(crate) fn resume(&self) -> Table<'_> {
        self.start(&["resume", "--plain"])
    }

    /// The same on a machine without a service for smart cards.
    pub(crate) fn resume_without_service(&self) -> Table<'_> {
        let out = self.path("ceremony");
        let nothing = self.path("nothing");
        let arguments = ["resume", "--plain", out.to_str().unwrap()];
        let environment = [
            ("HOME", self.folder.path().as_os_str()),
            ("PCSCLITE_CSOCK_NAME", nothing.as_os_str()),
        ];
        self.table(Terminal::conclave(&arguments, &environment, Size::STANDARD))
    }

    fn start(&self, arguments: &[&str]) -> Table<'_> {
        let out = self.path("ceremony");
        let mut arguments = arguments.to_vec();
        arguments.push(out.to_str().unwrap());
        self.table(self.terminal(&arguments))
    }

    fn table(&self, terminal: Terminal) -> Table<'_> {
        Table {
            terminal,
            stand: self.stand,
            cards: &self.cards,
            is_out: BTreeSet::new(),
            shown: None,
        }
    }

    /// `conclave` on a terminal, with this room's cards.
    pub(crate) fn terminal(&self, arguments: &[&str]) -> Terminal {
        let configuration = self.path("softhsm2.conf");
        let environment = [
            ("HOME", self.folder.path().as_os_str()),
            ("SOFTHSM2_CONF", configuration.as_os_str()),
            ("PCSCLITE_CSOCK_NAME", self.stand.socket().as_ref()),
        ];
        Terminal::conclave(arguments, &environment, Size::STANDARD)
    }

    /// The facts of one kind that the ceremony has on record.
    pub(crate) fn facts(&self, kind: &str) -> Vec<Value> {
        let transcript = fs::read_to_string(self.path("ceremony/transcript.jsonl")).unwrap();
        let lines = transcript
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        let mut facts: Vec<Value> = lines.collect();
        facts.retain(|line| line["event"] == kind);
        facts
            .into_iter()
            .map(|mut line| line["data"].take())
            .collect()
    }

    /// Everything that can be verified of the ceremony is.
    pub(crate) fn assert_accepted(&self) {
        let out = self.path("ceremony");
        let verify = |arguments: &[&str], path: &Path| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_conclave"));
            succeeds(&command.args(arguments).arg(path).output().unwrap())
        };
        verify(&["transcript", "verify"], &out);
        verify(&["root", "verify"], &out.join("export"));
        let mut stock = Command::new("sh");
        succeeds(&stock.arg("VERIFY.txt").current_dir(&out).output().unwrap());
    }
}

/// A ceremony that goes on.
pub(crate) struct Table<'r> {
    pub(crate) terminal: Terminal,
    pub(crate) stand: &'r Stand,
    cards: &'r [usize],
    is_out: BTreeSet<usize>,
    /// A question that was put back.
    shown: Option<String>,
}

impl Table<'_> {
    /// Waits for the next question, moving tokens as the waits ask for it; none when the program ends. The words of
    /// what was shown stand on one line, wherever they were broken.
    fn question(&mut self) -> Option<(String, String)> {
        if let Some(shown) = self.shown.take() {
            let asked = shown.clone();
            return Some((shown, asked));
        }
        let mut shown = String::new();
        loop {
            let (before, end) = self.terminal.expect_any_or_end(&ENDS)?;
            shown.push_str(&before);
            shown.push_str(end);
            if end == WAIT {
                let line = before.lines().last().unwrap_or_default().to_owned();
                self.move_token(&line);
            } else {
                let asked = shown.lines().last().unwrap_or_default().to_owned();
                let ending = if end.starts_with("  ") { end } else { "" };
                let words: Vec<&str> = shown.split_whitespace().collect();
                return Some((words.join(" ") + ending, asked));
            }
        }
    }

    /// `  Remove the token of key holder 1 (Alone) … 0 s`
    fn move_token(&mut self, wait: &str) {
        let Some(number) = wait
            .split_once("key-")
            .and_then(|(_, rest)| rest.split(' ').next()?.parse::<usize>().ok())
            .or_else(|| wait.contains("the token of").then_some(1))
        else {
            return;
        };
        let card = self.cards.get(number - 1).copied().unwrap_or(number - 1);
        if wait.contains("Remove") && self.is_out.insert(card) {
            self.stand.act(&format!("pull {card}"));
        } else if wait.contains("Insert") && self.is_out.remove(&card) {
            self.stand.act(&format!("insert {card}"));
        }
    }

    /// The digits of what is shown to be written down.
    pub(crate) fn copy_down(&mut self) -> String {
        let shown = self.play_until("It is not shown again.");
        let (_, after) = shown.rsplit_once("The management key for").unwrap();
        let mut words = after.split(' ').skip_while(|word| !word.ends_with(':'));
        words.next();
        let groups =
            words.take_while(|word| word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit()));
        let written: Vec<&str> = groups.collect();
        written.join(" ")
    }

    pub(crate) fn answer(&mut self, text: &str) {
        self.terminal.send(text);
        self.terminal.send("\r");
    }

    /// Leaves a question for later.
    pub(crate) fn put_back(&mut self, shown: String) {
        self.shown = Some(shown);
    }

    /// Gives the usual answers until a text is shown, and leaves the question that comes with it unanswered.
    #[track_caller]
    pub(crate) fn play_until(&mut self, text: &str) -> String {
        loop {
            let Some((shown, asked)) = self.question() else {
                panic!("it ended without {text:?}: {}", self.terminal.transcript());
            };
            if shown.contains(text) {
                return shown;
            }
            self.answer(usual_answer(&asked));
        }
    }

    /// The same until a wait for people is shown.
    #[track_caller]
    pub(crate) fn play_until_wait(&mut self, text: &str) {
        let mut ends = ENDS.to_vec();
        ends.push(text);
        loop {
            let (before, end) = self.terminal.expect_any(&ends);
            if end == text {
                self.terminal.expect(WAIT);
                return;
            }
            let asked = before + end;
            self.answer(usual_answer(asked.lines().last().unwrap_or_default()));
        }
    }

    /// Goes on to the end of the ceremony.
    #[track_caller]
    pub(crate) fn play_to_the_end(&mut self) {
        self.play_until("Close the ceremony: press Enter");
        self.answer("");
        let status = self.end();
        assert!(status.success(), "{}", self.terminal.transcript());
    }

    /// Leaves it at a question, to be resumed.
    #[track_caller]
    pub(crate) fn leave_at_a_question(&mut self) {
        self.answer("/abort");
        self.terminal.expect("Or press Enter to continue.");
        self.terminal.expect("> ");
        self.answer("LEAVE");
        assert_eq!(self.end().code(), Some(130));
    }

    /// The power is cut.
    pub(crate) fn kill(&mut self) {
        self.terminal.signal(rustix::process::Signal::KILL);
        self.terminal.finish();
    }

    pub(crate) fn end(&mut self) -> ExitStatus {
        self.terminal.finish()
    }
}

/// What somebody says to whom nothing is remarkable.
fn usual_answer(asked: &str) -> &'static str {
    if asked.contains("PUK") {
        PUK
    } else if asked.contains("PIN") {
        PIN
    } else if asked.contains("Type SIGN ROOT 1") {
        "SIGN ROOT 1"
    } else if asked.contains("without a rehearsal") {
        "this is a test"
    } else {
        ""
    }
}
