//! The words of the program: what `docs/style.md` rules out does not come back, in strings, comments, scripts or documents.
//!
//! A pattern is a few words, read without regard to case, punctuation inside a sentence, or line breaks. `a|b` is either
//! word, `word*` any word that begins so, `.` the end of a sentence, and `...` words up to the next pattern word.

mod passages;
mod patterns;

use std::fs;
use std::path::Path;

use passages::{Passage, of_rust, of_text};
use patterns::{ALLOWED, ALLOWED_IN, RULES};

/// Where people read what we write.
const ROOTS: &[&str] = &[
    "src",
    "docs",
    "ceremony-scripts",
    "hsm-config",
    "fuzz",
    "README.md",
    "CHANGELOG.md",
    "softhsm-setup.sh",
];

/// A word, or the end of a sentence, with the line it is on.
struct Word {
    text: String,
    line: usize,
}

/// The words of a passage. What is inserted while the program runs, `{name}`, ends a phrase.
fn words(passage: &Passage) -> Vec<Word> {
    let mut words = vec![];
    let mut line = passage.line;
    let mut add = |text: &str, line| {
        words.push(Word {
            text: text.to_lowercase(),
            line,
        });
    };
    add(".", line);
    let mut rest = passage.text.as_str();
    while let Some(c) = rest.chars().next() {
        let inserted = rest.starts_with('{')
            && rest
                .find(['}', ' ', '\n'])
                .is_some_and(|end| rest[end..].starts_with('}'));
        let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '\'' | '’');
        let length = if inserted {
            add("{}", line);
            rest.find('}').unwrap()
        } else if c.is_alphanumeric() {
            let end = rest.find(|c| !in_word(c)).unwrap_or(rest.len());
            add(rest[..end].trim_end_matches(['\'', '’']), line);
            end
        } else {
            match c {
                '.' | ':' | ';' | '!' => add(".", line),
                '?' => add("?", line),
                '\n' => line += 1,
                _ => {}
            }
            c.len_utf8()
        };
        rest = &rest[length..];
    }
    words
}

fn fits(pattern: &str, word: &str) -> bool {
    pattern.split('|').any(|one| match one.strip_suffix('*') {
        Some(start) if !start.is_empty() => word.starts_with(start),
        _ => word == one || word.strip_suffix("'s").is_some_and(|word| word == one),
    })
}

/// How many words the pattern takes from the start of `words`; none when it does not match there.
fn matched(pattern: &[&str], words: &[Word]) -> Option<usize> {
    let mut at = 0;
    let mut parts = pattern.iter().peekable();
    while let Some(part) = parts.next() {
        if *part == "..." {
            let next = parts.peek()?;
            while !fits(next, &words.get(at)?.text) {
                if matches!(words[at].text.as_str(), "." | "?") {
                    return None;
                }
                at += 1;
            }
        } else if fits(part, &words.get(at)?.text) {
            at += 1;
        } else {
            return None;
        }
    }
    Some(at)
}

/// Each pattern as its words, with what belongs to it.
type Patterns = Vec<(Vec<&'static str>, &'static str)>;

fn split(table: &[(&'static str, &'static str)]) -> Patterns {
    let each = table.iter().flat_map(|(patterns, text)| {
        patterns
            .split(", ")
            .map(|pattern| (pattern.split(' ').collect(), *text))
    });
    each.collect()
}

/// What is found in a passage: the line, the words, and what to write instead.
fn findings(
    passage: &Passage,
    rules: &Patterns,
    allowed: &Patterns,
) -> Vec<(usize, String, &'static str)> {
    let mut words = words(passage);
    for at in 0..words.len() {
        for (phrase, _) in allowed {
            if let Some(length) = matched(phrase, &words[at..]) {
                for word in &mut words[at..at + length] {
                    word.text.insert(0, '·');
                }
            }
        }
    }
    let mut found = vec![];
    for at in 0..words.len() {
        for (pattern, instead) in rules {
            if let Some(length) = matched(pattern, &words[at..]) {
                let phrase: Vec<_> = words[at..at + length]
                    .iter()
                    .map(|word| word.text.as_str())
                    .filter(|word| *word != ".")
                    .collect();
                let line = words[at + usize::from(pattern[0] == ".")].line;
                found.push((line, phrase.join(" "), *instead));
            }
        }
    }
    found
}

fn files_below(path: &Path, found: &mut Vec<String>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            files_below(&entry.unwrap().path(), found);
        }
    } else if path
        .extension()
        .is_some_and(|end| ["rs", "md", "toml", "sh"].iter().any(|text| end == *text))
    {
        found.push(path.to_str().unwrap().to_owned());
    }
}

fn is_below(path: &str, place: &str) -> bool {
    Path::new(path).starts_with(place)
}

#[test]
fn no_ruled_out_word_comes_back() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![];
    for place in ROOTS {
        files_below(&root.join(place), &mut files);
    }
    files.sort();
    let (rules, allowed) = (split(RULES), split(ALLOWED));
    let mut report = vec![];
    for path in files {
        let name = path.strip_prefix(root.to_str().unwrap()).unwrap()[1..].to_owned();
        if name.contains("/target/") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let passages = if is_below(&name, "src")
            || Path::new(&name).extension().is_some_and(|it| it == "rs")
        {
            of_rust(&text)
        } else {
            of_text(&text)
        };
        for passage in passages {
            for (line, phrase, instead) in findings(&passage, &rules, &allowed) {
                let excused = ALLOWED_IN.iter().any(|(place, words, _)| {
                    is_below(&name, place) && (*words == "*" || phrase == *words)
                });
                if !excused {
                    report.push(format!("{name}:{line}: \"{phrase}\": {instead}"));
                }
            }
        }
    }
    assert!(
        report.is_empty(),
        "{} places to reword (docs/style.md has the rules; an exception with its reason belongs in \
         tests/sources/language/patterns.rs):\n{}",
        report.len(),
        report.join("\n")
    );
}

#[test]
fn patterns_match_phrases_and_nothing_else() {
    let found = |text: &str| -> Vec<String> {
        let passage = Passage {
            line: 7,
            text: text.to_owned(),
        };
        findings(&passage, &split(RULES), &split(ALLOWED))
            .into_iter()
            .map(|(line, phrase, _)| format!("{line} {phrase}"))
            .collect()
    };
    assert_eq!(found("The file is\nno key."), ["7 is no"]);
    assert_eq!(
        found("There is no key. It is no longer here, and no more than that."),
        [""; 0]
    );
    assert_eq!(found("A key.\nWho has it signs."), ["8 who has it signs"]);
    assert_eq!(found("Who has it? Ask the person who has it."), [""; 0]);
    assert_eq!(
        found("Initialised, with the\nown PIN"),
        ["7 initialised", "7 the own"]
    );
    assert_eq!(found("{fate} is {own}; the {x} own key"), [""; 0]);
}

#[test]
fn strings_and_comments_are_found_with_their_lines() {
    let source = "//! One\n//! two.\n\nfn a<'a>(x: &'a str) { // three\n    let c = '\"'; let s = \"four \\\n   five\";\n    let r = r#\"six \"seven\"\"#;\n}\n";
    let found: Vec<_> = of_rust(source)
        .into_iter()
        .map(|passage| (passage.line, passage.text))
        .collect();
    let expected = [
        (1, "One\ntwo."),
        (4, "three"),
        (5, "four \n   five"),
        (7, "six \"seven\""),
    ];
    assert_eq!(found, expected.map(|(line, text)| (line, text.to_owned())));
}
