//! The house keeps its plan: which room of `src/` may import which, where `unsafe` may stand, and who opens files.
//!
//! The sources are read as tokens, so comments and strings do not count, whatever they say. Paths
//! from `crate`, `self` and `super` are followed, nested imports included. Test modules are held to
//! the same arrows as the code beside them: what needs a room further up is a test of its own, here
//! in `tests/`.

mod catch_alls;
mod circles;

use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What a room may import.
#[derive(Clone, Copy)]
enum Imports {
    These(&'static [&'static str]),
    AllAbove,
}
use Imports::{AllAbove, These};

/// The rooms from the ground up. A room imports only rooms that stand above it in this table, so
/// there is no cycle. `docs/architecture.md` says what each is for.
const ROOMS: &[(&str, Imports)] = &[
    ("secret", These(&[])),
    ("words", These(&[])),
    ("record", These(&["words"])),
    ("document", These(&["words", "record"])),
    ("storage", These(&["record", "words"])),
    ("certificate", These(&["words", "record"])),
    ("metadata", These(&["words", "record", "certificate"])),
    ("profile", These(&["storage", "words", "metadata"])),
    (
        "transfer",
        These(&["metadata", "certificate", "record", "words"]),
    ),
    (
        "backup",
        These(&[
            "transfer",
            "metadata",
            "certificate",
            "record",
            "secret",
            "words",
            "document",
        ]),
    ),
    (
        "script",
        These(&[
            "document",
            "backup",
            "transfer",
            "metadata",
            "certificate",
            "profile",
            "record",
            "words",
        ]),
    ),
    (
        "ceremony",
        These(&[
            "document",
            "script",
            "backup",
            "transfer",
            "metadata",
            "certificate",
            "record",
            "secret",
            "words",
        ]),
    ),
    (
        "transcript",
        These(&[
            "ceremony", "script", "backup", "metadata", "document", "record", "words",
        ]),
    ),
    ("audit", AllAbove),
    (
        "token",
        These(&[
            "profile",
            "certificate",
            "metadata",
            "storage",
            "record",
            "secret",
            "words",
        ]),
    ),
    ("host", These(&["record", "words"])),
    ("executor", AllAbove),
    ("rehearsal", AllAbove),
    ("tui", These(FRONT_END)),
    ("line", These(FRONT_END)),
    ("cli", AllAbove),
    ("lib", These(&[])),
    ("main", These(&["cli"])),
];

const FRONT_END: &[&str] = &[
    "document",
    "ceremony",
    "transcript",
    "script",
    "metadata",
    "record",
    "secret",
    "words",
];

/// The only file that calls functions of a PKCS#11 module.
const UNSAFE: &str = "src/token/pkcs11/raw.rs";

/// Files outside `storage` that touch the file system themselves, each with its reason.
const OPENS_FILES: &[(&str, &str)] = &[
    (
        "src/host/facts.rs",
        "reads what the kernel tells below /proc and /sys",
    ),
    ("src/host/hardening.rs", "sets the umask of the process"),
    (
        "src/line/secret_input.rs",
        "the terminal, and a descriptor that the caller opened",
    ),
    ("src/tui/keyboard.rs", "keys come from the terminal"),
    (
        "src/tui/terminal.rs",
        "the terminal, and /dev/null for what modules print",
    ),
];

/// What only somebody who touches the file system says.
const FILE_WORDS: &[&str] = &[
    "fs",
    "tempfile",
    "read_dir",
    "read_link",
    "canonicalize",
    "symlink_metadata",
];

/// Names that say nothing of what is inside.
const EMPTY_NAMES: &[&str] = &[
    "common", "helper", "helpers", "manager", "misc", "util", "utils",
];

fn may_import(room: &str, other: &str) -> bool {
    let index = |name| ROOMS.iter().position(|(room, _)| *room == name);
    let (Some(from), Some(to)) = (index(room), index(other)) else {
        return false;
    };
    room == other
        || match ROOMS[from].1 {
            These(rooms) => rooms.contains(&other),
            AllAbove => to < from,
        }
}

/// What a file does against the plan, each as `path:line: what`. `path` starts with `src/`.
fn check(path: &str, text: &str) -> Vec<String> {
    let module = module_of(path);
    let room = module.first().copied().unwrap_or_default();
    let mut faults = Vec::new();

    if let Some(name) = module.iter().find(|name| EMPTY_NAMES.contains(name)) {
        faults.push(format!("{path}: the name {name} says nothing"));
    }
    if !ROOMS.iter().any(|(name, _)| *name == room) {
        faults.push(format!("{path}: no room is called {room}"));
    }
    if room == "main" && text.lines().count() >= 40 {
        faults.push(format!("{path}: has 40 lines or more"));
    }

    let mut reader = Reader {
        is_in_tests: module.last() == Some(&"tests"),
        ..Reader::default()
    };
    let depth = if matches!(room, "lib" | "main") {
        0
    } else {
        module.len()
    };
    match text.parse::<TokenStream>() {
        Ok(tokens) => reader.read(tokens, depth),
        Err(error) => faults.push(format!("{path}: {error}")),
    }
    for (line, other) in reader.mentions {
        if !may_import(room, &other) {
            faults.push(format!("{path}:{line}: {room} may not import {other}"));
        }
    }
    let may_open_files = room == "storage" || OPENS_FILES.iter().any(|(file, _)| *file == path);
    for (line, word) in reader.file_words {
        if !may_open_files {
            faults.push(format!("{path}:{line}: {word} is for src/storage alone"));
        }
    }
    for line in reader.unsafe_lines {
        if path != UNSAFE {
            faults.push(format!("{path}:{line}: unsafe stands in {UNSAFE} alone"));
        }
    }
    for line in reader.function_lines {
        if room == "lib" {
            faults.push(format!("{path}:{line}: lib.rs has no logic"));
        }
    }
    faults
}

/// The module of a file: `src/token/mod.rs` is `token`, `src/token/pkcs11/raw.rs` is
/// `token`, `pkcs11`, `raw`.
fn module_of(path: &str) -> Vec<&str> {
    let path = path.strip_prefix("src/").unwrap();
    let path = path.strip_suffix(".rs").unwrap();
    path.strip_suffix("/mod")
        .unwrap_or(path)
        .split('/')
        .collect()
}

/// Whether `crate self as conclave` follows.
fn is_own_name(rest: &[TokenTree]) -> bool {
    let words: Vec<String> = rest.iter().take(4).map(ToString::to_string).collect();
    words == ["crate", "self", "as", "conclave"]
}

/// What was read in a file: which rooms it mentions, and the lines of two key words.
#[derive(Default)]
struct Reader {
    mentions: Vec<(usize, String)>,
    unsafe_lines: Vec<usize>,
    function_lines: Vec<usize>,
    /// Outside of tests.
    file_words: Vec<(usize, String)>,
    is_in_tests: bool,
}

impl Reader {
    /// Reads tokens in a module so many steps below the crate's root.
    fn read(&mut self, tokens: TokenStream, depth: usize) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut rest = tokens.as_slice();
        while let Some((token, after)) = rest.split_first() {
            rest = after;
            match token {
                TokenTree::Ident(word) => {
                    let line = word.span().start().line;
                    if FILE_WORDS.iter().any(|known| word == known) && !self.is_in_tests {
                        self.file_words.push((line, word.to_string()));
                    }
                    match word.to_string().as_str() {
                        "unsafe" => self.unsafe_lines.push(line),
                        "fn" => self.function_lines.push(line),
                        // `pub(crate)`, `pub(super)`, `pub(in …)`: says who may look, imports nothing.
                        "pub" => rest = skip_parentheses(rest),
                        "mod" => {
                            if let [TokenTree::Ident(name), TokenTree::Group(body), ..] = rest {
                                let was_in_tests = self.is_in_tests;
                                self.is_in_tests |= name == "tests";
                                self.read(body.stream(), depth + 1);
                                self.is_in_tests = was_in_tests;
                                rest = &rest[2..];
                            }
                        }
                        // `extern crate self as conclave`: a second name for the root, followed below.
                        "extern" if is_own_name(rest) => rest = &rest[4..],
                        // The library, as the binary calls it, and tests that it shares.
                        "conclave" if path_follows(rest) => rest = self.descend(rest, 0, line),
                        "crate" => rest = self.descend(rest, 0, line),
                        "self" if path_follows(rest) => rest = self.descend(rest, depth, line),
                        "super" => rest = self.descend(rest, depth.saturating_sub(1), line),
                        _ => {}
                    }
                }
                TokenTree::Group(group) => self.read(group.stream(), depth),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    /// Follows a path from a module so many steps below the root; gives the tokens after it.
    fn descend<'t>(&mut self, rest: &'t [TokenTree], depth: usize, line: usize) -> &'t [TokenTree] {
        if !path_follows(rest) {
            if depth == 0 {
                self.mentions.push((line, "the whole crate".to_owned()));
            }
            return rest;
        }
        let rest = &rest[2..];
        let Some((token, after)) = rest.split_first() else {
            return rest;
        };
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let items: Vec<TokenTree> = group.stream().into_iter().collect();
                for item in items.split(|t| matches!(t, TokenTree::Punct(p) if p.as_char() == ','))
                {
                    self.segment(item, depth);
                }
                after
            }
            _ => self.segment(rest, depth),
        }
    }

    /// Takes one segment of a path, and follows it while it may still reach the root.
    fn segment<'t>(&mut self, rest: &'t [TokenTree], depth: usize) -> &'t [TokenTree] {
        let Some((token, after)) = rest.split_first() else {
            return rest;
        };
        let line = token.span().start().line;
        match token.to_string().as_str() {
            "self" => self.descend(after, depth, line),
            "super" => self.descend(after, depth.saturating_sub(1), line),
            "*" if depth == 0 => {
                self.mentions.push((line, "the whole crate".to_owned()));
                after
            }
            name => {
                if depth == 0 {
                    self.mentions.push((line, name.to_owned()));
                }
                after
            }
        }
    }
}

fn path_follows(rest: &[TokenTree]) -> bool {
    matches!(rest, [TokenTree::Punct(a), TokenTree::Punct(b), ..]
        if a.as_char() == ':' && b.as_char() == ':')
}

fn skip_parentheses(rest: &[TokenTree]) -> &[TokenTree] {
    match rest {
        [TokenTree::Group(group), after @ ..] if group.delimiter() == Delimiter::Parenthesis => {
            after
        }
        _ => rest,
    }
}

/// Checks every file below a directory, and gives how many there were.
fn check_all(root: &Path, directory: &str, faults: &mut Vec<String>) -> usize {
    let mut files = 0;
    for entry in fs::read_dir(root.join(directory)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{directory}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            files += check_all(root, &path, faults);
        } else if entry.path().extension().is_some_and(|ext| ext == "rs") {
            files += 1;
            faults.extend(check(&path, &fs::read_to_string(entry.path()).unwrap()));
        }
    }
    files
}

#[test]
fn the_sources_keep_to_the_plan() {
    let mut faults = Vec::new();
    let files = check_all(Path::new(env!("CARGO_MANIFEST_DIR")), "src", &mut faults);
    assert!(files > 10, "only {files} files were found");
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn no_exception_for_opening_files_is_idle() {
    for (path, reason) in OPENS_FILES {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
        let mut reader = Reader::default();
        reader.read(text.parse().unwrap(), 1);
        assert!(!reader.file_words.is_empty(), "{path} needs none: {reason}");
    }
}

#[test]
fn the_plan_has_no_cycle() {
    for (index, (room, imports)) in ROOMS.iter().enumerate() {
        if let These(rooms) = imports {
            for other in *rooms {
                let above = ROOMS[..index].iter().any(|(name, _)| name == other);
                assert!(above, "{other} does not stand above {room}");
            }
        }
    }
}

/// Sources that keep to the plan, some of which only look as if they did not.
const GOOD: &[(&str, &str)] = &[
    ("src/certificate/mod.rs", "use crate::words::Digest;"),
    ("src/words/mod.rs", "use crate::words::pgp; mod pgp;"),
    ("src/cli/run.rs", "use crate::{executor, tui::Screen};"),
    ("src/main.rs", "fn main() { conclave::cli::main() }"),
    (
        "src/words/pgp.rs",
        "use super::Digest; pub(crate) fn f() {}",
    ),
    ("src/words/mod.rs", "mod tests { use super::*; }"),
    ("src/token/pkcs11/raw.rs", "fn f() { unsafe {} }"),
    ("src/storage/read.rs", "use std::fs::File;"),
    ("src/token/key_file/tests.rs", "use std::fs;"),
    ("src/cli/run.rs", "mod tests { use std::fs; }"),
    (
        "src/words/mod.rs",
        "//! crate::token\n/* crate::token */ /// [`crate::token`] unsafe\nconst A: &str = \"crate::token unsafe\";",
    ),
];

/// Sources that break it, in all the ways to write that, and what is said of each.
const FORGED: &[(&str, &str, &[&str])] = &[
    (
        "src/words/mod.rs",
        "\nuse crate::token::Token;",
        &["src/words/mod.rs:2: words may not import token"],
    ),
    (
        "src/certificate/mod.rs",
        "use crate::{words::{Digest, self}, record,\n script};",
        &["src/certificate/mod.rs:2: certificate may not import script"],
    ),
    (
        "src/script/act.rs",
        "fn f() -> crate::ceremony::Event { vec![crate::token::x()] }",
        &[
            "src/script/act.rs:1: script may not import ceremony",
            "src/script/act.rs:1: script may not import token",
        ],
    ),
    (
        "src/token/pkcs11/raw.rs",
        "use super::super::super::script::Act; use super::super::Token;",
        &["src/token/pkcs11/raw.rs:1: token may not import script"],
    ),
    (
        "src/record/mod.rs",
        "use super::{self as root, token}; use self::super::tui;",
        &[
            "src/record/mod.rs:1: record may not import the whole crate",
            "src/record/mod.rs:1: record may not import token",
            "src/record/mod.rs:1: record may not import tui",
        ],
    ),
    (
        "src/record/mod.rs",
        "use crate::*; use crate as c;",
        &[
            "src/record/mod.rs:1: record may not import the whole crate",
            "src/record/mod.rs:1: record may not import the whole crate",
        ],
    ),
    (
        "src/words/mod.rs",
        "#[cfg(test)] mod tests { use super::super::token; use super::pgp; }",
        &["src/words/mod.rs:1: words may not import token"],
    ),
    (
        "src/main.rs",
        "fn main() { conclave::token::list() }",
        &["src/main.rs:1: main may not import token"],
    ),
    (
        "src/tui/mod.rs",
        "use crate::executor::Executor;",
        &["src/tui/mod.rs:1: tui may not import executor"],
    ),
    (
        "src/rehearsal/mod.rs",
        "use crate::line::Line;",
        &["src/rehearsal/mod.rs:1: rehearsal may not import line"],
    ),
    (
        "src/attic/mod.rs",
        "use crate::words::Digest;",
        &[
            "src/attic/mod.rs: no room is called attic",
            "src/attic/mod.rs:1: attic may not import words",
        ],
    ),
    (
        "src/token/piv.rs",
        "macro_rules! m { () => { unsafe { f() } } }",
        &["src/token/piv.rs:1: unsafe stands in src/token/pkcs11/raw.rs alone"],
    ),
    (
        "src/cli/run.rs",
        "use std::{\nfs::File, io};\nuse rustix::fs;\nfn f() { tempfile::tempfile(); p.read_dir() }",
        &[
            "src/cli/run.rs:2: fs is for src/storage alone",
            "src/cli/run.rs:3: fs is for src/storage alone",
            "src/cli/run.rs:4: tempfile is for src/storage alone",
            "src/cli/run.rs:4: tempfile is for src/storage alone",
            "src/cli/run.rs:4: read_dir is for src/storage alone",
        ],
    ),
    (
        "src/lib.rs",
        "pub mod words;\nfn f() {}",
        &["src/lib.rs:2: lib.rs has no logic"],
    ),
    (
        "src/words/utils.rs",
        "",
        &["src/words/utils.rs: the name utils says nothing"],
    ),
    (
        "src/words/mod.rs",
        "fn f() {",
        &["src/words/mod.rs: cannot parse string into token stream"],
    ),
];

#[test]
fn good_sources_pass() {
    for (path, text) in GOOD {
        assert_eq!(check(path, text), [""; 0], "{path}: {text}");
    }
}

#[test]
fn forged_sources_are_found_out() {
    for (path, text, faults) in FORGED {
        assert_eq!(&check(path, text), faults, "{path}: {text}");
    }
    let long = "\n".repeat(40);
    assert_eq!(
        check("src/main.rs", &long),
        ["src/main.rs: has 40 lines or more"]
    );
}
