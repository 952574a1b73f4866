//! How a share is checked, and how the key is restored, with Conclave and without: what stands on every sheet, so that
//! paper alone is enough. Each command stands in a line of its own, indented by four spaces, as it is typed.

use super::label::ShareLabel;

/// The longest line.
pub(super) const WIDTH: usize = 80;

/// What stands inside the encrypted file, after the words.
pub(super) fn inside(label: &ShareLabel) -> String {
    let place = &label.place;
    let (members, groups) = (place.members_needed, place.groups_needed);
    let groups = if place.groups > 1 {
        format!(", in {groups} of {} groups,", place.groups)
    } else {
        String::new()
    };
    let mut text = Text::default();
    text.blank();
    text.say(&format!(
        "Keep these words secret. Whoever has {members} such texts of a group{groups} and the file {} has \
         the private key. This text is for the screen alone: no printer, no file, no photograph.",
        label.wrapped_file()
    ));
    text.append(&both(label));
    text.end()
}

/// What stands inside and outside.
pub(super) fn both(label: &ShareLabel) -> String {
    let (file, wrapped, key) = (label.share_file(), label.wrapped_file(), &label.key);
    let manifest = label.manifest_file();
    let mut text = Text::default();
    text.heading("How to check the share, once a year");
    text.say("With Conclave, which compares it with the manifest of the set:");
    text.command(&[
        &format!("conclave share check {file}"),
        "--identity IDENTITY",
        &format!("--manifest {manifest}"),
    ]);
    text.say(
        "Without Conclave: open it as in step 1 below. Its lines Public key and Set are those of the sheet on \
         paper, and it has 33 words.",
    );
    text.heading("How to restore the key with Conclave");
    text.say(
        "A recovery ceremony brings the key onto a new token. It wants the manifest, the wrapped key and \
         the custodians:",
    );
    text.command(&["conclave script new recovery"]);
    text.heading("How to restore the key without Conclave");
    text.say(
        "With age, shamir-mnemonic 0.3 or later (Python's package shamir-mnemonic[cli]) and OpenSSL 3, on \
         a machine without a network. Work in a directory that lies in memory:",
    );
    text.command(&["cd /dev/shm"]);
    text.numbered(
        1,
        "Each custodian opens the own file. IDENTITY is the file with the custodian's age identity or SSH \
         key; without -i IDENTITY it asks for the passphrase:",
    );
    text.command(&["age --decrypt -i IDENTITY", &file]);
    text.numbered(
        2,
        "Put the shares of a quorum together. Type the 33 words of each share into one line, without their \
         numbers:",
    );
    text.command(&["shamir recover"]);
    text.say("It says \"Your master secret is:\" and 64 characters. These are KEK in step 3.");
    text.numbered(3, "Unwrap the private key:");
    text.command(&[
        "openssl enc -d -id-aes256-wrap-pad -iv a65959a6 -K KEK",
        &format!("-in {wrapped}"),
        &format!("-out {key}.der"),
    ]);
    text.numbered(
        4,
        "It is the right one if this prints the Public key above:",
    );
    text.command(&[
        &format!("openssl pkey -inform DER -in {key}.der"),
        "-pubout -outform DER | sha256sum",
    ]);
    text.numbered(
        5,
        &format!(
            "{key}.der is the private key, PKCS #8 in DER, which OpenSSL signs with and tokens import. When it is \
             where it belongs, switch the machine off: what lies in memory is gone then."
        ),
    );
    text.0
}

/// Text in lines of at most [`WIDTH`] characters.
#[derive(Default)]
pub(super) struct Text(String);

/// Where the value of a fact begins.
const VALUES: usize = 15;

impl Text {
    pub(super) fn blank(&mut self) {
        self.0.push('\n');
    }

    pub(super) fn heading(&mut self, heading: &str) {
        self.blank();
        self.0.push_str(heading);
        self.blank();
    }

    /// A command, broken between its parts as a shell takes it.
    fn command(&mut self, parts: &[&str]) {
        let mut used = 0;
        for (place, part) in parts.iter().enumerate() {
            // Two more for the stroke at the end of a line that goes on.
            let is_last = place + 1 == parts.len();
            let room = if is_last { WIDTH } else { WIDTH - 2 };
            if place == 0 {
                self.0.push_str("    ");
                used = 4;
            } else if used + 1 + part.len() > room {
                self.0.push_str(" \\\n        ");
                used = 8;
            } else {
                self.0.push(' ');
                used += 1;
            }
            self.0.push_str(part);
            used += part.len();
        }
        self.blank();
    }

    pub(super) fn say(&mut self, text: &str) {
        self.wrapped("", text);
    }

    pub(super) fn line(&mut self, line: &str) {
        self.0.push_str(line.trim_end());
        self.blank();
    }

    /// A name, and what is to be said of it beside it.
    pub(super) fn fact(&mut self, name: &str, value: &str) {
        let value: Vec<char> = value.chars().collect();
        for (place, part) in value.chunks(WIDTH - VALUES).enumerate() {
            let name = if place == 0 { name } else { "" };
            let part: String = part.iter().collect();
            self.line(&format!("{name:VALUES$}{part}"));
        }
    }

    /// Lines of ours, as they are.
    pub(super) fn append(&mut self, lines: &str) {
        self.0.push_str(lines);
    }

    pub(super) fn end(self) -> String {
        self.0
    }

    fn numbered(&mut self, number: u8, text: &str) {
        self.wrapped(&format!("{number}. "), text);
    }

    fn wrapped(&mut self, mark: &str, text: &str) {
        self.0.push_str(mark);
        let mut used = mark.chars().count();
        let mut is_first = true;
        for word in text.split_whitespace() {
            let length = word.chars().count();
            if !is_first {
                if used + 1 + length > WIDTH {
                    self.blank();
                    used = 0;
                } else {
                    self.0.push(' ');
                    used += 1;
                }
            }
            self.0.push_str(word);
            used += length;
            is_first = false;
        }
        self.blank();
    }
}
