//! No circle of files: whoever reads a file never comes back to it by following imports. Only a module and the files
//! below it may know each other.
//!
//! Paths count wherever they stand, in `use` or in code. Names that a module imports from a file below it lead to the
//! module in one look, and to that file in another. Test code does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Files by their modules: `token::pkcs11` → `src/token/pkcs11/mod.rs`. The root is the empty path.
type Sources = BTreeMap<Vec<String>, Source>;

struct Source {
    path: String,
    imports: Vec<Import>,
    /// What names in it stand for that it imports, for itself, for files below it or for all.
    names: BTreeMap<String, Vec<String>>,
    /// The modules below it that are of tests alone.
    tests: Vec<String>,
}

/// A path from the root, and the line where it is written.
struct Import {
    line: usize,
    path: Vec<String>,
}

/// Reads paths in the code of one module.
#[derive(Default)]
struct Reader {
    module: Vec<String>,
    imports: Vec<Import>,
    /// What names of this file stand for.
    names: BTreeMap<String, Vec<String>>,
}

impl Source {
    fn read(path: &str, text: &str) -> (Vec<String>, Self) {
        let module = module_of(path);
        let mut reader = Reader {
            module: module.clone(),
            ..Reader::default()
        };
        let tokens: Vec<TokenTree> = text.parse::<TokenStream>().unwrap().into_iter().collect();
        reader.read_uses(&tokens);
        reader.read(&tokens);
        let source = Self {
            path: path.to_owned(),
            imports: reader.imports,
            names: reader.names,
            tests: modules_of_tests(&tokens),
        };
        (module, source)
    }
}

fn module_of(path: &str) -> Vec<String> {
    let path = path.strip_prefix("src/").unwrap();
    let path = path.strip_suffix(".rs").unwrap();
    let path = path.strip_suffix("/mod").unwrap_or(path);
    let segments = path.split('/').map(str::to_owned);
    segments.filter(|segment| segment != "lib").collect()
}

impl Reader {
    /// Notes what names stand for, before any code is read.
    fn read_uses(&mut self, tokens: &[TokenTree]) {
        let mut rest = tokens;
        while let [token, after @ ..] = rest {
            rest = after_tests(rest).unwrap_or(after);
            match token {
                TokenTree::Ident(word) if word == "use" => {
                    let end = after.iter().position(|token| is_mark(token, ';'));
                    let end = end.unwrap_or(after.len());
                    self.read_tree(&after[..end], &[]);
                    rest = &after[end..];
                }
                TokenTree::Ident(word) if word == "pub" => {
                    rest = after_parentheses(after);
                }
                TokenTree::Ident(_)
                | TokenTree::Group(_)
                | TokenTree::Punct(_)
                | TokenTree::Literal(_) => {}
            }
        }
    }

    fn read_tree(&mut self, tokens: &[TokenTree], before: &[String]) {
        let mut path = before.to_vec();
        let mut line = 0;
        for (index, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => {
                    let items: Vec<TokenTree> = group.stream().into_iter().collect();
                    for item in items.split(|token| is_mark(token, ',')) {
                        self.read_tree(item, &path);
                    }
                    return;
                }
                TokenTree::Ident(word) if word == "as" => {
                    let name = tokens[index + 1].to_string();
                    self.import(line, &path, name);
                    return;
                }
                TokenTree::Ident(word) => {
                    line = word.span().start().line;
                    let is_self = word == "self" && !path.is_empty();
                    path.extend((!is_self).then(|| word.to_string()));
                }
                TokenTree::Punct(punct) if punct.as_char() == '*' => {
                    line = punct.span().start().line;
                    path.push("*".to_owned());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
        if let Some(name) = path.last().cloned() {
            self.import(line, &path, name);
        }
    }

    fn import(&mut self, line: usize, path: &[String], name: String) {
        let path = self.absolute(path);
        self.names.insert(name, path.clone());
        self.imports.push(Import { line, path });
    }

    fn absolute(&self, path: &[String]) -> Vec<String> {
        let mut module = self.module.clone();
        let mut rest = path;
        match rest.first().map(String::as_str) {
            Some("crate" | "conclave") => {
                module.clear();
                rest = &rest[1..];
            }
            Some("self") => rest = &rest[1..],
            Some("super") | None => {}
            Some(name) => {
                if let Some(known) = self.names.get(name) {
                    module.clone_from(known);
                    rest = &rest[1..];
                }
            }
        }
        while let [first, after @ ..] = rest
            && first == "super"
        {
            module.pop();
            rest = after;
        }
        module.extend_from_slice(rest);
        module
    }

    /// Notes the paths in code.
    fn read(&mut self, tokens: &[TokenTree]) {
        let mut rest = tokens;
        while let [token, after @ ..] = rest {
            if let Some(after) = after_tests(rest) {
                rest = after;
                continue;
            }
            rest = after;
            match token {
                TokenTree::Ident(word) if word == "use" => {
                    let end = after.iter().position(|token| is_mark(token, ';'));
                    rest = &after[end.unwrap_or(after.len())..];
                }
                // Who may look imports nothing.
                TokenTree::Ident(word) if word == "pub" => rest = after_parentheses(after),
                TokenTree::Ident(word) if word == "mod" => {
                    if let [TokenTree::Ident(name), TokenTree::Group(body), after @ ..] = rest {
                        self.module.push(name.to_string());
                        let names = self.names.clone();
                        let body: Vec<TokenTree> = body.stream().into_iter().collect();
                        self.read_uses(&body);
                        self.read(&body);
                        self.names = names;
                        self.module.pop();
                        rest = after;
                    }
                }
                TokenTree::Ident(word) => {
                    let line = word.span().start().line;
                    let mut path = vec![word.to_string()];
                    while let [a, b, TokenTree::Ident(word), after @ ..] = rest
                        && is_mark(a, ':')
                        && is_mark(b, ':')
                    {
                        path.push(word.to_string());
                        rest = after;
                    }
                    if path.len() > 1 {
                        let path = self.absolute(&path);
                        self.imports.push(Import { line, path });
                    }
                }
                TokenTree::Group(group) => {
                    let body: Vec<TokenTree> = group.stream().into_iter().collect();
                    self.read(&body);
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

fn after_parentheses(tokens: &[TokenTree]) -> &[TokenTree] {
    match tokens {
        [TokenTree::Group(group), rest @ ..] if group.delimiter() == Delimiter::Parenthesis => rest,
        _ => tokens,
    }
}

/// What follows the item that is for tests alone, if that is what comes first.
fn after_tests(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    let [hash, TokenTree::Group(attribute), rest @ ..] = tokens else {
        return None;
    };
    let words: String = attribute
        .stream()
        .into_iter()
        .map(|t| t.to_string())
        .collect();
    if !is_mark(hash, '#') || words != "cfg(test)" {
        return None;
    }
    let is_end = |token: &TokenTree| {
        matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
            || is_mark(token, ';')
    };
    let end = rest.iter().position(is_end)?;
    // A `use` of braces has its mark still to come: it is skipped as nothing.
    Some(&rest[end + 1..])
}

/// The names in `#[cfg(test)] mod name;`.
fn modules_of_tests(tokens: &[TokenTree]) -> Vec<String> {
    let items = (0..tokens.len()).filter(|index| after_tests(&tokens[*index..]).is_some());
    let modules = items.filter_map(|index| match &tokens[index + 2..] {
        [TokenTree::Ident(word), TokenTree::Ident(name), end, ..]
            if word == "mod" && is_mark(end, ';') =>
        {
            Some(name.to_string())
        }
        _ => None,
    });
    modules.collect()
}

/// The file that a path leads to: the deepest on it. With `through`, names that a module imports from elsewhere are followed.
fn file_of<'s>(sources: &'s Sources, path: &[String], through: bool) -> Option<&'s Vec<String>> {
    let mut path = path.to_vec();
    for _ in 0..8 {
        let depth = (0..=path.len())
            .rev()
            .find(|depth| sources.contains_key(&path[..*depth]))?;
        let (module, source) = sources.get_key_value(&path[..depth])?;
        let known = path.get(depth).and_then(|name| source.names.get(name));
        match known.filter(|_| through) {
            Some(target) => path = target.iter().chain(&path[depth + 1..]).cloned().collect(),
            None => return Some(module),
        }
    }
    None
}

/// The files that each file imports, and the line that says so. A module and what is below it are left out.
type Graph<'s> = BTreeMap<&'s Vec<String>, BTreeMap<&'s Vec<String>, usize>>;

fn graph(sources: &Sources, through: bool) -> Graph<'_> {
    let mut graph = Graph::new();
    for (from, source) in sources {
        let targets = graph.entry(from).or_default();
        for import in &source.imports {
            let Some(to) = file_of(sources, &import.path, through) else {
                continue;
            };
            if !from.starts_with(to) && !to.starts_with(from) {
                targets.entry(to).or_insert(import.line);
            }
        }
    }
    graph
}

/// Each circle as its files, and the lines by which they import each other.
fn circles(sources: &Sources, through: bool) -> Vec<String> {
    let graph = graph(sources, through);
    let reached: BTreeMap<_, _> = graph
        .keys()
        .map(|from| (*from, reach(&graph, from)))
        .collect();
    let mut seen = BTreeSet::new();
    let mut circles = Vec::new();
    for (file, others) in &reached {
        if !others.contains(file) || seen.contains(file) {
            continue;
        }
        let circle: BTreeSet<_> = others
            .iter()
            .filter(|other| reached[*other].contains(file))
            .collect();
        let mut lines = vec![format!("a circle of {} files:", circle.len())];
        for from in &circle {
            seen.insert(**from);
            for (to, line) in graph[**from].iter().filter(|(to, _)| circle.contains(to)) {
                let path = &sources[**from].path;
                lines.push(format!("  {path}:{line} imports {}", sources[*to].path));
            }
        }
        circles.push(lines.join("\n"));
    }
    circles
}

fn reach<'s>(graph: &Graph<'s>, from: &Vec<String>) -> BTreeSet<&'s Vec<String>> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<_> = graph[from].keys().copied().collect();
    while let Some(file) = next.pop() {
        if reached.insert(file) {
            next.extend(graph[file].keys());
        }
    }
    reached
}

fn read_all(root: &Path, directory: &str, sources: &mut Sources) {
    for entry in fs::read_dir(root.join(directory)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{directory}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            read_all(root, &path, sources);
        } else if entry.path().extension().is_some_and(|ext| ext == "rs") {
            let text = fs::read_to_string(entry.path()).unwrap();
            sources.extend([Source::read(&path, &text)]);
        }
    }
}

/// Leaves out the files that are modules in tests alone.
fn without_tests(mut sources: Sources) -> Sources {
    let of_tests: Vec<Vec<String>> = sources
        .iter()
        .flat_map(|(module, source)| {
            let names = source.tests.iter().cloned();
            names.map(|name| [module.as_slice(), &[name]].concat())
        })
        .collect();
    sources.retain(|module, _| !of_tests.iter().any(|tests| module.starts_with(tests)));
    sources
}

fn all_sources() -> Sources {
    let mut sources = Sources::new();
    read_all(Path::new(env!("CARGO_MANIFEST_DIR")), "src", &mut sources);
    let sources = without_tests(sources);
    assert!(
        sources.len() > 10,
        "only {} files were found",
        sources.len()
    );
    sources
}

#[test]
fn no_files_import_each_other() {
    let circles = circles(&all_sources(), false);
    assert!(circles.is_empty(), "\n{}\n", circles.join("\n"));
}

/// Folders whose files know each other through their module, each with its reason.
const KNOWN: &[(&str, &str)] = &[(
    "src/script/act/",
    "the description of an act names the acts that it needs, in whatever file they are",
)];

#[test]
fn no_circle_hides_behind_a_module() {
    let mut circles = circles(&all_sources(), true);
    for (folder, reason) in KNOWN {
        let is_inside = |circle: &String| {
            let mut lines = circle.lines().skip(1);
            lines.all(|line| line.matches(folder).count() == 2)
        };
        let before = circles.len();
        circles.retain(|circle| !is_inside(circle));
        assert!(
            circles.len() < before,
            "{folder} needs no exception: {reason}"
        );
    }
    assert!(circles.is_empty(), "\n{}\n", circles.join("\n"));
}

fn circles_of(files: &[(&str, &str)], through: bool) -> Vec<String> {
    let sources = files.iter().map(|(path, text)| Source::read(path, text));
    circles(&without_tests(sources.collect()), through)
}

#[test]
fn files_in_order_pass() {
    let files = [
        ("src/lib.rs", "mod a; mod b;"),
        (
            "src/a/mod.rs",
            "mod x; mod y; pub use x::X; use y::Y; #[cfg(test)] use crate::b; pub(in crate::b) struct Z;",
        ),
        (
            "src/a/x.rs",
            "use super::Z; use super::y::{self, Y}; fn f() { y::g(); super::y::g() }",
        ),
        (
            "src/a/y.rs",
            "// use super::x;\n#[cfg(test)] mod tests { use super::super::x; }",
        ),
        (
            "src/b.rs",
            "use crate::a::{Z, x::X as W}; #[cfg(test)] mod t;",
        ),
        ("src/b/t.rs", "use super::x; use crate::c;"),
        ("src/c.rs", "use crate::b::t;"),
    ];
    assert_eq!(circles_of(&files, false), [""; 0]);
    assert_eq!(circles_of(&files, true), [""; 0]);
}

#[test]
fn circles_are_found() {
    let files = [
        ("src/a/mod.rs", "mod x; mod y;"),
        ("src/a/x.rs", "\nfn f() { super::y::g() }"),
        ("src/a/y.rs", "use crate::{b, a::{x::f}};"),
        ("src/b.rs", "use crate::c::C;"),
        (
            "src/c.rs",
            "use crate::a as letters;\nfn f() { letters::y::g() }",
        ),
    ];
    let found = "a circle of 4 files:
  src/a/x.rs:2 imports src/a/y.rs
  src/a/y.rs:1 imports src/a/x.rs
  src/a/y.rs:1 imports src/b.rs
  src/b.rs:1 imports src/c.rs
  src/c.rs:2 imports src/a/y.rs";
    assert_eq!(circles_of(&files, false), [found]);
}

#[test]
fn modules_hide_no_circle() {
    let files = [
        ("src/a/mod.rs", "mod x; mod y; use x::X;"),
        ("src/a/x.rs", "use super::y::Y;"),
        ("src/a/y.rs", "use super::X;"),
    ];
    assert_eq!(circles_of(&files, false), [""; 0]);
    let found = "a circle of 2 files:
  src/a/x.rs:1 imports src/a/y.rs
  src/a/y.rs:1 imports src/a/x.rs";
    assert_eq!(circles_of(&files, true), [found]);
}
