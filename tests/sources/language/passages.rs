//! Strings and comments of Rust sources, paragraphs of documents: each with the line on which it starts.

#[derive(Debug)]
pub(super) struct Passage {
    pub(super) line: usize,
    pub(super) text: String,
}

/// Paragraphs, separated by empty lines; a row of a table, an item of a list or a comment is a part of its paragraph.
pub(super) fn of_text(text: &str) -> Vec<Passage> {
    let mut passages = Lines::default();
    for (number, line) in (1..).zip(text.lines()) {
        passages.add(number, line.trim_start_matches(['#', ' ']));
    }
    passages.end()
}

/// Lines that follow each other and are one passage.
#[derive(Default)]
struct Lines {
    done: Vec<Passage>,
    open: Vec<String>,
    first: usize,
}

impl Lines {
    fn add(&mut self, number: usize, line: &str) {
        if line.is_empty() || self.first + self.open.len() != number {
            self.close();
        }
        if !line.is_empty() {
            if self.open.is_empty() {
                self.first = number;
            }
            self.open.push(line.to_owned());
        }
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            let text = std::mem::take(&mut self.open).join("\n");
            let line = self.first;
            self.done.push(Passage { line, text });
        }
    }

    fn end(mut self) -> Vec<Passage> {
        self.close();
        self.done
    }
}

/// String literals, and comments; comments on lines that follow each other are one passage.
pub(super) fn of_rust(source: &str) -> Vec<Passage> {
    let mut lines = Lines::default();
    let mut rest = source;
    let mut line = 1;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let raw = raw_string(rest).filter(|_| !before.is_alphanumeric() && before != '_');
        let taken = if rest.starts_with("//") {
            let length = rest.find('\n').unwrap_or(rest.len());
            lines.add(line, rest[..length].trim_start_matches(['/', '!']).trim());
            length
        } else if let Some((text, length)) = raw {
            lines.close();
            lines.done.push(Passage {
                line,
                text: text.to_owned(),
            });
            length
        } else if c == '"' {
            let end = end_of_string(&rest[1..]) + 1;
            lines.close();
            let text = rest[1..end]
                .replace("\\\n", "\n")
                .replace("\\n", " ")
                .replace('\\', "");
            lines.done.push(Passage { line, text });
            end + 1
        } else if c == '\'' {
            length_of_quoted(rest)
        } else {
            c.len_utf8()
        };
        line += rest[..taken].matches('\n').count();
        before = rest[..taken].chars().next_back().unwrap_or(' ');
        rest = &rest[taken..];
    }
    lines.end()
}

/// The text of a raw string at the start, and the length of the literal.
fn raw_string(rest: &str) -> Option<(&str, usize)> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let inside = after.trim_start_matches('#');
    let end = format!("\"{}", "#".repeat(after.len() - inside.len()));
    let text = inside.strip_prefix('"')?;
    let length = text.find(&end)?;
    Some((
        &text[..length],
        rest.len() - text.len() + length + end.len(),
    ))
}

fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    text.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })
    .expect("a string literal ends")
}

/// A character literal as a whole; of a lifetime, its quote.
fn length_of_quoted(rest: &str) -> usize {
    let mut after = rest[1..].char_indices();
    match after.next() {
        Some((_, '\\')) => rest[3..].find('\'').map_or(1, |end| end + 4),
        Some((_, c)) if rest[1 + c.len_utf8()..].starts_with('\'') => c.len_utf8() + 2,
        _ => 1,
    }
}
