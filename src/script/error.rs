//! What is wrong with a script, and where.

use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    /// The stable ID of the check: `script.threshold`.
    pub check: &'static str,
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// A lower-case fragment. Foreign text in it is escaped; a PIN is never in it.
    pub message: String,
    /// The next safe act.
    pub hint: String,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            message,
            ..
        } = self;
        write!(f, "{file}:{line}:{column}: {message}")
    }
}

/// Everything that is wrong with a script, in the order of its lines. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptErrors(Vec<ScriptError>);

impl ScriptErrors {
    /// `None` when nothing is wrong.
    pub(super) fn of(mut errors: Vec<ScriptError>) -> Option<Self> {
        errors.sort_by_key(|error| (error.line, error.column));
        (!errors.is_empty()).then_some(Self(errors))
    }
}

impl std::ops::Deref for ScriptErrors {
    type Target = [ScriptError];

    fn deref(&self) -> &[ScriptError] {
        &self.0
    }
}

impl IntoIterator for ScriptErrors {
    type Item = ScriptError;
    type IntoIter = std::vec::IntoIter<ScriptError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for ScriptErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ScriptErrors {}

/// Something in a sound script that its author should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The stable ID of the check: `script.spare-keys`.
    pub check: &'static str,
    /// Where in the script, counted from 1.
    pub line: usize,
    /// A lower-case fragment; foreign text in it is escaped.
    pub message: String,
    /// What can be done about it.
    pub hint: String,
}
