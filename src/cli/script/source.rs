//! The source of a script: a file with its pinned input files next to it, or this program.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::cli::Failure;
use crate::cli::output::display;
use crate::cli::profiles;
use crate::script::{Embedded, PinnedFileSource, Script, ScriptErrors, embedded};
use crate::storage::{Links, read_start};

/// Somewhat above the limits of the script room, whose errors are more specific.
const LONGEST: u64 = 1 << 20;

/// A script that was read, but not parsed yet.
pub(in crate::cli) struct Source {
    name: String,
    text: String,
    files: Files,
}

enum Files {
    Beside(PathBuf),
    Ready(&'static Embedded),
}

impl PinnedFileSource for Files {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        match self {
            Self::Beside(directory) => read_file(&directory.join(name)),
            Self::Ready(script) => script.read(name),
        }
    }

    fn profile(&self, name: &str) -> io::Result<Vec<u8>> {
        match self {
            Self::Beside(directory) => profiles::read(name, directory),
            Self::Ready(_) => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Source {
    /// Reads a file, or uses the ready script of that name. A file with the name of a ready script is `./genesis`.
    pub(in crate::cli) fn open(path: &Path) -> Result<Self, Failure> {
        if let Some(ready) = embedded().iter().find(|s| Path::new(s.name) == path) {
            return Ok(Self {
                name: format!("{}.toml", ready.name),
                text: ready.text.to_owned(),
                files: Files::Ready(ready),
            });
        }
        let name = display(path);
        let bytes = read_given(path).map_err(|failure| {
            failure.hint("give a script file, or the name of a ready script; to list them: conclave script list")
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..good]
                .split(|byte| *byte == b'\n')
                .count();
            Failure::usage(format!("{name}:{line}: not UTF-8 text"))
                .hint("save the script as UTF-8 text")
        })?;
        let directory = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Self {
            name,
            text,
            files: Files::Beside(directory),
        })
    }

    pub(in crate::cli) fn text(&self) -> &str {
        &self.text
    }

    /// Its name in errors.
    pub(in crate::cli) fn name(&self) -> &str {
        &self.name
    }

    pub(in crate::cli) fn parse(&self, at: Timestamp) -> Result<Script, ScriptErrors> {
        Script::parse(&self.name, &self.text, &self.files, at)
    }
}

/// A script, or a file that it names.
pub(super) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    Ok(read_start(path, Links::Follow, LONGEST)?)
}

/// A file that the command line names.
pub(super) fn read_given(path: &Path) -> Result<Vec<u8>, Failure> {
    Ok(read_start(path, Links::Follow, LONGEST)?)
}

/// Prints every warning and its hint to stderr.
pub(in crate::cli) fn print_warnings(script: &Script) {
    for warning in script.warnings() {
        eprintln!(
            "warning: {}:{}: {}\nhint: {}",
            script.name(),
            warning.line,
            warning.message,
            warning.hint
        );
    }
}
