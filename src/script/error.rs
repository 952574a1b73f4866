//! The errors and warnings of a script, with their places.

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
    /// Starts in lower case, without a full stop. Foreign text is escaped; a PIN is never included.
    pub message: String,
    /// The next safe action.
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

/// All errors of a script, in the order of its lines. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptErrors(Vec<ScriptError>);

impl ScriptErrors {
    /// `None` without errors.
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

/// Something in a valid script that its author should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The stable ID of the check: `script.spare-keys`.
    pub check: &'static str,
    /// In the script, counted from 1.
    pub line: usize,
    /// Starts in lower case, without a full stop. Foreign text is escaped.
    pub message: String,
    pub hint: String,
}
