//! Places in the text, and the errors there.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use crate::script::ScriptError;

/// A stretch of the text, in bytes.
pub(in crate::script) type Span = Range<usize>;

/// Collects every error of one script, with its place.
pub(in crate::script) struct Log<'t> {
    file: &'t str,
    text: &'t str,
    line_starts: Vec<usize>,
    errors: RefCell<Vec<ScriptError>>,
    /// The checks that failed in each line.
    failed: RefCell<HashSet<(&'static str, usize)>>,
    /// Whether there were more errors than are kept.
    more: Cell<bool>,
    /// The fields that were read, by table.
    #[cfg(test)]
    pub(in crate::script) asked: RefCell<std::collections::BTreeSet<(&'static str, &'static str)>>,
}

/// A script with this many errors is the wrong file, or an attempt to keep the program busy.
const MOST_ERRORS: usize = 500;

impl<'t> Log<'t> {
    pub(in crate::script) fn new(file: &'t str, text: &'t str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            file,
            text,
            line_starts: std::iter::once(0).chain(after_breaks).collect(),
            errors: RefCell::default(),
            failed: RefCell::default(),
            more: Cell::default(),
            #[cfg(test)]
            asked: RefCell::default(),
        }
    }

    pub(in crate::script) fn text(&self) -> &'t str {
        self.text
    }

    /// Counted from 1.
    pub(in crate::script) fn line(&self, span: &Span) -> usize {
        self.line_starts
            .partition_point(|start| *start <= span.start)
    }

    /// In characters, counted from 1.
    fn column(&self, span: &Span) -> usize {
        let start = self.line_starts[self.line(span) - 1];
        let before = self.text.get(start..span.start).unwrap_or_default();
        before.chars().count() + 1
    }

    pub(in crate::script) fn error(
        &self,
        check: &'static str,
        span: &Span,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let mut errors = self.errors.borrow_mut();
        if errors.len() == MOST_ERRORS {
            self.more.set(true);
            return;
        }
        let line = self.line(span);
        self.failed.borrow_mut().insert((check, line));
        errors.push(ScriptError {
            check,
            file: self.file.to_owned(),
            line,
            column: self.column(span),
            message: message.into(),
            hint: hint.into(),
        });
    }

    /// Whether a check has already failed in the line of a place.
    pub(in crate::script) fn has(&self, check: &'static str, span: &Span) -> bool {
        self.failed.borrow().contains(&(check, self.line(span)))
    }

    pub(in crate::script) fn is_clean(&self) -> bool {
        self.errors.borrow().is_empty()
    }

    pub(in crate::script) fn into_errors(self) -> Vec<ScriptError> {
        let end = self.text.len()..self.text.len();
        let last = ScriptError {
            check: "script.size",
            file: self.file.to_owned(),
            line: self.line(&end),
            column: self.column(&end),
            message: format!("the script has more than {MOST_ERRORS} errors"),
            hint: "fix these first".to_owned(),
        };
        let mut errors = self.errors.into_inner();
        errors.extend(self.more.get().then_some(last));
        errors
    }
}

/// A value that was read, and its place.
#[derive(Clone)]
pub(in crate::script) struct At<T> {
    pub(in crate::script) value: T,
    pub(in crate::script) span: Span,
}

impl<T: fmt::Display> fmt::Display for At<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: fmt::Debug> fmt::Debug for At<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters() {
        let text = "a = 1\nбв = 2\n";
        let log = Log::new("x.toml", text);
        let two = text.find('2').unwrap();
        log.error("script.type", &(two..two + 1), "is two", "");
        log.error("script.type", &(text.len()..text.len()), "is the end", "");
        let errors = log.into_errors();
        assert_eq!(errors[0].to_string(), "x.toml:2:6: is two");
        assert_eq!(errors[1].to_string(), "x.toml:3:1: is the end");
    }
}
