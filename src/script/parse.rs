//! From text to a script that has passed all checks, or to all its errors.

use jiff::Timestamp;

use super::plan::Script;
use super::read::{Log, read};
use super::{PinnedFileSource, ScriptErrors, check, warning};
use crate::words::Digest;

impl Script {
    /// Reads and checks a script. `name` is its name in errors. A root that has expired at the time `at` is an error; to
    /// read the script of an earlier ceremony again, pass its [`Script::not_before`], or the time of its first event.
    ///
    /// # Errors
    /// All errors, with places and hints; none of them repeats a secret.
    pub fn parse(
        name: &str,
        text: &str,
        files: &dyn PinnedFileSource,
        at: Timestamp,
    ) -> Result<Self, ScriptErrors> {
        let log = Log::new(name, text);
        let script = read(&log, files, &|draft| {
            check::check(&log, draft, at);
            log.is_clean().then(|| warning::warnings(&log, draft))
        });
        match (ScriptErrors::of(log.into_errors()), script) {
            (None, Some(script)) => Ok(Self {
                name: name.to_owned(),
                text: text.to_owned(),
                sha256: Digest::of(text.as_bytes()),
                ..script
            }),
            (Some(errors), _) => Err(errors),
            (None, None) => unreachable!("a script that cannot be read has an error"),
        }
    }
}
