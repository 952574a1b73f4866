//! No arm of a `match` over acts, events, effects or prompts takes whatever is left: a new variant has to be considered
//! in each of them. `if let`, `let else` and `matches!` ask for one case and are free.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

const ENUMS: &[&str] = &[
    "Act",
    "EventKind",
    "ProgressEvent",
    "ParticipantEvent",
    "HostEvent",
    "KeyEvent",
    "CustodyEvent",
    "RootEvent",
    "BackupEvent",
    "RestoreEvent",
    "Effect",
    "Outcome",
    "Input",
    "Prompt",
    "Ask",
    "Answer",
    "Interrupt",
    "RequestKind",
    "CustodyRequest",
    "Next",
];

/// Lines of arms that take whatever is left of one of the enums, and which enum it is.
fn catch_alls(text: &str) -> BTreeSet<(usize, String)> {
    let mut found = BTreeSet::new();
    walk(text.parse().unwrap(), "", &mut found);
    found
}

/// Looks for `match` in code that calls this type `Self`.
fn walk(tokens: TokenStream, own: &str, found: &mut BTreeSet<(usize, String)>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut body_of: Option<String> = None;
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(word) if word == "match" => {
                if let Some(TokenTree::Group(arms)) = tokens[index..].iter().find(|t| is_braced(t))
                {
                    let arms = arms_of(arms.stream(), own);
                    let arms: Vec<_> = arms.iter().map(|(line, p)| (*line, p)).collect();
                    judge(&arms, found);
                }
            }
            TokenTree::Ident(word) if word == "impl" && begins_item(&tokens[..index]) => {
                body_of = implemented(&tokens[index + 1..]);
            }
            TokenTree::Group(group) => {
                let of = is_braced(token).then(|| body_of.take()).flatten();
                walk(group.stream(), of.as_deref().unwrap_or(own), found);
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

fn is_braced(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

/// Whether `impl` is no type here.
fn begins_item(before: &[TokenTree]) -> bool {
    match before.last() {
        None => true,
        Some(TokenTree::Group(group)) => group.delimiter() != Delimiter::Parenthesis,
        Some(last) => is_mark(last, ';') || is_word(last, "unsafe"),
    }
}

/// The type that an `impl` is for.
fn implemented(header: &[TokenTree]) -> Option<String> {
    let end = header.iter().position(is_braced)?;
    let header = &header[..end];
    let end = header.iter().position(|token| is_word(token, "where"));
    let header = &header[..end.unwrap_or(header.len())];
    let start = header.iter().position(|token| is_word(token, "for"));
    let mut depth = 0;
    let mut name = None;
    for token in &header[start.unwrap_or(0)..] {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '<' => depth += 1,
            TokenTree::Punct(punct) if punct.as_char() == '>' => depth -= 1,
            TokenTree::Ident(word) if depth == 0 => name = Some(word.to_string()),
            TokenTree::Ident(_)
            | TokenTree::Punct(_)
            | TokenTree::Literal(_)
            | TokenTree::Group(_) => {}
        }
    }
    name
}

/// A pattern, as far as it matters which values it takes.
enum Pattern {
    /// `_` or a binding.
    Any,
    Some {
        /// `Act::Note`, or nothing for a tuple.
        constructor: String,
        /// One of [`ENUMS`], where the constructor is of it.
        of: Option<String>,
        /// By name or number; each with its alternatives.
        fields: BTreeMap<String, Vec<Self>>,
    },
}

impl Pattern {
    fn takes_all(&self) -> bool {
        match self {
            Self::Any => true,
            Self::Some {
                constructor,
                fields,
                ..
            } => constructor.is_empty() && fields.values().all(|field| takes_all(field)),
        }
    }

    fn enum_named(&self) -> Option<&str> {
        match self {
            Self::Any => None,
            Self::Some { of, fields, .. } => of
                .as_deref()
                .or_else(|| fields.values().flatten().find_map(Self::enum_named)),
        }
    }
}

fn takes_all(alternatives: &[Pattern]) -> bool {
    alternatives.iter().any(Pattern::takes_all)
}

/// Reports patterns that take all of a place where others name an enum, here and in each field of a constructor.
fn judge(arms: &[(usize, &Pattern)], found: &mut BTreeSet<(usize, String)>) {
    let Some(of) = arms.iter().find_map(|(_, pattern)| pattern.enum_named()) else {
        return;
    };
    for (line, _) in arms.iter().filter(|(_, pattern)| pattern.takes_all()) {
        found.insert((*line, of.to_owned()));
    }
    let mut constructors: BTreeMap<&str, Vec<(usize, &BTreeMap<_, _>)>> = BTreeMap::new();
    for (line, pattern) in arms {
        if let Pattern::Some {
            constructor,
            fields,
            ..
        } = pattern
        {
            let alike = constructors.entry(constructor).or_default();
            alike.push((*line, fields));
        }
    }
    for alike in constructors.values() {
        let every: BTreeSet<&String> = alike.iter().flat_map(|(_, fields)| fields.keys()).collect();
        for name in every {
            let mut place = Vec::new();
            for (line, fields) in alike {
                let others_take_all = fields
                    .iter()
                    .all(|(other, field)| other == name || takes_all(field));
                let field = fields.get(name).map_or(&[Pattern::Any][..], Vec::as_slice);
                let field = field.iter().filter(|p| others_take_all || !p.takes_all());
                place.extend(field.map(|pattern| (*line, pattern)));
            }
            judge(&place, found);
        }
    }
}

/// The patterns of the arms, without guards: each alternative with the line of the arm.
fn arms_of(body: TokenStream, own: &str) -> Vec<(usize, Pattern)> {
    let tokens: Vec<TokenTree> = body.into_iter().collect();
    let mut rest = tokens.as_slice();
    let mut arms = Vec::new();
    while let Some(arrow) = position_of_arrow(rest) {
        let mut pattern = without_attributes(&rest[..arrow]);
        if let Some(guard) = pattern.iter().position(|token| is_word(token, "if")) {
            pattern = &pattern[..guard];
        }
        if let Some(first) = pattern.first() {
            let line = first.span().start().line;
            arms.extend(patterns(pattern, own).into_iter().map(|p| (line, p)));
        }
        rest = after_body(&rest[arrow + 2..]);
    }
    arms
}

fn position_of_arrow(tokens: &[TokenTree]) -> Option<usize> {
    tokens
        .windows(2)
        .position(|pair| is_mark(&pair[0], '=') && is_mark(&pair[1], '>'))
}

fn without_attributes(mut tokens: &[TokenTree]) -> &[TokenTree] {
    while let [hash, TokenTree::Group(_), rest @ ..] = tokens
        && is_mark(hash, '#')
    {
        tokens = rest;
    }
    tokens
}

/// What follows the body of an arm: a block, or an expression up to the next comma outside of `::<…>`.
fn after_body(tokens: &[TokenTree]) -> &[TokenTree] {
    if let [first, rest @ ..] = tokens
        && is_braced(first)
    {
        return match rest {
            [comma, rest @ ..] if is_mark(comma, ',') => rest,
            rest => rest,
        };
    }
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        let is_path = index > 0 && is_mark(&tokens[index - 1], ':');
        let is_arrow = index > 0
            && ['-', '=']
                .iter()
                .any(|mark| is_mark(&tokens[index - 1], *mark));
        if is_mark(token, '<') && (is_path || depth > 0) {
            depth += 1;
        } else if is_mark(token, '>') && !is_arrow {
            depth = depth.saturating_sub(1);
        } else if is_mark(token, ',') && depth == 0 {
            return &tokens[index + 1..];
        }
    }
    &[]
}

/// The alternatives of a pattern.
fn patterns(tokens: &[TokenTree], own: &str) -> Vec<Pattern> {
    let alternatives = tokens.split(|token| is_mark(token, '|'));
    let alternatives = alternatives.filter(|tokens| !tokens.is_empty());
    alternatives
        .flat_map(|tokens| alternative(tokens, own))
        .collect()
}

fn alternative(tokens: &[TokenTree], own: &str) -> Vec<Pattern> {
    let skipped =
        |token: &TokenTree| is_mark(token, '&') || is_word(token, "ref") || is_word(token, "mut");
    let start = tokens.iter().position(|token| !skipped(token));
    match &tokens[start.unwrap_or(0)..] {
        [TokenTree::Ident(_), at, bound @ ..] if is_mark(at, '@') => alternative(bound, own),
        [TokenTree::Ident(name)] if is_binding(&name.to_string()) => vec![Pattern::Any],
        [TokenTree::Group(group)] => {
            let items: Vec<TokenTree> = group.stream().into_iter().collect();
            let is_tuple = items.iter().any(|token| is_mark(token, ','));
            if group.delimiter() == Delimiter::Parenthesis && !is_tuple {
                return patterns(&items, own);
            }
            vec![Pattern::Some {
                constructor: String::new(),
                of: None,
                fields: numbered(&items, own),
            }]
        }
        [path @ .., TokenTree::Group(group)] => {
            let items: Vec<TokenTree> = group.stream().into_iter().collect();
            let fields = if group.delimiter() == Delimiter::Brace {
                named(&items, own)
            } else {
                numbered(&items, own)
            };
            vec![constructor(path, fields, own)]
        }
        path => vec![constructor(path, BTreeMap::new(), own)],
    }
}

fn is_binding(name: &str) -> bool {
    name.starts_with(|first: char| first == '_' || first.is_lowercase())
        && !matches!(name, "true" | "false")
}

fn constructor(path: &[TokenTree], fields: BTreeMap<String, Vec<Pattern>>, own: &str) -> Pattern {
    let words: Vec<String> = path
        .iter()
        .filter(|token| matches!(token, TokenTree::Ident(_)))
        .map(ToString::to_string)
        .map(|word| if word == "Self" { own.to_owned() } else { word })
        .collect();
    let of = match words.as_slice() {
        [.., of, _] if ENUMS.contains(&of.as_str()) => Some(of.clone()),
        _ => None,
    };
    let literal = path.iter().map(ToString::to_string).collect();
    Pattern::Some {
        constructor: if words.is_empty() {
            literal
        } else {
            words[words.len().saturating_sub(2)..].join("::")
        },
        of,
        fields,
    }
}

fn numbered(items: &[TokenTree], own: &str) -> BTreeMap<String, Vec<Pattern>> {
    let items = items.split(|token| is_mark(token, ','));
    let items = items.filter(|item| item.first().is_some_and(|first| !is_mark(first, '.')));
    let items = items.map(|item| patterns(item, own));
    items
        .enumerate()
        .map(|(index, item)| (index.to_string(), item))
        .collect()
}

fn named(items: &[TokenTree], own: &str) -> BTreeMap<String, Vec<Pattern>> {
    let items = items.split(|token| is_mark(token, ','));
    let items = items.filter_map(|item| match item {
        [TokenTree::Ident(name), colon, pattern @ ..] if is_mark(colon, ':') => {
            Some((name.to_string(), patterns(pattern, own)))
        }
        [.., TokenTree::Ident(name)] => Some((name.to_string(), vec![Pattern::Any])),
        _ => None,
    });
    items.collect()
}

fn look_through(directory: &Path, faults: &mut Vec<String>) -> usize {
    let mut files = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += look_through(&path, faults);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files += 1;
            for (line, of) in catch_alls(&fs::read_to_string(&path).unwrap()) {
                faults.push(format!("{}:{line}: takes any {of}", path.display()));
            }
        }
    }
    files
}

#[test]
fn a_new_variant_has_to_be_considered_everywhere() {
    let mut faults = Vec::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = look_through(&source, &mut faults);
    assert!(files > 10, "only {files} files were found");
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Matches that consider every variant, or that are about something else.
const GOOD: &[&str] = &[
    "match act { Act::Note => 1, Act::Seal { key: _ } | Act::Export => 2 }",
    "match name { \"note\" => Ok(Act::Note), _ => Err(()) }",
    "match key { Some(key) => Act::Seal { key }, _ => Act::Note }",
    "match act { Act::Note => f::<A, B>(x), Act::Seal { .. } => g(|_| 1) }",
    "match (act, n) { (Act::Note, _) => 1, (Act::Seal { .. }, 1) => 2, (_, 3) => 3 }",
    "match r { Ok(Act::Note) => 1, Ok(Act::Export) => 2, Err(_) => 3 }",
    "match event { EventKind::Keys(_) => 1, EventKind::Root(_) => 2 }",
    "if let Act::Note = act { 1 } else { 2 }",
    "matches!(act, Act::Note | Act::Export)",
    "impl Act { fn f(self) { match self { Self::Note => 1, Self::Seal { .. } => 2 } } }",
    "impl Kind { fn f(self) { match self { Self::Note => 1, _ => 2 } } }",
    "// match act { Act::Note => 1, _ => 2 }",
];

/// Matches in which an arm takes any variant, the line of the arm and the enum.
const BAD: &[(&str, usize, &str)] = &[
    ("match act { Act::Note => 1,\n _ => 2 }", 2, "Act"),
    ("match act { Act::Note => 1, other => f(other) }", 1, "Act"),
    (
        "match act { Act::Note => {}\n_ if x => {} Act::Export => {} }",
        2,
        "Act",
    ),
    ("match act { script::Act::Note | _ => 1 }", 1, "Act"),
    ("match act { Act::Note => f::<A, B>(), _ => 1 }", 1, "Act"),
    (
        "match next { Some(Next::Ask(prompt)) => 1, _ => 2 }",
        1,
        "Next",
    ),
    (
        "match next { Some(Next::Ask(prompt)) => 1, Some(_) => 2, None => 3 }",
        1,
        "Next",
    ),
    (
        "match (a, b) { (Ask::Clock, 1) => 1, (_, _) => 2 }",
        1,
        "Ask",
    ),
    (
        "match (a, b) { (Ask::Clock, 1) => 1, (_, b) | (_, (_, b)) => 2 }",
        1,
        "Ask",
    ),
    (
        "match (a, b) { (Ask::Clock, Answer::Enter) => 1, _ => 2 }",
        1,
        "Ask",
    ),
    (
        "match e { EventKind::Keys(KeyEvent::PinSet { .. }) => 1, EventKind::Keys(_) => 2 }",
        1,
        "KeyEvent",
    ),
    (
        "match e { Input::Answer { answer: Answer::Enter, .. } => 1, Input::Answer { .. } => 2 }",
        1,
        "Answer",
    ),
    (
        "match f(|a| match a { Act::Note => 1, x => 2 }) { 1 => 2, _ => 3 }",
        1,
        "Act",
    ),
    (
        "impl Act { fn f(&self) { match self { Self::Note => 1, _ => 2 } } }",
        1,
        "Act",
    ),
    (
        "impl<'a> From<Kind> for Effect { fn f(&self) { match self { &Self::Note => 1, _ => 2 } } }",
        1,
        "Effect",
    ),
    (
        "fn f() -> impl Iterator { match a { Act::A => 1, a @ _ => 2 } }",
        1,
        "Act",
    ),
];

#[test]
fn matches_that_consider_all_pass() {
    for text in GOOD {
        assert_eq!(catch_alls(text), BTreeSet::new(), "{text}");
    }
}

#[test]
fn arms_that_take_what_is_left_are_found() {
    for (text, line, of) in BAD {
        assert_eq!(
            catch_alls(text),
            BTreeSet::from([(*line, (*of).to_owned())]),
            "{text}"
        );
    }
}
