//! From text to a script that passed every check, or to every error in it.

use jiff::Timestamp;

use super::plan::Script;
use super::read::{Log, read};
use super::{PinnedFileSource, ScriptErrors, check, warning};
use crate::words::Digest;

impl Script {
    /// Reads and checks a script. `name` is what errors call it; `at` is the time at
    /// which it is judged: a root that has expired by then is an error. To read a
    /// script again that was good when its ceremony began, give [`Script::not_before`]
    /// of that day, or the time of its first event.
    ///
    /// # Errors
    /// Every error, with its place and a hint; none of them repeats a secret.
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
            (None, None) => unreachable!("a script that is not read leaves an error"),
        }
    }
}
