//! The files of `tests/`: each is compiled into a binary, or a test names it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

const BINARIES: [&str; 5] = ["core", "faults", "hardware", "peers", "program"];

/// Directories that a test reads whole, whatever is in them.
const READ_WHOLE: [&str; 8] = [
    "tests/attestation/data/docker-2024-06-04",
    "tests/attestation/data/docker-test-keys",
    "tests/chains/adversarial",
    "tests/chains/real",
    "tests/cli/script",
    // Crates of their own: softhsm-setup.sh builds the first, Cargo the second before the tests.
    "tests/modules/kryoptic",
    "tests/quirks/module",
    "tests/yubikey/device",
];

/// What names data beside the tests.
const OTHER_PLACES: [&str; 2] = ["softhsm-setup.sh", "docs/development.md"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(directory: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![PathBuf::from(directory)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                open.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}

fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

fn tokens(path: &Path) -> TokenStream {
    let text = fs::read_to_string(root().join(path)).unwrap();
    text.parse()
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The modules that tokens declare, as paths below the directory of their parent; those within `mod name { … }` too.
fn declared(tokens: TokenStream) -> Vec<PathBuf> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found = Vec::new();
    for three in tokens.windows(3) {
        let [TokenTree::Ident(word), TokenTree::Ident(name), end] = three else {
            continue;
        };
        if word != "mod" {
            continue;
        }
        let name = PathBuf::from(name.to_string());
        match end {
            TokenTree::Punct(end) if end.as_char() == ';' => found.push(name),
            TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => {
                let inside = declared(body.stream()).into_iter();
                found.extend(inside.map(|path| name.join(path)));
            }
            _ => {}
        }
    }
    found
}

/// Adds the file of a module and of all modules below it. `below` is the directory of its modules.
fn reach(file: PathBuf, below: &Path, reached: &mut BTreeSet<PathBuf>) {
    for module in declared(tokens(&file)) {
        let below = below.join(module);
        let beside = below.with_extension("rs");
        let inside = below.join("mod.rs");
        let file = if root().join(&inside).exists() {
            inside
        } else {
            beside
        };
        reach(file, &below, reached);
    }
    reached.insert(file);
}

#[test]
fn every_source_is_in_a_binary() {
    let mut reached = BTreeSet::new();
    for binary in BINARIES {
        let file = Path::new("tests").join(binary).with_extension("rs");
        reach(file, Path::new("tests"), &mut reached);
    }
    for module in [
        "tests/modules/kryoptic/lib.rs",
        "tests/quirks/module/lib.rs",
    ] {
        reached.insert(PathBuf::from(module));
    }
    let mut sources = files_below("tests");
    sources.retain(|path| is_source(path));
    let forgotten: Vec<_> = sources
        .iter()
        .filter(|path| !reached.contains(*path))
        .collect();
    assert!(forgotten.is_empty(), "in no test binary: {forgotten:?}");
}

fn has_path_attribute(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| {
        let TokenTree::Group(group) = token else {
            return false;
        };
        let inside: Vec<_> = group.stream().into_iter().take(2).collect();
        let names_path = matches!(inside.as_slice(), [TokenTree::Ident(word), TokenTree::Punct(sign)]
            if word == "path" && sign.as_char() == '=');
        group.delimiter() == Delimiter::Bracket && names_path || has_path_attribute(group.stream())
    })
}

#[test]
fn modules_lie_where_the_compiler_looks_for_them() {
    let mut sources = files_below("tests");
    sources.retain(|path| is_source(path) && has_path_attribute(tokens(path)));
    assert!(sources.is_empty(), "a path attribute is in {sources:?}");
    assert!(has_path_attribute(
        "mod a { #[path = \"b.rs\"] mod c; }".parse().unwrap()
    ));
}

#[test]
fn modules_are_found_where_they_are_declared() {
    let text = "mod a; pub(crate) mod b { #[cfg(test)] mod c; mod d { mod e; } } mod f {}";
    let found = declared(text.parse().unwrap());
    assert_eq!(found, ["a", "b/c", "b/d/e"].map(PathBuf::from));
}

/// The string literals of tokens, without their quotation marks.
fn literals(tokens: TokenStream, found: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => literals(group.stream(), found),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                if let Some(text) = text.strip_prefix('"') {
                    found.insert(text.trim_end_matches('"').to_owned());
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

/// The names under which a test may know a snapshot: `err-` and the like before it, its module, or the size of the
/// screen after it.
fn names_of_snapshot(name: &str) -> Vec<&str> {
    let mut names = vec![name];
    names.extend(name.rsplit_once("__").map(|(_, name)| name));
    names.extend(name.split_once('-').map(|(_, name)| name));
    names.extend(name.rsplit_once('-').map(|(name, _)| name));
    names
}

#[test]
fn every_data_file_is_used() {
    let mut named = BTreeSet::new();
    for path in files_below("tests").iter().filter(|path| is_source(path)) {
        literals(tokens(path), &mut named);
    }
    let ends: BTreeSet<&str> = named
        .iter()
        .filter_map(|text| text.rsplit('/').next())
        .collect();
    let others = OTHER_PLACES.map(|place| fs::read_to_string(root().join(place)).unwrap());
    let is_used = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        READ_WHOLE
            .iter()
            .any(|directory| path.starts_with(directory))
            || name == "README.md"
            // What made a property fail, beside the test.
            || (name.ends_with(".proptest-regressions") && root().join(path).with_extension("rs").exists())
            || ends.contains(name)
            || others.iter().any(|text| text.contains(name))
            || name.strip_suffix(".snap").is_some_and(|name| {
                names_of_snapshot(name)
                    .iter()
                    .any(|name| named.contains(*name))
            })
    };
    let mut forgotten = files_below("tests");
    // A result that nobody has reviewed yet is none of the files of the repository.
    forgotten.retain(|path| {
        !is_source(path) && !is_used(path) && path.extension().is_none_or(|end| end != "new")
    });
    assert!(forgotten.is_empty(), "no test names {forgotten:?}");
}
